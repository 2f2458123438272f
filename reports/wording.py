"""Says in a few words what a row of the oracle log or an operation of a client means.

Transactions are called by their start timestamps (T41), as in the stories of the verdicts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from reports.spacetime import Mark
from reports.words import instant
from sim.history import (
    NONE,
    AbortReason,
    FieldWriter,
    Integers,
    OperationKind,
    OracleKind,
    OracleLog,
    Outcome,
    RowState,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One row of the oracle log as plain integers."""

    row: int
    kind: OracleKind
    at_ns: int
    node: str
    transaction: int
    key: int
    timestamp: int
    extra: int


def effect(oracle: OracleLog, row: int) -> Effect:
    """Return one row of the log."""
    return Effect(
        row=row,
        kind=OracleKind(int(oracle.kind[row])),
        at_ns=int(oracle.at_ns[row]),
        node=oracle.node_names[int(oracle.node[row])],
        transaction=int(oracle.transaction[row]),
        key=int(oracle.key[row]),
        timestamp=int(oracle.timestamp[row]),
        extra=int(oracle.extra[row]),
    )


def mark_of(
    oracle: OracleLog, row: int, *, evidence: bool, violation: bool, epochs: Integers
) -> Mark:
    """Return the mark of one row; `epochs` are the log's rows of new epochs."""
    told = effect(oracle, row)
    kind, words = _WORDS[told.kind]
    label = words(told)
    severity = "plain"
    if told.kind == OracleKind.COMMIT_TABLE_PUT and _is_late(oracle, told, epochs):
        label = f"late write: {label}"
        severity = "warning"
    if evidence and told.kind in (OracleKind.RESOLVED, OracleKind.COMMIT_TABLE_INVALIDATED):
        severity = "warning"
    return Mark(
        node=told.node,
        at_ns=told.at_ns,
        kind=kind,
        label=label,
        severity="bad" if violation else severity,
        detail=f"row {row} of the oracle log: {told.kind.name}",
    )


def read_label(*, reader: int, key: int, version: int) -> str:
    """Return what a read found."""
    if version == NONE:
        return f"T{reader} reads key {key}: the initial value"
    own = " own" if version == reader else f" T{version}'s"
    return f"T{reader} reads key {key}:{own} version"


def operation_label(*, kind: int, transaction: int, key: int, version: int) -> str:
    """Return what one operation of a client did."""
    if kind == OperationKind.READ:
        return read_label(reader=transaction, key=key, version=version)
    return f"T{transaction} writes key {key}"


def outcome_words(*, outcome: int, commit: int) -> str:
    """Return how a transaction ended for its client."""
    if outcome == Outcome.COMMITTED:
        return f"committed at {commit}" if commit != NONE else "committed (read only)"
    return "aborted" if outcome == Outcome.ABORTED else "outcome unknown"


def _is_late(oracle: OracleLog, told: Effect, epochs: Integers) -> bool:
    """Tell whether a younger epoch than that of the commit had begun."""
    earlier = epochs[epochs < told.row]
    return bool(np.any(oracle.timestamp[earlier] > told.timestamp))


def _reason(value: int) -> str:
    return AbortReason(value).name.lower().replace("_", " ") if value != NONE else "no reason given"


def _put(told: Effect) -> str:
    what = f"T{told.transaction} committed at {told.timestamp}"
    if told.extra == RowState.INVALID:
        return f"{what}? No effect, the invalid mark stands"
    return f"{what}, once more" if told.extra == RowState.COMMITTED else what


def _invalidated(told: Effect) -> str:
    if told.extra == RowState.ABSENT:
        return f"T{told.transaction} marked invalid: it can no longer commit"
    if told.extra == RowState.COMMITTED:
        return f"T{told.transaction} not invalidated: it has committed"
    return f"T{told.transaction} is invalid already"


def _resolved(told: Effect) -> str:
    what = f"T{told.transaction} finds key {told.key} written by T{told.extra}"
    return f"{what}: {_decided(told.timestamp)}"


def _decided(commit: int) -> str:
    return "not committed" if commit == NONE else f"committed at {commit}"


def _field(told: Effect) -> str:
    writers = {FieldWriter.WRITER: "", FieldWriter.HEALER: ", healed", FieldWriter.CLEANER: ""}
    by = writers.get(FieldWriter(told.extra), "") if told.extra != NONE else ""
    return f"key {told.key}, version T{told.transaction}: commit field {told.timestamp}{by}"


_WORDS: Final[dict[OracleKind, tuple[str, Callable[[Effect], str]]]] = {
    OracleKind.START_ISSUED: ("begin", lambda told: f"T{told.transaction} asks to begin"),
    OracleKind.COMMIT_ISSUED: (
        "commit",
        lambda told: f"accepts T{told.transaction}'s commit at {told.timestamp}",
    ),
    OracleKind.COMMIT_REFUSED: (
        "abort",
        lambda told: f"refuses T{told.transaction}: {_reason(told.extra)}",
    ),
    OracleKind.COMMIT_TABLE_PUT: ("table_put", _put),
    OracleKind.COMMIT_TABLE_INVALIDATED: ("invalidated", _invalidated),
    OracleKind.COMMIT_TABLE_REMOVED: (
        "table_removed",
        lambda told: f"T{told.transaction}'s row removed",
    ),
    OracleKind.CELL_PUT: (
        "write",
        lambda told: f"key {told.key}: tentative version T{told.transaction}",
    ),
    OracleKind.CELL_REMOVED: (
        "table_removed",
        lambda told: f"key {told.key}: version T{told.transaction} removed",
    ),
    OracleKind.COMMIT_FIELD_PUT: ("field_put", _field),
    OracleKind.COMMIT_REPLIED: (
        "acknowledged",
        lambda told: f"tells T{told.transaction}: committed at {told.timestamp}",
    ),
    OracleKind.ABORT_REPLIED: (
        "abort",
        lambda told: f"tells T{told.transaction}: aborted ({_reason(told.extra)})",
    ),
    OracleKind.BEGIN_REPLIED: ("begin", lambda told: f"lets T{told.transaction} begin"),
    OracleKind.LEASE_HELD: (
        "note",
        lambda told: f"trusts its lease until {instant(told.timestamp)}",
    ),
    OracleKind.LOW_WATER_MARK_PERSISTED: (
        "note",
        lambda told: f"low water mark becomes {told.timestamp}",
    ),
    OracleKind.LEASE_RELEASED: ("note", lambda _: "gives up its lease"),
    OracleKind.EPOCH_STARTED: ("epoch", lambda told: f"serves, from timestamp {told.timestamp} on"),
    OracleKind.CELL_COLLECTED: (
        "table_removed",
        lambda told: f"key {told.key}: version T{told.transaction} collected",
    ),
    OracleKind.RESOLVED: ("read", _resolved),
    OracleKind.OUTCOME_RESOLVED: (
        "note",
        lambda told: f"learns of T{told.transaction}: {_decided(told.timestamp)}",
    ),
}
