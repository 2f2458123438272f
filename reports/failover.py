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

from reports.clients import clients_of, view_of
from reports.leases import leases
from reports.messages import Message, messages_of
from reports.selection import Selection, select
from reports.spacetime import Arrow, Mark, Span, Timeline, Window
from reports.wording import mark_of
from sim.history import History, OracleKind, OracleLog

_ORDER: Final = ("coordinator", "tm", "client", "ct", "region", "cleaner")
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
    notes: Sequence[str] = (),
) -> Timeline:
    """Return the picture of the violation that `evidence` proves, or of a failover.

    `evidence` are rows of the oracle log in order. `transactions` are start timestamps to show
    as well.
    """
    oracle = logs.oracle
    chosen = select(oracle, evidence=evidence, also=transactions)
    clients = clients_of(oracle, logs.history, logs.events, chosen.transactions)
    marks = _marks(oracle, chosen, evidence)
    spans = [*leases(oracle), *logs.spans]
    start, end = chosen.start_ns, chosen.end_ns
    if logs.history is not None:
        marks, own = _with_clients(logs.history, clients, chosen, marks)
        spans += own
        start = max(min([start, *(span.start_ns - 1000 for span in own)]), 0)
    spans = [span for span in spans if span.start_ns <= end and span.end_ns >= start]
    marks = [mark for mark in marks if start <= mark.at_ns <= end]
    arrows = _arrows(logs, chosen, clients, spans, start=start, end=end)
    nodes = _nodes(marks, arrows, spans)
    more = [*notes]
    if chosen.left_out:
        more.append(f"{chosen.left_out:,} further effects of these transactions are not shown.")
    return Timeline(
        title=title,
        subtitle=subtitle,
        nodes=nodes,
        start_ns=start,
        end_ns=end,
        spans=tuple(span for span in spans if span.node in nodes),
        marks=tuple(sorted(marks, key=lambda mark: mark.at_ns)),
        messages=tuple(arrows),
        faults=tuple(_on(nodes, logs.faults)),
        notes=tuple(more),
        captions=tuple(_CAPTIONS.get(_role(node), "") for node in nodes),
    )


def _marks(oracle: OracleLog, chosen: Selection, evidence: Sequence[int]) -> list[Mark]:
    proven = set(evidence)
    violation = evidence[-1] if len(evidence) else None
    found = [
        mark_of(oracle, row, evidence=row in proven, violation=row == violation)
        for row in chosen.rows
    ]
    return [mark for mark in found if mark is not None]


def _with_clients(
    history: History, clients: Mapping[int, str], chosen: Selection, marks: list[Mark]
) -> tuple[list[Mark], tuple[Span, ...]]:
    """Let what clients saw replace what they resolved: a read says the same in plainer words."""
    flagged = {}
    for mark in marks:
        if mark.kind == "read":
            for key in chosen.keys:
                flagged[mark.node, mark.at_ns, key] = mark.severity
    view = view_of(history, clients, chosen.keys, flagged)
    seen = {(mark.node, mark.at_ns) for mark in view.marks if mark.kind == "read"}
    kept = [m for m in marks if not (m.kind == "read" and (m.node, m.at_ns) in seen)]
    return [*kept, *view.marks], view.spans


def _arrows(
    logs: Logs,
    chosen: Selection,
    clients: Mapping[int, str],
    spans: Sequence[Span],
    *,
    start: int,
    end: int,
) -> list[Arrow]:
    """Return the messages that matter, the most important ones first."""
    oracle = logs.oracle
    deciding, touching = set(), set()
    for row in chosen.rows:
        place = (oracle.node_names[int(oracle.node[row])], int(oracle.at_ns[row]))
        touching.add(place)
        if oracle.kind[row] in (
            OracleKind.COMMIT_TABLE_PUT,
            OracleKind.COMMIT_TABLE_INVALIDATED,
        ):
            deciding.add(place)
    touching |= {(s.node, s.start_ns) for s in spans if s.kind == "lease"}
    lives = [(s.node, s.start_ns, s.end_ns) for s in spans if s.kind == "transaction"]
    ranked = []
    for message in messages_of(logs.events):
        if message.sent_ns < start or message.sent_ns > end:
            continue
        rank = _rank(message, deciding, touching, lives)
        if rank is not None and (message.received_ns or 0) <= end:
            ranked.append((rank, message))
    ranked.sort(key=lambda pair: pair[0])
    return [
        Arrow(
            source=message.source,
            sent_ns=message.sent_ns,
            target=message.target,
            received_ns=message.received_ns,
            label=_message_label(message, strong=rank == 0),
            strong=rank == 0,
        )
        for rank, message in ranked
    ]


def _message_label(message: Message, *, strong: bool) -> str:
    name = message.name.replace("_", " ")
    if message.lost:
        return f"{name} ({message.lost})"
    return f"sends {name} to {message.target}" if strong else name


def _rank(
    message: Message,
    deciding: set[tuple[str, int]],
    touching: set[tuple[str, int]],
    lives: Iterable[tuple[str, int, int]],
) -> int | None:
    sent = (message.source, message.sent_ns)
    received = (message.target, message.received_ns)
    if received in deciding:
        return 0
    if received in touching:
        return 1
    if sent in touching:
        return 2
    # A client runs one transaction at a time: all its messages meanwhile belong to it.
    for node, first, last in lives:
        if message.source == node and first <= message.sent_ns <= last:
            return 3
        if message.target == node and first <= (message.received_ns or -1) <= last:
            return 3
    return None


def _nodes(
    marks: Iterable[Mark], arrows: Iterable[Arrow], spans: Iterable[Span]
) -> tuple[str, ...]:
    nodes = {mark.node for mark in marks}
    nodes |= {end for arrow in arrows for end in (arrow.source, arrow.target)}
    nodes |= {span.node for span in spans if span.kind == "lease"}
    return tuple(sorted(nodes, key=_place))


def _place(node: str) -> tuple[int, str, int, str]:
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
