"""Tells a violation on a terminal: one sentence, then what happened, in at most 15 lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reports.results import RunResult, VerdictResult
from reports.words import VIOLATED, plural, printable, signed, wrapped

LINES_MAX: Final = 15
"""What fits into one look."""

_REPRODUCE: Final = "Reproduce: "


def story(
    verdict: VerdictResult, *, reproduce: str = "", width: int = 100, ascii_only: bool = False
) -> str:
    """Return the story of one violated property, ending in a line break.

    The sentence and the command that repeats the run are never cut; of the lines in between
    those in the middle give way.
    """
    sign = signed(VIOLATED, ascii_only=ascii_only)
    sentence = printable(verdict.sentence) or "it does not hold"
    head = wrapped(f"{sign} {verdict.name}: {sentence}", room=width)[: LINES_MAX - 3]
    foot = [_REPRODUCE + printable(reproduce)] if reproduce else []
    body = [
        f"  {part}" if i == 0 else f"    {part}"
        for line in verdict.lines
        for i, part in enumerate(wrapped(printable(line), room=width - 4))
    ]
    body = shortened(body, LINES_MAX - len(head) - len(foot))
    return "".join(f"{line}\n" for line in [*head, *body, *foot])


def stories(
    result: RunResult, *, width: int = 100, ascii_only: bool = False, at_most: int = 1
) -> str:
    """Return the stories of a run's violated properties, the unexpected ones first."""
    ordered = sorted(result.violated, key=lambda verdict: not result.unmet(verdict))
    told = [
        story(verdict, reproduce=result.replay, width=width, ascii_only=ascii_only)
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
    last = (room - 1) // 2
    first = room - 1 - last
    missing = len(lines) - first - last
    return [
        *lines[:first],
        f"  ... {plural(missing, 'line')} left out",
        *lines[len(lines) - last :],
    ]
