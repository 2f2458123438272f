"""Finds the clients of transactions, and draws what they saw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from reports.spacetime import Mark, Span
from reports.wording import operation_label, outcome_words
from sim.history import NONE, History, OperationKind, OracleKind, OracleLog, Outcome

_OPERATIONS_MAX = 16


Place = tuple[str, int, int]
"""Node, instant and key of a read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the clients of the chosen transactions saw; `reads` finds the mark of a read."""

    spans: tuple[Span, ...] = ()
    marks: tuple[Mark, ...] = ()
    reads: Mapping[Place, int] = field(default_factory=dict)

    def blaming(self, place: Place) -> View:
        """Return the view with the read at a place in red, if there is one."""
        at = self.reads.get(place)
        if at is None:
            return self
        red = replace(self.marks[at], severity="bad")
        return replace(self, marks=(*self.marks[:at], red, *self.marks[at + 1 :]))


def clients_of(
    oracle: OracleLog,
    history: History | None,
    events: Iterable[Mapping[str, Any]],
    transactions: Sequence[int],
) -> dict[int, str]:
    """Return the node that runs each transaction, as far as the logs tell."""
    clients: dict[int, str] = {}
    own = oracle.rows_of(OracleKind.RESOLVED, OracleKind.OUTCOME_RESOLVED)
    for row in own[np.isin(oracle.transaction[own], transactions)]:
        clients[int(oracle.transaction[row])] = oracle.node_names[int(oracle.node[row])]
    if history is not None:
        for index in _indices(history, transactions):
            name = history.session_names[int(history.session[index])]
            if name in oracle.node_names:
                clients.setdefault(int(history.start_timestamp[index]), name)
    missing = [start for start in transactions if start not in clients]
    if missing:
        _from_events(clients, events, missing)
    return clients


def view_of(
    history: History,
    clients: Mapping[int, str],
    keys: Sequence[int],
    flagged: Mapping[int, str],
) -> View:
    """Return spans and marks of the transactions that have a client.

    Of the operations those on `keys` are shown (all, when it is empty), at most 16 each;
    `flagged` gives the severity of some operations by row.
    """
    spans: list[Span] = []
    marks: list[Mark] = []
    reads: dict[Place, int] = {}
    for index in _indices(history, tuple(clients)):
        start = int(history.start_timestamp[index])
        node = clients[start]
        finished = int(history.finished_ns[index])
        outcome, commit = int(history.outcome[index]), int(history.commit_timestamp[index])
        spans.append(
            Span(
                node=node,
                start_ns=int(history.invoked_ns[index]),
                end_ns=finished,
                kind="transaction",
                label=f"transaction T{start}",
            )
        )
        rows = _operations(history, index, keys)
        for row in rows:
            reads[node, int(history.at_ns[row]), int(history.key[row])] = len(marks)
            marks.append(_operation_mark(history, row, start, node, flagged))
        words = outcome_words(outcome=outcome, commit=commit)
        kind = {Outcome.COMMITTED: "acknowledged", Outcome.ABORTED: "abort"}.get(
            Outcome(outcome), "note"
        )
        marks.append(Mark(node=node, at_ns=finished, kind=kind, label=f"T{start}: {words}"))
    return View(spans=tuple(spans), marks=tuple(marks), reads=reads)


def _operations(history: History, index: int, keys: Sequence[int]) -> list[int]:
    rows = range(int(history.first[index]), int(history.first[index + 1]))
    return [row for row in rows if not keys or int(history.key[row]) in keys][:_OPERATIONS_MAX]


def _operation_mark(
    history: History, row: int, start: int, node: str, flagged: Mapping[int, str]
) -> Mark:
    kind, key = int(history.kind[row]), int(history.key[row])
    read = kind == OperationKind.READ
    version = int(history.version[row])
    return Mark(
        node=node,
        at_ns=int(history.at_ns[row]),
        kind="read" if read else "write",
        label=operation_label(kind=kind, transaction=start, key=key, version=version),
        severity=flagged.get(row, "plain"),
        detail=f"value {int(history.value[row])}",
    )


def _indices(history: History, transactions: Sequence[int]) -> list[int]:
    known = np.isin(history.start_timestamp, transactions) & (history.start_timestamp != NONE)
    return [int(index) for index in np.flatnonzero(known)]


def _from_events(
    clients: dict[int, str], events: Iterable[Mapping[str, Any]], missing: Sequence[int]
) -> None:
    """Ask the messages: the answer to a begin names the start timestamp."""
    wanted = set(missing)
    for event in events:
        if event["kind"] != "deliver" or not wanted:
            continue
        start = event["detail"].get("start")
        if start in wanted and event["name"].startswith("begin"):
            clients[start] = event["node"]
            wanted.discard(start)
