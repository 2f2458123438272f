"""Replay an order of transactions at the weak levels: what each has seen it must not unsee.

A verdict "this history is causally consistent" (or read atomic, or read committed) comes with one
order of its transactions. This engine puts them down one after the other and knows nothing of how
the order was found: it imports no checker. Every read must return a version that is there by then;
and if its transaction has seen a writer of the key, as the level means it, none that is older. What
was read before in the transaction has been seen at read committed; what it read from, and what its
session did before, at read atomicity; all of the past at causal consistency.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from sim.history import NONE, History, OperationKind, Outcome
from specs.history.replay import ReplayError

_NOBODY = -1
_WRITES = (OperationKind.WRITE, OperationKind.APPEND)

Read = tuple[int, int, int]
"""A key, whose version was returned, and the operation."""


def replay_visibility(history: History, order: Sequence[int], *, level: str) -> None:
    """Put transactions down in an order, given as rows; raises `ReplayError`."""
    assert level in ("causal", "read-atomic", "read-committed"), level
    _check_everybody(history, order)
    engine = _Engine(history, level)
    for place, row in enumerate(order):
        engine.put(place, row)


def _check_everybody(history: History, order: Sequence[int]) -> None:
    """Every committed transaction is there once, no failed one is, and sessions go forward."""
    if len(set(order)) != len(order):
        raise ReplayError("a transaction is in the order twice")
    there = set(order)
    for row, outcome in enumerate(history.outcome.tolist()):
        if outcome == Outcome.COMMITTED and row not in there:
            raise ReplayError(f"committed transaction {row} is not in the order")
        if outcome == Outcome.ABORTED and row in there:
            raise ReplayError(f"failed transaction {row} is in the order")
    place = {row: at for at, row in enumerate(order)}
    for row, before in _previous(history).items():
        # One with an unknown outcome may take effect late, whatever its session did next.
        if row in there and place[before] > place[row]:
            raise ReplayError(f"transaction {row} comes before {before} of its session")


class _Engine:
    """The transactions that were put down so far."""

    def __init__(self, history: History, level: str) -> None:
        self.history = history
        self.level = level
        writes = [at for at, kind in enumerate(history.kind.tolist()) if kind in _WRITES]
        # Our own runs state the writer of every version: there it tells versions apart.
        stated = bool(writes) and bool((history.version[writes] != NONE).all())
        self.identity: list[int] = (history.version if stated else history.value).tolist()
        self.nothing = NONE if stated else history.initial_value
        self.place: dict[int, int] = {_NOBODY: -1}
        self.versions: dict[tuple[int, int], int] = {}
        self.lists: dict[int, list[int]] = {}
        self.ends: dict[tuple[int, int], int] = {}
        """By key and length of its list, who made it so long."""
        self.writers: dict[tuple[int, int], tuple[list[int], list[int]]] = {}
        """By key and path, the positions and rows of its writers; a session is a path."""
        self.past: dict[int, dict[int, int]] = {}
        """By row, up to which position every path has been seen; its own position included."""
        self.lengths: dict[int, int] = {}
        """By path, how many of it have been put down."""
        self.wrote: set[tuple[int, int]] = set()
        """Rows and the keys that they wrote."""
        self.previous = _previous(history)

    def put(self, place: int, row: int) -> None:
        """Put down the next transaction."""
        history = self.history
        vouched = history.outcome[row] == Outcome.COMMITTED
        # Whatever an unknown transaction wrote, its session does not wait for it.
        path = int(history.session[row]) if vouched else -row - 1
        self.place[row] = place
        previous = self.previous.get(row, _NOBODY)
        past = dict(self.past[previous]) if previous != _NOBODY else {}
        session = int(history.session[row])
        before = {session: past.get(session, 0)}
        reads = list(self._reads(row)) if vouched else []
        for _, writer, _ in reads:
            if writer != _NOBODY:
                _join(past, self.past[writer])
        for key, writer, at in reads:
            for seen in self._seen(row, key, at, reads, before, past):
                if self.place[seen] > self.place[writer]:
                    raise ReplayError(
                        f"operation {at}: transaction {row} has seen transaction {seen} and reads "
                        f"an older version of key {key}"
                    )
        position = self.lengths[path] = self.lengths.get(path, 0) + 1
        past[path] = position
        self.past[row] = past
        self._write(row, path, position)

    def _seen(
        self,
        row: int,
        key: int,
        at: int,
        reads: list[Read],
        before: dict[int, int],
        past: dict[int, int],
    ) -> Iterator[int]:
        """Yield writers of a key that a read has seen, of each path the last one."""
        direct = [writer for _, writer, other in reads if other < at]
        if self.level != "read-committed":
            direct = [writer for _, writer, _ in reads]
            yield from self._last_writers(key, past if self.level == "causal" else before)
        for writer in direct:
            if (writer, key) in self.wrote:
                yield writer

    def _last_writers(self, key: int, until: dict[int, int]) -> Iterator[int]:
        for path, position in until.items():
            positions, rows = self.writers.get((key, path), ([], []))
            found = bisect_right(positions, position)
            if found:
                yield rows[found - 1]

    def _operations(self, row: int) -> Iterator[tuple[int, int, int]]:
        history = self.history
        for at in range(int(history.first[row]), int(history.first[row + 1])):
            yield at, int(history.kind[at]), int(history.key[at])

    def _reads(self, row: int) -> Iterator[Read]:
        """Yield what a transaction read of others; what it says of itself must be true."""
        own: dict[int, list[int]] = {}
        first: dict[int, int] = {}
        for at, kind, key in self._operations(row):
            if kind == OperationKind.WRITE:
                own[key] = [self.identity[at]]
            elif kind == OperationKind.APPEND:
                own.setdefault(key, []).append(self.identity[at])
            elif kind == OperationKind.READ and key in own:
                if self.identity[at] != own[key][0]:
                    raise ReplayError(f"operation {at} does not read its own write")
            else:
                mine = own.get(key, [])
                writer = (
                    self._list(at, key, mine)
                    if kind == OperationKind.READ_LIST
                    else (self._register(at, key))
                )
                if self.level != "read-committed" and first.setdefault(key, writer) != writer:
                    raise ReplayError(f"operation {at} reads a second version of key {key}")
                yield key, writer, at

    def _register(self, at: int, key: int) -> int:
        identity = self.identity[at]
        writer = self.versions.get((key, identity))
        if writer is not None:
            return writer
        if self.history.has_initial and identity == self.nothing:
            return _NOBODY
        raise ReplayError(f"operation {at} reads a version of key {key} that is not there yet")

    def _list(self, at: int, key: int, own: list[int]) -> int:
        history = self.history
        assert history.elements is not None, "a list was read"
        assert history.element_first is not None, "a list was read"
        low, high = int(history.element_first[at]), int(history.element_first[at + 1])
        found = history.elements[low:high].tolist()
        size = len(found) - len(own)
        there = self.lists.get(key, [])
        if size < 0 or found != there[:size] + own or len(there) < size:
            raise ReplayError(f"operation {at} reads a list that key {key} never held")
        if size and (key, size) not in self.ends:
            raise ReplayError(f"operation {at} reads part of what a transaction appended")
        return self.ends[key, size] if size else _NOBODY

    def _write(self, row: int, path: int, position: int) -> None:
        """Make the last write of every key visible, and all that was appended."""
        final: dict[int, int] = {}
        for at, kind, key in self._operations(row):
            if kind == OperationKind.APPEND:
                self.lists.setdefault(key, []).append(self.identity[at])
            if kind in _WRITES:
                final[key] = at
        for key, at in final.items():
            if self.history.kind[at] == OperationKind.APPEND:
                self.ends[key, len(self.lists[key])] = row
            else:
                self.versions[key, self.identity[at]] = row
            positions, rows = self.writers.setdefault((key, path), ([], []))
            positions.append(position)
            rows.append(row)
            self.wrote.add((row, key))


def _previous(history: History) -> dict[int, int]:
    """Return the last committed transaction before each one in its session."""
    found: dict[int, int] = {}
    last: dict[int, int] = {}
    sessions = history.session.tolist()
    for row, outcome in enumerate(history.outcome.tolist()):
        if sessions[row] in last:
            found[row] = last[sessions[row]]
        if outcome == Outcome.COMMITTED:
            last[sessions[row]] = row
    return found


def _join(past: dict[int, int], other: dict[int, int]) -> None:
    for path, position in other.items():
        past[path] = max(position, past.get(path, 0))
