"""Stories: the few events behind a contradiction, in order, for people who did not see the run.

A story is built around what a checker names: transactions, keys, rows and operations that must
be told. The rest of the lives of these transactions fills it up by importance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from sim.history import Integers, OracleKind, RowState
from specs.history.verdict import LINES_MAX, Evidence, whole_numbers
from specs.history.wording import milliseconds, operation_text, row_text

if TYPE_CHECKING:
    from specs.history.case import Case

Moment = tuple[int, str]
"""An instant and what happened then, where neither a row nor an operation says it."""

_MUST: Final = 0
_OPTIONAL: Final = 5
_IMPORTANCE: Final = {
    OracleKind.COMMIT_TABLE_PUT: 1,
    OracleKind.COMMIT_TABLE_INVALIDATED: 1,
    OracleKind.EPOCH_STARTED: 1,
    OracleKind.COMMIT_ISSUED: 2,
    OracleKind.COMMIT_REFUSED: 2,
    OracleKind.COMMIT_TABLE_REMOVED: 2,
    OracleKind.BEGIN_REPLIED: 2,
    OracleKind.COMMIT_REPLIED: 2,
    OracleKind.ABORT_REPLIED: 2,
    OracleKind.RESOLVED: 2,
    OracleKind.OUTCOME_RESOLVED: 2,
    OracleKind.CELL_REMOVED: 3,
    OracleKind.CELL_COLLECTED: 5,
    OracleKind.COMMIT_FIELD_PUT: 3,
    OracleKind.CELL_PUT: 4,
}
_OF_CELLS: Final = (
    OracleKind.CELL_PUT,
    OracleKind.CELL_REMOVED,
    OracleKind.CELL_COLLECTED,
    OracleKind.COMMIT_FIELD_PUT,
)
_DECISIONS: Final = (
    OracleKind.COMMIT_TABLE_PUT,
    OracleKind.COMMIT_TABLE_INVALIDATED,
    OracleKind.COMMIT_REPLIED,
    OracleKind.OUTCOME_RESOLVED,
)
_EPOCHS_MAX: Final = 2


@dataclass(frozen=True, slots=True, order=True)
class _Line:
    at_ns: int
    order: int
    importance: int
    text: str
    row: int = -1


def tell(
    case: Case,
    sentence: str,
    *,
    transactions: Iterable[int] = (),
    keys: Iterable[int] = (),
    timestamps: Iterable[int] = (),
    rows: Iterable[int] = (),
    operations: Iterable[int] = (),
    remarks: Mapping[int, str] | None = None,
    moments: Sequence[Moment] = (),
    others: int = 0,
) -> Evidence:
    """Return the evidence with its story.

    `transactions` are start timestamps. Every row of `rows`, operation of `operations` and
    moment is told; `remarks` are added to operations. `others` counts further contradictions
    of the same kind.
    """
    starts = whole_numbers(transactions)
    numbers = whole_numbers(keys)
    lines = [_operation_line(case, at, remarks or {}) for at in whole_numbers(operations)]
    lines += [_Line(at_ns, 0, _MUST, text) for at_ns, text in moments]
    told = whole_numbers(rows)
    lines += [_row_line(case, row, _MUST) for row in told]
    lives = [row for row in _lives(case, starts, numbers) if row not in told]
    lives = _each_text_once(case, lives)
    lives = _until_told(case, lives, max((line.at_ns for line in lines), default=None))
    lines += [_row_line(case, row, _importance(case, row)) for row in lives]
    lines += _epoch_lines(case, lines)
    kept = sorted(sorted(lines, key=lambda line: line.importance)[:LINES_MAX])
    width = max((len(milliseconds(line.at_ns)) for line in kept), default=0)
    if others:
        sentence += f" ({others} more like it.)"
    return Evidence(
        sentence=sentence,
        lines=tuple(f"{milliseconds(line.at_ns):>{width}} ms  {line.text}" for line in kept),
        transactions=starts,
        keys=numbers,
        timestamps=whole_numbers(timestamps),
        events=tuple(line.row for line in kept if line.row >= 0),
    )


def _lives(case: Case, starts: tuple[int, ...], keys: tuple[int, ...]) -> list[int]:
    """Return the rows in the lives of the transactions, cells only of the keys."""
    oracle = case.oracle
    found: list[Integers] = []
    for start in starts:
        rows = np.flatnonzero(oracle.transaction == start)
        kinds = oracle.kind[rows]
        of_key = np.isin(oracle.key[rows], np.array(keys, dtype=np.int64))
        wanted = ~np.isin(kinds, np.array(_OF_CELLS)) | of_key
        # Of all that a reader resolved, only what concerns the others of the story.
        among = np.isin(oracle.extra[rows], np.array(starts, dtype=np.int64))
        wanted &= (kinds != OracleKind.RESOLVED) | among
        if OracleKind.BEGIN_REPLIED in kinds:
            wanted &= kinds != OracleKind.START_ISSUED
        found.append(rows[wanted])
    return np.sort(np.concatenate(found)).tolist() if found else []


def _importance(case: Case, row: int) -> int:
    kind = OracleKind(case.oracle.kind[row])
    marked = kind == OracleKind.COMMIT_TABLE_INVALIDATED
    if marked and case.oracle.extra[row] != RowState.ABSENT:
        return _OPTIONAL
    return _IMPORTANCE.get(kind, _OPTIONAL)


def _row_line(case: Case, row: int, importance: int) -> _Line:
    return _Line(int(case.oracle.at_ns[row]), row + 1, importance, row_text(case, row), row)


def _operation_line(case: Case, operation: int, remarks: Mapping[int, str]) -> _Line:
    text = operation_text(case, operation)
    if operation in remarks:
        text += f": {remarks[operation]}"
    # At one instant the effects come before what a client sees of them.
    return _Line(int(case.history.at_ns[operation]), len(case.oracle) + operation, _MUST, text)


def _each_text_once(case: Case, rows: list[int]) -> list[int]:
    """Leave out what was said before, such as one answer to many retries."""
    return list({row_text(case, row): row for row in reversed(rows)}.values())


def _until_told(case: Case, rows: list[int], last_ns: int | None) -> list[int]:
    """Leave out what came after all that must be told, unless it is a decision."""
    if last_ns is None:
        return rows
    oracle = case.oracle
    return [row for row in rows if oracle.at_ns[row] <= last_ns or oracle.kind[row] in _DECISIONS]


def _epoch_lines(case: Case, lines: Sequence[_Line]) -> list[_Line]:
    """Return the takeovers that fall into the time of the story and are not in it yet."""
    if not lines:
        return []
    first, last = min(line.at_ns for line in lines), max(line.at_ns for line in lines)
    epochs = case.rows(OracleKind.EPOCH_STARTED)
    at_ns = case.oracle.at_ns[epochs]
    within = epochs[(first <= at_ns) & (at_ns <= last)][-_EPOCHS_MAX:]
    told = {line.row for line in lines}
    return [_row_line(case, row, 1) for row in within.tolist() if row not in told]
