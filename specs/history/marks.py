"""Marks: how often a run went through what makes it worth running.

None of these is wrong. They show that a premise happened, or that snapshot isolation permits
what serializability would not.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sim.history import (
    NONE,
    AbortReason,
    FieldWriter,
    Integers,
    OracleKind,
    Outcome,
    RowState,
)
from specs.history.case import Case
from specs.history.cells import NEVER
from specs.history.numbering import first_rows
from specs.history.snapshot import judged_reads

_DEPENDENCIES_MAX: Final = 20_000_000
"""Anti-dependencies looked at for write skew; a run with more is counted in part."""


def count_marks(case: Case) -> dict[str, int]:
    """Return every mark by name."""
    history, oracle = case.history, case.oracle
    outcome = history.outcome
    return {
        "write_skew": count_write_skew(case),
        "read_only_commits": _count((outcome == Outcome.COMMITTED) & ~case.has_writes),
        "unknown_outcomes": _count(outcome == Outcome.UNKNOWN),
        "unknown_outcomes_resolved": len(case.rows(OracleKind.OUTCOME_RESOLVED)),
        "failovers": max(0, len(case.rows(OracleKind.EPOCH_STARTED)) - 1),
        **_count_decisions(case),
        **_count_refusals(case),
        "healed_fields": _fields_by(case, FieldWriter.HEALER),
        "cleaned_fields": _fields_by(case, FieldWriter.CLEANER),
        "low_water_marks": len(case.rows(OracleKind.LOW_WATER_MARK_PERSISTED)),
        "collected_versions": _count(
            oracle.timestamp[case.rows(OracleKind.CELL_COLLECTED)] != NONE
        ),
        "collected_tombstones": _count(case.forgotten != NEVER),
        "discarded_versions": _count(
            oracle.timestamp[case.rows(OracleKind.CELL_COLLECTED)] == NONE
        ),
    }


def _count(flags: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    return int(np.count_nonzero(flags))


def _fields_by(case: Case, writer: FieldWriter) -> int:
    return _count(case.oracle.extra[case.rows(OracleKind.COMMIT_FIELD_PUT)] == writer)


def _count_decisions(case: Case) -> dict[str, int]:
    """Count tentative versions met, invalid marks, and what the re-read found."""
    oracle, outcomes = case.oracle, case.outcomes
    marks = case.rows(OracleKind.COMMIT_TABLE_INVALIDATED)
    marks = marks[oracle.extra[marks] == RowState.ABSENT]
    puts = case.rows(OracleKind.COMMIT_TABLE_PUT)
    removals = case.rows(OracleKind.COMMIT_TABLE_REMOVED)
    removed = first_rows(
        case.row_numbers[removals], removals, size=len(case.starts) + 1, none=NEVER
    )
    resolved = case.rows(OracleKind.RESOLVED)
    resolved = resolved[oracle.timestamp[resolved] != NONE]
    return {
        "tentative_reads": len(case.rows(OracleKind.RESOLVED)),
        "invalidations": len(marks),
        "false_invalidations": _count(outcomes.commit_of(oracle.transaction[marks]) != NONE),
        "late_commit_puts": _count(oracle.extra[puts] == RowState.INVALID),
        "rereads_hit": _count(removed[outcomes.starts.of(oracle.extra[resolved])] < resolved),
    }


def _count_refusals(case: Case) -> dict[str, int]:
    """Count refused commits by reason, and those without a conflict."""
    oracle, cells, versions = case.oracle, case.cells, case.versions
    rows = case.rows(OracleKind.COMMIT_REFUSED)
    reasons = oracle.extra[rows]
    rows = rows[case.row_numbers[rows] >= 0]
    refused = first_rows(case.row_numbers[rows], rows, size=len(case.starts), none=NEVER)
    mine = np.flatnonzero(refused[cells.writer] != NEVER)
    writer = cells.writer[mine]
    # The first version of the key that committed after the refused transaction's start.
    ranks = versions.ranks_below(case.starts[writer])
    place = np.searchsorted(
        versions.identity, cells.key[mine].astype(np.int64) * versions.width + ranks
    )
    conflict = place < len(versions)
    conflict[conflict] = versions.key[place[conflict]] == cells.key[mine[conflict]]
    accepted = case.issued[versions.writer[place[conflict]]]
    conflict[conflict] = (accepted >= 0) & (accepted < refused[writer[conflict]])
    truly = np.zeros(len(case.starts), dtype=np.bool_)
    truly[writer[conflict]] = True
    return {
        "conflict_aborts": _count(reasons == AbortReason.CONFLICT),
        "overflow_aborts": _count(reasons == AbortReason.OVERFLOW),
        "low_water_mark_aborts": _count(reasons == AbortReason.LOW_WATER_MARK),
        "epoch_aborts": _count(reasons == AbortReason.EPOCH),
        "false_aborts": _count((refused != NEVER) & ~truly),
    }


def count_write_skew(case: Case) -> int:
    """Count the pairs of concurrent committed writers that each overwrote what the other read.

    Snapshot isolation permits it; serializability does not.
    """
    width = np.int64(len(case.starts) + 1)
    edges = _anti_dependencies(case, width)
    reader, overwriter = edges // width, edges % width
    backwards = overwriter * width + reader
    forwards = edges[reader < overwriter]
    return len(np.intersect1d(forwards, backwards[reader > overwriter], assume_unique=True))


def _anti_dependencies(case: Case, width: np.int64) -> Integers:
    """Return reader number times `width` plus overwriter number, each pair once.

    From the version that a committed writer should have read, the later versions of the key are
    followed one step at a time, while their writers are concurrent with it.
    """
    versions, outcomes = case.versions, case.outcomes
    reads = judged_reads(case)
    number = case.history_numbers[case.owner[reads.operation]]
    writing = outcomes.committed[number]
    number, place = number[writing], reads.place[writing]
    keys = case.operation_keys[reads.operation[writing]]
    place = np.where(place >= 0, place, np.searchsorted(versions.key, keys) - 1)
    found: list[Integers] = []
    total = 0
    while len(number) and total < _DEPENDENCIES_MAX:
        place = place + 1
        inside = place < len(versions)
        inside[inside] = versions.key[place[inside]] == keys[inside]
        number, place, keys = number[inside], place[inside], keys[inside]
        writer = versions.writer[place]
        concurrent = case.starts[writer] < outcomes.commit[number]
        number, place, keys = number[concurrent], place[concurrent], keys[concurrent]
        other = number != versions.writer[place]
        found.append(number[other] * width + versions.writer[place[other]])
        total += len(found[-1])
    return np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)
