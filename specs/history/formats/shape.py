"""What any history and oracle log must look like, checked on columns that a file gave."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sim.history import (
    NONE,
    OPERATION_COLUMNS,
    ORACLE_COLUMNS,
    TRANSACTION_COLUMNS,
    History,
    Integers,
    OperationKind,
    OracleKind,
    OracleLog,
    Outcome,
)
from specs.history.formats.errors import CUT, HistoryFileError

SCHEMA: Final = "bulkhead.history/1"

_ANY: Final = frozenset({"value", "extra"})
"""Columns in which every integer is good; all others hold `NONE` or numbers from 0 up."""


def check_history(history: History) -> None:
    """Refuse a history whose columns do not fit each other or hold what cannot be."""
    transactions, operations = history.transactions, history.operations
    _check_lengths(history, TRANSACTION_COLUMNS, transactions, "history.")
    _check_lengths(history, OPERATION_COLUMNS, operations, "history.")
    first = history.first
    if len(first) != transactions + 1:
        found = f"{len(first)} offsets for {transactions} transactions"
        raise HistoryFileError(found, CUT, column="history.first")
    if first[0] != 0 or first[-1] != operations or np.any(np.diff(first) < 0):
        found = f"offsets that do not go from 0 up to the {operations} operations"
        raise HistoryFileError(found, CUT, column="history.first")
    sessions = len(history.session_names)
    _check_range("history.session", history.session, low=0, high=sessions - 1)
    _check_range("history.outcome", history.outcome, low=min(Outcome), high=max(Outcome))
    _check_range("history.kind", history.kind, low=min(OperationKind), high=max(OperationKind))
    for name, _ in (*TRANSACTION_COLUMNS, *OPERATION_COLUMNS):
        if name not in _ANY:
            _check_range(f"history.{name}", getattr(history, name), low=NONE)
    _check_lists(history)
    _check_labels(history)
    if history.line is not None:
        _check_rows("history.line", len(history.line), operations)
        _check_range("history.line", history.line, low=1)


def _check_lists(history: History) -> None:
    """Refuse lists that do not belong to the operations that read them."""
    first, elements = history.element_first, history.elements
    name = "history.element_first"
    is_list = history.kind == OperationKind.READ_LIST
    if first is None or elements is None:
        missing = name if first is None else "history.elements"
        if first is not None or elements is not None or np.any(is_list):
            raise HistoryFileError("no such column, but lists", CUT, column=missing)
        return
    if len(first) != history.operations + 1:
        found = f"{len(first)} offsets for {history.operations} operations"
        raise HistoryFileError(found, CUT, column=name)
    if first[0] != 0 or first[-1] != len(elements) or np.any(np.diff(first) < 0):
        found = f"offsets that do not go from 0 up to the {len(elements)} elements"
        raise HistoryFileError(found, CUT, column=name)
    stray = (np.diff(first) > 0) & ~is_list
    if np.any(stray):
        row = int(np.argmax(stray))
        raise HistoryFileError(f"elements at row {row}, which reads no list", CUT, column=name)


def _check_labels(history: History) -> None:
    """Refuse numbers of keys and values that have no label where others have one."""
    columns: dict[str, dict[str, Integers | None]] = {
        "key_labels": {"key": history.key},
        "value_labels": {
            "value": history.value,
            "elements": history.elements,
            "initial_value": np.array([history.initial_value], dtype=np.int64),
        },
    }
    for name, named in columns.items():
        labels = getattr(history, name)
        for column, numbers in named.items():
            if labels is None or numbers is None or not np.any(numbers >= len(labels)):
                continue
            found = f"{int(numbers.max())}, but there are {len(labels)} labels"
            raise HistoryFileError(found, CUT, column=f"history.{column}")


def check_oracle(oracle: OracleLog) -> None:
    """Refuse an oracle log whose columns do not fit each other or hold what cannot be."""
    _check_lengths(oracle, ORACLE_COLUMNS, len(oracle), "oracle.")
    _check_range("oracle.kind", oracle.kind, low=min(OracleKind), high=max(OracleKind))
    _check_range("oracle.node", oracle.node, low=0, high=len(oracle.node_names) - 1)
    for name, _ in ORACLE_COLUMNS:
        if name not in _ANY:
            _check_range(f"oracle.{name}", getattr(oracle, name), low=NONE)


def _check_lengths(
    table: Any, columns: tuple[tuple[str, Any], ...], rows: int, prefix: str
) -> None:
    for name, _ in columns:
        other = prefix + columns[0][0]
        _check_rows(prefix + name, len(getattr(table, name)), rows, other=other)


def _check_rows(name: str, found: int, rows: int, *, other: str = "history.kind") -> None:
    if found != rows:
        raise HistoryFileError(f"{found} rows, but {rows} in {other}", CUT, column=name)


def _check_range(name: str, column: Any, *, low: int, high: int | None = None) -> None:
    wrong = column < low
    if high is not None:
        wrong |= column > high
    if np.any(wrong):
        row = int(np.argmax(wrong))
        bound = f"from {low} up" if high is None else f"from {low} to {high}"
        raise HistoryFileError(f"{column[row]} at row {row}, not {bound}", CUT, column=name)
