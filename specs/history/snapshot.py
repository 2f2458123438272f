"""The rule of snapshot isolation: what a transaction reads is what had committed at its start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.history import NONE, Integers, OperationKind, OracleKind
from specs.history.case import Case
from specs.history.cells import NEVER
from specs.history.numbering import Flags, Numbers
from specs.history.story import tell
from specs.history.verdict import Evidence, Verdict, broken, kept
from specs.history.wording import client_name, version_name

_SEARCHED_MAX: Final = 1000
"""So many contradictions are looked through for the most telling one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotReads:
    """Columns over the reads that the snapshot rule judges."""

    operation: Numbers
    place: Integers
    """Place of the expected version among the committed versions, -1 for the initial one."""
    expected: Integers
    """Start timestamp of the expected writer, or `NONE`."""


def judged_reads(case: Case) -> SnapshotReads:
    """Return the reads from the snapshot, with what each must return.

    Left out are reads after an own write of the key, and reads by transactions that did not
    commit and began at or below the low water mark of the time: compaction may have taken
    their snapshot away, which is why they may not commit.
    """
    history, versions = case.history, case.versions
    reads = np.flatnonzero(history.kind == OperationKind.READ).astype(np.int32)
    reads = reads[case.program.own_write[reads] < 0]
    owner = case.owner[reads]
    begun = history.start_timestamp[owner] != NONE
    safe = case.reader_committed[owner] | ~may_be_collected(case, reads)
    reads, owner = reads[begun & safe], owner[begun & safe]
    ranks = versions.ranks_below(history.start_timestamp)
    place = versions.latest(case.operation_keys[reads], ranks[owner])
    expected = np.full(len(reads), NONE, dtype=np.int64)
    shown = place >= 0
    expected[shown] = case.starts[versions.writer[place[shown]]]
    return SnapshotReads(operation=reads, place=place, expected=expected)


def may_be_collected(case: Case, reads: Numbers | Integers) -> Flags:
    """Tell which reads took place under a low water mark that their snapshot is not above."""
    rows = case.rows(OracleKind.LOW_WATER_MARK_PERSISTED)
    if not len(rows):
        return np.zeros(len(reads), dtype=np.bool_)
    marks = np.maximum.accumulate(case.oracle.timestamp[rows])
    marks = np.append(np.int64(NONE), marks)
    seen = np.searchsorted(case.oracle.at_ns[rows], case.history.at_ns[reads], side="right")
    starts = case.history.start_timestamp[case.owner[reads]]
    passed: Flags = (starts != NONE) & (marks[seen] >= starts)
    return passed


def check_snapshot_reads(case: Case) -> Verdict:
    """Judge that every read returns the newest version committed before the reader's start.

    Where that is a tombstone that compaction has rightly forgotten, no version is right, too.
    """
    reads = judged_reads(case)
    premise = _with_a_choice(case, reads)
    other = case.history.version[reads.operation] != reads.expected
    wrong = np.flatnonzero(other & ~_finds_nothing_left(case, reads))
    if not len(wrong):
        return kept("snapshot_reads", premise=premise)
    wrong = wrong[np.argsort(case.history.at_ns[reads.operation[wrong]], kind="stable")]
    return broken("snapshot_reads", premise=premise, evidence=_explain(case, reads, wrong))


def _finds_nothing_left(case: Case, reads: SnapshotReads) -> Flags:
    """Tell which reads found no version, after compaction had forgotten the tombstone."""
    found_none: Flags = case.history.version[reads.operation] == NONE
    if not len(case.versions):
        return found_none
    forgotten = np.where(reads.place >= 0, case.forgotten[reads.place], NEVER)
    known = forgotten != NEVER
    forgotten_ns = case.oracle.at_ns[forgotten[known]]
    known[known] = forgotten_ns <= case.history.at_ns[reads.operation[known]]
    flags: Flags = found_none & known
    return flags


def _with_a_choice(case: Case, reads: SnapshotReads) -> int:
    """Count the reads of keys that had more than one version to choose from."""
    written = np.bincount(case.versions.key, minlength=len(case.keys))
    return int(np.count_nonzero(written[case.operation_keys[reads.operation]] > 1))


def _explain(case: Case, reads: SnapshotReads, wrong: Integers) -> Evidence:
    """Tell of the first read that its transaction contradicts, or else of the first wrong one.

    Two keys of one writer say more than one key read twice.
    """
    history = case.history
    twice: tuple[int, int, int] | None = None
    for at in wrong[:_SEARCHED_MAX].tolist():
        missed, writer = int(reads.operation[at]), int(reads.expected[at])
        owner = int(case.owner[missed])
        inside = np.arange(history.first[owner], history.first[owner + 1])
        seen = (history.version[inside] == writer) & (history.kind[inside] == OperationKind.READ)
        if writer == NONE or writer == history.start_timestamp[owner] or not np.any(seen):
            continue
        elsewhere = seen & (history.key[inside] != history.key[missed])
        if np.any(elsewhere):
            saw = int(inside[np.argmax(elsewhere)])
            return _fractured(case, missed=missed, saw=saw, writer=writer, others=len(wrong) - 1)
        twice = twice or (missed, int(inside[np.argmax(seen)]), writer)
    if twice:
        missed, saw, writer = twice
        return _fractured(case, missed=missed, saw=saw, writer=writer, others=len(wrong) - 1)
    at = int(wrong[0])
    expected = int(reads.expected[at])
    return _wrong(case, int(reads.operation[at]), expected=expected, others=len(wrong) - 1)


def _fractured(case: Case, *, missed: int, saw: int, writer: int, others: int) -> Evidence:
    history = case.history
    reader = int(case.owner[missed])
    start = int(history.start_timestamp[reader])
    commit = _commit_of(case, writer)
    keys = (int(history.key[missed]), int(history.key[saw]))
    where = "again" if keys[0] == keys[1] else f"key {keys[0]}"
    return tell(
        case,
        f"T{start} ({client_name(case, reader)}) saw half of T{writer}, which committed at "
        f"{commit}, before T{start}: it read key {keys[1]} as T{writer} wrote it, and {where} "
        f"as if T{writer} had never been.",
        transactions=(start, writer),
        keys=keys,
        timestamps=(commit, start),
        operations=(missed, saw),
        remarks={
            missed: f"WRONG, T{writer} is missing",
            saw: f"here T{writer} is seen",
        },
        others=others,
    )


def _wrong(case: Case, operation: int, *, expected: int, others: int) -> Evidence:
    history = case.history
    reader = int(case.owner[operation])
    start, key = int(history.start_timestamp[reader]), int(history.key[operation])
    version = int(history.version[operation])
    involved = [other for other in (expected, version) if other != NONE]
    commits = [commit for other in involved if (commit := _commit_of(case, other)) != NONE]
    if expected == NONE:
        due = "no version of it had committed before"
    else:
        due = (
            f"the newest before was that of T{expected}, committed at {_commit_of(case, expected)}"
        )
    got = version_name(version)
    if version != NONE:
        commit = _commit_of(case, version)
        got += ", which never committed" if commit == NONE else f", committed at {commit}"
    return tell(
        case,
        f"T{start} ({client_name(case, reader)}) read key {key} and got {got}; {due}.",
        transactions=(start, *involved),
        keys=(key,),
        timestamps=(*commits, start),
        operations=(operation,),
        remarks={operation: "WRONG"},
        others=others,
    )


def _commit_of(case: Case, start: int) -> int:
    return int(case.outcomes.commit_of(np.array([start], dtype=np.int64))[0])
