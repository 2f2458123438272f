"""Chooses what to draw of a failover: the transactions that matter, and what touched them.

Input are the logs of a run; output is a `Timeline`. With evidence (rows of the oracle log, in
order, the last one being the violation) the picture tells that story; without any it shows a
change of managers and the transactions around it. Of the messages only those are kept that
caused or carried something that is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reports.blame import blamed_row, flagged_reads
from reports.clients import View, clients_of, view_of
from reports.leases import leases
from reports.neighbourhood import arrows_of, places_of
from reports.selection import Selection, select
from reports.spacetime import Mark, Span, Timeline, Window
from reports.wording import mark_of
from sim.history import History, OracleKind, OracleLog

_ORDER: Final = ("coordinator", "tm", "client", "ct", "region", "cleaner")
_SOON_NS: Final = 20_000_000
_CAPTIONS: Final = {
    "coordinator": "lease, epochs",
    "tm": "transaction manager",
    "client": "client",
    "ct": "commit table",
    "region": "data store",
    "cleaner": "background cleaner",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """What a run left behind: the oracle log, trace events, and what lasted on nodes.

    `events` are dicts with `at_ns`, `kind`, `node`, `peer`, `name`, `message` and `detail`; they
    may be missing, and then the picture has no messages.
    """

    oracle: OracleLog
    history: History | None = None
    events: Sequence[Mapping[str, Any]] = ()
    spans: Sequence[Span] = ()
    faults: Sequence[Window] = ()


def failover_timeline(
    logs: Logs,
    *,
    title: str,
    subtitle: str,
    evidence: Sequence[int] = (),
    transactions: Sequence[int] = (),
    keys: Sequence[int] = (),
    property_name: str = "",
    notes: Sequence[str] = (),
) -> Timeline:
    """Return the picture of a violation, or, without any evidence, of a failover.

    `evidence` are rows of the oracle log in order, `transactions` start timestamps (the main one
    first) and `keys` the keys of the evidence (the wrong one first). `property_name` decides
    what is drawn in red; without it that is the last row of the evidence.
    """
    oracle = logs.oracle
    chosen = select(oracle, evidence=evidence, transactions=transactions, keys=keys)
    clients = clients_of(oracle, logs.history, logs.events, chosen.transactions)
    view = View()
    if logs.history is not None:
        flagged = flagged_reads(
            logs.history,
            oracle,
            property_name=property_name,
            transactions=transactions,
            keys=keys,
            evidence=evidence,
        )
        view = view_of(logs.history, clients, chosen.keys, flagged)
    blamed = blamed_row(oracle, property_name=property_name, evidence=evidence)
    if any(mark.severity == "bad" for mark in view.marks):
        blamed = None
    elif blamed is not None and oracle.kind[blamed] == OracleKind.RESOLVED:
        view = view.blaming(_place(oracle, blamed))
    marks = [*_marks(oracle, chosen, evidence, blamed, view), *view.marks]
    start, end = _window(chosen, view, oracle)
    marks = [mark for mark in marks if start <= mark.at_ns <= end]
    spans = [*leases(oracle), *logs.spans, *view.spans]
    spans = [span for span in spans if span.start_ns <= end and span.end_ns >= start]
    nodes = _nodes(marks, spans, clients.values())
    told = [mark.at_ns for mark in marks if mark.severity == "bad"]
    told += [int(oracle.at_ns[row]) for row in evidence]
    places = places_of(oracle, chosen, spans, told_ns=max(told, default=end))
    messages = arrows_of(_within(logs.events, start, end), places, nodes=nodes)
    return Timeline(
        title=title,
        subtitle=subtitle,
        nodes=nodes,
        start_ns=start,
        end_ns=end,
        spans=tuple(span for span in spans if span.node in nodes),
        marks=tuple(sorted(marks, key=lambda mark: mark.at_ns)),
        messages=tuple(messages),
        faults=tuple(_on(nodes, logs.faults)),
        notes=(*notes, *_left_out(chosen)),
        captions=tuple(_CAPTIONS.get(_role(node), "") for node in nodes),
    )


def _within(
    events: Iterable[Mapping[str, Any]], start: int, end: int
) -> Iterable[Mapping[str, Any]]:
    """Yield what was sent within a window; that it arrives later does not make it lost."""
    for event in events:
        if event["at_ns"] >= start and (event["kind"] != "send" or event["at_ns"] <= end):
            yield event


def _left_out(chosen: Selection) -> Iterable[str]:
    if chosen.left_out:
        yield f"{chosen.left_out:,} further effects of these transactions are not shown."


def _window(chosen: Selection, view: View, oracle: OracleLog) -> tuple[int, int]:
    """Return the stretch of time to draw: all that was chosen, and the reads that are flagged."""
    flagged = [mark.at_ns for mark in view.marks if mark.severity != "plain"]
    begun = [span.start_ns for span in view.spans]
    start = min([chosen.start_ns, *flagged, *begun])
    end = max([chosen.end_ns, *(at_ns + 20_000 for at_ns in flagged)])
    # A transaction that ends soon after is shown to its end.
    soon = [span.end_ns for span in view.spans if span.end_ns <= end + _SOON_NS]
    return max(start, 0), max([end, *(at_ns + 20_000 for at_ns in soon)])


def _marks(
    oracle: OracleLog,
    chosen: Selection,
    evidence: Sequence[int],
    blamed: int | None,
    view: View,
) -> list[Mark]:
    """Return the marks of the chosen rows, less what a client's own read says more plainly."""
    proven = set(evidence)
    epochs = oracle.rows_of(OracleKind.EPOCH_STARTED)
    found = []
    for row in chosen.rows:
        mark = mark_of(oracle, row, evidence=row in proven, violation=row == blamed, epochs=epochs)
        if mark.kind != "read" or _place(oracle, row) not in view.reads:
            found.append(mark)
    return found


def _place(oracle: OracleLog, row: int) -> tuple[str, int, int]:
    node = oracle.node_names[int(oracle.node[row])]
    return node, int(oracle.at_ns[row]), int(oracle.key[row])


def _nodes(marks: Iterable[Mark], spans: Iterable[Span], clients: Iterable[str]) -> tuple[str, ...]:
    """Return where something happens, and the coordinator when managers change."""
    nodes = {mark.node for mark in marks} | set(clients)
    managers = {span.node for span in spans if span.kind == "lease"}
    if len(managers) > 1:
        nodes.add(_ORDER[0])
    return tuple(sorted(nodes | managers, key=_order))


def _order(node: str) -> tuple[int, str, int, str]:
    role, _, number = node.partition(".")
    order = _ORDER.index(role) if role in _ORDER else len(_ORDER)
    return order, role, int(number) if number.isdecimal() else 0, node


def _role(node: str) -> str:
    return node.partition(".")[0]


def _on(nodes: Sequence[str], faults: Iterable[Window]) -> Iterable[Window]:
    """Yield the faults that touch a node of the picture, on those nodes."""
    for window in faults:
        shown = tuple(node for node in window.nodes if node in nodes)
        if shown or not window.nodes:
            yield Window(
                start_ns=window.start_ns,
                end_ns=window.end_ns,
                label=window.label,
                nodes=shown,
            )
