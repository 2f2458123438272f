"""Arranges slices on a thread so that they nest, as trace viewers demand, or says they cannot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from reports.spacetime import SPAN_KINDS, Span
from reports.words import printable

HAIRLINE_NS: Final = 1000
"""Messages take no time; viewers need some to draw, at most this much."""


@dataclass(slots=True, kw_only=True)
class Slice:
    """A stretch of time on a node; `nested` when it may lie on the node's own track.

    `flow` is the number of the message that leaves here, or minus that of one that arrives.
    """

    node: str
    start_ns: int
    end_ns: int
    kind: str
    name: str
    flow: int = 0
    nested: bool = True
    number: int = 0


def arrange(spans: Sequence[Span], hairlines: Iterable[Slice]) -> list[Slice]:
    """Return all slices, numbered; those that would cut another one are not `nested`.

    Hairlines, which come without length, always nest: they get one that ends before anything
    else on their node begins or ends.
    """
    by_node: dict[str, list[Slice]] = {}
    for span in spans:
        name = printable(span.label or SPAN_KINDS.get(span.kind, span.kind))
        made = Slice(
            node=span.node,
            start_ns=span.start_ns,
            end_ns=max(span.end_ns, span.start_ns),
            kind=span.kind,
            name=name,
        )
        by_node.setdefault(span.node, []).append(made)
    short: dict[str, list[Slice]] = {}
    for line in hairlines:
        short.setdefault(line.node, []).append(line)
    found: list[Slice] = []
    for node in sorted(by_node.keys() | short.keys()):
        long = _nest(by_node.get(node, []))
        lines = short.get(node, [])
        _stretch(lines, long)
        found += [*long, *lines]
    for number, slice_ in enumerate(found):
        slice_.number = number
    return found


def _nest(slices: list[Slice]) -> list[Slice]:
    ordered = sorted(slices, key=lambda one: (one.start_ns, -one.end_ns, one.kind, one.name))
    open_: list[int] = []
    for one in ordered:
        while open_ and open_[-1] <= one.start_ns:
            open_.pop()
        one.nested = not open_ or one.end_ns <= open_[-1]
        if one.nested:
            open_.append(one.end_ns)
    return ordered


def _stretch(lines: list[Slice], long: list[Slice]) -> None:
    """Give every hairline a length that ends before the next edge on its node."""
    edges = {line.start_ns for line in lines}
    edges |= {edge for one in long if one.nested for edge in (one.start_ns, one.end_ns)}
    room = {edge: min(HAIRLINE_NS, after - edge) for edge, after in pairwise(sorted(edges))}
    for line in lines:
        line.end_ns = line.start_ns + room.get(line.start_ns, HAIRLINE_NS)
