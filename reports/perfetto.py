"""Writes a run as Chrome trace-event JSON, which the Perfetto UI opens.

A role (tm, client, ...) is a process, a node is a thread. Pauses, leases and transactions are
slices on their node, or asynchronous slices where they would overlap; a message is a hairline
slice at either end with a flow arrow between; faults and notes are instants; commit-table rows
and lease holders are counters. Times are microseconds of simulated time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

from reports.messages import Message, messages_of
from reports.slices import Slice, arrange
from reports.spacetime import Counter, Span, Window
from reports.words import printable

EVENTS_MAX: Final = 100_000
"""Trace events in one file by default: 20 MB that a browser opens at once."""

_FAULTS: Final = "faults"
_ROLES: Final = {
    "tm": "transaction managers (tm)",
    "client": "clients",
    "ct": "commit table (ct)",
    "region": "data store (region)",
    "coordinator": "coordinator",
    "cleaner": "cleaner",
    _FAULTS: "faults",
}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a trace file shows.

    `events` are dicts with `at_ns`, `kind`, `node`, `peer`, `name`, `message` and `detail`.
    With more than `events_max` of them those nearest to `focus_ns` are kept, which is by default
    the first fault.
    """

    events: Sequence[Mapping[str, Any]]
    spans: Sequence[Span] = ()
    faults: Sequence[Window] = ()
    counters: Sequence[Counter] = ()
    focus_ns: int | None = None
    events_max: int = EVENTS_MAX


def write_perfetto(stream: IO[bytes], view: View, *, about: Mapping[str, Any]) -> int:
    """Write the file and return its number of trace events; `about` becomes its metadata."""
    rows = trace_events(view)
    kept = {} if len(view.events) <= view.events_max else {"events_kept": view.events_max}
    stream.write(b'{"displayTimeUnit":"ns","otherData":')
    stream.write(_json({**about, **kept, "events": len(view.events)}))
    stream.write(b',"traceEvents":[\n')
    for i, row in enumerate(rows):
        stream.write((b",\n" if i else b"") + _json(row))
    stream.write(b"\n]}\n")
    return len(rows)


def trace_events(view: View) -> list[Row]:
    """Return all trace events: names first, then everything in order of time."""
    events = _nearest(view)
    ids = _identifiers(events, view)
    timed = list(_span_rows(ids, view, events))
    timed += _fault_rows(ids, view.faults)
    timed += _instant_rows(ids, events)
    timed += _counter_rows(ids, view.counters)
    # A flow must directly follow the slice that it leaves from, so ties keep their order.
    timed.sort(key=lambda row: row[0])
    return [*_names(ids), *(row for _, row in timed)]


@dataclass(frozen=True, slots=True)
class _Identifiers:
    """Process numbers of roles and thread numbers of nodes."""

    processes: dict[str, int]
    threads: dict[str, int]

    def of(self, node: str) -> Row:
        return {"pid": self.processes[_role(node)], "tid": self.threads[node]}


def _nearest(view: View) -> list[Mapping[str, Any]]:
    if len(view.events) <= view.events_max:
        return list(view.events)
    focus = view.focus_ns
    if focus is None:
        focus = min((window.start_ns for window in view.faults), default=0)
    order = sorted(range(len(view.events)), key=lambda i: (abs(view.events[i]["at_ns"] - focus), i))
    return [view.events[i] for i in sorted(order[: view.events_max])]


def _identifiers(events: Sequence[Mapping[str, Any]], view: View) -> _Identifiers:
    nodes = {event["node"] for event in events} | {event["peer"] for event in events}
    nodes |= {span.node for span in view.spans}
    nodes.discard("")
    roles = {_role(node) for node in nodes} | {counter.role for counter in view.counters}
    if view.faults or any(event["kind"] == "fault" and not event["node"] for event in events):
        nodes.add(_FAULTS)
        roles.add(_FAULTS)
    known = [role for role in _ROLES if role in roles]
    ordered = known + sorted(roles - set(known))
    processes = {role: 10 * (i + 1) for i, role in enumerate(ordered)}
    # A thread whose number is that of its process would be taken for its main thread.
    by_role = sorted(nodes, key=lambda node: (processes[_role(node)], _order(node)))
    threads = {node: 1001 + i for i, node in enumerate(by_role)}
    return _Identifiers(processes, threads)


def _names(ids: _Identifiers) -> Iterator[Row]:
    for i, (role, pid) in enumerate(ids.processes.items()):
        yield _meta("process_name", pid, 0, {"name": _ROLES.get(role, role)})
        yield _meta("process_sort_index", pid, 0, {"sort_index": i})
    for i, (node, tid) in enumerate(ids.threads.items()):
        pid = ids.processes[_role(node)]
        yield _meta("thread_name", pid, tid, {"name": node})
        yield _meta("thread_sort_index", pid, tid, {"sort_index": i})


def _meta(name: str, pid: int, tid: int, args: Row) -> Row:
    return {"ph": "M", "name": name, "pid": pid, "tid": tid, "ts": 0, "args": args}


