"""Tells a violation on a terminal: one sentence, then what happened, in at most 15 lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reports.results import RunResult, VerdictResult
from reports.words import VIOLATED, plural, printable, signed

LINES_MAX: Final = 15
"""What fits into one look."""

_REPRODUCE: Final = "Reproduce: "


def story(verdict: VerdictResult, *, reproduce: str = "", ascii_only: bool = False) -> str:
    """Return the story of one violated property, ending in a line break.

    The sentence and the lines are at most `LINES_MAX`; the command that repeats the run follows.
    Lines are not broken: a terminal does that, and what is copied stays whole.
    """
    sign = signed(VIOLATED, ascii_only=ascii_only)
    sentence = _one_line(verdict.sentence) or "it does not hold"
    head = f"{sign} {verdict.name}: {sentence}"
    body = shortened([f"  {_one_line(line)}" for line in verdict.lines], LINES_MAX - 1)
    foot = [_REPRODUCE + _one_line(reproduce)] if reproduce else []
    return "".join(f"{line}\n" for line in [head, *body, *foot])


def stories(result: RunResult, *, ascii_only: bool = False, at_most: int = 1) -> str:
    """Return the stories of a run's violated properties, the unexpected ones first."""
    ordered = sorted(result.violated, key=lambda verdict: not result.unmet(verdict))
    told = [
        story(verdict, reproduce=result.replay, ascii_only=ascii_only)
        for verdict in ordered[:at_most]
    ]
    rest = [verdict.name for verdict in ordered[at_most:]]
    if rest:
        told.append(f"Also violated: {', '.join(rest)}\n")
    return "\n".join(told)


def shortened(lines: Sequence[str], room: int) -> list[str]:
    """Return at most `room` lines: the first ones, how many are missing, the last ones."""
    if len(lines) <= room:
        return list(lines)
    last = min((room - 1) * 2 // 3, room - 2)
    first = room - 1 - last
    missing = len(lines) - first - last
    return [
        *lines[:first],
        f"  ... {plural(missing, 'line')} left out",
        *lines[len(lines) - last :],
    ]


def _one_line(text: str) -> str:
    return printable(text).replace("\n", " ").replace("\t", " ")
