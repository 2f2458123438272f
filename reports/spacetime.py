"""What a picture of a run is made of: spans, marks, arrows and windows on nodes.

These are plain data in simulated nanoseconds. `reports.timeline` draws them as a space-time
diagram, `reports.perfetto` writes them for a trace viewer, and `reports.throughput` shades the
windows. Builders such as `reports.failover` make them from logs.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Something that lasts on a node; `kind` is a key of `SPAN_KINDS`."""

    node: str
    start_ns: int
    end_ns: int
    kind: str
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that happens on a node at one instant; `kind` is a key of `MARK_KINDS`.

    `severity` is "plain", "warning" or "bad"; a bad mark is drawn in red with a frame, and there
    should be one or two of them. `detail` shows on hover, so it may only repeat or refine.
    """

    node: str
    at_ns: int
    kind: str
    label: str = ""
    severity: str = "plain"
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A message; `received_ns` is `None` when it never arrived."""

    source: str
    sent_ns: int
    target: str
    received_ns: int | None
    label: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A time during which a fault is at work on some nodes; without any, on links."""

    start_ns: int
    end_ns: int
    label: str
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One picture: a title that says what was found, and what to draw from left to right.

    `captions` stand below the node names, one each. Messages come in order of importance: a
    picture draws the first ones and says how many it left out.
    """

    title: str
    subtitle: str
    nodes: tuple[str, ...]
    start_ns: int
    end_ns: int
    spans: tuple[Span, ...] = ()
    marks: tuple[Mark, ...] = ()
    messages: tuple[Arrow, ...] = ()
    faults: tuple[Window, ...] = ()
    notes: tuple[str, ...] = ()
    captions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A number that changes over time: `values[i]` holds from `at_ns[i]` on."""

    role: str
    name: str
    at_ns: tuple[int, ...]
    values: tuple[int, ...]


SPAN_KINDS: dict[str, str] = {
    "lease": "holds the lease",
    "transaction": "transaction",
    "paused": "paused",
    "crashed": "down",
    "slow": "slow",
    "partitioned": "cut off",
}
"""Kinds of spans, with the words of the legend."""

MARK_KINDS: dict[str, str] = {
    "begin": "begin",
    "read": "read",
    "write": "write",
    "commit": "commit accepted",
    "acknowledged": "client told: committed",
    "abort": "abort",
    "table_put": "commit-table write",
    "invalidated": "invalidation",
    "table_removed": "commit-table row removed",
    "field_put": "commit field filled",
    "epoch": "new epoch begins",
    "fault": "fault",
    "note": "note",
}
"""Kinds of marks, with the words of the legend."""
