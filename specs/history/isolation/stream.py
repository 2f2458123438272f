"""Check snapshot isolation by timestamps on line: transactions in the order in which they arrive.

That is not the order of timestamps. The stream promises that nothing arrives that started more
than an allowed lateness before the latest start seen: before the watermark. What breaks the
promise is refused. A transaction that contradicts itself and two writers that overlap are told as
they arrive; a read and the order of a session are certain, and told, once the watermark has passed
the start. So what is kept is: transactions that started since the watermark, versions that
committed since, and for each key the newest before; for each session one number.

Verdicts are those of `timestamps`, with two limits. A session's transactions follow their starts.
Of a transaction of unknown outcome without a commit timestamp, reads are counted as unjudged: where
it committed would depend on what has been forgotten. Where unknown outcomes are involved, and where
a writer arrives between two that overlap, another of several contradictions may be told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

from sim.history import NIL, NONE, History, OperationKind, Outcome
from specs.history.isolation.decide import NotApplicable
from specs.history.isolation.facts import UnsupportedHistory, states_writers
from specs.history.isolation.levels import Level
from specs.history.isolation.stamped import MalformedTimestamps
from specs.history.isolation.stream_keys import (
    EQUAL,
    Breach,
    Read,
    Register,
    Value,
    Version,
    Writer,
)

_READ, _WRITE = int(OperationKind.READ), int(OperationKind.WRITE)
_APPEND, _READ_LIST = int(OperationKind.APPEND), int(OperationKind.READ_LIST)
_MIXED: Final = "a key is a register and a list"


class LateTransaction(Exception):
    """A transaction started before the watermark; nothing of it was taken in."""

    def __init__(self, number: int, start: int, watermark: int) -> None:
        super().__init__(number, start, watermark)
        self.number, self.start, self.watermark = number, start, watermark

    def __str__(self) -> str:
        return (
            f"transaction {self.number} started at {self.start}, before the watermark "
            f"{self.watermark}: allow more lateness"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A transaction as it arrives; `number` and `first` are its rows and its first operation's."""

    number: int
    session: int
    outcome: int
    start: int
    commit: int = NONE
    first: int = 0
    operations: tuple[tuple[int, int, Value, int], ...]
    """Kind, key, value (a tuple for a list that was read), and stated version or `NONE`."""


@dataclass(frozen=True, slots=True)
class Found:
    """A violation that is certain: its rule, who, and the operation rows that show it.

    Transactions and operations stand in the order of those of `timestamps.Violation`.
    """

    kind: str
    transactions: tuple[int, ...]
    operations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """How much a stream remembers."""

    transactions: int
    versions: int
    keys: int
    sessions: int


