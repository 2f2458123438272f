"""What a history of lists says: every read of a list tells the order of its elements.

The longest read of a key is the order of its writers as far as anybody saw it (Kingsbury and
Alvaro, "Elle", VLDB'20); every other read must be a beginning of it. What was appended and never
read comes after, in an order that is open: there a list is a register whose versions are its
writers, and the same search decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from sim.history import NONE, History, Integers, OperationKind, Outcome
from specs.history.isolation.facts import INITIAL, Facts, Misread, UnsupportedHistory
from specs.history.isolation.list_columns import facts_at_once

_APPEND = int(OperationKind.APPEND)
_READ_LIST = int(OperationKind.READ_LIST)


def has_lists(history: History) -> bool:
    """Say whether a history is one of lists."""
    return bool((history.kind >= _APPEND).any())


@dataclass(frozen=True, slots=True)
class _Append:
    """One appended element: by which row, at which operation."""

    owner: int
    operation: int
    last: bool
    """Whether it is its transaction's last append to the key."""
    after: int = NONE
    """The operation of its transaction's append to the key before it."""


class _Lists:
    """All lists of a history, key by key."""

    def __init__(self, history: History, *, repeatable: bool) -> None:
        self.history = history
        self.repeatable = repeatable
        self.owner = history.owner().tolist()
        self.kind, self.key = history.kind.tolist(), history.key.tolist()
        self.value = history.value.tolist()
        first = history.element_first
        self.element_first = [0] * (len(self.kind) + 1) if first is None else first.tolist()
        elements = history.elements
        self.elements = [] if elements is None else elements.tolist()
        self.outcome = history.outcome.tolist()
        self.appends: dict[tuple[int, int], _Append] = {}
        self.misreads: list[Misread] = []
        self.observed: dict[int, list[int]] = {}
        """By key, the longest list that anybody read, less what the reader appended itself."""
        self.longest_at: dict[int, int] = {}
        """The operation row of that read."""
        self.reads: list[tuple[int, int, list[int], int]] = []
        """Transaction row, key, the list less its own appends, operation row."""
        self._enter_appends()
        self._enter_reads()

    def _enter_appends(self) -> None:
        latest: dict[tuple[int, int], tuple[int, int]] = {}
        for at, kind in enumerate(self.kind):
            if kind == _READ_LIST:
                continue
            if kind != _APPEND:
                raise UnsupportedHistory("lists and registers in one history", (at,))
            element = (self.key[at], self.value[at])
            if element in self.appends:
                raise UnsupportedHistory(
                    "an element is appended to one key twice, so a list names no writer",
                    (self.appends[element].operation, at),
                )
            owner = self.owner[at]
            before = latest.get((owner, element[0]))
            after = NONE
            if before is not None:
                after = self.appends[before].operation
                self.appends[before] = replace(self.appends[before], last=False)
            self.appends[element] = _Append(owner, at, last=True, after=after)
            latest[owner, element[0]] = element

    def _enter_reads(self) -> None:
        """Take own appends off every read, and find the longest read of each key."""
        own: dict[tuple[int, int], list[int]] = {}
        known: dict[tuple[int, int], tuple[list[int], int]] = {}
        for at, kind in enumerate(self.kind):
            owner, key = self.owner[at], self.key[at]
            if self.outcome[owner] != Outcome.COMMITTED:
                continue
            mine = own.setdefault((owner, key), [])
            if kind == _APPEND:
                mine.append(self.value[at])
                continue
            found = self.elements[self.element_first[at] : self.element_first[at + 1]]
            split = len(found) - len(mine)
            if found[max(split, 0) :] != mine or split < 0:
                self.misreads.append(Misread(kind="internal", read=at))
                continue
            outside = found[:split]
            if self.repeatable and (owner, key) in known:
                earlier, operation = known[owner, key]
                if earlier != outside:
                    self.misreads.append(Misread(kind="internal", read=at, other=operation))
                continue
            known[owner, key] = (outside, at)
            self.reads.append((owner, key, outside, at))
            if len(outside) > len(self.observed.get(key, ())):
                self.observed[key] = outside
                self.longest_at[key] = at

    def check(self) -> None:
        """Find reads that no order of appends explains."""
        for owner, key, found, at in self.reads:
            order = self.observed.get(key, [])
            if order[: len(found)] != found:
                if any((key, each) not in self.appends for each in found):
                    self.misreads.append(Misread(kind="garbage-read", read=at))
                    continue
                self.misreads.append(
                    Misread(kind="incompatible-order", read=at, other=self.longest_at[key])
                )
            elif found:
                self._check_end(owner, key, found, at)
        for key, order in self.observed.items():
            self._check_elements(key, order, self.longest_at[key])

    def _check_end(self, owner: int, key: int, found: list[int], at: int) -> None:
        """Find a list that ends among the appends of one transaction."""
        end = self.appends.get((key, found[-1]))
        if end is None:
            return
        if end.owner == owner:
            self.misreads.append(Misread(kind="future-read", read=at, other=end.operation))
        elif not end.last and self.outcome[end.owner] != Outcome.ABORTED:
            self.misreads.append(Misread(kind="g1b", read=at, other=end.operation))

    def _check_elements(self, key: int, order: list[int], at: int) -> None:
        """Find elements of nobody, of failed transactions, and of torn ones."""
        if len(set(order)) != len(order):
            self.misreads.append(Misread(kind="incompatible-order", read=at))
            return
        previous: _Append | None = None
        for element in order:
            append = self.appends.get((key, element))
            if append is None:
                self.misreads.append(Misread(kind="garbage-read", read=at))
                return
            if self.outcome[append.owner] == Outcome.ABORTED:
                self.misreads.append(Misread(kind="g1a", read=at, other=append.operation))
                return
            interrupts = previous is not None and not previous.last
            if interrupts and previous is not None and previous.owner != append.owner:
                self.misreads.append(Misread(kind="g1b", read=at, other=previous.operation))
                return
            # What a transaction appended first stands right before what it appended next.
            if append.after != NONE and (previous is None or previous.operation != append.after):
                self.misreads.append(
                    Misread(kind="incompatible-order", read=at, other=append.after)
                )
                return
            previous = append


