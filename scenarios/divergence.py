"""Where a replay left the path of the run that it repeats: the first event that differs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from scenarios.artifacts import HISTORY_FILE
from scenarios.capsule import Expected
from scenarios.run import Finished
from scenarios.version import code_version
from sim.history import NONE, ORACLE_COLUMNS, TRANSACTION_COLUMNS, History, OracleKind, OracleLog


def first_difference(capsule: Path, finished: Finished, expected: Expected) -> list[str]:
    """Return lines that say where a replay and its capsule part, as far as the files tell."""
    lines = [_why(expected)]
    path = capsule / HISTORY_FILE
    if finished.outcome is None or not path.is_file():
        lines.append(f"{capsule} has no {HISTORY_FILE}: the first differing event is not known")
        return lines
    from specs.history.formats import npz
    from specs.history.formats.errors import HistoryFileError

    try:
        with path.open("rb") as file:
            history, oracle = npz.read(file)
    except HistoryFileError as error:
        return [*lines, f"{path}: {error}", "the first differing event is not known"]
    if oracle is None:
        return [*lines, f"{path} has no oracle log"]
    row = differing_row(oracle, finished.outcome.oracle, [name for name, _ in ORACLE_COLUMNS])
    if row is not None:
        return [
            *lines,
            f"first differing event: row {row} of the oracle log",
            f"  before: {_event(oracle, row)}",
            f"  now:    {_event(finished.outcome.oracle, row)}",
        ]
    columns = [name for name, _ in TRANSACTION_COLUMNS]
    row = differing_row(history, finished.outcome.history, columns)
    if row is not None:
        return [
            *lines,
            f"every effect is the same; first differing transaction: row {row} of the history",
            f"  before: {_transaction(history, row)}",
            f"  now:    {_transaction(finished.outcome.history, row)}",
        ]
    return [*lines, "history and oracle log are the same; the scenario or the final state differs"]


def differing_row(before: Any, now: Any, columns: list[str]) -> int | None:
    """Return the first row in which two sets of columns differ; None when there is none."""
    rows = []
    for name in columns:
        old, new = getattr(before, name), getattr(now, name)
        common = min(len(old), len(new))
        differing = np.flatnonzero(old[:common] != new[:common])
        if len(differing):
            rows.append(int(differing[0]))
        elif len(old) != len(new):
            rows.append(common)
    return min(rows, default=None)


def _why(expected: Expected) -> str:
    if expected.code != code_version():
        return (
            f"the digest differs; the capsule was made by {expected.code}, this is {code_version()}"
        )
    return "the digest differs although the code is the same: a run is not deterministic"


def _event(oracle: OracleLog, row: int) -> str:
    if row >= len(oracle):
        return "the log has ended"
    node = int(oracle.node[row])
    name = oracle.node_names[node] if 0 <= node < len(oracle.node_names) else "?"
    told = [f"{OracleKind(int(oracle.kind[row])).name.lower()} on {name}"]
    told.append(f"at {int(oracle.at_ns[row])} ns")
    for column in ("transaction", "key", "timestamp", "extra"):
        value = int(getattr(oracle, column)[row])
        told += [f"{column} {value}"] if value != NONE else []
    return ", ".join(told)


def _transaction(history: History, row: int) -> str:
    if row >= history.transactions:
        return "the history has ended"
    return ", ".join(
        f"{name} {int(getattr(history, name)[row])}" for name, _ in TRANSACTION_COLUMNS
    )
