"""Joins the send, deliver and drop events of a trace into messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One arrival of a message; `received_ns` is `None` when it did not arrive.

    A duplicated message is several of these with one number. `lost` tells why one did not
    arrive; it is empty for a message still on its way when the trace ended.
    """

    number: int
    name: str
    source: str
    sent_ns: int
    target: str
    received_ns: int | None
    lost: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


def messages_of(events: Iterable[Mapping[str, Any]]) -> list[Message]:
    """Return every message in the order of sending; duplicates stand behind each other.

    Arrivals whose sending is not among the events are left out.
    """
    sent: dict[int, Mapping[str, Any]] = {}
    ends: dict[int, list[Mapping[str, Any]]] = {}
    for event in events:
        if event["kind"] == "send":
            sent[event["message"]] = event
        elif event["kind"] in ("deliver", "drop"):
            ends.setdefault(event["message"], []).append(event)
    return [
        _message(number, send, end)
        for number, send in sent.items()
        for end in ends.get(number, (None,))
    ]


def _message(number: int, send: Mapping[str, Any], end: Mapping[str, Any] | None) -> Message:
    arrived = end is not None and end["kind"] == "deliver"
    reason = ""
    if end is not None and not arrived:
        reason = str(end["detail"].get("reason", "")) or "lost"
    return Message(
        number=number,
        name=send["name"],
        source=send["node"],
        sent_ns=send["at_ns"],
        target=send["peer"],
        received_ns=end["at_ns"] if end is not None and arrived else None,
        lost=reason,
        detail=send["detail"],
    )
