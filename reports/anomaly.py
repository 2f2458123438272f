"""Draws why a history violates its level: transactions as boxes, dependencies as arrows.

The boxes of a panel stand one below the other in the order of the story. An arrow to the next box
goes straight down; one that goes back runs along the left side, one that skips a box along the
right. Where each order of two writers closes a cycle, each has a panel of its own. Every kind of
arrow has a dash of its own beside its colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reports.anomaly_layout import DEED, HEAD, LABEL, LINE, Placed, Route, lay_out
from reports.svg import Drawing, text_width, wrapped_text
from reports.words import BLACK, BLUE, GREEN, GREY, INK, ORANGE, PURPLE, VERMILLION, plural

_MARGIN: Final = 20.0
_WIDTH: Final = 1160.0
"""Panels stand beside each other up to so many pixels."""
_BETWEEN: Final = 36.0

_LOOKS: Final = {
    "wr": (GREEN, INK[GREEN], "none"),
    "rw": (VERMILLION, INK[VERMILLION], "7 3"),
    "ww": (BLUE, BLUE, "12 3"),
    "so": (GREY, GREY, "2 3"),
    "rt": (PURPLE, INK[PURPLE], "7 3 2 3"),
}
"""Colour of the line, colour of its words, and dash, by kind of arrow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One operation in a box; what an arrow rests on is marked."""

    text: str
    line: str = ""
    marked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A transaction: its name, where it stands, and what it did."""

    name: str
    place: str = ""
    note: str = ""
    deeds: tuple[Deed, ...] = ()
    left_out: int = 0
    """Operations that are not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An arrow between two boxes of a panel; `kind` is wr, rw, ww, so or rt."""

    source: int
    target: int
    kind: str
    title: str
    reason: str = ""
    assumed: bool = False

    @classmethod
    def of(cls, source: int, target: int, kind: str, title: str) -> Link:
        """Return an arrow without more words."""
        return cls(source=source, target=target, kind=kind, title=title)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One cycle, or one thing that is wrong without any."""

    boxes: tuple[Box, ...]
    links: tuple[Link, ...] = ()
    heading: str = ""
    close: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """All of a picture; `story` is what it says in words."""

    title: str
    subtitle: str
    panels: tuple[Panel, ...]
    story: tuple[str, ...] = ()


def draw(contradiction: Contradiction, *, name: str = "anomaly") -> str:
    """Return the picture as one SVG document; `name` prefixes its ids."""
    drawing = Drawing(name)
    _heads(drawing)
    layouts = [lay_out(panel) for panel in contradiction.panels]
    places, width, rows_end = _beside([(each.width, each.height) for each in layouts])
    width = max(width, 560.0)
    top = _title(drawing, contradiction, width)
    for panel, layout, (x, y) in zip(contradiction.panels, layouts, places, strict=True):
        with drawing.group(transform=f"translate({_MARGIN + x:.1f} {top + y:.1f})"):
            _panel(drawing, panel, layout)
    bottom = _story(drawing, contradiction.story, y=top + rows_end, width=width)
    return drawing.document(
        width=width + 2 * _MARGIN,
        height=bottom + _MARGIN,
        title=contradiction.title,
        description="\n".join((contradiction.subtitle, *contradiction.story)),
    )


def _heads(drawing: Drawing) -> None:
    for kind, (colour, _, _) in _LOOKS.items():
        drawing.define(
            f'<marker id="{drawing.name}-{kind}" viewBox="0 0 10 10" refX="9" refY="5" '
            f'markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto">'
            f'<path d="M0 1L10 5L0 9Z" fill="{colour}"/></marker>'
        )


def _beside(
    sizes: list[tuple[float, float]],
) -> tuple[list[tuple[float, float]], float, float]:
    """Return where panels stand, row by row, and how wide and high all of them are."""
    places = []
    x = y = tall = wide = 0.0
    for width, height in sizes:
        if x and x + width > _WIDTH:
            x, y, tall = 0.0, y + tall + _BETWEEN, 0.0
        places.append((x, y))
        x += width + _BETWEEN
        tall, wide = max(tall, height), max(wide, x - _BETWEEN)
    return places, wide, y + tall


def _title(drawing: Drawing, contradiction: Contradiction, width: float) -> float:
    y = _MARGIN
    for text, size, bold in ((contradiction.title, 17.0, True), (contradiction.subtitle, 11.5, 0)):
        for line in wrapped_text(text, room=width, size=size, bold=bool(bold)):
            y += size * 1.3
            drawing.text(
                line,
                x=_MARGIN,
                y=y - size * 0.3,
                size=size,
                fill=BLACK if bold else GREY,
                font_weight="bold" if bold else "normal",
            )
    return y + 18


def _panel(drawing: Drawing, panel: Panel, layout: Placed) -> None:
    for number, line in enumerate(layout.heading):
        drawing.text(line, x=0, y=14 + number * 16, size=12.5, font_weight="bold", fill=BLACK)
    for route in layout.routes:
        _arrow(drawing, panel.links[route.link], route)
    for box, (top, height) in zip(panel.boxes, layout.boxes, strict=True):
        _box(drawing, box, x=layout.left, y=top, width=layout.box_width, height=height)
    for route in layout.routes:
        _label(drawing, panel.links[route.link], route)
    for number, line in enumerate(layout.close):
        y = layout.height - 4 - (len(layout.close) - 1 - number) * 15
        drawing.text(line, x=layout.left, y=y, size=11.5, font_weight="bold", fill="#8A2F00")


def _box(drawing: Drawing, box: Box, *, x: float, y: float, width: float, height: float) -> None:
    drawing.rect(
        x=x,
        y=y,
        width=width,
        height=height,
        rx=5,
        fill="#F7F7F5",
        stroke="#3C3C3C",
        stroke_width="1.2",
    )
    drawing.text(box.name, x=x + 10, y=y + 18, size=HEAD, font_weight="bold", fill=BLACK)
    after = x + 18 + text_width(box.name, size=HEAD, bold=True)
    drawing.text(box.place, x=after, y=y + 18, size=DEED, fill=GREY)
    row = y + 18
    if box.note:
        row += LINE
        drawing.text(box.note, x=x + 10, y=row, size=DEED, fill=INK[ORANGE], font_style="italic")
    for deed in box.deeds:
        row += LINE
        if deed.marked:
            drawing.rect(
                x=x + 5, y=row - 11.5, width=width - 10, height=LINE - 1, rx=3, fill="#FFF1B8"
            )
        drawing.text(
            deed.text,
            x=x + 10,
            y=row,
            size=DEED,
            fill=BLACK if deed.marked else GREY,
            font_weight="bold" if deed.marked else "normal",
        )
        drawing.text(
            deed.line, x=x + width - 10, y=row, size=DEED - 1.5, fill=GREY, text_anchor="end"
        )
    if box.left_out:
        row += LINE
        told = f"… {plural(box.left_out, 'more operation')}"
        drawing.text(told, x=x + 10, y=row, size=DEED, fill=GREY, font_style="italic")


def _arrow(drawing: Drawing, link: Link, route: Route) -> None:
    colour, _, dash = _LOOKS[link.kind]
    (x, y), *more = route.points
    path = f"M{x:.1f} {y:.1f}" + "".join(f"L{a:.1f} {b:.1f}" for a, b in more)
    drawing.add(
        "path",
        title=f"{link.title}: {link.reason}" if link.reason else link.title,
        d=path,
        fill="none",
        stroke=colour,
        stroke_width="2",
        stroke_dasharray=dash,
        stroke_linejoin="round",
        marker_end=drawing.link(link.kind),
    )


def _label(drawing: Drawing, link: Link, route: Route) -> None:
    _, ink, _ = _LOOKS[link.kind]
    for number, line in enumerate(route.lines):
        bold = number < route.title_lines
        drawing.text(
            line,
            x=route.label_x,
            y=route.label_y + number * LABEL * 1.25,
            size=LABEL,
            fill=ink if bold else "#333333",
            font_weight="bold" if bold else "normal",
            text_anchor="end" if route.ends else "start",
            font_style="italic" if link.assumed else "normal",
        )


def _story(drawing: Drawing, story: tuple[str, ...], *, y: float, width: float) -> float:
    y += 22
    for told in story:
        # What is set in, a reason, stays so.
        inset = 14.0 if told.startswith(" ") else 0.0
        for line in wrapped_text(told.strip(), room=width - inset, size=11):
            y += 14.5
            drawing.text(line, x=_MARGIN + inset, y=y, size=11, fill="#333333")
    return y
