"""Places the boxes of an anomaly, and leads arrows and their labels past each other.

Boxes stand in one column. Between two of them there is as much room as the labels of the arrows
from the one to the other need. All other arrows have a track of their own beside the boxes, short
ones inside, and their labels stand outside their track, at a height that no other arrow crosses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from reports.svg import text_width, wrapped_text

if TYPE_CHECKING:
    from reports.anomaly import Box, Link, Panel

HEAD: Final = 13.0
DEED: Final = 11.0
LABEL: Final = 10.5
LINE: Final = 16.0
"""From one row of a box to the next."""

_ROOM: Final = 150.0
"""So wide is a label beside a track at most."""
_BOX_MIN: Final = 250.0
_BOX_MAX: Final = 460.0
_GAP_MIN: Final = 30.0
_STEM: Final = 46.0
"""From the left side of a box to the first arrow that goes down."""
_TRACK: Final = 22.0

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The way of an arrow, and where its label stands."""

    link: int
    points: tuple[Point, ...]
    lines: tuple[str, ...]
    title_lines: int
    label_x: float
    label_y: float
    """The baseline of the first line."""
    ends: bool = False
    """Whether the lines end at `label_x`."""

    @property
    def frame(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of the label."""
        wide = max(
            text_width(line, size=LABEL, bold=number < self.title_lines)
            for number, line in enumerate(self.lines)
        )
        left = self.label_x - wide if self.ends else self.label_x
        top = self.label_y - LABEL
        return left, top, left + wide, top + len(self.lines) * LABEL * 1.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where everything of a panel stands, relative to its upper left corner."""

    heading: tuple[str, ...]
    close: tuple[str, ...]
    boxes: tuple[tuple[float, float], ...]
    """Top and height of each."""
    left: float
    box_width: float
    routes: tuple[Route, ...]
    width: float
    height: float


@dataclass(slots=True)
class _Side:
    """The arrows along one side: their tracks, and where they touch the boxes."""

    links: list[int]
    track: dict[int, int]
    heights: dict[tuple[int, bool], float] = field(default_factory=dict)
    """By arrow, and whether it is its end."""

    @property
    def tracks(self) -> int:
        return max(self.track.values(), default=-1) + 1


def lay_out(panel: Panel) -> Placed:
    """Compute the layout of a panel."""
    links = panel.links
    down = [i for i, link in enumerate(links) if link.target == link.source + 1]
    back = [i for i, link in enumerate(links) if link.target <= link.source]
    over = [i for i, link in enumerate(links) if link.target > link.source + 1]
    box_width = _box_width(panel.boxes)
    labels = {i: _label(link, box_width, inside=i in down) for i, link in enumerate(links)}
    heading = tuple(wrapped_text(panel.heading, room=box_width + 120, size=12.5, bold=True))
    boxes = _boxes(panel, labels, down, top=len(heading) * 16 + (12 if heading else 0))
    sides = [_side(links, back, boxes), _side(links, over, boxes)]
    outer = [side.tracks * (_ROOM + _TRACK) for side in sides]
    left = outer[0]
    routes = _down(links, down, labels, boxes, left)
    for side, sign in zip(sides, (-1, 1), strict=True):
        edge = left if sign < 0 else left + box_width
        routes += _along(side, links, labels, edge=edge, sign=sign)
    bottom = max([boxes[-1][0] + boxes[-1][1], *(route.frame[3] for route in routes)])
    close = tuple(wrapped_text(panel.close, room=box_width + outer[1] + 60, size=11.5, bold=True))
    return Placed(
        heading=heading,
        close=close,
        boxes=tuple(boxes),
        left=left,
        box_width=box_width,
        routes=tuple(routes),
        width=outer[0] + box_width + max(outer[1], 60.0),
        height=bottom + (len(close) * 15 + 14 if close else 4),
    )


def _box_width(boxes: Sequence[Box]) -> float:
    wish = _BOX_MIN
    for box in boxes:
        head = text_width(box.name, size=HEAD, bold=True) + text_width(box.place, size=DEED) + 28
        wish = max(wish, head, text_width(box.note, size=DEED) + 20)
        for deed in box.deeds:
            line = text_width(deed.line, size=DEED - 1.5)
            wish = max(wish, text_width(deed.text, size=DEED, bold=deed.marked) + line + 34)
    return min(wish, _BOX_MAX)


def _label(link: Link, box_width: float, *, inside: bool) -> tuple[tuple[str, ...], int]:
    """Return the lines of a label, and how many of them are its title."""
    room = box_width - _STEM - 16 if inside else _ROOM - 8
    title = wrapped_text(link.title, room=room, size=LABEL, bold=True)
    reason = wrapped_text(link.reason, room=room, size=LABEL)
    return (*title, *reason), len(title)


def _boxes(
    panel: Panel, labels: dict[int, tuple[tuple[str, ...], int]], down: list[int], *, top: float
) -> list[tuple[float, float]]:
    """Return top and height of every box."""
    touching = [0] * len(panel.boxes)
    for number, link in enumerate(panel.links):
        if number not in down:
            touching[link.source] += 1
            touching[link.target] += 1
    found = []
    for number, box in enumerate(panel.boxes):
        rows = 1 + bool(box.note) + len(box.deeds) + bool(box.left_out)
        height = max(rows * LINE + 12, 14.0 * (touching[number] + 1))
        found.append((top, height))
        here = [i for i in down if panel.links[i].source == number]
        lines = sum(len(labels[i][0]) for i in here)
        top += height + max(_GAP_MIN, lines * LABEL * 1.25 + 20)
    return found


def _side(links: Sequence[Link], chosen: list[int], boxes: list[tuple[float, float]]) -> _Side:
    """Give every arrow of a side a track, and every end of one a height of its own."""
    import networkx

    def span(number: int) -> tuple[int, int]:
        ends = links[number].source, links[number].target
        return min(ends), max(ends)

    inner_first = sorted(chosen, key=lambda i: (span(i)[1] - span(i)[0], span(i), i))
    together = networkx.Graph()
    together.add_nodes_from(inner_first)
    for place, one in enumerate(inner_first):
        for other in inner_first[:place]:
            (low, high), (first, last) = span(one), span(other)
            if low <= last and first <= high:
                together.add_edge(one, other)
    colours = networkx.greedy_color(together, strategy=lambda graph, _: list(graph))
    side = _Side(links=chosen, track=colours)
    for box, (top, height) in enumerate(boxes):
        ends = [(i, False) for i in chosen if links[i].source == box]
        ends += [(i, True) for i in chosen if links[i].target == box]
        # What comes from above touches above what goes on below; outer tracks outermost.
        ends.sort(key=lambda end: _slot(links, end, box, colours))
        for place, end in enumerate(ends, 1):
            side.heights[end] = top + height * place / (len(ends) + 1)
    return side


def _slot(
    links: Sequence[Link], end: tuple[int, bool], box: int, track: dict[int, int]
) -> tuple[int, int, int]:
    number, _ = end
    others = {links[number].source, links[number].target} - {box}
    above = bool(others) and min(others) < box
    return (0, -track[number], number) if above else (1, track[number], number)


def _down(
    links: Sequence[Link],
    down: list[int],
    labels: dict[int, tuple[tuple[str, ...], int]],
    boxes: list[tuple[float, float]],
    left: float,
) -> list[Route]:
    """Lead arrows to the next box, those of one pair beside each other."""
    routes = []
    for source in range(len(boxes) - 1):
        here = [i for i in down if links[i].source == source]
        top = boxes[source][0] + boxes[source][1]
        y = top + 10 + LABEL
        label_x = left + _STEM + 12 * len(here)
        for place, number in enumerate(here):
            x = left + _STEM + 12 * place
            lines, titles = labels[number]
            routes.append(
                Route(
                    link=number,
                    points=((x, top), (x, boxes[source + 1][0])),
                    lines=lines,
                    title_lines=titles,
                    label_x=label_x,
                    label_y=y,
                )
            )
            y += len(lines) * LABEL * 1.25
    return routes


def _along(
    side: _Side,
    links: Sequence[Link],
    labels: dict[int, tuple[tuple[str, ...], int]],
    *,
    edge: float,
    sign: int,
) -> list[Route]:
    """Lead arrows along the left (-1) or the right (1) side of the boxes."""
    routes: list[Route] = []
    for number in side.links:
        begin, end = side.heights[number, False], side.heights[number, True]
        x = edge + sign * (side.track[number] * (_ROOM + _TRACK) + _TRACK)
        lines, titles = labels[number]
        high = len(lines) * LABEL * 1.25
        crossing = [
            side.heights[other, which]
            for other in side.links
            if side.track[other] > side.track[number]
            for which in (False, True)
        ]
        top = _free((begin + end) / 2 - high / 2, high, crossing)
        routes.append(
            Route(
                link=number,
                points=((edge, begin), (x, begin), (x, end), (edge, end)),
                lines=lines,
                title_lines=titles,
                label_x=x + sign * 6,
                label_y=top + LABEL,
                ends=sign < 0,
            )
        )
    return routes


def _free(wish: float, high: float, crossing: Sequence[float]) -> float:
    """Return the top nearest to a wish at which nothing crosses a label so high."""
    margin = 3.0
    tops = [wish]
    tops += [y + margin for y in crossing]
    tops += [y - high - margin for y in crossing]
    fitting = [
        top for top in tops if all(not top - margin < y < top + high + margin for y in crossing)
    ]
    return min(fitting, key=lambda top: (abs(top - wish), top), default=wish)