def facts_of_lists(history: History, *, repeatable: bool = True) -> Facts:
    """Return what a history of lists says; raises `UnsupportedHistory`.

    Without `repeatable`, a transaction may read a key twice and find two lists.
    """
    at_once = facts_at_once(history) if repeatable else None
    return at_once or facts_one_by_one(history, repeatable=repeatable)


def facts_one_by_one(history: History, *, repeatable: bool = True) -> Facts:
    """Return the same list by list, with whatever is wrong with what was read."""
    lists = _Lists(history, repeatable=repeatable)
    lists.check()
    counts = history.outcome == Outcome.COMMITTED
    for key, order in lists.observed.items():
        for element in order:
            append = lists.appends.get((key, element))
            if append is not None and history.outcome[append.owner] == Outcome.UNKNOWN:
                counts[append.owner] = True
    row = np.flatnonzero(counts)
    number = np.full(history.transactions, NONE, dtype=np.int64)
    number[row] = np.arange(len(row))
    keys = np.unique(history.key)
    dense = {key: place for place, key in enumerate(keys.tolist())}
    writes = [
        (int(number[append.owner]), dense[key], append.operation)
        for (key, _), append in lists.appends.items()
        if append.last and counts[append.owner]
    ]
    reads = [] if lists.misreads else _reads(lists, number, dense)
    links = [] if lists.misreads else _links(lists, number, dense, writes, reads)
    shown = [] if lists.misreads else _shown(lists, number, dense, writes)
    writer, writer_key, writer_operation = _columns(writes, 3)
    reader, reader_key, reader_from, reader_operation = _columns(reads, 4)
    follower, followed, follower_key = _columns(links, 3)
    return Facts(
        history=history,
        row=row,
        session=np.unique(history.session[row], return_inverse=True)[1].astype(np.int64),
        vouched=(history.outcome == Outcome.COMMITTED)[row],
        writer=writer,
        writer_key=writer_key,
        writer_operation=writer_operation,
        reader=reader,
        reader_key=reader_key,
        reader_from=reader_from,
        reader_operation=reader_operation,
        follower=follower,
        followed=followed,
        follower_key=follower_key,
        keys=keys,
        misreads=tuple(lists.misreads),
        shown=_columns(shown, 3),
    )


def _reads(
    lists: _Lists, number: Integers, dense: dict[int, int]
) -> list[tuple[int, int, int, int]]:
    """Return reader, key, whose version and operation of every external read."""
    return [
        (
            int(number[owner]),
            dense[key],
            int(number[lists.appends[key, found[-1]].owner]) if found else INITIAL,
            at,
        )
        for owner, key, found, at in lists.reads
    ]


def _links(
    lists: _Lists,
    number: Integers,
    dense: dict[int, int],
    writes: list[tuple[int, int, int]],
    reads: list[tuple[int, int, int, int]],
) -> list[tuple[int, int, int]]:
    """Return who follows whom: along the observed lists, and by having read before appending."""
    links: dict[tuple[int, int, int], None] = {}
    for key, order in lists.observed.items():
        writers = dict.fromkeys(int(number[lists.appends[key, each].owner]) for each in order)
        before = INITIAL
        for writer in writers:
            links[writer, before, dense[key]] = None
            before = writer
    wrote = {(writer, key) for writer, key, _ in writes}
    for reader, key, source, _ in reads:
        if (reader, key) in wrote:
            links[reader, source, key] = None
    return list(links)


def _shown(
    lists: _Lists, number: Integers, dense: dict[int, int], writes: list[tuple[int, int, int]]
) -> list[tuple[int, int, int]]:
    """Return pairs of writers and their key: along the observed lists, and what follows those."""
    rest: dict[int, list[int]] = {}
    for writer, key, _ in writes:
        rest.setdefault(key, []).append(writer)
    pairs: list[tuple[int, int, int]] = []
    for key, order in lists.observed.items():
        writers = dict.fromkeys(int(number[lists.appends[key, each].owner]) for each in order)
        along = list(writers)
        pairs += [(*pair, dense[key]) for pair in pairwise(along)]
        pairs += [
            (along[-1], other, dense[key]) for other in rest[dense[key]] if other not in writers
        ]
    return pairs


def _columns(rows: Sequence[tuple[int, ...]], width: int) -> tuple[Integers, ...]:
    table = np.array(rows, dtype=np.int64).reshape(-1, width)
    return tuple(table[:, place].copy() for place in range(width))
