"""What a history says without any choice: who read whose version, and what is wrong at once.

Every write of a key has a value of its own, so a read names its writer. What a transaction says
about itself must be consistent, what it read of others must have been written, finally, by one
that did not fail. Where that holds, what is left is a relation between transactions.

Unknown outcomes need no search: a transaction whose outcome nobody knows committed if a committed
one read from it, and otherwise its absence explains the history as well as its presence (dropping
it takes nothing from what others read, and leaves fewer writers to overlap). What it read itself is
vouched for by nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sim.history import NONE, History, Integers, OperationKind, Outcome

Flags = npt.NDArray[np.bool_]

INITIAL: Final = -1
"""The writer of what a key holds before anybody wrote it."""

_DENSE_MAX: Final = 4
"""Numbers up to so many times their count are found by a table instead of a sort."""
_CODE_MAX: Final = 1 << 62
_READ: Final = int(OperationKind.READ)
_WRITE: Final = int(OperationKind.WRITE)


class UnsupportedHistory(Exception):
    """A history lies outside the theory: no verdict on it would mean anything.

    `operations` are the rows that show it.
    """

    def __init__(self, why: str, operations: tuple[int, ...] = ()) -> None:
        super().__init__(why, operations)
        self.why = why
        self.operations = operations

    def __str__(self) -> str:
        return self.why


@dataclass(frozen=True, slots=True, kw_only=True)
class Misread:
    """A read that no order of transactions can explain.

    `kind` is `internal`, `future-read`, `garbage-read`, `g1a` or `g1b`; `read` is its operation
    row, `other` the row that contradicts it, `NONE` where it is an absence.
    """

    kind: str
    read: int
    other: int = NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Committed transactions, densely numbered, and the relations between them.

    `row[t]` is transaction `t`'s row in the history. A transaction that counts as committed
    because somebody read from it has `vouched[t]` False: nothing is known of what it read, and it
    may take effect after the next transaction of its session began.
    """

    history: History
    row: Integers
    session: Integers
    """Dense session number of each transaction; transactions of a session ascend."""
    vouched: Flags
    writer: Integers
    """Final writes, by key: who."""
    writer_key: Integers
    writer_operation: Integers
    reader: Integers
    """External reads of others' final writes or of the initial state: who."""
    reader_key: Integers
    reader_from: Integers
    """Whose version, `INITIAL` for the initial state."""
    reader_operation: Integers
    follower: Integers
    """Who is known to overwrite a version next: the writer of the next version,"""
    followed: Integers
    """whose version it overwrites, `INITIAL` for the initial state,"""
    follower_key: Integers
    """and of which key."""
    keys: Integers
    """What the history calls each dense key number."""
    misreads: tuple[Misread, ...]
    shown: tuple[Integers, ...] = ()
    """What lists that were read show: an earlier writer, a later one, and of which key."""

    @property
    def count(self) -> int:
        """Count the transactions that count as committed."""
        return len(self.row)


@dataclass(frozen=True, slots=True)
class _Operations:
    """Reads and writes in columns, grouped by transaction and key, in program order inside."""

    row: Integers
    """The operation's row in the history."""
    owner: Integers
    key: Integers
    version: Integers
    is_write: Flags
    same: Flags
    """Whether the operation before it is of the same transaction and key."""


def facts_of(history: History, *, repeatable: bool = True) -> Facts:
    """Return what a history of registers says; raises `UnsupportedHistory`.

    Without `repeatable`, a transaction may read a key twice and find two versions of it, as at
    read committed: then every read before its own write of the key is one of others.
    """
    keys, operations = _grouped(history)
    outcome = history.outcome
    committed = outcome == Outcome.COMMITTED
    table = _Versions.of(history, operations)
    misreads: list[Misread] = []
    bound = operations.same if repeatable else _after_own_write(operations)
    _check_internal(operations, committed, bound, misreads)
    external = ~operations.is_write & ~bound & committed[operations.owner]
    reads = np.flatnonzero(external)
    if states_writers(history):
        _check_deleted(history, operations, reads)
    wrote = table.writes_of(operations.key[reads], operations.version[reads])
    source = _sources(history, operations, table, reads, wrote, misreads)
    # Whoever was read from by a committed transaction has committed.
    counts = committed.copy()
    writers = operations.owner[table.place[wrote[wrote != NONE]]]
    counts[writers[outcome[writers] == Outcome.UNKNOWN]] = True
    row = np.flatnonzero(counts)
    number = np.full(history.transactions, NONE, dtype=np.int64)
    number[row] = np.arange(len(row))
    good = source != NONE - 1
    reads, source = reads[good], source[good]
    final = np.flatnonzero(table.final & counts[operations.owner[table.place]])
    places = table.place[final]
    writer, writer_key = number[operations.owner[places]], operations.key[places]
    reader, reader_key = number[operations.owner[reads]], operations.key[reads]
    reader_from = np.where(source == INITIAL, INITIAL, number[source])
    overwrites = among(writer_key * len(row) + writer, reader_key * len(row) + reader)
    return Facts(
        history=history,
        row=row,
        session=dense(history.session[row])[1],
        vouched=committed[row],
        writer=writer,
        writer_key=writer_key,
        writer_operation=operations.row[places],
        reader=reader,
        reader_key=reader_key,
        reader_from=reader_from,
        reader_operation=operations.row[reads],
        follower=reader[overwrites],
        followed=reader_from[overwrites],
        follower_key=reader_key[overwrites],
        keys=keys,
        misreads=tuple(misreads),
    )


