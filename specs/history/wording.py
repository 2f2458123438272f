"""One event as one line of plain English."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from sim.history import (
    NONE,
    TOMBSTONE,
    AbortReason,
    FieldWriter,
    OperationKind,
    OracleKind,
    RowState,
)

if TYPE_CHECKING:
    from specs.history.case import Case

_FIELD_WRITERS: Final[dict[int, str]] = {
    FieldWriter.WRITER: "its writer",
    FieldWriter.HEALER: "a reader",
    FieldWriter.CLEANER: "the cleaner",
}
_REASONS: Final[dict[int, str]] = {
    reason: reason.name.lower().replace("_", " ") for reason in AbortReason
}


def milliseconds(at_ns: int) -> str:
    """Return an instant in milliseconds, exact to the microsecond."""
    return f"{at_ns / 1e6:.3f}"


def client_name(case: Case, transaction: int) -> str:
    """Return the name of the session that ran a history transaction."""
    return case.history.session_names[int(case.history.session[transaction])]


def version_name(version: int) -> str:
    """Name a version by its writer."""
    return "the initial version" if version == NONE else f"the version of T{version}"


def operation_text(case: Case, operation: int) -> str:
    """Say what a client did in one operation."""
    history = case.history
    owner = int(case.owner[operation])
    name, start = client_name(case, owner), int(history.start_timestamp[owner])
    key, value = int(history.key[operation]), int(history.value[operation])
    if history.kind[operation] == OperationKind.WRITE:
        if case.is_deletion(operation):
            return f"{name}, in T{start}, deletes key {key}"
        return f"{name}, in T{start}, writes {value} to key {key}"
    version = version_name(int(history.version[operation]))
    return f"{name}, in T{start}, reads key {key} and gets {version} (value {value})"


def row_text(case: Case, row: int) -> str:
    """Say what took effect in one row of the oracle log."""
    return _TEXTS[OracleKind(case.oracle.kind[row])](_Row(case, row))


class _Row:
    """One row with its columns as plain values, for the texts below."""

    __slots__ = ("case", "extra", "key", "node", "row", "start", "timestamp")

    def __init__(self, case: Case, row: int) -> None:
        oracle = case.oracle
        self.case = case
        self.row = row
        self.node = oracle.node_names[int(oracle.node[row])]
        self.start = int(oracle.transaction[row])
        self.key = int(oracle.key[row])
        self.timestamp = int(oracle.timestamp[row])
        self.extra = int(oracle.extra[row])

    @property
    def reason(self) -> str:
        """Why the transaction of this row aborted, in words."""
        return _REASONS.get(self.extra, "for a reason not logged")


def _commit_table_put(row: _Row) -> str:
    if row.extra == RowState.ABSENT:
        return f"the commit of T{row.start} at {row.timestamp} enters the commit table ({row.node})"
    late = f"the commit of T{row.start} at {row.timestamp} reaches the commit table ({row.node})"
    return f"{late} {'too late: it is invalid' if row.extra == RowState.INVALID else 'again'}"


def _commit_table_invalidated(row: _Row) -> str:
    if row.extra != RowState.ABSENT:
        return f"an invalid mark for T{row.start} has no effect ({row.node}): a row is there"
    text = f"T{row.start} is marked invalid in the commit table ({row.node})"
    decided = int(row.case.outcomes.decided[row.case.row_numbers[row.row]])
    commit = row.case.outcomes.commit[row.case.row_numbers[row.row]]
    if commit != NONE and decided < row.row:
        text += ", although it had committed: its row was gone"
    return text


def _commit_field_put(row: _Row) -> str:
    writer = _FIELD_WRITERS.get(row.extra, "somebody")
    cell = f"key {row.key}, version T{row.start}"
    return f"the commit field of {cell}, becomes {row.timestamp} ({row.node}, by {writer})"


def _cell_collected(row: _Row) -> str:
    state = "undecided" if row.timestamp == NONE else f"committed at {row.timestamp}"
    cell = f"version T{row.start} of key {row.key}, {state}"
    return f"compaction ({row.node}) drops {cell}, under low water mark {row.extra}"


def _resolved(row: _Row) -> str:
    who = f"{row.node}, in T{row.start},"
    if row.timestamp == NONE:
        return f"{who} decides from key {row.key} that T{row.extra} is not committed"
    text = f"{who} learns from key {row.key} that T{row.extra} committed at {row.timestamp}"
    return text if row.timestamp < row.start else f"{text}, after its snapshot"


def _outcome_resolved(row: _Row) -> str:
    if row.timestamp == NONE:
        return f"{row.node} settles that its T{row.start} is aborted"
    return f"{row.node} learns that its T{row.start} committed at {row.timestamp}"


_TEXTS: Final[dict[OracleKind, Callable[[_Row], str]]] = {
    OracleKind.START_ISSUED: lambda row: f"{row.node} issues start timestamp {row.timestamp}",
    OracleKind.COMMIT_ISSUED: lambda row: (
        f"{row.node} accepts the commit of T{row.start} and gives it timestamp {row.timestamp}"
    ),
    OracleKind.COMMIT_REFUSED: lambda row: (
        f"{row.node} refuses the commit of T{row.start} ({row.reason})"
    ),
    OracleKind.COMMIT_TABLE_PUT: _commit_table_put,
    OracleKind.COMMIT_TABLE_INVALIDATED: _commit_table_invalidated,
    OracleKind.COMMIT_TABLE_REMOVED: lambda row: (
        f"the row of T{row.start} leaves the commit table ({row.node})"
    ),
    OracleKind.CELL_PUT: lambda row: (
        f"T{row.start} {'deletes' if row.extra == TOMBSTONE else 'writes'} key {row.key},"
        f" tentatively ({row.node})"
    ),
    OracleKind.CELL_REMOVED: lambda row: (
        f"version T{row.start} of key {row.key} is removed ({row.node})"
    ),
    OracleKind.COMMIT_FIELD_PUT: _commit_field_put,
    OracleKind.BEGIN_REPLIED: lambda row: (
        f"{row.node} answers the begin of T{row.start} (epoch {row.timestamp})"
    ),
    OracleKind.COMMIT_REPLIED: lambda row: (
        f"{row.node} acknowledges the commit of T{row.start} at {row.timestamp}"
    ),
    OracleKind.ABORT_REPLIED: lambda row: (
        f"{row.node} answers that T{row.start} is aborted ({row.reason})"
    ),
    OracleKind.LEASE_HELD: lambda row: (
        f"{row.node} takes or renews the lease and trusts it until {milliseconds(row.timestamp)} ms"
    ),
    OracleKind.LEASE_RELEASED: lambda row: f"{row.node} no longer trusts its lease",
    OracleKind.EPOCH_STARTED: lambda row: f"{row.node} begins to serve, with epoch {row.timestamp}",
    OracleKind.LOW_WATER_MARK_PERSISTED: lambda row: (
        f"the low water mark rises to {row.timestamp} (by {row.node})"
    ),
    OracleKind.CELL_COLLECTED: _cell_collected,
    OracleKind.RESOLVED: _resolved,
    OracleKind.OUTCOME_RESOLVED: _outcome_resolved,
}
