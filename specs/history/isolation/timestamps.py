"""Decide snapshot isolation by the timestamps that a history states.

Four rules (Chronos and Aion, ICDE'25): a transaction does not contradict itself (INT), it reads
from others what was committed last by its start (EXT), writers of one key do not overlap
(NOCONFLICT), and a transaction of a session starts after the one before committed (SESSION).
Every final write at its commit and every external read at its start are sorted once, by key; then
each read follows the version that it must return, and of overlapping writers two are neighbours.

Ties and unknown outcomes: see `stamped`. Values need not be unique, for timestamps name the
writers. Runs that state the writer of each version are held to it: a read must return the right
writer's version; one that states none (a deletion may have been collected) the right value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from sim.history import NONE, History, Integers, OperationKind
from specs.history.isolation.accesses import Accesses, accesses_of
from specs.history.isolation.decide import NotApplicable
from specs.history.isolation.facts import Flags, states_writers
from specs.history.isolation.levels import Level
from specs.history.isolation.stamped import MalformedTimestamps, Stamped, is_write, stamped_of
from specs.history.isolation.stamped_lists import check_lists
from specs.history.isolation.stamped_words import Words

Kind = Literal["int", "ext", "noconflict", "session"]
KINDS: Final[tuple[Kind, ...]] = ("int", "ext", "noconflict", "session")
VIOLATIONS_MAX: Final = 1000
"""How many violations of each kind are told; all are counted."""

_READ, _WRITE = int(OperationKind.READ), int(OperationKind.WRITE)
_CODE_MAX: Final = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One breach of one rule, by rows of the history.

    `int`: the transaction; the read, and the operation that it contradicts. `ext`: the reader, and
    the writer that it should have read from; the read, and that write. `noconflict`: two writers by
    commit; their writes. `session`: two transactions, the earlier of the session first.
    """

    kind: Kind
    transactions: tuple[int, ...]
    operations: tuple[int, ...]
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampVerdict:
    """What the timestamps say of a history at a level.

    Violations stand by kind in the order of `KINDS`, inside a kind by the row that is at fault: the
    read, the second write, the later transaction.
    """

    history: History
    level: Level
    violations: tuple[Violation, ...]
    counts: Mapping[Kind, int]
    """How many of each kind there are, told or not."""

    @property
    def holds(self) -> bool:
        """Say whether no rule is broken."""
        return not self.violations


Pairs = list[tuple[int, int]]
"""The row at fault, and the row that it contradicts or `NONE`."""


def check_timestamps(history: History, level: Level) -> TimestampVerdict:
    """Check a history by its timestamps.

    Raises `NotApplicable` where what committed states no timestamps or the level asks for sessions
    that are not stated, `MalformedTimestamps` where no execution can have those stated, and
    `UnsupportedHistory` where reads name no writer.
    """
    if level.sessions and not history.has_sessions:
        raise NotApplicable(f"the history states no sessions, which {level.name} needs")
    accesses = accesses_of(history, is_write(history))
    stamped = stamped_of(history, previous=accesses.previous, final=accesses.final)
    table = _Table.of(stamped, accesses)
    inner, outer = check_lists(stamped, accesses)
    found: dict[Kind, Pairs] = {
        "int": sorted([*_internal(stamped, accesses), *inner]),
        "ext": sorted([*_external(stamped, accesses, table), *outer]),
        "noconflict": _conflicts(stamped, table),
        "session": _sessions(stamped) if level.sessions else [],
    }
    words = Words(stamped)
    tell = {"int": words.internal, "ext": words.external, "noconflict": words.conflict}
    violations = []
    for kind in KINDS:
        for at, other in found[kind][:VIOLATIONS_MAX]:
            if kind == "session":
                violations.append(_session_violation(words, other, at))
                continue
            rows = (other, at) if kind == "noconflict" else (at, other)
            operations = tuple(row for row in rows if row != NONE)
            owners = tuple(dict.fromkeys(int(accesses.owner[row]) for row in operations))
            violations.append(
                Violation(
                    kind=kind,
                    transactions=owners,
                    operations=operations,
                    sentence=tell[kind](*rows),
                )
            )
    return TimestampVerdict(
        history=history,
        level=level,
        violations=tuple(violations),
        counts={kind: len(found[kind]) for kind in KINDS},
    )


def _session_violation(words: Words, earlier: int, later: int) -> Violation:
    return Violation(
        kind="session",
        transactions=(earlier, later),
        operations=(),
        sentence=words.session(earlier, later),
    )


@dataclass(frozen=True, slots=True)
class _Table:
    """Final writes at their commits and external reads at their starts, by key and place."""

    row: Integers
    owner: Integers
    is_write: Flags
    fresh: Flags
    """Whether the row is the first of its key."""

    @classmethod
    def of(cls, stamped: Stamped, accesses: Accesses) -> _Table:
        """Sort all that is read and written; raises `MalformedTimestamps`."""
        history = stamped.history
        vouched = stamped.vouched[accesses.owner]
        reads = (history.kind == _READ) & (accesses.previous == NONE) & vouched
        writes = accesses.final & stamped.counts[accesses.owner]
        rows = np.flatnonzero(reads | writes)
        wrote = writes[rows]
        owner = accesses.owner[rows]
        place = np.where(wrote, stamped.end[owner], stamped.begin[owner])
        key, place = _fitting(history.key[rows], place)
        spread = int(place.max()) + 1 if len(place) else 1
        order = np.argsort(key * spread + place)
        key, wrote = key[order], wrote[order]
        fresh = np.ones(len(order), dtype=np.bool_)
        fresh[1:] = key[1:] != key[:-1]
        table = cls(rows[order], owner[order], wrote, fresh)
        _check_equal_commits(stamped, table)
        return table