def among(codes: Integers, wanted: Integers) -> Flags:
    """Say of each wanted number whether it is one of the codes."""
    return np.isin(wanted, codes)


def dense(numbers: npt.NDArray[np.signedinteger[Any]]) -> tuple[Integers, Integers]:
    """Return all different numbers in order, and the place of each one among them."""
    low, high = (int(numbers.min()), int(numbers.max())) if len(numbers) else (0, 0)
    if low < 0 or high > _DENSE_MAX * len(numbers):
        found, place = np.unique(numbers, return_inverse=True)
        return found.astype(np.int64), place.reshape(-1).astype(np.int64)
    there = np.zeros(high + 1, dtype=np.bool_)
    there[numbers] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[numbers]


def order_of(first: Integers, second: Integers) -> Integers:
    """Return the order by one column, then by another, then as they stand."""
    if len(first) and min(int(first.min()), int(second.min())) >= 0:
        size = int(second.max()) + 1
        if int(first.max()) < _CODE_MAX // size:
            # One sort instead of two.
            return np.argsort(first * size + second, kind="stable")
    return np.lexsort((second, first))


def _grouped(history: History) -> tuple[Integers, _Operations]:
    """Return the keys, and the operations of every transaction grouped by key."""
    keys, key = dense(history.key)
    owner = history.owner()
    order = np.argsort(owner * max(len(keys), 1) + key, kind="stable")
    owner, key = owner[order], key[order]
    same = np.zeros(len(order), dtype=np.bool_)
    same[1:] = (owner[1:] == owner[:-1]) & (key[1:] == key[:-1])
    return keys, _Operations(
        row=order,
        owner=owner,
        key=key,
        version=_identities(history)[order],
        is_write=history.kind[order] == _WRITE,
        same=same,
    )


def _identities(history: History) -> Integers:
    """Return what tells one version of a key from another: its value.

    Our own runs state the writer of every version, so their values may repeat (a deletion writes
    the initial value): there it is the writer, and `NONE` is the initial state.
    """
    return history.version if states_writers(history) else history.value


def states_writers(history: History) -> bool:
    """Say whether every write states its version, which is how our own runs name writers."""
    writes = history.kind == _WRITE
    return (
        bool(len(history.version))
        and bool((history.version[writes] != NONE).all())
        and bool(writes.any())
    )


@dataclass(frozen=True, slots=True)
class _Versions:
    """Every write, sorted by key and version."""

    place: Integers
    """The place of each write among the grouped operations."""
    key: Integers
    version: Integers
    final: Flags
    """Whether it is the last write of its key in its transaction."""

    @classmethod
    def of(cls, history: History, operations: _Operations) -> _Versions:
        """Enter all writes; raises `UnsupportedHistory` where two cannot be told apart."""
        place = np.flatnonzero(operations.is_write)
        group = np.cumsum(~operations.same)[place]
        final = np.ones(len(place), dtype=np.bool_)
        final[:-1] = group[1:] != group[:-1]
        key, version = operations.key[place], operations.version[place]
        order = order_of(key, version)
        place, key, version, final = place[order], key[order], version[order], final[order]
        same = (key[1:] == key[:-1]) & (version[1:] == version[:-1])
        owner = operations.owner[place]
        if states_writers(history):
            # All writes of a key in one transaction have its version; the last one is it.
            keep = np.ones(len(place), dtype=np.bool_)
            keep[:-1] = ~(same & (owner[1:] == owner[:-1]))
            place, key, version, final = place[keep], key[keep], version[keep], final[keep]
            owner = operations.owner[place]
            same = (key[1:] == key[:-1]) & (version[1:] == version[:-1])
        twice = np.flatnonzero(same)
        if len(twice):
            rows = operations.row[place[twice[0] : twice[0] + 2]]
            raise UnsupportedHistory(
                "two writes give one key the same value, so a read of it names no writer",
                (int(rows.min()), int(rows.max())),
            )
        initial = NONE if states_writers(history) else history.initial_value
        again = np.flatnonzero(version == initial) if history.has_initial else place[:0]
        if len(again):
            raise UnsupportedHistory(
                "a write gives a key its initial value, so a read of it names no writer",
                (int(operations.row[place[again[0]]]),),
            )
        return cls(place, key, version, final)

    def writes_of(self, key: Integers, version: Integers) -> Integers:
        """Return the place in this table of who wrote each version, `NONE` for nobody."""
        if not len(self.key) or not len(key):
            return np.full(len(key), NONE, dtype=np.int64)
        stacked_key = np.concatenate([self.key, key])
        stacked = np.concatenate([self.version, version])
        order = order_of(stacked_key, stacked)
        new = np.ones(len(order), dtype=np.bool_)
        ordered_key, ordered = stacked_key[order], stacked[order]
        new[1:] = (ordered_key[1:] != ordered_key[:-1]) | (ordered[1:] != ordered[:-1])
        pair = np.empty(len(order), dtype=np.int64)
        pair[order] = np.cumsum(new) - 1
        writer = np.full(int(new.sum()), NONE, dtype=np.int64)
        writer[pair[: len(self.key)]] = np.arange(len(self.key))
        return writer[pair[len(self.key) :]]


