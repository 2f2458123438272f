"""Words, signs, colours and numbers that every page and picture shares.

A verdict is always a word with a sign, never a colour alone; missing things are named. Colours
are those of Okabe and Ito, which people with any common colour vision tell apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

BLACK: Final = "#000000"
ORANGE: Final = "#E69F00"
SKY: Final = "#56B4E9"
GREEN: Final = "#009E73"
YELLOW: Final = "#F0E442"
BLUE: Final = "#0072B2"
VERMILLION: Final = "#D55E00"
PURPLE: Final = "#CC79A7"
GREY: Final = "#595959"

INK: Final[dict[str, str]] = {
    ORANGE: "#8A5F00",
    SKY: "#1F6E9C",
    GREEN: "#00694D",
    YELLOW: "#6B6400",
    PURPLE: "#8F4A73",
    VERMILLION: "#A63F00",
}
"""Darker shades for text, whose contrast must be higher than that of a line."""

HOLDS: Final = "holds"
VIOLATED: Final = "violated"
NOT_EXERCISED: Final = "not exercised"
NOT_RUN: Final = "not run"

_UNPRINTABLE: Final = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a word of judgement looks: its sign, its sign in ASCII, its colours and its tint."""

    sign: str
    ascii_sign: str
    colour: str
    terminal: str
    tint: str


LOOKS: Final[dict[str, Look]] = {
    HOLDS: Look(sign="✓", ascii_sign="+", colour="#00694D", terminal="green", tint="#E3F3EE"),
    VIOLATED: Look(sign="✗", ascii_sign="x", colour="#A63F00", terminal="red", tint="#FBE4D6"),
    NOT_EXERCISED: Look(sign="○", ascii_sign="o", colour=GREY, terminal="yellow", tint="#F4F1DC"),
    NOT_RUN: Look(sign="–", ascii_sign="-", colour=GREY, terminal="dim", tint="#FFFFFF"),
}


def verdict_word(*, holds: bool, premise: int | None) -> str:
    """Return the word for a verdict: one whose premise never happened proves nothing."""
    if not holds:
        return VIOLATED
    return NOT_EXERCISED if premise == 0 else HOLDS


def signed(word: str, *, ascii_only: bool = False) -> str:
    """Return the word with its sign before it."""
    look = LOOKS[word]
    return f"{look.ascii_sign if ascii_only else look.sign} {word}"


def count(number: int) -> str:
    """Return a whole number with its thousands separated."""
    return f"{number:,}"


def plural(number: int, noun: str, several: str | None = None) -> str:
    """Return the number with its noun in the right form."""
    return f"{count(number)} {noun if number == 1 else several or noun + 's'}"


def duration(nanoseconds: int) -> str:
    """Return a length of time with three digits and a readable unit."""
    if nanoseconds < 0:
        return "-" + duration(-nanoseconds)
    for unit, size in (("s", 10**9), ("ms", 10**6), ("µs", 10**3)):
        # A value that would round up to the next unit's one is written in that unit.
        if nanoseconds * 2000 >= size * 1999:
            return f"{three_digits(nanoseconds / size)} {unit}"
    return f"{nanoseconds} ns"


def milliseconds_tick(value: float, _position: float = 0.0) -> str:
    """Return an axis label for a time in milliseconds."""
    return duration(round(value * 10**6))


def seconds(value: float) -> str:
    """Return wall-clock seconds with the digits that their spread allows."""
    return f"{three_digits(value)} s" if value >= 0.0005 else "0 s"


def instant(nanoseconds: int) -> str:
    """Return an instant of simulated time to the microsecond."""
    sign = "-" if nanoseconds < 0 else ""
    whole, rest = divmod(abs(nanoseconds), 10**9)
    return f"{sign}{whole:,}.{rest // 1000:06d} s"


def printable(text: str) -> str:
    """Replace what XML and terminals cannot hold: control characters and lone surrogates."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def wrapped(
    text: str, *, room: float, lines_max: int = 0, measure: Callable[[str], float] = len
) -> list[str]:
    """Break text into lines that fit the room; the last one ends in "…" when some were cut."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}" if line else word
            if measure(longer) <= room:
                line = longer
                continue
            if line:
                lines.append(line)
            *full, line = _pieces(word, room, measure)
            lines += full
        if line:
            lines.append(line)
    if lines_max and len(lines) > lines_max:
        last = lines[lines_max - 1]
        while last and measure(last + "…") > room:
            last = last[:-1].rstrip()
        return [*lines[: lines_max - 1], last + "…"]
    return lines


def _pieces(word: str, room: float, measure: Callable[[str], float]) -> list[str]:
    pieces = []
    while measure(word) > room and len(word) > 1:
        size = max(1, sum(measure(word[:i]) <= room for i in range(1, len(word))))
        pieces.append(word[:size])
        word = word[size:]
    return [*pieces, word]


def three_digits(value: float) -> str:
    """Return a number with three significant digits, never in exponent form."""
    if value == 0:
        return "0"
    for digits, limit in ((3, 0.9995), (2, 9.995), (1, 99.95)):
        if abs(value) < limit:
            return f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return f"{value:,.0f}"