class Stream:
    """A check that goes on; `add` and `finish` return what has become certain."""

    def __init__(self, level: Level, *, lateness: int, initial_value: int = NIL) -> None:
        assert lateness >= 0, "nothing is late before its time"
        self.level = level
        self.lateness = lateness
        self.initial_value = initial_value
        self.watermark: int = NONE
        self.unjudged = 0
        """Reads of transactions of which nobody knows when they committed."""
        self.holds = True
        self._registers: dict[int, Register] = {}
        self._waiting: list[tuple[int, bool, int, int, _Waiting]] = []
        self._expiring: list[tuple[int, int]] = []
        self._ends: dict[int, tuple[int, int]] = {}
        """By session, where the last transaction that surely committed ended, and its number."""
        self._found: list[Found] = []

    @property
    def kept(self) -> Kept:
        """Count what is remembered."""
        versions = sum(len(register.versions) for register in self._registers.values())
        return Kept(len(self._waiting), versions, len(self._registers), len(self._ends))

    def add(self, arrival: Arrival) -> tuple[Found, ...]:
        """Take in a transaction.

        Raises `LateTransaction`, `NotApplicable` where committed ones lack timestamps, and
        `MalformedTimestamps`.
        """
        if arrival.outcome == Outcome.ABORTED:
            return ()
        committed = arrival.outcome == Outcome.COMMITTED
        writes = _final_writes(arrival)
        _check_stated(arrival, writes=bool(writes))
        start = arrival.commit if arrival.start == NONE else arrival.start
        if start == NONE:
            self._add_undated(writes, NONE)
            return ()
        if start < self.watermark:
            raise LateTransaction(arrival.number, start, self.watermark)
        begin = 4 * start + 3
        end = begin if arrival.commit == NONE else 4 * arrival.commit + 1
        # Without a start it may have begun just before it committed.
        begin = end if arrival.start == NONE else begin
        if not committed and arrival.commit == NONE:
            self._add_undated(writes, begin)
            return ()
        writer = Writer(arrival.number, begin, end, committed)
        reads = self._external_reads(arrival) if committed else []
        waiting = _Waiting(arrival.session, writer, reads)
        heappush(self._waiting, (begin, committed, end, arrival.number, waiting))
        for key, (row, value, stated) in writes.items():
            self._register(key, value).add(Version(writer, row, value, stated), self._tell)
            heappush(self._expiring, (end, key))
        if start - self.lateness > self.watermark:
            self._advance(start - self.lateness)
        return self._told()

    def finish(self) -> tuple[Found, ...]:
        """Say that nothing else will arrive."""
        if self._waiting:
            self._advance(max(entry[0] for entry in self._waiting) // 4 + 1)
        return self._told()

    def _tell(self, breach: Breach) -> None:
        if breach[0] == EQUAL:
            raise MalformedTimestamps("two writers of one key commit at one instant", breach[2])
        self.holds = False
        self._found.append(Found(*breach))

    def _told(self) -> tuple[Found, ...]:
        told = tuple(self._found)
        self._found.clear()
        return told

    def _register(self, key: int, value: Value) -> Register:
        register = self._registers.get(key)
        if register is None:
            initial = None if isinstance(value, tuple) else self.initial_value
            register = self._registers[key] = Register(key, initial)
        if (register.initial is None) != isinstance(value, tuple):
            raise UnsupportedHistory(_MIXED)
        return register

    def _add_undated(self, writes: dict[int, tuple[int, Value, int]], begin: int) -> None:
        for key, (_, value, _) in writes.items():
            seen = value if isinstance(value, tuple) else (value,)
            self._register(key, value).undated.update(dict.fromkeys(seen, begin))

    def _external_reads(self, arrival: Arrival) -> list[Read]:
        """Return what a transaction read from others; what contradicts itself is told."""
        reads: list[Read] = []
        before: dict[int, tuple[int, Value, int]] = {}
        outside: dict[int, tuple[Value, int]] = {}
        mine: dict[int, tuple[int, ...]] = {}
        for row, (kind, key, value, stated) in enumerate(arrival.operations, arrival.first):
            last = before.get(key)
            other: int | None = None
            if kind == _APPEND:
                assert isinstance(value, int), "one element is appended"
                mine[key] = (*mine.get(key, ()), value)
            elif kind == _READ_LIST:
                assert isinstance(value, tuple), "a list is read"
                own = mine.get(key, ())
                split = max(len(value) - len(own), 0)
                if value[split:] != own:
                    other = NONE if last is None else last[0]
                elif key not in outside:
                    outside[key] = (value[:split], row)
                    reads.append(Read(key, row, value[:split], stated))
                elif outside[key][0] != value[:split]:
                    other = outside[key][1]
            elif kind == _READ and last is None:
                reads.append(Read(key, row, value, stated))
            elif kind == _READ and last is not None and _differ(value, stated, last):
                other = last[0]
            if other is not None:
                self._tell(("int", (arrival.number,), (row, other)))
            before[key] = (row, value, stated)
        return reads

    def _advance(self, watermark: int) -> None:
        """Judge what started before a new watermark, and forget what nobody can ask for."""
        self.watermark = watermark
        place = 4 * watermark
        while self._waiting and self._waiting[0][0] < place:
            self._judge(heappop(self._waiting)[-1])
        while self._expiring and self._expiring[0][0] < place:
            _, key = heappop(self._expiring)
            self._registers[key].forget(place)

    def _judge(self, waiting: _Waiting) -> None:
        writer = waiting.writer
        if self.level.sessions:
            end, number = self._ends.get(waiting.session, (NONE, NONE))
            if writer.begin < end:
                breach = ("session", (number, writer.number), ())
                if writer.counted:
                    self._tell(breach)
                else:
                    writer.breaches.append(breach)
            if waiting.vouched:
                self._ends[waiting.session] = (writer.end, writer.number)
        for read in waiting.reads:
            register = self._register(read.key, read.value)
            counting = register.judge(writer.number, writer.begin, read, self._tell)
            if counting is None:
                self.unjudged += 1
                continue
            # What it overwrote can be forgotten now, if the watermark is past it.
            for other in counting:
                for overwritten, _ in other.versions:
                    heappush(self._expiring, (other.end, overwritten.key))


class _Waiting:
    """A transaction whose reads are not certain yet."""

    __slots__ = ("reads", "session", "vouched", "writer")

    def __init__(self, session: int, writer: Writer, reads: Sequence[Read]) -> None:
        self.session = session
        self.writer = writer
        self.reads = reads
        self.vouched = writer.counted


def _differ(value: Value, stated: int, last: tuple[int, Value, int]) -> bool:
    if NONE not in (stated, last[2]) and stated != last[2]:
        return True
    return value != last[1]


def _final_writes(arrival: Arrival) -> dict[int, tuple[int, Value, int]]:
    """Return row, value or elements, and stated version of the last write of every key."""
    found: dict[int, tuple[int, Value, int]] = {}
    for row, (kind, key, value, stated) in enumerate(arrival.operations, arrival.first):
        if kind == _WRITE:
            found[key] = (row, value, stated)
        elif kind == _APPEND:
            assert isinstance(value, int), "one element is appended"
            appended = found[key][1] if key in found else ()
            if not isinstance(appended, tuple):
                raise UnsupportedHistory(_MIXED, (row,))
            found[key] = (row, (*appended, value), stated)
    return found


def _check_stated(arrival: Arrival, *, writes: bool) -> None:
    """Refuse what states no timestamps, or some that no execution has."""
    committed = arrival.outcome == Outcome.COMMITTED
    if committed and arrival.start == NONE:
        raise NotApplicable("a committed transaction states no start timestamp")
    if committed and writes and arrival.commit == NONE:
        raise NotApplicable("a committed writer states no commit timestamp")
    if NONE not in (arrival.start, arrival.commit) and arrival.commit < arrival.start:
        raise MalformedTimestamps(
            f"a transaction commits at {arrival.commit}, before its start at {arrival.start}",
            (arrival.first,),
        )


def arrivals(history: History, order: Sequence[int] | None = None) -> Iterator[Arrival]:
    """Yield the transactions of a history as they may have arrived: by rows, or in an order."""
    stated = states_writers(history)
    for row in range(history.transactions) if order is None else order:
        first, last = int(history.first[row]), int(history.first[row + 1])
        yield Arrival(
            number=row,
            session=int(history.session[row]),
            outcome=int(history.outcome[row]),
            start=int(history.start_timestamp[row]),
            commit=int(history.commit_timestamp[row]),
            first=first,
            operations=tuple(_operation(history, at, stated=stated) for at in range(first, last)),
        )


def _operation(history: History, at: int, *, stated: bool) -> tuple[int, int, Value, int]:
    kind, value = int(history.kind[at]), int(history.value[at])
    version = int(history.version[at]) if stated else NONE
    if kind != _READ_LIST:
        return kind, int(history.key[at]), value, version
    assert history.elements is not None, "a list that was read has elements"
    assert history.element_first is not None, "a list that was read has a place for elements"
    begin, end = history.element_first[at : at + 2].tolist()
    return kind, int(history.key[at]), tuple(history.elements[begin:end].tolist()), version
