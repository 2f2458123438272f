"""A small SVG writer: elements in, one self-contained and escaped document out.

Pictures are accessible (a role, a title and a description that a screen reader speaks), hold no
script and no reference to anything outside, and are byte-identical for equal input.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from reports.words import printable, wrapped

FONT: Final = "Helvetica, Arial, 'DejaVu Sans', sans-serif"

Value = str | int | float


class Drawing:
    """An SVG document under construction; `name` keeps its ids apart from other pictures."""

    __slots__ = ("_body", "_definitions", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._body: list[str] = []
        self._definitions: list[str] = []

    def add(self, tag: str, text: str = "", *, title: str = "", **attributes: Value) -> None:
        """Append one element with its text, and with a title that shows on hover."""
        self._append(tag, text, title, attributes)

    def line(
        self, *, x1: float, y1: float, x2: float, y2: float, title: str = "", **attributes: Value
    ) -> None:
        """Append a straight line."""
        place: dict[str, Value] = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
        self._append("line", "", title, place | attributes)

    def rect(
        self,
        *,
        x: float,
        y: float,
        width: float,
        height: float,
        title: str = "",
        **attributes: Value,
    ) -> None:
        """Append a rectangle."""
        place: dict[str, Value] = {"x": x, "y": y, "width": width, "height": height}
        self._append("rect", "", title, place | attributes)

    def text(self, text: str, *, x: float, y: float, size: float = 11, **attributes: Value) -> None:
        """Append one line of text whose baseline starts at (x, y)."""
        place: dict[str, Value] = {"x": x, "y": y, "font_size": size}
        self._append("text", text, "", place | attributes)

    def _append(self, tag: str, text: str, title: str, attributes: dict[str, Value]) -> None:
        inner = escape(printable(text))
        if title:
            inner = f"<title>{escape(printable(title))}</title>{inner}"
        self._body.append(_element(tag, inner, attributes))

    def define(self, markup: str) -> None:
        """Append trusted markup to the definitions (patterns and arrow heads)."""
        self._definitions.append(markup)

    def link(self, identifier: str) -> str:
        """Return the reference to one of the definitions."""
        return f"url(#{self.name}-{identifier})"

    @contextmanager
    def group(self, *, title: str = "", **attributes: Value) -> Iterator[None]:
        """Wrap what is added inside in one group."""
        opening = _element("g", "", attributes).removesuffix("/>") + ">"
        self._body.append(opening)
        if title:
            self._body.append(f"<title>{escape(printable(title))}</title>")
        yield
        self._body.append("</g>")

    def document(self, *, width: float, height: float, title: str, description: str) -> str:
        """Return the whole picture on white ground."""
        w, h, name = number(width), number(height), self.name
        opening = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" '
            f'viewBox="0 0 {w} {h}" role="img" aria-labelledby="{name}-title {name}-desc" '
            f"font-family={quoteattr(FONT)}>"
        )
        parts = [
            opening,
            f'<title id="{name}-title">{escape(printable(title))}</title>',
            f'<desc id="{name}-desc">{escape(printable(description))}</desc>',
        ]
        if self._definitions:
            parts += ["<defs>", *self._definitions, "</defs>"]
        parts.append(f'<rect width="{w}" height="{h}" fill="#FFFFFF"/>')
        return "\n".join([*parts, *self._body, "</svg>", ""])


def number(value: float) -> str:
    """Return a coordinate with at most one decimal, written one way only."""
    short = f"{value:.1f}".removesuffix(".0")
    return "0" if short == "-0" else short


def text_width(text: str, *, size: float, bold: bool = False) -> float:
    """Estimate how wide a line of text is, on the wide side of common fonts."""
    narrow = sum(character in " .,:;'|!iljtfrI()[]" for character in text)
    return (0.36 * narrow + 0.64 * (len(text) - narrow)) * size * (1.08 if bold else 1.0)


def wrapped_text(text: str, *, room: float, size: float, bold: bool = False) -> list[str]:
    """Break text into lines that fit into so many pixels."""
    return wrapped(text, room=room, measure=partial(text_width, size=size, bold=bold))


def _element(tag: str, inner: str, attributes: dict[str, Value]) -> str:
    written = "".join(
        f" {_name(key)}={quoteattr(value if isinstance(value, str) else number(value))}"
        for key, value in attributes.items()
    )
    return f"<{tag}{written}>{inner}</{tag}>" if inner else f"<{tag}{written}/>"


def _name(key: str) -> str:
    return "class" if key == "class_" else key.replace("_", "-")
