"""Draws a run as a space-time diagram: one column a node, time runs down.

Bars on a lifeline are leases, transactions, pauses and crashes; shapes on it are what happened,
with their labels to the right; thin arrows are messages; shaded bands are faults. What must not
have happened is red, framed and bold. Every part has a shape or a dash of its own beside its
colour, so the picture survives a black-and-white printer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from reports.glyphs import draw_legend, draw_mark, draw_span, patterns, span_title
from reports.layout import (
    BELOW,
    LABEL_OFFSET,
    LABEL_SIZE,
    LINE_HEIGHT,
    Layout,
    label_width,
    lay_out,
)
from reports.spacetime import MARK_KINDS, SPAN_KINDS, Arrow, Mark, Span, Timeline, Window
from reports.svg import Drawing, wrapped_text
from reports.words import BLACK, GREY, VERMILLION, duration, instant, plural

__all__ = [
    "MESSAGES_MAX",
    "Arrow",
    "Mark",
    "Span",
    "Timeline",
    "TimelineError",
    "Window",
    "draw",
]

MESSAGES_MAX: Final = 2000
"""More arrows than this in one picture hide each other."""

_MARGIN: Final = 20.0
_GUTTER: Final = 104.0
_HEAD: Final = 44.0
_TALL: Final = 900.0
_DESCRIBED_MAX: Final = 80


class TimelineError(ValueError):
    """A timeline contradicts itself; the message says where."""


def draw(timeline: Timeline, *, name: str = "timeline") -> str:
    """Return the diagram as one SVG document; `name` prefixes its ids.

    Parts outside the window are cut off or left out. Of the messages the first `MESSAGES_MAX`
    are drawn, and a note says so.
    """
    _check(timeline)
    shown = _clipped(timeline)
    layout = lay_out(shown)
    drawing = Drawing(name)
    patterns(drawing)
    width = max(_MARGIN * 2 + _GUTTER + layout.width, 640.0)
    top = _title(drawing, shown, width)
    with drawing.group(transform=f"translate({_MARGIN + _GUTTER:.1f} {top + _HEAD:.1f})"):
        _faults(drawing, shown, layout)
        _axis(drawing, shown, layout)
        _lifelines(drawing, shown, layout)
        _arrows(drawing, shown, layout)
        _marks(drawing, shown, layout)
    bottom = top + _HEAD + layout.height
    if layout.height > _TALL:
        _foot(drawing, shown, layout, bottom)
        bottom += 24
    bottom = draw_legend(drawing, shown, x=_MARGIN, y=bottom + 18, width=width - 2 * _MARGIN)
    bottom = _notes(drawing, shown, layout, y=bottom + 4, width=width)
    return drawing.document(
        width=width, height=bottom + 12, title=shown.title, description=_description(shown)
    )


def _check(timeline: Timeline) -> None:
    if timeline.end_ns < timeline.start_ns:
        raise TimelineError("the timeline ends before it starts")
    named = [span.node for span in timeline.spans] + [mark.node for mark in timeline.marks]
    named += [end for arrow in timeline.messages for end in (arrow.source, arrow.target)]
    named += [node for window in timeline.faults for node in window.nodes]
    for node in named:
        if node not in timeline.nodes:
            raise TimelineError(f"node {node!r} has no column; there are {timeline.nodes}")
    for span in timeline.spans:
        if span.kind not in SPAN_KINDS:
            raise TimelineError(f"unknown kind {span.kind!r}; known are {tuple(SPAN_KINDS)}")
    for mark in timeline.marks:
        if mark.kind not in MARK_KINDS:
            raise TimelineError(f"unknown kind {mark.kind!r}; known are {tuple(MARK_KINDS)}")


def _clipped(timeline: Timeline) -> Timeline:
    start, end = timeline.start_ns, timeline.end_ns

    def inside(first_ns: int, last_ns: int) -> bool:
        return first_ns <= end and last_ns >= start

    spans = [
        replace(span, start_ns=max(span.start_ns, start), end_ns=min(span.end_ns, end))
        for span in timeline.spans
        if inside(span.start_ns, span.end_ns)
    ]
    faults = [
        replace(window, start_ns=max(window.start_ns, start), end_ns=min(window.end_ns, end))
        for window in timeline.faults
        if inside(window.start_ns, window.end_ns)
    ]
    arrows = [
        arrow
        for arrow in timeline.messages
        if arrow.sent_ns >= start and max(arrow.sent_ns, arrow.received_ns or 0) <= end
    ]
    notes = timeline.notes
    if len(arrows) > MESSAGES_MAX:
        notes += (f"Showing {MESSAGES_MAX:,} of {plural(len(arrows), 'message')}.",)
        arrows = arrows[:MESSAGES_MAX]
    return replace(
        timeline,
        spans=tuple(spans),
        faults=tuple(faults),
        messages=tuple(arrows),
        marks=tuple(mark for mark in timeline.marks if inside(mark.at_ns, mark.at_ns)),
        notes=notes,
    )


def _title(drawing: Drawing, timeline: Timeline, width: float) -> float:
    y = _MARGIN + 6
    for text, size, bold in ((timeline.title, 17.0, True), (timeline.subtitle, 11.5, False)):
        for line in wrapped_text(text, room=width - 2 * _MARGIN, size=size, bold=bold):
            y += size * 1.25 if bold else size * 1.35
            drawing.text(
                line,
                x=_MARGIN,
                y=y - size * 0.6,
                size=size,
                fill=BLACK if bold else GREY,
                font_weight="bold" if bold else "normal",
            )
        y += 2
    return y + 12


def _faults(drawing: Drawing, timeline: Timeline, layout: Layout) -> None:
    for i, window in enumerate(timeline.faults):
        top, bottom = layout.y(window.start_ns), layout.y(window.end_ns)
        height = max(bottom - top, 3.0)
        title = (
            f"{window.label}: {instant(window.start_ns)} to {instant(window.end_ns)} "
            f"({duration(window.end_ns - window.start_ns)})"
        )
        # A fault of links lies between columns: it is named at the side and shades none of them.
        for node in window.nodes:
            column = timeline.nodes.index(node) + 1
            drawing.rect(
                x=layout.lefts[column] + 1,
                y=top,
                width=layout.widths[column] - 2,
                height=height,
                title=title,
                fill=drawing.link("fault"),
                stroke="#B0A060",
                stroke_width="0.6",
                stroke_dasharray="2 3",
            )
        # Brackets of faults that overlap in time stand beside each other.
        x = layout.x(0) - 3.0 * (i % 3)
        drawing.add(
            "path",
            title=title,
            d=f"M{x + 4:.1f} {top:.1f}H{x:.1f}V{top + height:.1f}H{x + 4:.1f}",
            fill="none",
            stroke="#7A6A1F",
            stroke_width="1.6",
        )


def _axis(drawing: Drawing, timeline: Timeline, layout: Layout) -> None:
    drawing.text(
        "simulated time", x=-12, y=-20, size=9.5, fill=GREY, text_anchor="end", font_style="italic"
    )
    drawing.add("path", d=f"M-6 -6V{layout.height:.1f}", stroke=GREY, stroke_width="1", fill="none")
    ticks = {timeline.start_ns, timeline.end_ns}
    ticks |= {placed.label.at_ns for placed in layout.placed}
    last = -100.0
    for at_ns in sorted(ticks):
        y = layout.y(at_ns)
        if y - last < 17:
            continue
        last = y
        drawing.line(x1=-9, y1=y, x2=-3, y2=y, stroke=GREY)
        drawing.line(x1=0, y1=y, x2=layout.width, y2=y, stroke="#EDEDED", stroke_width="0.8")
        drawing.text(instant(at_ns), x=-12, y=y + 3.5, size=9.5, fill=GREY, text_anchor="end")
    for before, after in layout.long_gaps:
        y = (layout.y(before) + layout.y(after)) / 2
        drawing.rect(x=-9, y=y - 4, width=6, height=8, fill="#FFFFFF")
        for offset in (-3.5, 2.5):
            drawing.add(
                "path",
                d=f"M-11 {y + offset + 1.5:.1f}l10 -3",
                stroke=GREY,
                stroke_width="1",
                fill="none",
            )
        drawing.text(
            f"{duration(after - before)} pass",
            x=-14,
            y=y + 3,
            size=9.5,
            fill=BLACK,
            text_anchor="end",
            font_style="italic",
        )


def _lifelines(drawing: Drawing, timeline: Timeline, layout: Layout) -> None:
    if timeline.faults:
        drawing.text("faults", x=layout.lefts[0] + 8, y=-20, size=12, font_weight="bold")
    captions = timeline.captions or ("",) * len(timeline.nodes)
    for i, (node, caption) in enumerate(zip(timeline.nodes, captions, strict=True)):
        left, x = layout.lefts[i + 1], layout.x(i + 1)
        drawing.text(node, x=left + 8, y=-20, size=12, font_weight="bold")
        drawing.text(caption, x=left + 8, y=-8, size=9.5, fill=GREY)
        drawing.line(x1=x, y1=0, x2=x, y2=layout.height - 2, stroke=GREY, stroke_width="1")
    for span in timeline.spans:
        draw_span(
            drawing,
            span,
            x=layout.x(timeline.nodes.index(span.node) + 1),
            top=layout.y(span.start_ns),
            bottom=layout.y(span.end_ns),
        )


def _arrows(drawing: Drawing, timeline: Timeline, layout: Layout) -> None:
    # The important ones come first in the list and must end up on top.
    for arrow in reversed(timeline.messages):
        x1 = layout.x(timeline.nodes.index(arrow.source) + 1)
        x2 = layout.x(timeline.nodes.index(arrow.target) + 1)
        y1 = layout.y(arrow.sent_ns)
        step = 5.0 if x2 > x1 else -5.0
        what = arrow.label or "message"
        if arrow.received_ns is None:
            x2, y2 = x1 + 0.4 * (x2 - x1), y1 + 9
            title = f"{what}: {arrow.source} to {arrow.target}, sent {instant(arrow.sent_ns)}, lost"
            end = "lost"
        else:
            y2 = layout.y(arrow.received_ns)
            title = (
                f"{what}: {arrow.source} to {arrow.target}, sent {instant(arrow.sent_ns)}, "
                f"on its way for {duration(arrow.received_ns - arrow.sent_ns)}"
            )
            end = "strong" if arrow.strong else "head"
        drawing.line(
            x1=x1 + (step if arrow.source != arrow.target else 0),
            y1=y1,
            x2=x2 - step,
            y2=y2,
            title=title,
            stroke=BLACK if arrow.strong else "#8C8C8C",
            stroke_width="1.7" if arrow.strong else "0.8",
            stroke_dasharray="none" if arrow.received_ns is not None else "4 3",
            marker_end=drawing.link(end),
        )


def _marks(drawing: Drawing, timeline: Timeline, layout: Layout) -> None:
    for placed in layout.placed:
        label = placed.label
        x, y = layout.x(label.column), placed.y
        mark = timeline.marks[label.owner] if label.part == "mark" else None
        bad = mark is not None and mark.severity == "bad"
        text_y = y + (BELOW if label.below else 0.0)
        if label.part == "arrow" and _is_flat(timeline.messages[label.owner], layout):
            text_y += 2 * BELOW
        if bad:
            longest = max((label_width(line, bold=True) for line in placed.lines), default=0.0)
            drawing.rect(
                x=x + LABEL_OFFSET - 4,
                y=text_y - 8,
                width=longest + 8,
                height=len(placed.lines) * LINE_HEIGHT + 3,
                rx=3,
                fill="#FBE4D6",
                stroke=VERMILLION,
                stroke_width="1.2",
            )
        if mark:
            draw_mark(drawing, mark, x=x, y=y)
        fill = "#8A2F00" if bad else BLACK
        title = ""
        if label.part == "fault":
            fill = "#5C4F12"
        elif label.part == "span":
            fill, title = GREY, span_title(timeline.spans[label.owner])
        elif label.part == "arrow":
            fill = "#333333"
        with drawing.group(
            title=title,
            font_size=str(LABEL_SIZE),
            fill=fill,
            stroke="none" if bad else "#FFFFFF",
            stroke_width="2.6",
            stroke_linejoin="round",
            paint_order="stroke",
            font_weight="bold" if bad else "normal",
            font_style="italic" if label.part != "mark" else "normal",
        ):
            for i, line in enumerate(placed.lines):
                drawing.add("text", line, x=x + LABEL_OFFSET, y=text_y + 3.6 + i * LINE_HEIGHT)


def _is_flat(arrow: Arrow, layout: Layout) -> bool:
    """Tell whether an arrow runs along the text beside its tail."""
    return arrow.received_ns is None or layout.y(arrow.received_ns) < layout.y(arrow.sent_ns) + 60


def _foot(drawing: Drawing, timeline: Timeline, layout: Layout, y: float) -> None:
    for i, node in enumerate(timeline.nodes):
        x = _MARGIN + _GUTTER + layout.lefts[i + 1] + 8
        drawing.text(node, x=x, y=y + 12, size=12, font_weight="bold")


def _notes(
    drawing: Drawing, timeline: Timeline, layout: Layout, *, y: float, width: float
) -> float:
    notes = list(timeline.notes)
    if layout.long_gaps:
        notes.append("Time is not to scale: order is exact, the axis gives the instants.")
    for note in notes:
        for line in wrapped_text(note, room=width - 2 * _MARGIN, size=10):
            y += 14
            drawing.text(line, x=_MARGIN, y=y, size=10, fill=GREY)
    return y


def _description(timeline: Timeline) -> str:
    extent = f"{instant(timeline.start_ns)} to {instant(timeline.end_ns)}"
    lines = [
        timeline.subtitle,
        f"Columns: {', '.join(timeline.nodes)}. Time runs down from {extent}.",
    ]
    lines += [
        f"Fault: {window.label}, from {instant(window.start_ns)}." for window in timeline.faults
    ]
    told = [mark for mark in timeline.marks if mark.label]
    told.sort(key=lambda mark: mark.at_ns)
    for mark in told[:_DESCRIBED_MAX]:
        alarm = "Violation: " if mark.severity == "bad" else ""
        lines.append(f"{instant(mark.at_ns)}, {mark.node}: {alarm}{mark.label}.")
    if len(told) > _DESCRIBED_MAX:
        lines.append(f"And {plural(len(told) - _DESCRIBED_MAX, 'more mark')}.")
    return "\n".join(lines)
