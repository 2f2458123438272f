"""Finds the messages around what a picture shows: those that caused it or carried it.

A message matters when it arrives or leaves at the very instant and node of an effect, or when a
client sends or gets it during a transaction that is shown, about a key or a transaction that is
shown. The trace tells what a request is about; its answer is about the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reports.messages import Message, messages_of
from reports.selection import Selection
from reports.spacetime import Arrow, Span
from sim.history import OracleKind, OracleLog

_STORES: Final = ("region", "ct")
_REPLY: Final = " reply"
_DECIDING: Final = (OracleKind.COMMIT_TABLE_PUT, OracleKind.COMMIT_TABLE_INVALIDATED)

Place = tuple[str, int]
"""A node and an instant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where what is shown happens, and what it is about.

    `lives` are node, begin and end of the transactions; `subjects` keys and transactions.
    """

    deciding: frozenset[Place]
    touching: frozenset[Place]
    lives: tuple[tuple[str, int, int], ...]
    subjects: frozenset[int]


def places_of(
    oracle: OracleLog, chosen: Selection, spans: Sequence[Span], *, told_ns: int
) -> Places:
    """Return the places of a selection; after `told_ns` the lives of transactions are over."""
    deciding, touching = set(), set()
    for row in chosen.rows:
        place = (oracle.node_names[int(oracle.node[row])], int(oracle.at_ns[row]))
        touching.add(place)
        if oracle.kind[row] in _DECIDING:
            deciding.add(place)
    touching |= {(span.node, span.start_ns) for span in spans if span.kind == "lease"}
    return Places(
        deciding=frozenset(deciding),
        touching=frozenset(touching),
        lives=tuple(
            (span.node, span.start_ns, min(span.end_ns, told_ns))
            for span in spans
            if span.kind == "transaction"
        ),
        subjects=frozenset(chosen.keys + chosen.transactions),
    )


def arrows_of(
    events: Iterable[Mapping[str, Any]], places: Places, *, nodes: Sequence[str]
) -> list[Arrow]:
    """Return the messages between these nodes that matter, the most important ones first."""
    messages = [m for m in messages_of(events) if m.source in nodes and m.target in nodes]
    foreign = _foreign(messages, places.subjects)
    ranked = []
    for message in messages:
        rank = _rank(message, places)
        if rank is not None and (rank < 3 or id_of(message) not in foreign):
            ranked.append((rank, message))
    ranked.sort(key=lambda pair: pair[0])
    return [
        Arrow(
            source=message.source,
            sent_ns=message.sent_ns,
            target=message.target,
            received_ns=message.received_ns,
            label=_label(message, strong=rank == 0),
            strong=rank == 0,
        )
        for rank, message in ranked
    ]


def id_of(message: Message) -> tuple[int, int]:
    """Return what tells the arrivals of one message apart."""
    return message.number, message.received_ns or -1


def _foreign(messages: Sequence[Message], subjects: frozenset[int]) -> set[tuple[int, int]]:
    """Return requests to the store about something else, and the answers to them."""
    found: set[tuple[int, int]] = set()
    asked: dict[tuple[str, str, str], deque[bool]] = {}
    for message in sorted(messages, key=_taken_ns):
        if message.name.endswith(_REPLY):
            # Answers come in the order of the questions, so the oldest one is meant.
            name = message.name.removesuffix(_REPLY)
            waiting = asked.get((message.target, message.source, name))
            if waiting and waiting.popleft():
                found.add(id_of(message))
        elif message.target.partition(".")[0] in _STORES:
            subject = _first_number(message.detail)
            elsewhere = subject is not None and subject not in subjects
            asked.setdefault((message.source, message.target, message.name), deque()).append(
                elsewhere
            )
            if elsewhere:
                found.add(id_of(message))
    return found


def _taken_ns(message: Message) -> int:
    """Return when a server took a request up, or sent an answer."""
    if message.name.endswith(_REPLY) or message.received_ns is None:
        return message.sent_ns
    return message.received_ns


def _first_number(value: Any) -> int | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            number = _first_number(part)
            if number is not None:
                return number
    return None


def _rank(message: Message, places: Places) -> int | None:
    sent = (message.source, message.sent_ns)
    received = (message.target, -1 if message.received_ns is None else message.received_ns)
    if received in places.deciding:
        return 0
    if received in places.touching:
        return 1
    if sent in places.touching:
        return 2
    # A client runs one transaction at a time: all its messages meanwhile belong to it.
    for node, first, last in places.lives:
        if sent[0] == node and first <= sent[1] <= last:
            return 3
        if received[0] == node and first <= received[1] <= last:
            return 3
    return None


def _label(message: Message, *, strong: bool) -> str:
    name = message.name.replace("_", " ")
    if message.lost:
        return f"{name} ({message.lost})"
    return f"sends {name} to {message.target}" if strong else name
