"""Which operations show what about the writers of a key: who read whom, and who follows whom.

Only the keys of a contradiction are looked at, one by one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from sim.history import NONE, OperationKind
from specs.history.isolation.arrows import Arrow, Loop, Order
from specs.history.isolation.facts import INITIAL, Facts


@dataclass(slots=True)
class _Key:
    """The accesses to one key."""

    write: dict[int, int] = field(default_factory=dict)
    """By writer, the operation of its final write."""
    reads: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    """By reader, operations and whose versions they returned."""
    before: dict[int, list[int]] = field(default_factory=dict)
    """By writer, whose versions it directly overwrote, `INITIAL` included."""
    after: dict[int, list[int]] = field(default_factory=dict)
    longest: int = NONE
    """The operation that read the longest list."""


class Lineage:
    """Looks up the accesses to keys; without `chained`, nobody directly follows anybody."""

    def __init__(self, facts: Facts, *, chained: bool) -> None:
        self.facts = facts
        self.chained = chained
        self._keys: dict[int, _Key] = {}

    def key(self, key: int) -> _Key:
        """Return the accesses to a key."""
        if key not in self._keys:
            self._keys[key] = self._looked_up(key)
        return self._keys[key]

    def _looked_up(self, key: int) -> _Key:
        facts, found = self.facts, _Key()
        for place in np.flatnonzero(facts.writer_key == key).tolist():
            found.write[int(facts.writer[place])] = int(facts.writer_operation[place])
        longest = -1
        for place in np.flatnonzero(facts.reader_key == key).tolist():
            operation, source = int(facts.reader_operation[place]), int(facts.reader_from[place])
            found.reads.setdefault(int(facts.reader[place]), []).append((operation, source))
            size = len(self.elements(operation))
            if size > longest and facts.history.kind[operation] == OperationKind.READ_LIST:
                longest, found.longest = size, operation
        if self.chained or not facts.shown:
            before, after, keys = facts.followed, facts.follower, facts.follower_key
        else:
            before, after, keys = facts.shown
        chosen = keys == key if self.chained or facts.shown else np.zeros(len(keys), dtype=np.bool_)
        for earlier, later in zip(before[chosen].tolist(), after[chosen].tolist(), strict=True):
            found.before.setdefault(later, []).append(earlier)
            found.after.setdefault(earlier, []).append(later)
        return found

    def elements(self, operation: int) -> list[int]:
        """Return the list that an operation read, less what its own transaction appended."""
        history = self.facts.history
        if history.element_first is None or history.elements is None:
            return []
        low, high = int(history.element_first[operation]), int(history.element_first[operation + 1])
        first = int(history.first[int(history.first.searchsorted(operation, side="right")) - 1])
        own = (history.kind[first:operation] == OperationKind.APPEND) & (
            history.key[first:operation] == history.key[operation]
        )
        found: list[int] = history.elements[low : high - int(own.sum())].tolist()
        return found

    def write(self, writer: int, key: int) -> int:
        """Return the operation of a writer's final write."""
        return self.key(key).write[writer]

    def read(
        self, reader: int, key: int, source: int | None = None, *, last: bool = False
    ) -> tuple[int, int]:
        """Return which operation read a key, of a certain writer if asked, and whose version.

        It is the first one of the transaction, or the last.
        """
        reads = self.key(key).reads[reader]
        chosen = [each for each in reads if source is None or each[1] == source]
        return max(chosen) if last else min(chosen)

    def has_read(self, reader: int, key: int, source: int) -> bool:
        """Say whether a transaction read a certain version of a key."""
        return any(each[1] == source for each in self.key(key).reads.get(reader, ()))

    def links(self, key: int, earlier: int, later: int) -> tuple[int, ...] | None:
        """Return writers from one to another, each of whom directly follows the one before."""
        before = self.key(key).before
        came: dict[int, int] = {later: later}
        queue = [later]
        while queue and earlier not in came:
            here = queue.pop()
            for each in before.get(here, ()):
                if each not in came:
                    came[each] = here
                    queue.append(each)
        if earlier not in came:
            return None
        path = [earlier]
        while path[-1] != later:
            path.append(came[path[-1]])
        return tuple(path)

    def chain(self, key: int, writer: int) -> tuple[int, ...]:
        """Return the chain of a writer, first to last; its own where there are no chains."""
        if not self.chained:
            return (writer,)
        accesses = self.key(key)
        head = writer
        while (before := accesses.before.get(head, [INITIAL])[0]) != INITIAL:
            head = before
        chain = [head]
        while chain[-1] in accesses.after:
            chain.append(accesses.after[chain[-1]][0])
        return tuple(chain)

    def ordered(self, loop: Loop) -> Loop:
        """Return a cycle whose arrows say what versions and orders they rest on."""
        return Loop(arrows=tuple(self._ordered(each) for each in loop.arrows))

    def _ordered(self, arrow: Arrow) -> Arrow:
        if arrow.kind not in ("ww", "rw"):
            return arrow
        version = arrow.source
        if arrow.kind == "rw":
            _, version = self.read(arrow.source, arrow.key)
        order = self.between(arrow.key, version, arrow.target)
        return replace(arrow, version=version if arrow.kind == "rw" else INITIAL, order=order)

    def between(self, key: int, earlier: int, later: int) -> Order | None:
        """Return the order that puts a version before another, None if operations show it."""
        if earlier == INITIAL or self.links(key, earlier, later) is not None:
            return None
        heads = (self.chain(key, each)[0] for each in (earlier, later))
        return Order(key, *heads)

    def list_that_orders(self, order: Order) -> int:
        """Return a read of a list that shows an order of two chains, `NONE` without one."""
        operation = self.key(order.key).longest
        if operation == NONE:
            return NONE
        shown = self.writers_in(order.key, operation)
        earlier, later = (self.chain(order.key, each) for each in order[1:])
        seen = any(each in shown for each in earlier)
        return operation if seen and not any(each in shown for each in later) else NONE

    def writers_in(self, key: int, operation: int) -> set[int]:
        """Return the writers whose final append to a key is in a list that was read."""
        elements = set(self.elements(operation))
        values = self.facts.history.value
        return {
            writer for writer, row in self.key(key).write.items() if int(values[row]) in elements
        }
