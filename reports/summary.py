"""A summary in Markdown for the page that a continuous integration system shows of a job."""

from __future__ import annotations

from collections.abc import Sequence

from reports.grid import markdown
from reports.results import BUG, UNEXPECTED, RunResult
from reports.story import story
from reports.table import runs_grid, statuses, verdict_grid
from reports.words import plural

STORIES_MAX = 5
"""Forges cut long summaries; the result folders hold all stories."""


def markdown_summary(results: Sequence[RunResult], *, command: str, version: str) -> str:
    """Return the verdict, a table of all runs, and the stories of what was not expected."""
    unmet = sorted((run for run in results if not run.met), key=lambda run: run.seed)
    sign = "✗" if any(run.status in (UNEXPECTED, BUG) for run in unmet) else "○" if unmet else "✓"
    runs = plural(len(results), "run")
    verdict = f"{sign} {runs}: {statuses(results)}" if results else "nothing was run"
    parts = [f"## Bulkhead: {verdict}\n"]
    if results:
        parts.append(markdown(runs_grid(results)))
    if len(results) == 1:
        parts.append(markdown(verdict_grid(results[0])))
    told = 0
    seen: set[tuple[str, str, str]] = set()
    for run in unmet:
        for one in run.verdicts:
            key = (run.scenario, run.mutant, one.name)
            if not run.unmet(one) or key in seen or told == STORIES_MAX:
                continue
            seen.add(key)
            told += 1
            parts.append(_story(run, story(one, reproduce=run.replay) if not one.holds else ""))
    parts.append(f"`{command}`, version {version}\n")
    return "\n".join(parts)


def _story(run: RunResult, text: str) -> str:
    told = text or f"The run was not as expected.\nReproduce: {run.replay}\n"
    # A fence longer than any run of backquotes inside cannot be closed by the story.
    fence = "```"
    while fence in told:
        fence += "`"
    return f"**{run.scenario}**, seed {run.seed}\n\n{fence}text\n{told}{fence}\n"
