r"""Writes a trace as a ShiViz log: every event with its vector clock.

Each event is two lines, the text and then the host with its clock, which is the form that ShiViz
expects without further settings: `(?<event>.*)\n(?<host>\S*) (?<clock>{.*})`. Vector clocks grow
with the square of what happens, so long traces are refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from reports.words import count, instant, printable

EVENTS_MAX: Final = 2000
"""ShiViz becomes unreadable, and slow, with more events than this."""


class TooManyEvents(ValueError):  # a limit that was met, not a mistake
    """A trace is too long for a ShiViz log."""

    def __init__(self, events: int) -> None:
        super().__init__(events)
        self.events = events

    def __str__(self) -> str:
        return (
            f"the trace has {count(self.events)} events and a ShiViz log holds at most "
            f"{count(EVENTS_MAX)}: choose one transaction, a shorter run, or the Perfetto format"
        )


def shiviz_log(events: Iterable[Mapping[str, Any]]) -> str:
    """Return the log of at most `EVENTS_MAX` events in their order.

    A drop is an event of nobody and left out; an arrival joins the clock of its sending.
    """
    told = [event for event in events if event["node"] and event["kind"] != "drop"]
    if len(told) > EVENTS_MAX:
        raise TooManyEvents(len(told))
    clocks: dict[str, dict[str, int]] = {}
    carried: dict[int, dict[str, int]] = {}
    lines = []
    for event in told:
        host = _host(event["node"])
        clock = clocks.setdefault(host, {})
        if event["kind"] == "deliver":
            for other, ticks in carried.get(event["message"], {}).items():
                clock[other] = max(clock.get(other, 0), ticks)
        clock[host] = clock.get(host, 0) + 1
        if event["kind"] == "send":
            carried[event["message"]] = dict(clock)
        lines.append(_text(event))
        lines.append(f"{host} {json.dumps(clock, sort_keys=True)}")
    return "".join(line + "\n" for line in lines)


def _text(event: Mapping[str, Any]) -> str:
    words = {
        "send": f"sends {event['name']} to {event['peer']}",
        "deliver": f"gets {event['name']} from {event['peer']}",
        "fault": f"fault: {event['name']}",
    }.get(event["kind"], event["name"])
    detail = json.dumps(event["detail"]) if event["detail"] else ""
    return printable(f"{instant(event['at_ns'])} {words} {detail}".strip()).replace("\n", " ")


def _host(node: str) -> str:
    """Return the node's name without spaces, which would end it."""
    return "_".join(node.split())
