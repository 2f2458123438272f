"""Reads from trace events when nodes were paused, down or slow, and when faults were at work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from reports.spacetime import Span, Window

_BEGINS: Final = {"pause": "paused", "crash": "crashed", "slow": "slow"}
_ENDS: Final = {"resume": "paused", "restart": "crashed", "slow ends": "slow"}
_INSTANTS: Final = ("clock step", "clock drift", "session expiry")


def outages_of(events: Iterable[Mapping[str, Any]], *, end_ns: int) -> list[Span]:
    """Return pauses, crashes and slow times of nodes; what is still on lasts until `end_ns`."""
    found: list[Span] = []
    begun: dict[tuple[str, str], int] = {}

    def close(node: str, kind: str, at_ns: int) -> None:
        start = begun.pop((node, kind), None)
        if start is not None:
            found.append(Span(node=node, start_ns=start, end_ns=at_ns, kind=kind))

    for event in events:
        if event["kind"] != "fault" or not event["node"]:
            continue
        node, name, at_ns = event["node"], event["name"], event["at_ns"]
        if name == "crash":
            # A crash ends a pause.
            close(node, "paused", at_ns)
        if name in _BEGINS:
            begun.setdefault((node, _BEGINS[name]), at_ns)
        elif name in _ENDS:
            close(node, _ENDS[name], at_ns)
    for node, kind in list(begun):
        close(node, kind, max(end_ns, begun[node, kind]))
    return sorted(found, key=lambda span: (span.start_ns, span.node))


def windows_of(events: Iterable[Mapping[str, Any]], *, end_ns: int) -> list[Window]:
    """Return the faults that trace events tell of, for want of better windows.

    Who has the world at hand knows the faults by name; this is for traces from files.
    """
    rows = [event for event in events if event["kind"] == "fault"]
    found = [
        Window(
            start_ns=span.start_ns,
            end_ns=span.end_ns,
            label=f"{span.node} {span.kind}",
            nodes=(span.node,),
        )
        for span in outages_of(rows, end_ns=end_ns)
    ]
    begun: dict[str, int] = {}
    for row in rows:
        told = str(row["detail"].get("fault", row["name"]))
        if row["node"]:
            if row["name"] in _INSTANTS:
                at_ns = row["at_ns"]
                found.append(Window(start_ns=at_ns, end_ns=at_ns, label=told, nodes=(row["node"],)))
        elif not row["name"].endswith(" ends"):
            begun.setdefault(told, row["at_ns"])
        elif told in begun:
            found.append(Window(start_ns=begun.pop(told), end_ns=row["at_ns"], label=told))
    found += [Window(start_ns=start, end_ns=end_ns, label=told) for told, start in begun.items()]
    return sorted(found, key=lambda window: (window.start_ns, window.label))
