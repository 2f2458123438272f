"""The histories of Cobra: a folder of logs `T<number>.log`, one for each session.

A version is known by the number of its write; that number is the value here. A read states as
well which transaction wrote and a hash of what was written: where they contradict the write of
that number, the read is given a value that nobody wrote, whose label says what it stated.
Some numbers are marks: a read whose writer and write are marks read what the key started with.

A log that is missing may hold the writes that others read, so that a folder whose numbers have
gaps is refused; except where the transactions are numbered without a gap, so that no log with
a transaction among them is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from sim.history import NIL, Integers, OperationKind, Outcome
from specs.history.formats.cobra_log import Log, Session, parsed
from specs.history.formats.errors import HistoryFileError
from specs.history.formats.labels import labels_of
from specs.history.formats.reading import (
    Flags,
    Named,
    Reading,
    Unsigned,
    history_of,
    unsigned,
)

INITIAL: Final = 0xBEBEEBEE
NULL: Final = 0xDEADBEEF
COLLECTED: Final = (0x23332333, 0x66666666)
"""What the garbage collection of Cobra reads before it ran for the first time."""
_NAMED_MAX: Final = 3
_INITIAL: Final = (
    f"every key starts with a value of its own, written by nobody ({INITIAL:#x}, {NULL:#x})"
)


def read(logs: Sequence[Log]) -> Reading:
    """Read a history from the logs of a folder, in any order."""
    ordered = sorted(logs, key=lambda log: log.number)
    _check_numbers(ordered)
    sessions = [parsed(log) for log in ordered]
    _check_transactions(sessions)
    gaps = _gaps(sessions)
    rows = _Rows(sessions)
    value, notes = rows.values()
    counts = [len(session.transaction) for session in sessions]
    operations = np.concatenate([np.diff(session.first) for session in sessions])
    history = history_of(
        session=np.repeat(np.arange(len(sessions)), counts),
        outcome=np.concatenate([_outcomes(session) for session in sessions]),
        first=np.concatenate(([0], np.cumsum(operations))),
        kind=np.where(rows.is_write, OperationKind.WRITE, OperationKind.READ),
        key=unsigned(rows.key),
        value=value,
        session_names=[f"T{session.number}" for session in sessions],
        initial_value=NIL,
        invoked_ns=np.concatenate([session.invoked_ns for session in sessions]),
        finished_ns=np.concatenate([session.finished_ns for session in sessions]),
    )
    return Reading(history=history, assumptions=(_INITIAL, *gaps, *notes))


def _check_numbers(logs: Sequence[Log]) -> None:
    for log, other in pairwise(logs):
        if log.number == other.number:
            raise HistoryFileError(f"two logs T{log.number}.log", "name the folder of one history")


def _outcomes(session: Session) -> Integers:
    outcome = np.full(len(session.transaction), int(Outcome.COMMITTED))
    outcome[session.committed :] = Outcome.UNKNOWN
    return outcome


def _check_transactions(sessions: Sequence[Session]) -> None:
    """Refuse two transactions of one number, and such as have the number of a mark."""
    numbers = np.concatenate([session.transaction for session in sessions])
    for mark in (INITIAL, NULL):
        if np.any(numbers == mark):
            found = f"a transaction of the number {mark:#x}, which stands for what keys start with"
            raise HistoryFileError(found, "leave the log of the initial values out")
    ordered = np.sort(numbers)
    twice = np.flatnonzero(ordered[1:] == ordered[:-1])
    if len(twice):
        number = ordered[twice[0]]
        where = [f"T{s.number}.log" for s in sessions if np.any(s.transaction == number)]
        found = f"transaction {number} twice ({', '.join(where)})"
        raise HistoryFileError(found, "the folder mixes several histories; name that of one")


def _gaps(sessions: Sequence[Session]) -> list[str]:
    """Refuse a folder that lacks a log, and say so where an absent one must be empty."""
    pairs = pairwise(session.number for session in sessions)
    gaps = [(low + 1, high - 1) for low, high in pairs if high - low > 1]
    if not gaps:
        return []
    names = [f"T{a}.log" if a == b else f"T{a}.log to T{b}.log" for a, b in gaps[:_NAMED_MAX]]
    missing = " and ".join(names) + (" and more" if len(gaps) > _NAMED_MAX else "")
    numbers = np.concatenate([session.transaction for session in sessions])
    if not len(numbers) or int(numbers.max()) - int(numbers.min()) + 1 != len(numbers):
        mend = "fetch the whole folder: a missing log may hold the writes that others read"
        raise HistoryFileError(f"the folder has no {missing}", mend)
    numbered = f"from {numbers.min()} to {numbers.max()} without a gap"
    why = f"nothing committed there: transactions are numbered {numbered}"
    return [f"the folder has no {missing}, and {why}"]


class _Rows:
    """The operations of all sessions."""

    def __init__(self, sessions: Sequence[Session]) -> None:
        self.is_write = np.concatenate([session.is_write for session in sessions])
        self.writer = np.concatenate([session.writer for session in sessions])
        self.write = np.concatenate([session.write for session in sessions])
        self.key = np.concatenate([session.key for session in sessions])
        self.hash = np.concatenate([session.hash for session in sessions])
        self.transaction = np.concatenate(
            [np.repeat(session.transaction, np.diff(session.first)) for session in sessions]
        )

    def values(self) -> tuple[Named, list[str]]:
        """Return the value of every row, and what was strange about the reads."""
        initial = ~self.is_write & _any_of(self.writer, INITIAL, NULL)
        initial &= _any_of(self.write, INITIAL, NULL, *COLLECTED)
        unlike = self._unlike(initial)
        known, good = self._found(~self.is_write & ~initial)
        lost = ~self.is_write & ~initial & ~known
        wrong = unlike | (known & ~good)
        notes = []
        if lost.any():
            notes.append(f"{self._some(lost)} a write that no log has: a lost log looks the same")
        if wrong.any():
            notes.append(f"{self._some(wrong)} a writer or a hash that contradicts the write")
        return self._numbered(initial & ~wrong, wrong), notes

    def _unlike(self, initial: Flags) -> Flags:
        """Mark reads of what a key started with that differ from the first such read of it."""
        rows = np.flatnonzero(initial & ~_any_of(self.write, *COLLECTED))
        rows = rows[np.argsort(self.key[rows], kind="stable")]
        fresh = np.ones(len(rows), dtype=bool)
        fresh[1:] = self.key[rows][1:] != self.key[rows][:-1]
        group = np.cumsum(fresh) - 1
        unlike = np.zeros(len(initial), dtype=bool)
        unlike[rows] = self.hash[rows] != self.hash[rows[fresh]][group]
        return unlike

    def _found(self, reads: Flags) -> tuple[Flags, Flags]:
        """Mark the reads whose write is in the logs, and those that agree with it in all."""
        rows, writes = np.flatnonzero(reads), np.flatnonzero(self.is_write)
        known, good = np.zeros((2, len(reads)), dtype=bool)
        if not len(writes):
            return known, good
        writes = writes[np.argsort(self.write[writes], kind="stable")]
        place = np.searchsorted(self.write[writes], self.write[rows])
        write = writes[np.minimum(place, len(writes) - 1)]
        known[rows] = self.write[write] == self.write[rows]
        good[rows] = (
            known[rows]
            & (self.transaction[write] == self.writer[rows])
            & (self.key[write] == self.key[rows])
            & (self.hash[write] == self.hash[rows])
        )
        if np.any(self.write[writes][1:] == self.write[writes][:-1]):
            rest = np.flatnonzero(known & ~good)
            good[rest] = self._equal(rest, writes)
        return known, good

    def _equal(self, reads: Integers, writes: Integers) -> Flags:
        """Say of reads whether any write agrees in all, where numbers of writes repeat."""
        rows = np.concatenate((reads, writes))
        writer = np.concatenate((self.writer[reads], self.transaction[writes]))
        columns = (self.write[rows], self.key[rows], self.hash[rows], writer)
        order = np.lexsort(columns)
        fresh = np.zeros(len(rows), dtype=bool)
        for column in columns:
            fresh[1:] |= column[order][1:] != column[order][:-1]
        group = np.empty(len(rows), dtype=np.int64)
        group[order] = np.cumsum(fresh)
        equal: Flags = np.isin(group[: len(reads)], group[len(reads) :])
        return equal

    def _numbered(self, initial: Flags, wrong: Flags) -> Named:
        """Return the values: the number of the write, `NIL`, or one that nobody wrote."""
        number = np.full(len(initial), NIL, dtype=np.int64)
        plain = ~initial & ~wrong
        known = unsigned(self.write[plain])
        if not wrong.any():
            number[plain] = known.number
            return Named(number, known.labels)
        names, number[plain] = np.unique(self.write[plain], return_inverse=True)
        said = np.stack((self.write[wrong], self.writer[wrong], self.hash[wrong]), axis=1)
        claims, place = np.unique(said, axis=0, return_inverse=True)
        number[wrong] = len(names) + place.reshape(-1)
        texts = [
            f"{write} as of transaction {writer} with hash {hash_}"
            for write, writer, hash_ in claims.tolist()
        ]
        return Named(number, labels_of([*names.tolist(), *texts]))

    def _some(self, reads: Flags) -> str:
        row = int(np.argmax(reads))
        count = int(np.count_nonzero(reads))
        first = f"of key {self.key[row]} by transaction {self.transaction[row]}"
        first += f", write {self.write[row]}"
        return f"1 read ({first}) names" if count == 1 else f"{count} reads (first: {first}) name"


def _any_of(column: Unsigned, *numbers: int) -> Flags:
    found = np.zeros(len(column), dtype=bool)
    for number in numbers:
        found |= column == number
    return found
