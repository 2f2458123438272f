"""Verdicts on histories for continuous integration: JUnit XML, and a summary in Markdown.

A suite is a history, a case one level of it. A violation is a failure, with its story; what could
not be checked is an error; what a limit stopped was skipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from reports.grid import Grid, markdown
from reports.words import HOLDS, LOOKS, NOT_EXERCISED, VIOLATED, plural, printable

STORIES_MAX: Final = 5
"""Forges cut long summaries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryVerdict:
    """What is known of a history at a level; `holds` is None without a verdict."""

    path: str
    level: str
    holds: bool | None
    format: str = ""
    transactions: int = 0
    name: str = ""
    """Of the anomaly that is told."""
    lines: tuple[str, ...] = ()
    error: str = ""
    stopped: str = ""
    seconds: float = 0.0
    reproduce: str = ""

    @property
    def story(self) -> str:
        """Return the violation in words, with the command that finds it again."""
        lines = [f"violates {self.level}: {self.name}", *self.lines]
        if self.reproduce:
            lines.append(f"Reproduce: {self.reproduce}")
        return printable("\n".join(lines))


def verdicts_junit(verdicts: Sequence[HistoryVerdict]) -> bytes:
    """Return the JUnit document."""
    from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

    document: Any = JUnitXml("bulkhead")
    suites: dict[str, list[HistoryVerdict]] = {}
    for verdict in verdicts:
        suites.setdefault(verdict.path, []).append(verdict)
    for path, of_path in suites.items():
        suite = TestSuite(printable(path))
        for verdict in of_path:
            seconds = round(verdict.seconds, 3)
            case = TestCase(verdict.level, classname=printable(path), time=seconds)
            if verdict.error:
                case.result = [_failing(Error, verdict.error, verdict.error)]
            elif verdict.holds is None:
                case.result = [Skipped(f"no verdict: {verdict.stopped}")]
            elif not verdict.holds:
                case.result = [_failing(Failure, verdict.name, verdict.story)]
            suite.add_testcase(case)
        document.add_testsuite(suite)
    document.update_statistics()
    return b"<?xml version='1.0' encoding='utf-8'?>\n" + bytes(document.tostring()) + b"\n"


def _failing(kind: type[Any], message: str, text: str) -> Any:
    made = kind(printable(message), kind.__name__.lower())
    made.text = printable(text)
    return made


def verdicts_markdown(verdicts: Sequence[HistoryVerdict], *, command: str, version: str) -> str:
    """Return a headline, a table of all verdicts, and the stories of the first violations."""
    violated = [verdict for verdict in verdicts if verdict.holds is False and not verdict.error]
    holding = [verdict for verdict in verdicts if verdict.holds and not verdict.error]
    without = len(verdicts) - len(violated) - len(holding)
    sign = LOOKS[VIOLATED if violated else NOT_EXERCISED if without else HOLDS].sign
    counts = [f"{plural(len(holding), 'verdict')} held", f"{len(violated)} violated"]
    counts += [f"{without} without a verdict"] if without else []
    parts = [f"## Bulkhead: {sign} {', '.join(counts)}\n", markdown(_grid(verdicts))]
    for verdict in violated[:STORIES_MAX]:
        # A fence longer than any run of backquotes inside cannot be closed by the story.
        fence = "```"
        while fence in verdict.story:
            fence += "`"
        parts.append(f"{fence}text\n{printable(verdict.path)}\n{verdict.story}\n{fence}\n")
    parts.append(f"`{command}`, version {version}\n")
    return "\n".join(parts)


def _grid(verdicts: Sequence[HistoryVerdict]) -> Grid:
    return Grid(
        heads=("history", "format", "transactions", "level", "verdict", "why", "seconds"),
        rows=tuple(
            (
                verdict.path,
                verdict.format,
                f"{verdict.transactions:,}",
                verdict.level,
                _word(verdict),
                verdict.error or verdict.stopped or verdict.name,
                f"{verdict.seconds:.2f}",
            )
            for verdict in verdicts
        ),
        right=frozenset({2, 6}),
    )


def _word(verdict: HistoryVerdict) -> str:
    if verdict.error:
        return "not checked"
    if verdict.holds is None:
        return "no verdict"
    return HOLDS if verdict.holds else VIOLATED
