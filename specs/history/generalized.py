"""Generalised snapshot isolation: what holds where the fast path orders itself in the past.

VLDB'18, section 2.2, after Elnikety, Zwaenepoel and Pedone, SRDS'05. Committed transactions stand
in the order of their commit timestamps. A transaction reads from some prefix of that order, which
need not hold all that had committed in real time when it began.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.history import NONE, Integers, OperationKind
from specs.history.case import Case
from specs.history.cells import NEVER
from specs.history.numbering import Numbers
from specs.history.story import tell
from specs.history.verdict import Evidence, Verdict, broken, kept
from specs.history.wording import client_name, version_name

_OPEN: Final = np.iinfo(np.int64).max
"""Stands for the commit timestamp of a version that nothing has replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bounds:
    """Columns over operations that bound the prefix which their transaction may have read."""

    operation: Numbers
    owner: Numbers
    low: Integers
    """The prefix goes at least as far as this commit timestamp; `NONE` for no bound."""
    high: Integers
    """It ends before this one; `_OPEN` for no bound."""


def check_generalized_snapshot_reads(case: Case) -> Verdict:
    """Judge that a committed transaction reads from one prefix of the commit order.

    The prefix holds every version that it read and none that replaced one of them. Of each key
    that it updated, the prefix holds all versions before its own: nobody updated the key in
    between. Unlike `snapshot_reads` this leaves open where the prefix ends, so it also judges
    those who have no start timestamp. A single read of a committed version always has a prefix.
    """
    if not len(case.versions):
        return kept("generalized_snapshot_reads", premise=0)
    bounds = _joined(_of_reads(case), _of_updates(case))
    low = np.full(case.history.transactions, NONE, dtype=np.int64)
    high = np.full(case.history.transactions, _OPEN, dtype=np.int64)
    np.maximum.at(low, bounds.owner, bounds.low)
    np.minimum.at(high, bounds.owner, bounds.high)
    premise = int(np.count_nonzero((low != NONE) & (high != _OPEN)))
    wrong = np.flatnonzero(low >= high)
    if not len(wrong):
        return kept("generalized_snapshot_reads", premise=premise)
    first = int(wrong[np.argmin(case.history.finished_ns[wrong])])
    evidence = _no_prefix(case, bounds, first, others=len(wrong) - 1)
    return broken("generalized_snapshot_reads", premise=premise, evidence=evidence)


def _of_reads(case: Case) -> _Bounds:
    """Return the bounds by reads: from the version that was read to the next one of the key."""
    history, versions = case.history, case.versions
    judged = case.reader_committed[case.owner] & (case.program.own_write < 0)
    reads = np.flatnonzero(judged & (history.kind == OperationKind.READ)).astype(np.int32)
    writer = case.outcomes.starts.of(history.version[reads])
    place = _places(case, case.operation_keys[reads], writer)
    # Who read what never committed is judged by `no_aborted_reads`.
    nothing = history.version[reads] == NONE
    place[nothing] = _forgotten_before(case, reads[nothing])
    known = (place >= 0) | nothing
    reads, place = reads[known], place[known]
    keys = case.operation_keys[reads]
    low = np.where(place >= 0, versions.commit[place], NONE)
    initial = np.searchsorted(versions.identity, keys.astype(np.int64) * versions.width)
    following = np.where(place >= 0, place + 1, initial)
    within = np.minimum(following, len(versions) - 1)
    replaced = (following == within) & (versions.key[within] == keys)
    high = np.where(replaced, versions.commit[within], _OPEN)
    return _Bounds(operation=reads, owner=case.owner[reads], low=low, high=high)


def _of_updates(case: Case) -> _Bounds:
    """Return the bounds by updates: from the version before the own one to the own commit."""
    versions = case.versions
    updates = np.flatnonzero(case.program.final).astype(np.int32)
    keys = case.operation_keys[updates]
    place = _places(case, keys, case.history_numbers[case.owner[updates]])
    updates, keys, place = updates[place >= 0], keys[place >= 0], place[place >= 0]
    before = np.maximum(place - 1, 0)
    replaces = (place > 0) & (versions.key[before] == keys)
    low = np.where(replaces, versions.commit[before], NONE)
    owner = case.owner[updates]
    return _Bounds(operation=updates, owner=owner, low=low, high=versions.commit[place])


def _places(case: Case, keys: Numbers, writers: Numbers) -> Integers:
    """Return the place of each version among all, -1 for no version and for no such writer."""
    place = case.versions.place_of(keys, writers)
    return np.where(writers >= 0, place, -1)


def _forgotten_before(case: Case, reads: Numbers) -> Integers:
    """Return the last tombstone of each key that compaction had dropped by then, -1 for none.

    Who reads nothing has read that tombstone. All that is older went before it, so on one key
    tombstones are dropped in their order.
    """
    gone = np.flatnonzero(case.forgotten != NEVER)
    if not len(gone):
        return np.full(len(reads), -1, dtype=np.int64)
    dropped_ns = case.oracle.at_ns[case.forgotten[gone]]
    instants = np.concatenate([dropped_ns, case.history.at_ns[reads]])
    rank = np.unique(instants, return_inverse=True)[1].astype(np.int64)
    width = np.int64(len(instants) + 1)
    drops = case.versions.key[gone] * width + rank[: len(gone)]
    keys = case.operation_keys[reads]
    last = np.searchsorted(drops, keys * width + rank[len(gone) :], side="right") - 1
    place = gone[np.maximum(last, 0)]
    return np.where((last >= 0) & (case.versions.key[place] == keys), place, -1)


def _joined(*parts: _Bounds) -> _Bounds:
    return _Bounds(
        operation=np.concatenate([part.operation for part in parts]),
        owner=np.concatenate([part.owner for part in parts]),
        low=np.concatenate([part.low for part in parts]),
        high=np.concatenate([part.high for part in parts]),
    )


def _no_prefix(case: Case, bounds: _Bounds, reader: int, *, others: int) -> Evidence:
    """Tell of the two operations that no prefix of the commit order satisfies at once."""
    history = case.history
    mine = np.flatnonzero(bounds.owner == reader)
    late, early = mine[np.argmax(bounds.low[mine])], mine[np.argmin(bounds.high[mine])]
    low, high = int(bounds.low[late]), int(bounds.high[early])
    newer, older = int(bounds.operation[late]), int(bounds.operation[early])
    keys = (int(history.key[older]), int(history.key[newer]))
    start = int(history.start_timestamp[reader])
    writers = [_who(case, commit) for commit in (low, high)]
    what = "updated" if history.kind[newer] == OperationKind.WRITE else "read"
    return tell(
        case,
        f"{client_name(case, reader)} ({_name(start)}) read from no prefix of the commit order: of "
        f"key {keys[0]} it had {version_name(int(history.version[older]))}, replaced at {high}, "
        f"but it {what} key {keys[1]} over the version of T{writers[0]}, committed at {low}.",
        transactions=[number for number in (start, *writers) if number != NONE],
        keys=keys,
        timestamps=(low, high),
        operations=sorted({older, newer}),
        remarks={older: f"before {high}", newer: f"not before {low}"},
        others=others,
    )


def _who(case: Case, commit: int) -> int:
    """Return the transaction with a commit timestamp."""
    return case.start_of(int(np.flatnonzero(case.outcomes.commit == commit)[0]))


def _name(start: int) -> str:
    return "without a start timestamp" if start == NONE else f"T{start}"