def _span_rows(
    ids: _Identifiers, view: View, events: Sequence[Mapping[str, Any]]
) -> list[tuple[tuple[int, ...], Row]]:
    """Return slices of spans and messages, and the flows between the latter."""
    messages = messages_of(events)
    hairlines = _hairlines(messages)
    rows: list[tuple[tuple[int, ...], Row]] = []
    for slice_ in arrange(view.spans, hairlines):
        place = ids.of(slice_.node)
        common: Row = {"name": slice_.name, "cat": slice_.kind, **place}
        if slice_.nested:
            length = slice_.end_ns - slice_.start_ns
            row = {"ph": "X", "ts": _us(slice_.start_ns), "dur": _us(length), **common}
            rows.append(((slice_.start_ns, 1, _turn(slice_), -length, slice_.number, 0), row))
            rows += _flows(slice_, place)
        else:
            identifier = f"{slice_.kind}-{slice_.number}"
            for phase, at_ns in (("b", slice_.start_ns), ("e", slice_.end_ns)):
                row = {"ph": phase, "ts": _us(at_ns), "id": identifier, **common}
                # An end at the instant of another's begin comes first, but never before its own.
                early = phase == "e" and slice_.end_ns > slice_.start_ns
                rows.append(((at_ns, 0 if early else 1, 0, 0, slice_.number, 0), row))
    return rows


def _hairlines(messages: Sequence[Message]) -> list[Slice]:
    """Return a slice without length for either end of every message, with its flow number."""
    found: list[Slice] = []
    for flow, message in enumerate(messages, 1):
        arrived = message.received_ns is not None
        words = "" if arrived else f" ({message.lost or 'never arrived'})"
        found.append(
            Slice(
                node=message.source,
                start_ns=message.sent_ns,
                end_ns=message.sent_ns,
                kind="message",
                name=f"send {message.name} to {message.target}{words}",
                flow=flow if arrived else 0,
            )
        )
        if message.received_ns is not None:
            found.append(
                Slice(
                    node=message.target,
                    start_ns=message.received_ns,
                    end_ns=message.received_ns,
                    kind="message",
                    name=f"{message.name} from {message.source}",
                    flow=-flow,
                )
            )
    return found


def _flows(slice_: Slice, place: Row) -> Iterator[tuple[tuple[int, ...], Row]]:
    if not slice_.flow:
        return
    start = slice_.flow > 0
    row: Row = {"ph": "s" if start else "f", "ts": _us(slice_.start_ns), "id": abs(slice_.flow)}
    row |= {"name": "message", "cat": "message", **place}
    if not start:
        row["bp"] = "e"
    length = slice_.end_ns - slice_.start_ns
    yield (slice_.start_ns, 1, _turn(slice_), -length, slice_.number, 1), row


def _turn(slice_: Slice) -> int:
    """Return the turn of a slice among those of one instant: a message leaves, then arrives."""
    return 0 if not slice_.flow else 1 if slice_.flow > 0 else 2


def _fault_rows(
    ids: _Identifiers, faults: Sequence[Window]
) -> Iterator[tuple[tuple[int, ...], Row]]:
    for number, window in enumerate(faults):
        common = {"name": printable(window.label), "cat": "fault", **ids.of(_FAULTS)}
        for phase, at_ns in (("b", window.start_ns), ("e", window.end_ns)):
            row = {"ph": phase, "ts": _us(at_ns), "id": f"fault-{number}", **common}
            early = phase == "e" and window.end_ns > window.start_ns
            yield (at_ns, 0 if early else 1, 0, 0, number, 0), row


def _instant_rows(
    ids: _Identifiers, events: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[tuple[int, ...], Row]]:
    for number, event in enumerate(events):
        if event["kind"] not in ("note", "fault", "drop"):
            continue
        name = event["name"]
        if event["kind"] == "drop":
            name = f"lost: {name} from {event['peer']}"
        row: Row = {"ph": "i", "s": "t", "name": printable(name), "cat": event["kind"]}
        row |= {"ts": _us(event["at_ns"]), **ids.of(event["node"] or _FAULTS)}
        if event["detail"]:
            row["args"] = event["detail"]
        yield (event["at_ns"], 2, 0, 0, number, 0), row


def _counter_rows(
    ids: _Identifiers, counters: Sequence[Counter]
) -> Iterator[tuple[tuple[int, ...], Row]]:
    for number, counter in enumerate(counters):
        for at_ns, value in zip(counter.at_ns, counter.values, strict=True):
            row = {"ph": "C", "name": counter.name, "ts": _us(at_ns), "args": {"value": value}}
            row |= {"pid": ids.processes[counter.role], "tid": 0}
            yield (at_ns, 3, 0, 0, number, 0), row


def _role(node: str) -> str:
    return node.partition(".")[0]


def _order(node: str) -> tuple[int, str]:
    number = node.partition(".")[2]
    return int(number) if number.isdecimal() else 0, node


def _us(nanoseconds: int) -> int | float:
    whole, rest = divmod(nanoseconds, 1000)
    return whole if not rest else nanoseconds / 1000


def _json(row: Mapping[str, Any]) -> bytes:
    return _ENCODER.encode(row).encode("ascii")


_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))