def _check_deleted(history: History, operations: _Operations, reads: Integers) -> None:
    """Refuse reads of nobody's version where a key was deleted.

    Our own runs collect deletions; who then reads the initial value states no writer.
    """
    deletes = operations.is_write & (history.value[operations.row] == history.initial_value)
    deletes &= history.outcome[operations.owner] != Outcome.ABORTED
    nobody = reads[operations.version[reads] == NONE]
    unclear = nobody[np.isin(operations.key[nobody], operations.key[deletes])]
    if len(unclear):
        raise UnsupportedHistory(
            "a key was deleted, so a read of its initial value names no writer: "
            "try session-si-timestamps",
            (int(operations.row[unclear[0]]),),
        )


def _after_own_write(operations: _Operations) -> Flags:
    """Say of every operation whether its transaction wrote its key before."""
    places = np.arange(len(operations.row))
    begins = np.maximum.accumulate(np.where(operations.same, 0, places))
    last = np.maximum.accumulate(np.where(operations.is_write, places, -1))
    before = np.concatenate([[-1], last[:-1]]) if len(last) else last
    return before >= begins


def _check_internal(
    operations: _Operations, committed: Flags, bound: Flags, misreads: list[Misread]
) -> None:
    """Find reads that do not repeat what their own transaction binds them to (INT)."""
    wrong = np.flatnonzero(
        bound[1:]
        & ~operations.is_write[1:]
        & (operations.version[1:] != operations.version[:-1])
        & committed[operations.owner[1:]]
    )
    for place in wrong.tolist():
        before, read = operations.row[place], operations.row[place + 1]
        misreads.append(Misread(kind="internal", read=int(read), other=int(before)))


def _sources(
    history: History,
    operations: _Operations,
    table: _Versions,
    reads: Integers,
    wrote: Integers,
    misreads: list[Misread],
) -> Integers:
    """Return whose version each external read returned, as a row of the history.

    `INITIAL` is the initial state, `NONE - 1` a read that nothing explains.
    """
    unexplained = NONE - 1
    written = wrote != NONE
    place = table.place[np.where(written, wrote, 0)] if len(table.place) else wrote
    writer = operations.owner[place] if len(table.place) else wrote
    source = np.where(written, writer, unexplained)
    initial = NONE if states_writers(history) else history.initial_value
    if history.has_initial:
        source[~written & (operations.version[reads] == initial)] = INITIAL
    reader = operations.owner[reads]
    own = written & (writer == reader)
    aborted = written & ~own & (history.outcome[writer] == Outcome.ABORTED)
    final = table.final[np.where(written, wrote, 0)] if len(table.final) else written
    intermediate = written & ~own & ~aborted & ~final
    for kind, rows in (
        ("garbage-read", np.flatnonzero(source == unexplained)),
        ("future-read", np.flatnonzero(own)),
        ("g1a", np.flatnonzero(aborted)),
        ("g1b", np.flatnonzero(intermediate)),
    ):
        for each in rows.tolist():
            other = NONE if kind == "garbage-read" else int(operations.row[place[each]])
            read = int(operations.row[reads[each]])
            misreads.append(Misread(kind=kind, read=read, other=other))
    source[own | aborted | intermediate] = unexplained
    return source
