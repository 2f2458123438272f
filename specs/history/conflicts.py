"""Properties of write-write conflicts: first committer wins, and the conflict table sees it."""

from __future__ import annotations

import numpy as np

from sim.history import OracleKind
from specs.history.case import Case
from specs.history.story import tell
from specs.history.verdict import Evidence, Verdict, broken, kept


def check_first_committer_wins(case: Case) -> Verdict:
    """Judge that committed writers of one key never overlap from start to commit.

    Versions stand in commit order, and if any two overlap then two neighbours do.
    """
    versions = case.versions
    neighbours = np.flatnonzero(versions.key[1:] == versions.key[:-1])
    starts = case.starts[versions.writer[neighbours + 1]]
    wrong = neighbours[starts <= versions.commit[neighbours]]
    if not len(wrong):
        return kept("first_committer_wins", premise=len(neighbours))
    earliest = int(wrong[np.argmin(versions.commit[wrong + 1])])
    evidence = _explain(
        case,
        key=int(case.keys.values[versions.key[earliest]]),
        first=int(case.starts[versions.writer[earliest]]),
        first_commit=int(versions.commit[earliest]),
        second=int(case.starts[versions.writer[earliest + 1]]),
        second_commit=int(versions.commit[earliest + 1]),
        rows=case.outcomes.decided[versions.writer[earliest : earliest + 2]].tolist(),
        others=len(wrong) - 1,
        what="both committed",
    )
    return broken("first_committer_wins", premise=len(neighbours), evidence=evidence)


def check_conflict_detection_sound(case: Case) -> Verdict:
    """Judge that no commit is accepted over a key that was committed after its start.

    Unlike first committer wins it also judges accepted commits that never took effect.
    """
    cells, oracle = case.cells, case.oracle
    rows = case.rows(OracleKind.COMMIT_ISSUED)
    rows = rows[case.row_numbers[rows] >= 0]
    rows = rows[np.argsort(oracle.timestamp[rows], kind="stable")]
    numbers = case.row_numbers[rows]
    # One entry for each accepted commit and key, then in the order of (key, commit timestamp).
    first = np.searchsorted(cells.writer, numbers, side="left")
    count = np.searchsorted(cells.writer, numbers, side="right") - first
    entry = np.repeat(np.arange(len(rows), dtype=np.int32), count)
    cell = np.arange(len(entry)) - np.repeat(np.cumsum(count) - count, count)
    cell += np.repeat(first, count)
    order = np.argsort(cells.key[cell], kind="stable")
    key, entry = cells.key[cell[order]], entry[order]
    commit = oracle.timestamp[rows[entry]]
    effective = case.outcomes.commit[numbers[entry]] == commit
    place = np.arange(len(entry))
    latest = np.maximum.accumulate(np.where(effective, place, -1))
    before = np.append(np.int64(-1), latest[:-1])[: len(entry)]
    prior = np.flatnonzero(before >= 0)
    prior = prior[key[before[prior]] == key[prior]]
    prior = prior[numbers[entry[before[prior]]] != numbers[entry[prior]]]
    starts = case.starts[numbers[entry[prior]]]
    wrong = prior[commit[before[prior]] > starts]
    if not len(wrong):
        return kept("conflict_detection_sound", premise=len(prior))
    second = int(wrong[np.argmin(rows[entry[wrong]])])
    evidence = _explain(
        case,
        key=int(case.keys.values[key[second]]),
        first=case.start_of(int(numbers[entry[before[second]]])),
        first_commit=int(commit[before[second]]),
        second=case.start_of(int(numbers[entry[second]])),
        second_commit=int(commit[second]),
        rows=rows[entry[[before[second], second]]].tolist(),
        others=len(wrong) - 1,
        what="the second was accepted after the first had committed",
    )
    return broken("conflict_detection_sound", premise=len(prior), evidence=evidence)


def _explain(
    case: Case,
    *,
    key: int,
    first: int,
    first_commit: int,
    second: int,
    second_commit: int,
    rows: list[int],
    others: int,
    what: str,
) -> Evidence:
    return tell(
        case,
        f"T{first} and T{second} were concurrent and wrote key {key}, and {what}: "
        f"T{first} at {first_commit}, T{second} at {second_commit}.",
        transactions=(first, second),
        keys=(key,),
        timestamps=(first, first_commit, second, second_commit),
        rows=rows,
        others=others,
    )
