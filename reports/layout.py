"""Places the parts of a space-time diagram: time runs down, and labels never overlap.

Failovers mix seconds of waiting with microseconds of messages, so the time axis is not to scale:
between two instants at which something happens lie a few pixels more for every tenfold longer
gap, and as many as the labels need. Order is kept exactly; the axis states the times.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from math import log10
from statistics import median
from typing import Final

from reports.spacetime import Timeline
from reports.svg import text_width
from reports.words import wrapped

LABEL_SIZE: Final = 10.5
LINE_HEIGHT: Final = 13.0
LIFELINE: Final = 22.0
"""From a column's left edge to its lifeline; labels stand to the right of it."""
LABEL_OFFSET: Final = 13.0
BELOW: Final = 7.0
"""How far a label moves down when a message arrives from its side."""

_COLUMN_MIN: Final = 104.0
_COLUMN_MAX: Final = 196.0
_LINES_MAX: Final = 4
_HEIGHT_AIM: Final = 8000.0
_LONG_GAP_ROOM: Final = 34.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Text beside a lifeline; `owner` is the index of its part in the list named by `part`."""

    part: str
    owner: int
    column: int
    at_ns: int
    text: str
    bold: bool = False
    below: bool = False
    """A message arrives here from the right, so the text stands below its line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A label with its lines and the height of what it belongs to."""

    label: Label
    lines: tuple[str, ...]
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where everything stands, relative to the diagram's upper left corner.

    Column 0 names the faults (no width without faults); column i + 1 belongs to node i.
    """

    lefts: tuple[float, ...]
    widths: tuple[float, ...]
    heights: dict[int, float]
    placed: tuple[Placed, ...]
    long_gaps: tuple[tuple[int, int], ...]
    width: float
    height: float

    def x(self, column: int) -> float:
        """Return where the lifeline of a column stands."""
        return self.lefts[column] + LIFELINE

    def y(self, at_ns: int) -> float:
        """Return the height of an instant at which something happens."""
        return self.heights[at_ns]


def lay_out(timeline: Timeline) -> Layout:
    """Compute the layout of a timeline whose parts lie inside its window."""
    labels = _labels(timeline)
    widths = _column_widths(timeline, labels)
    lefts = [0.0]
    for width in widths:
        lefts.append(lefts[-1] + width)
    lines = [_lines(label, widths[label.column]) for label in labels]
    instants = _instants(timeline)
    gaps = [after - before for before, after in pairwise(instants)]
    long = _long_gaps(instants)
    heights, placed = _descend(instants, labels, lines, gaps, long)
    bottom = max(
        [heights[instants[-1]], *(p.y + len(p.lines) * LINE_HEIGHT - LINE_HEIGHT for p in placed)]
    )
    return Layout(
        lefts=tuple(lefts[:-1]),
        widths=tuple(widths),
        heights=heights,
        placed=tuple(placed),
        long_gaps=tuple(sorted(long)),
        width=lefts[-1],
        height=bottom + 14,
    )


def label_width(text: str, *, bold: bool = False) -> float:
    """Return the estimated width of a label's text."""
    return text_width(text, size=LABEL_SIZE, bold=bold)


def _labels(timeline: Timeline) -> list[Label]:
    column = {node: i + 1 for i, node in enumerate(timeline.nodes)}
    from_right = {
        (arrow.target, arrow.received_ns)
        for arrow in timeline.messages
        if column[arrow.source] > column[arrow.target]
    }
    labels = [
        Label(part="fault", owner=i, column=0, at_ns=w.start_ns, text=w.label)
        for i, w in enumerate(timeline.faults)
    ]
    labels += [
        Label(part="span", owner=i, column=column[s.node], at_ns=s.start_ns, text=s.label)
        for i, s in enumerate(timeline.spans)
        if s.label
    ]
    labels += [
        Label(
            part="mark",
            owner=i,
            column=column[m.node],
            at_ns=m.at_ns,
            text=m.label,
            bold=m.severity == "bad",
            below=(m.node, m.at_ns) in from_right,
        )
        for i, m in enumerate(timeline.marks)
    ]
    labels += [
        Label(part="arrow", owner=i, column=column[a.source], at_ns=a.sent_ns, text=a.label)
        for i, a in enumerate(timeline.messages)
        if a.strong and a.label
    ]
    # A stable sort: at one instant, spans and faults are named before what happens in them.
    return sorted(labels, key=lambda label: label.at_ns)


