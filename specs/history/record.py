"""What the operations of a history say, one question at a time: for the confirmation of a verdict.

It imports no checker. A question that has no plain answer raises `RefutationError`.
"""

from __future__ import annotations

from sim.history import NONE, History, OperationKind, Outcome

INITIAL = -1
"""The writer of what a key holds before anybody wrote it."""
_WRITES = (OperationKind.WRITE, OperationKind.APPEND)


class RefutationError(AssertionError):
    """A tree does not show a violation; the message names the first thing that fails."""


class Record:
    """A history, with every write found by what it wrote.

    With `repeatable`, all reads of one key in a transaction are reads of one version.
    """

    def __init__(self, history: History, *, repeatable: bool) -> None:
        self.history = history
        self.repeatable = repeatable
        self.owner: list[int] = history.owner().tolist()
        self.kind: list[int] = history.kind.tolist()
        self.key: list[int] = history.key.tolist()
        self.first: list[int] = history.first.tolist()
        writes = [at for at, kind in enumerate(self.kind) if kind in _WRITES]
        # Our own runs state the writer of every version: there it tells versions apart.
        stated = bool(writes) and all(history.version[at] != NONE for at in writes)
        self.identity: list[int] = (history.version if stated else history.value).tolist()
        self.nothing = NONE if stated else history.initial_value
        self.written: dict[tuple[int, int], int] = {}
        self.writes: dict[tuple[int, int], list[int]] = {}
        """By transaction and key, its writes in the order of the program."""
        self._twice: set[tuple[int, int]] = set()
        for at in writes:
            version = self.key[at], self.identity[at]
            before = self.written.get(version)
            if before is not None and not (stated and self.owner[before] == self.owner[at]):
                self._twice.add(version)
            self.written[version] = at
            self.writes.setdefault((self.owner[at], self.key[at]), []).append(at)
        self._reads: dict[int, list[int]] = {}
        for at, kind in enumerate(self.kind):
            if kind not in _WRITES and self.is_vouched(self.owner[at]):
                self._reads.setdefault(self.key[at], []).append(at)
        self._longest: dict[int, int] = {}
        self._observed = self._owners_read()

    def _owners_read(self) -> set[int]:
        """Return whoever was read from by a committed transaction."""
        found: set[int] = set()
        for key, reads in self._reads.items():
            for at in reads:
                seen = self.list_of(at) if self.is_list(at) else [self.identity[at]]
                for each in seen:
                    writer = self.written.get((key, each))
                    if writer is not None:
                        found.add(self.owner[writer])
        return found

    def is_vouched(self, row: int) -> bool:
        """Say whether a transaction has surely committed, and read what it says."""
        return bool(self.history.outcome[row] == Outcome.COMMITTED)

    def counts(self, row: int) -> bool:
        """Say whether a transaction committed: it says so, or one that did read from it."""
        outcome = self.history.outcome[row]
        known = outcome == Outcome.UNKNOWN and row in self._observed
        return bool(outcome == Outcome.COMMITTED) or known

    def is_list(self, at: int) -> bool:
        """Say whether an operation reads a list."""
        return self.kind[at] == OperationKind.READ_LIST

    def own_write(self, at: int) -> bool:
        """Say whether an operation writes."""
        return self.kind[at] in _WRITES

    def is_access(self, at: int, row: int, key: int) -> bool:
        """Say whether an operation is one of a transaction on a key."""
        return 0 <= at < len(self.owner) and self.owner[at] == row and self.key[at] == key

    def list_of(self, at: int) -> list[int]:
        """Return the whole list that an operation read."""
        history = self.history
        if history.element_first is None or history.elements is None:
            raise RefutationError(f"operation {at} reads no list")
        low, high = int(history.element_first[at]), int(history.element_first[at + 1])
        found: list[int] = history.elements[low:high].tolist()
        return found

    def own_before(self, at: int) -> list[int]:
        """Return the operations by which the same transaction wrote the same key before."""
        mine = self.writes.get((self.owner[at], self.key[at]), [])
        return [each for each in mine if each < at]

    def outside(self, at: int) -> list[int]:
        """Return the list that others wrote: what was read, less the own elements at its end."""
        found, own = self.list_of(at), [self.identity[each] for each in self.own_before(at)]
        if own and found[-len(own) :] != own:
            raise RefutationError(f"operation {at} does not end with its own elements")
        return found[: len(found) - len(own)]

    def write_of(self, key: int, identity: int) -> int:
        """Return the one operation that wrote a version."""
        if (key, identity) in self._twice or (key, identity) not in self.written:
            raise RefutationError(f"not one operation writes {identity} to key {key}")
        return self.written[key, identity]

    def final_write(self, row: int, key: int) -> int:
        """Return the last write of a key by a transaction that committed."""
        if not self.counts(row) or (row, key) not in self.writes:
            raise RefutationError(f"transaction {row} has written no version of key {key}")
        return self.writes[row, key][-1]

    def version(self, at: int) -> int:
        """Return whose version a read returned, `INITIAL` for the initial state."""
        reader, key = self.owner[at], self.key[at]
        if self.kind[at] in _WRITES or not self.is_vouched(reader):
            raise RefutationError(f"operation {at} is no read that anybody vouches for")
        if self.is_list(at):
            found = self.outside(at)
            if not found:
                return INITIAL
            write = self.write_of(key, found[-1])
        else:
            if self.own_before(at):
                raise RefutationError(f"operation {at} reads what its transaction wrote")
            if self.history.has_initial and self.identity[at] == self.nothing:
                return INITIAL
            write = self.write_of(key, self.identity[at])
        writer = self.owner[write]
        if writer == reader or write != self.final_write(writer, key):
            raise RefutationError(f"operation {at} reads no last write of another")
        return writer

    def read_and_wrote(self, key: int, writer: int, follower: int) -> bool:
        """Say whether a transaction read the version of another, and wrote the key itself."""
        if not self.is_vouched(follower) or (follower, key) not in self.writes:
            return False
        for at in range(self.first[follower], self.first[follower + 1]):
            if self.key[at] == key and self.kind[at] not in _WRITES:
                # The first access says what was there; it is no read of an own write.
                return bool(self.is_list(at) or not self.own_before(at)) and (
                    self.version(at) == writer
                )
        return False

    def longest(self, key: int) -> int:
        """Return the read of a key that shows most of its list."""
        if key not in self._longest:
            lists = [at for at in self._reads.get(key, []) if self.is_list(at)]
            if not lists:
                raise RefutationError(f"nobody read a list of key {key}")
            self._longest[key] = max(lists, key=lambda at: len(self.outside(at)))
        return self._longest[key]

    def is_next_in_list(self, key: int, writer: int, follower: int) -> bool:
        """Say whether a list shows the elements of one writer right before those of another."""
        lists = [at for at in self._reads.get(key, []) if self.is_list(at)]
        if not lists:
            return False
        shown = self.outside(self.longest(key))
        last = self.identity[self.final_write(writer, key)]
        own = [self.identity[each] for each in self.writes.get((follower, key), [])]
        place = shown.index(last) + 1 if last in shown else len(shown)
        return self.counts(follower) and shown[place : place + len(own)] == own and bool(own)

    def list_shows(self, key: int, writer: int, other: int, at: int) -> bool:
        """Say whether a read of a list shows the elements of one, and not before them another's."""
        if not self.is_list(at) or self.key[at] != key or not self.is_vouched(self.owner[at]):
            return False
        shown = self.outside(at)
        last = self.identity[self.final_write(writer, key)]
        self.final_write(other, key)
        if last not in shown:
            return False
        before = shown[: shown.index(last) + 1]
        return not any(self.identity[each] in before for each in self.writes[other, key])
