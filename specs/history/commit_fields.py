"""Properties of completion: commit fields say the truth, and outlive the commit-table row."""

from __future__ import annotations

import numpy as np

from sim.history import NONE, OracleKind, RowState
from specs.history.case import Case
from specs.history.cells import NEVER
from specs.history.numbering import first_rows
from specs.history.story import tell
from specs.history.verdict import Verdict, broken, kept


def check_commit_fields_agree(case: Case) -> Verdict:
    """Judge that every commit field that was filled holds the writer's final commit timestamp."""
    oracle = case.oracle
    rows = case.rows(OracleKind.COMMIT_FIELD_PUT)
    final = case.outcomes.commit_of(oracle.transaction[rows])
    wrong = rows[final != oracle.timestamp[rows]]
    if not len(wrong):
        return kept("commit_fields_agree", premise=len(rows))
    row = int(wrong[0])
    start, key = int(oracle.transaction[row]), int(oracle.key[row])
    written, commit = (
        int(oracle.timestamp[row]),
        int(case.outcomes.commit_of(oracle.transaction[[row]])[0]),
    )
    truth = "never committed" if commit == NONE else f"committed at {commit}"
    evidence = tell(
        case,
        f"The commit field of key {key}, version T{start}, became {written}, but T{start} {truth}.",
        transactions=(start,),
        keys=(key,),
        timestamps=[value for value in (written, commit) if value != NONE],
        rows=(row,),
        others=len(wrong) - 1,
    )
    return broken("commit_fields_agree", premise=len(rows), evidence=evidence)


def check_completion_before_removal(case: Case) -> Verdict:
    """Judge that a commit-table row goes only when no reader can need it.

    The row of a committed transaction goes after each of its cells has its commit field or is
    gone; an invalid mark of an aborted one goes after all its cells are gone. An invalid mark
    beside a committed transaction's cells is a false one and may always go.
    """
    oracle, cells, outcomes = case.oracle, case.cells, case.outcomes
    rows = case.rows(OracleKind.COMMIT_TABLE_REMOVED)
    rows = rows[(case.row_numbers[rows] >= 0) & (oracle.extra[rows] != RowState.ABSENT)]
    numbers = case.row_numbers[rows]
    relevant = ~outcomes.committed[numbers] | (oracle.extra[rows] == RowState.COMMITTED)
    rows, numbers = rows[relevant], numbers[relevant]
    removed = first_rows(numbers, rows, size=len(case.starts), none=NEVER)
    row_gone = removed[cells.writer]
    finished = np.where(
        outcomes.committed[cells.writer], np.minimum(cells.field, cells.dropped), cells.dropped
    )
    wrong = np.flatnonzero((cells.put < row_gone) & (row_gone != NEVER) & (finished > row_gone))
    if not len(wrong):
        return kept("completion_before_removal", premise=len(rows))
    cell = int(wrong[np.argmin(row_gone[wrong])])
    start, key = case.start_of(int(cells.writer[cell])), int(case.keys.values[cells.key[cell]])
    commit = int(outcomes.commit[cells.writer[cell]])
    what = (
        f"its version of key {key} was still there"
        if commit == NONE
        else f"its version of key {key} had its commit field"
    )
    when = "while" if commit == NONE else "before"
    later = [int(row) for row in (cells.field[cell], cells.dropped[cell]) if row != NEVER]
    evidence = tell(
        case,
        f"The commit-table row of T{start} was removed {when} {what}.",
        transactions=(start,),
        keys=(key,),
        timestamps=(start,) if commit == NONE else (commit,),
        rows=(int(cells.put[cell]), int(row_gone[cell]), *later),
        others=len(wrong) - 1,
    )
    return broken("completion_before_removal", premise=len(rows), evidence=evidence)
