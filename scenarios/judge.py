"""From what a run recorded to verdicts, marks, and which expectations are met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scenarios import units
from scenarios.execute import Glimpse, Observer
from scenarios.record import HOLDS, UNDECIDED, VIOLATED, Expectation
from scenarios.schema.expect import Expect
from scenarios.schema.scenario import Scenario
from sim.omid.variants import VARIANTS
from sim.omid.world import Outcome
from specs.history.case import Case
from specs.history.marks import count_marks
from specs.history.properties import PROPERTIES
from specs.history.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdicts on a run, and how often it went through what makes it worth running."""

    verdicts: tuple[Verdict, ...]
    marks: Mapping[str, int]

    @property
    def violated(self) -> tuple[str, ...]:
        """Return the properties that do not hold."""
        return tuple(verdict.property for verdict in self.verdicts if not verdict.holds)


def judge(scenario: Scenario, outcome: Outcome, *, observe: Observer | None = None) -> Judgement:
    """Check every property of the variant, and those that the scenario names beside."""
    history = outcome.history
    wanted = {*VARIANTS[scenario.variant].properties, *scenario.expect.properties}
    if history.conserved is None:
        wanted.discard("bank_sum")
    case = Case(history, outcome.oracle)
    names = [name for name in PROPERTIES if name in wanted]
    verdicts: list[Verdict] = []
    for name in names:
        verdicts.append(PROPERTIES[name].check(case))
        if observe is not None:
            observe(
                Glimpse(
                    simulated_ns=outcome.simulated_ns,
                    finished=history.transactions,
                    total=history.transactions,
                    judged=len(verdicts),
                    violated=sum(not verdict.holds for verdict in verdicts),
                    properties=len(names),
                )
            )
    return Judgement(verdicts=tuple(verdicts), marks=count_marks(case))


def expectations(
    scenario: Scenario,
    judgement: Judgement,
    metrics: Mapping[str, int],
    *,
    complete: bool,
    reason: str | None = None,
) -> tuple[Expectation, ...]:
    """Compare a run with what its scenario expects.

    A run that a limit cut short decides only what it has already violated. `reason` is the
    mechanism that was found to be the reason of the violation.
    """
    expect = scenario.expect
    met = [_property(expect, verdict, complete=complete) for verdict in judgement.verdicts]
    met += [_absent(name) for name in expect.properties if not _judged(name, judgement)]
    if expect.mechanism is not None:
        actual = reason or "none"
        met.append(_expectation("mechanism", expect.mechanism, actual, complete=complete))
    for mark in expect.marks:
        count = judgement.marks[mark]
        actual = "seen" if count else "never seen"
        met.append(_expectation(f"mark {mark}", "seen", actual, complete=complete or count > 0))
    for name in expect.metrics:
        met.append(_metric(name, expect, metrics, complete=complete))
    return tuple(met)


def verdict_rows(verdicts: Sequence[Verdict]) -> tuple[dict[str, Any], ...]:
    """Return the verdicts as documents have them."""
    return tuple(_verdict_row(verdict) for verdict in verdicts)


def _property(expect: Expect, verdict: Verdict, *, complete: bool) -> Expectation:
    expected = expect.properties.get(verdict.property, HOLDS)
    actual = HOLDS if verdict.holds else VIOLATED
    decided = complete or not verdict.holds
    return _expectation(verdict.property, expected, actual, complete=decided)


def _absent(name: str) -> Expectation:
    return Expectation(name=name, expected="judged", actual="does not apply", met=False)


def _judged(name: str, judgement: Judgement) -> bool:
    return any(verdict.property == name for verdict in judgement.verdicts)


def _metric(
    name: str, expect: Expect, metrics: Mapping[str, int], *, complete: bool
) -> Expectation:
    timed = f"{name}_ns" in metrics
    value = metrics[f"{name}_ns" if timed else name]
    low, high = expect.metrics[name].limits()
    inside = (low is None or value >= low) and (high is None or value <= high)
    write = units.duration_text if timed else str
    bounds = [f"at least {write(low)}"] if low is not None else []
    bounds += [f"at most {write(high)}"] if high is not None else []
    # A duration that was never measured is -1 ns.
    never = timed and value < 0
    return Expectation(
        name=name,
        expected=" and ".join(bounds) or "any",
        actual=UNDECIDED if not complete else "never measured" if never else write(value),
        met=complete and inside and not never,
    )


def _expectation(name: str, expected: str, actual: str, *, complete: bool) -> Expectation:
    if not complete:
        return Expectation(name=name, expected=expected, actual=UNDECIDED, met=False)
    return Expectation(name=name, expected=expected, actual=actual, met=expected == actual)


def _verdict_row(verdict: Verdict) -> dict[str, Any]:
    evidence = verdict.evidence
    told = None
    if evidence is not None:
        told = {
            "sentence": evidence.sentence,
            "lines": list(evidence.lines),
            "transactions": list(evidence.transactions),
            "keys": list(evidence.keys),
            "timestamps": list(evidence.timestamps),
            "events": list(evidence.events),
        }
    return {
        "property": verdict.property,
        "holds": verdict.holds,
        "premise": verdict.premise,
        "evidence": told,
    }