def _fitting(key: Integers, place: Integers) -> tuple[Integers, Integers]:
    """Return keys and places as numbers from 0 up whose pairs fit into one number."""
    if not len(key):
        return key, place
    place = place - place.min()
    if int(key.max()) + 1 <= _CODE_MAX // (int(place.max()) + 1):
        return key, place
    key = np.unique(key, return_inverse=True)[1].reshape(-1).astype(np.int64)
    place = np.unique(place, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return key, place


def _neighbours(table: _Table) -> tuple[Integers, Integers]:
    """Return the places of writes in the table that follow one another on one key."""
    places = np.flatnonzero(table.is_write)
    number = np.cumsum(table.fresh)[places]
    same = number[1:] == number[:-1]
    return places[:-1][same], places[1:][same]


def _check_equal_commits(stamped: Stamped, table: _Table) -> None:
    before, after = _neighbours(table)
    first, second = table.owner[before], table.owner[after]
    equal = stamped.end[first] == stamped.end[second]
    equal &= ~(stamped.placed[first] | stamped.placed[second])
    twice = np.flatnonzero(equal)
    if len(twice):
        rows = sorted((int(table.row[before[twice[0]]]), int(table.row[after[twice[0]]])))
        commit = stamped.history.commit_timestamp[int(first[twice[0]])]
        raise MalformedTimestamps(f"two writers of one key commit at {commit}", tuple(rows))


def _internal(stamped: Stamped, accesses: Accesses) -> Pairs:
    """Find reads of registers that differ from the operation before on the key (INT)."""
    history = stamped.history
    later = (accesses.previous != NONE) & (history.kind == _READ)
    reads = np.flatnonzero(later)
    reads = reads[stamped.vouched[accesses.owner[reads]]]
    before = accesses.previous[reads]
    wrong = _differ(history, reads, before)
    return list(zip(reads[wrong].tolist(), before[wrong].tolist(), strict=True))


def _external(stamped: Stamped, accesses: Accesses, table: _Table) -> Pairs:
    """Find reads that differ from the last version committed by their start (EXT)."""
    history = stamped.history
    places = np.arange(len(table.row))
    begins = np.maximum.accumulate(np.where(table.fresh, places, 0))
    last = np.maximum.accumulate(np.where(table.is_write, places, -1))
    reads = np.flatnonzero(~table.is_write)
    due = last[reads]
    # Who commits at the instant of its start does not read its own version.
    own = np.flatnonzero((due >= 0) & (table.owner[due] == table.owner[reads]))
    due[own] = np.where(due[own] > 0, last[due[own] - 1], -1)
    written = due >= begins[reads]
    rows = table.row[reads]
    if history.has_initial:
        wrong = history.value[rows] != history.initial_value
        if states_writers(history):
            wrong |= history.version[rows] != NONE
    else:
        wrong = np.ones(len(rows), dtype=np.bool_)
    wrong[written] = _differ(history, rows[written], table.row[due[written]])
    bad = np.flatnonzero(wrong)
    others = np.where(written[bad], table.row[due[bad]], NONE)
    return list(zip(rows[bad].tolist(), others.tolist(), strict=True))


def _differ(history: History, reads: Integers, others: Integers) -> Flags:
    """Say which reads are not of the version that another operation wrote or read."""
    wrong: Flags = history.value[reads] != history.value[others]
    if states_writers(history):
        read, other = history.version[reads], history.version[others]
        wrong |= (read != NONE) & (other != NONE) & (read != other)
    return wrong


def _conflicts(stamped: Stamped, table: _Table) -> Pairs:
    """Find neighbours among the writers of a key that overlap (NOCONFLICT)."""
    before, after = _neighbours(table)
    overlap = stamped.begin[table.owner[after]] < stamped.end[table.owner[before]]
    pairs = zip(
        table.row[after[overlap]].tolist(), table.row[before[overlap]].tolist(), strict=True
    )
    return sorted(pairs)


def _sessions(stamped: Stamped) -> Pairs:
    """Find transactions that start before the one before in their session committed (SESSION).

    What nobody vouches for may commit late, whatever its session did next.
    """
    rows = np.flatnonzero(stamped.counts)
    session = stamped.history.session[rows]
    order = np.argsort(session, kind="stable")
    rows, session = rows[order], session[order]
    last = np.maximum.accumulate(np.where(stamped.vouched[rows], np.arange(len(rows)), -1))
    before = np.concatenate([[-1], last[:-1]]) if len(last) else last
    early = before >= 0
    early &= session[np.maximum(before, 0)] == session
    early &= stamped.begin[rows] < stamped.end[rows[np.maximum(before, 0)]]
    found = zip(rows[early].tolist(), rows[before[early]].tolist(), strict=True)
    return sorted(found)
