"""Writes JUnit XML for continuous integration: a test case is a property in a scenario.

All runs of one scenario, variant and mutant are one suite. A case fails when the verdict is not
what was expected; its text is the story of the lowest failing seed and ends with the command
that repeats it. A property whose premise happened in no run counts as skipped, for it was not
tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reports.results import BUG, UNDECIDED, RunResult, VerdictResult
from reports.story import story
from reports.table import seed_range
from reports.words import NOT_EXERCISED, count, plural, printable

if TYPE_CHECKING:
    from junitparser import TestCase, TestSuite


def junit_xml(results: Sequence[RunResult], *, errors: Sequence[tuple[str, str]] = ()) -> bytes:
    """Return the document; `errors` are (name, text) of what could not be run at all."""
    from junitparser import Error, JUnitXml, TestCase, TestSuite

    document: Any = JUnitXml("bulkhead")
    groups: dict[tuple[str, str, str], list[RunResult]] = {}
    for result in results:
        groups.setdefault((result.scenario, result.variant, result.mutant), []).append(result)
    for runs in groups.values():
        document.add_testsuite(_suite(sorted(runs, key=lambda run: run.seed)))
    if errors:
        suite = TestSuite("bulkhead")
        for name, text in errors:
            case = TestCase(printable(name), classname="bulkhead", time=0.0)
            case.result = [_failing(Error, printable(text).split("\n", 1)[0], printable(text))]
            suite.add_testcase(case)
        document.add_testsuite(suite)
    document.update_statistics()
    return b"<?xml version='1.0' encoding='utf-8'?>\n" + bytes(document.tostring()) + b"\n"


def _suite(runs: Sequence[RunResult]) -> TestSuite:
    from junitparser import TestSuite

    first = runs[0]
    parts = [first.scenario, first.variant, first.mutant]
    name = " ".join(printable(part) for part in parts if part)
    suite = TestSuite(name)
    suite.add_property("seeds", seed_range([run.seed for run in runs]))
    properties = dict.fromkeys(verdict.name for run in runs for verdict in run.verdicts)
    other = dict.fromkeys(
        one.name for run in runs for one in run.expectations if one.name not in properties
    )
    cases = len(properties) + len(other) or 1
    each_s = sum(run.wall_s for run in runs) / cases
    for property_name in properties:
        suite.add_testcase(_property_case(property_name, name, runs, each_s))
    for expectation_name in other:
        suite.add_testcase(_expectation_case(expectation_name, name, runs, each_s))
    for run in runs:
        if run.status == BUG:
            suite.add_testcase(_bug_case(run, name))
    return suite


def _property_case(
    property_name: str, suite: str, runs: Sequence[RunResult], seconds: float
) -> TestCase:
    from junitparser import Failure, Skipped, TestCase

    case = TestCase(printable(property_name), classname=suite, time=round(seconds, 3))
    judged = [
        (run, verdict) for run in runs for verdict in run.verdicts if verdict.name == property_name
    ]
    failing = [(run, verdict) for run, verdict in judged if run.unmet(verdict)]
    if failing:
        run, verdict = failing[0]
        message = _message(run, verdict)
        text = _story(run, verdict)
        if len(failing) > 1:
            text = f"{plural(len(failing), 'run')} of {count(len(judged))} failed.\n{text}"
        case.result = [_failing(Failure, message, text)]
    elif all(run.undecided(verdict) for run, verdict in judged):
        case.result = [Skipped("a limit stopped every run before a verdict")]
    elif all(verdict.word == NOT_EXERCISED for _, verdict in judged):
        case.result = [Skipped("its premise happened in no run")]
    return case


def _expectation_case(name: str, suite: str, runs: Sequence[RunResult], seconds: float) -> TestCase:
    from junitparser import Failure, TestCase

    case = TestCase(printable(name), classname=suite, time=round(seconds, 3))
    for run in runs:
        one = run.expectation(name)
        if one is not None and not one.met and one.actual != UNDECIDED:
            message = printable(f"expected {one.expected}, found {one.actual} (seed {run.seed})")
            text = f"{message}\nReproduce: {printable(run.replay)}\n"
            case.result = [_failing(Failure, message, text)]
            break
    return case


def _bug_case(run: RunResult, suite: str) -> TestCase:
    from junitparser import Error, TestCase

    case = TestCase(f"seed {run.seed}", classname=suite, time=round(run.wall_s, 3))
    message = "Bulkhead itself failed"
    case.result = [_failing(Error, message, f"{message}.\nReproduce: {printable(run.replay)}")]
    return case


def _message(run: RunResult, verdict: VerdictResult) -> str:
    expectation = run.expectation(verdict.name)
    expected = f", expected {expectation.expected}" if expectation else ""
    told = verdict.sentence if not verdict.holds else ""
    return printable(f"{verdict.word}{expected} (seed {run.seed}) {told}").strip()


def _story(run: RunResult, verdict: VerdictResult) -> str:
    if not verdict.holds:
        return story(verdict, reproduce=run.replay)
    return f"{_message(run, verdict)}\nReproduce: {printable(run.replay)}\n"


def _failing(kind: type[Any], message: str, text: str) -> Any:
    made = kind(message, kind.__name__.lower())
    made.text = text.rstrip()
    return made