def _column_widths(timeline: Timeline, labels: list[Label]) -> list[float]:
    widths = [_COLUMN_MIN if timeline.faults else 0.0] + [_COLUMN_MIN] * len(timeline.nodes)
    margin = LIFELINE + LABEL_OFFSET + 6
    for label in labels:
        wish = label_width(label.text, bold=label.bold) + margin
        if wish > _COLUMN_MAX:
            # Two or three lines of equal length look better than one full and one short line.
            wish = max(wish / -(-wish // (_COLUMN_MAX - margin)) + margin, _COLUMN_MAX * 0.8)
        widths[label.column] = max(widths[label.column], min(wish, _COLUMN_MAX))
    captions = timeline.captions or ("",) * len(timeline.nodes)
    for i, (node, caption) in enumerate(zip(timeline.nodes, captions, strict=True)):
        head = max(text_width(node, size=12, bold=True), text_width(caption, size=9.5)) + 20
        widths[i + 1] = max(widths[i + 1], min(head, _COLUMN_MAX))
    return widths


def _lines(label: Label, width: float) -> tuple[str, ...]:
    room = width - LIFELINE - LABEL_OFFSET - 4
    return tuple(
        wrapped(
            label.text,
            room=room,
            lines_max=_LINES_MAX,
            measure=lambda text: label_width(text, bold=label.bold),
        )
    )


def _instants(timeline: Timeline) -> list[int]:
    found = {timeline.start_ns, timeline.end_ns}
    for span in timeline.spans:
        found |= {span.start_ns, span.end_ns}
    for window in timeline.faults:
        found |= {window.start_ns, window.end_ns}
    found |= {mark.at_ns for mark in timeline.marks}
    for arrow in timeline.messages:
        found.add(arrow.sent_ns)
        if arrow.received_ns is not None:
            found.add(arrow.received_ns)
    return sorted(found)


def _long_gaps(instants: list[int]) -> set[tuple[int, int]]:
    """Return the gaps that dwarf the others, so that the axis can state their length."""
    gaps = [after - before for before, after in pairwise(instants)]
    if len(gaps) < 3:
        return set()
    threshold = max(20 * median(gaps), (instants[-1] - instants[0]) / 25)
    return {pair for pair, gap in zip(pairwise(instants), gaps, strict=True) if gap >= threshold}


def _descend(
    instants: list[int],
    labels: list[Label],
    lines: list[tuple[str, ...]],
    gaps: list[int],
    long: Iterable[tuple[int, int]],
) -> tuple[dict[int, float], list[Placed]]:
    squeeze = min(1.0, _HEIGHT_AIM / (20.0 * len(instants)))
    starts_long = {before for before, _ in long}
    free: dict[int, float] = {}
    heights: dict[int, float] = {}
    placed: list[Placed] = []
    y, low, at = 10.0, 10.0, 0
    for i, instant in enumerate(instants):
        if i:
            room = _LONG_GAP_ROOM if instants[i - 1] in starts_long else 0.0
            y = low + max(squeeze * (3.0 + 5.0 * log10(1.0 + gaps[i - 1] / 1000.0)), room)
        here: list[tuple[Label, tuple[str, ...]]] = []
        seen: set[int] = set()
        while at < len(labels) and labels[at].at_ns == instant:
            label = labels[at]
            # Arrows point at the first mark of an instant only.
            here.append((replace(label, below=label.below and label.column not in seen), lines[at]))
            seen.add(label.column)
            at += 1
        for label, _ in here:
            y = max(y, free.get(label.column, y))
        heights[instant] = low = y
        for label, words in here:
            # Parts of one instant on one node stand below one another, in their order.
            row = max(y, free.get(label.column, y))
            placed.append(Placed(label=label, lines=words, y=row))
            drop = 2 * BELOW if label.part == "arrow" else BELOW if label.below else 0.0
            free[label.column] = row + drop + max(len(words) * LINE_HEIGHT, 12.0) + 3.0
            low = max(low, row)
    return heights, placed
