"""Finds the clients of transactions, and draws what they saw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reports.spacetime import Mark, Span
from reports.wording import operation_label, outcome_words
from sim.history import NONE, History, OperationKind, OracleKind, OracleLog, Outcome

_OPERATIONS_MAX = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the clients of the chosen transactions saw."""

    spans: tuple[Span, ...]
    marks: tuple[Mark, ...]


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
    flagged: Mapping[tuple[str, int, int], str],
) -> View:
    """Return spans and marks of the transactions that have a client.

    Of the operations those on `keys` are shown (all, when it is empty), at most 16 each.
    `flagged` gives the severity of a read by (node, instant, key).
    """
    spans, marks = [], []
    for index in _indices(history, tuple(clients)):
        start = int(history.start_timestamp[index])
        node = clients[start]
        finished = int(history.finished_ns[index])
        outcome, commit = int(history.outcome[index]), int(history.commit_timestamp[index])
        words = outcome_words(outcome=outcome, commit=commit)
        spans.append(
            Span(
                node=node,
                start_ns=int(history.invoked_ns[index]),
                end_ns=finished,
                kind="transaction",
                label=f"transaction T{start}",
            )
        )
        marks += _operations(history, index, node, keys, flagged)
        kind = "acknowledged" if outcome == Outcome.COMMITTED else "abort"
        if outcome == Outcome.UNKNOWN:
            kind = "note"
        marks.append(Mark(node=node, at_ns=finished, kind=kind, label=f"T{start}: {words}"))
    return View(spans=tuple(spans), marks=tuple(marks))


def _operations(
    history: History,
    index: int,
    node: str,
    keys: Sequence[int],
    flagged: Mapping[tuple[str, int, int], str],
) -> list[Mark]:
    marks = []
    start = int(history.start_timestamp[index])
    for row in range(int(history.first[index]), int(history.first[index + 1])):
        kind, key = int(history.kind[row]), int(history.key[row])
        if keys and key not in keys:
            continue
        at_ns = int(history.at_ns[row])
        version = int(history.version[row])
        marks.append(
            Mark(
                node=node,
                at_ns=at_ns,
                kind="read" if kind == OperationKind.READ else "write",
                label=operation_label(kind=kind, transaction=start, key=key, version=version),
                severity=flagged.get((node, at_ns, key), "plain"),
                detail=f"value {int(history.value[row])}",
            )
        )
    return marks[:_OPERATIONS_MAX]


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
