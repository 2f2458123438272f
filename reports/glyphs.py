"""The shapes of a space-time diagram and its legend: one shape for one kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reports.spacetime import MARK_KINDS, SPAN_KINDS, Mark, Span, Timeline
from reports.svg import Drawing, text_width
from reports.words import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    duration,
    instant,
)

_R: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyph:
    """A shape around (0, 0) as path data, filled or hollow."""

    path: str
    colour: str
    filled: bool = True


_CIRCLE: Final = "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0Z"
_SQUARE: Final = "M-4 -4H4V4H-4Z"
_DIAMOND: Final = "M0 -6L6 0L0 6L-6 0Z"
_UP: Final = "M0 -5.5L5.5 4.5H-5.5Z"
_DOWN: Final = "M0 5.5L5.5 -4.5H-5.5Z"
_CROSS: Final = "M-4.5 -4.5L4.5 4.5M4.5 -4.5L-4.5 4.5"

GLYPHS: Final[dict[str, Glyph]] = {
    "begin": Glyph(path=_DOWN, colour=BLUE),
    "read": Glyph(path=_CIRCLE, colour=BLUE, filled=False),
    "write": Glyph(path=_SQUARE, colour=BLUE),
    "commit": Glyph(path=_UP, colour=GREEN),
    "acknowledged": Glyph(path=_UP, colour=GREEN, filled=False),
    "abort": Glyph(path=_CROSS, colour=INK[PURPLE], filled=False),
    "table_put": Glyph(path=_DIAMOND, colour=GREEN),
    "invalidated": Glyph(path=_CIRCLE + _CROSS, colour=ORANGE, filled=False),
    "table_removed": Glyph(path=_DIAMOND, colour=GREY, filled=False),
    "field_put": Glyph(path=_SQUARE, colour=GREEN, filled=False),
    "epoch": Glyph(path="M-2 7V-6L7 -3L-2 0", colour=BLACK),
    "fault": Glyph(path="M1 -7L-4 1H0L-1 7L4 -1H0Z", colour=VERMILLION),
    "note": Glyph(path="M-5 0H5", colour=GREY, filled=False),
}
"""Shape and colour of every kind of mark."""


def patterns(drawing: Drawing) -> None:
    """Define the hatchings and arrow heads that a diagram refers to."""
    name = drawing.name

    def hatch(identifier: str, ground: str, ink: str, path: str, size: int) -> None:
        drawing.define(
            f'<pattern id="{name}-{identifier}" width="{size}" height="{size}" '
            f'patternUnits="userSpaceOnUse"><rect width="{size}" height="{size}" fill="{ground}"/>'
            f'<path d="{path}" stroke="{ink}" stroke-width="1" fill="none"/></pattern>'
        )

    hatch("fault", "#FAF5D7", "#EFE5A8", "M0 8L8 0", 8)
    hatch("paused", "#FFFFFF", VERMILLION, "M0 5L5 0", 5)
    hatch("crashed", "#FFFFFF", BLACK, "M0 0L5 5M5 0L0 5", 5)
    hatch("slow", "#FFFFFF", ORANGE, "M0 2.5H5", 5)
    hatch("partitioned", "#FFFFFF", PURPLE, "M2.5 0V5", 5)
    for identifier, colour, size in (("head", "#8C8C8C", 7), ("strong", BLACK, 8)):
        drawing.define(
            f'<marker id="{name}-{identifier}" viewBox="0 0 10 10" refX="9" refY="5" '
            f'markerWidth="{size}" markerHeight="{size}" markerUnits="userSpaceOnUse" '
            f'orient="auto"><path d="M0 1L10 5L0 9Z" fill="{colour}"/></marker>'
        )
    drawing.define(
        f'<marker id="{name}-lost" viewBox="-5 -5 10 10" refX="0" refY="0" markerWidth="9" '
        f'markerHeight="9" markerUnits="userSpaceOnUse"><path d="M-4 -4L4 4M4 -4L-4 4" '
        f'stroke="{VERMILLION}" stroke-width="2"/></marker>'
    )


def draw_mark(drawing: Drawing, mark: Mark, *, x: float, y: float) -> None:
    """Draw the shape of a mark, with a hover title."""
    glyph = GLYPHS[mark.kind]
    bad = mark.severity == "bad"
    colour = VERMILLION if bad else ORANGE if mark.severity == "warning" else glyph.colour
    parts = [instant(mark.at_ns), mark.node, MARK_KINDS[mark.kind]]
    title = f"{', '.join(parts)}: {mark.label}"
    if mark.detail:
        title += f"\n{mark.detail}"
    with drawing.group(title=title, transform=f"translate({x:.1f} {y:.1f})"):
        if bad:
            drawing.add("circle", r=9.5, fill="#FFFFFF", stroke=VERMILLION, stroke_width="2.2")
        drawing.add(
            "path",
            d=glyph.path,
            fill=colour if glyph.filled else "#FFFFFF",
            stroke=colour,
            stroke_width="1.8" if not glyph.filled else "1",
        )


def span_title(span: Span) -> str:
    """Return what hovering over a span tells."""
    words = span.label or SPAN_KINDS[span.kind]
    return (
        f"{span.node}: {words}, {instant(span.start_ns)} to {instant(span.end_ns)} "
        f"({duration(span.end_ns - span.start_ns)})"
    )


def draw_span(drawing: Drawing, span: Span, *, x: float, top: float, bottom: float) -> None:
    """Draw a bar on (or, for a lease, beside) the lifeline at `x`."""
    height = max(bottom - top, 2.5)
    title = span_title(span)
    if span.kind == "lease":
        drawing.rect(
            x=x - 13,
            y=top,
            width=7,
            height=height,
            title=title,
            fill=SKY,
            stroke=BLUE,
            stroke_width="1",
        )
    elif span.kind == "transaction":
        drawing.rect(
            x=x - 2.5,
            y=top,
            width=5,
            height=height,
            title=title,
            fill="#CFE3F2",
            stroke=BLUE,
            stroke_width="0.8",
        )
    else:
        ink = {"paused": VERMILLION, "slow": ORANGE, "partitioned": PURPLE}.get(span.kind, BLACK)
        drawing.rect(
            x=x - 4.5,
            y=top,
            width=9,
            height=height,
            title=title,
            fill=drawing.link(span.kind),
            stroke=ink,
            stroke_width="1",
            stroke_dasharray="3 2" if span.kind == "crashed" else "none",
        )


def draw_legend(drawing: Drawing, timeline: Timeline, *, x: float, y: float, width: float) -> float:
    """Draw the legend of what the timeline uses and return where it ends."""
    drawing.line(x1=x, y1=y - 12, x2=x + width, y2=y - 12, stroke="#DDDDDD")
    entries = _entries(timeline)
    left, row = x, y + 4
    for kind, name, words in entries:
        wide = 26 + text_width(words, size=10.5) + 16
        if left + wide > x + width and left > x:
            left, row = x, row + 20
        if kind == "mark":
            _legend_mark(drawing, name, x=left + 10, y=row)
        elif kind == "span":
            sample = Span(node="", start_ns=0, end_ns=0, kind=name)
            _legend_span(drawing, sample, x=left + 10, y=row)
        else:
            _legend_other(drawing, name, x=left, y=row)
        drawing.text(words, x=left + 26, y=row + 3.8, size=10.5)
        left += wide
    return row + 10


def _entries(timeline: Timeline) -> list[tuple[str, str, str]]:
    spans = {span.kind for span in timeline.spans}
    marks = {mark.kind for mark in timeline.marks}
    entries = [("span", kind, words) for kind, words in SPAN_KINDS.items() if kind in spans]
    entries += [("mark", kind, words) for kind, words in MARK_KINDS.items() if kind in marks]
    if any(mark.severity == "bad" for mark in timeline.marks):
        entries.append(("other", "bad", "must not happen"))
    if any(mark.severity == "warning" for mark in timeline.marks):
        entries.append(("other", "warning", "orange: look here"))
    if any(arrow.received_ns is not None for arrow in timeline.messages):
        entries.append(("other", "arrow", "message"))
    if any(arrow.strong for arrow in timeline.messages):
        entries.append(("other", "strong", "message that decides"))
    if any(arrow.received_ns is None for arrow in timeline.messages):
        entries.append(("other", "lost", "lost message"))
    if timeline.faults:
        entries.append(("other", "fault", "fault at work"))
    return entries


def _legend_mark(drawing: Drawing, kind: str, *, x: float, y: float) -> None:
    glyph = GLYPHS[kind]
    drawing.add(
        "path",
        d=glyph.path,
        transform=f"translate({x:.1f} {y:.1f})",
        fill=glyph.colour if glyph.filled else "#FFFFFF",
        stroke=glyph.colour,
        stroke_width="1.8" if not glyph.filled else "1",
    )


def _legend_span(drawing: Drawing, span: Span, *, x: float, y: float) -> None:
    shift = 9.5 if span.kind == "lease" else 0.0
    draw_span(drawing, span, x=x + shift, top=y - 7, bottom=y + 7)


def _legend_other(drawing: Drawing, name: str, *, x: float, y: float) -> None:
    if name == "bad":
        drawing.add(
            "circle", cx=x + 10, cy=y, r=7, fill="#FBE4D6", stroke=VERMILLION, stroke_width="2.2"
        )
    elif name == "warning":
        drawing.add(
            "path",
            d=_CIRCLE,
            transform=f"translate({x + 10:.1f} {y:.1f})",
            fill="#FFFFFF",
            stroke=ORANGE,
            stroke_width="1.8",
        )
    elif name == "fault":
        drawing.rect(
            x=x,
            y=y - 7,
            width=20,
            height=14,
            fill=drawing.link("fault"),
            stroke="#B0A060",
            stroke_width="0.6",
            stroke_dasharray="2 3",
        )
    else:
        lost, strong = name == "lost", name == "strong"
        drawing.line(
            x1=x,
            y1=y,
            x2=x + (14 if lost else 20),
            y2=y,
            stroke=BLACK if strong else "#8C8C8C",
            stroke_width="1.7" if strong else "0.8",
            stroke_dasharray="4 3" if lost else "none",
            marker_end=drawing.link({"lost": "lost", "strong": "strong"}.get(name, "head")),
        )
