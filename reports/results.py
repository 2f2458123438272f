"""What one run came to, as plain data: the input of tables, summaries and test reports.

`RunResult.of` reads it from a run's result document (`result.json`, or one element of `runs`);
keys that a document lacks are unknown, not an error, so that reports of older results stay
possible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from reports.words import verdict_word

AS_EXPECTED: Final = "as expected"
UNEXPECTED: Final = "unexpected"
UNDECIDED: Final = "undecided"
BUG: Final = "bug"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictResult:
    """The verdict of one property; `premise` is `None` when the document does not tell it."""

    name: str
    holds: bool
    premise: int | None = None
    sentence: str = ""
    lines: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """Return "holds", "violated", or "not exercised"."""
        return verdict_word(holds=self.holds, premise=self.premise)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectationResult:
    """What a scenario expected of one thing, and what came."""

    name: str
    expected: str
    actual: str
    met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadResult:
    """What the clients wanted to do, and by what rule a recording became that."""

    name: str
    source: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """One run."""

    scenario: str
    system: str
    variant: str
    mutant: str = ""
    seed: int
    digest: str
    simulated_s: float
    wall_s: float
    outcome: str = ""
    verdicts: tuple[VerdictResult, ...] = ()
    expectations: tuple[ExpectationResult, ...] = ()
    marks: Mapping[str, int]
    metrics: Mapping[str, int | float]
    workload: WorkloadResult | None = None
    replay: str = ""
    folder: str = ""

    @classmethod
    def of(cls, document: Mapping[str, Any], *, folder: str = "") -> Self:
        """Return the run that a result document describes."""
        return cls(
            scenario=str(document.get("scenario") or ""),
            system=str(document.get("system") or ""),
            variant=str(document.get("variant") or ""),
            mutant=str(document.get("mutant") or ""),
            seed=int(document.get("seed") or 0),
            digest=str(document.get("digest") or ""),
            simulated_s=float(document.get("simulated_s") or 0.0),
            wall_s=float(document.get("wall_s") or 0.0),
            outcome=str(document.get("outcome") or ""),
            verdicts=tuple(_verdict(row) for row in document.get("verdicts") or ()),
            expectations=tuple(_expectation(row) for row in document.get("expectations") or ()),
            marks=dict(document.get("marks") or {}),
            metrics=dict(document.get("metrics") or {}),
            workload=_workload(document.get("workload") or {}),
            replay=str(document.get("replay") or ""),
            folder=folder,
        )

    @property
    def status(self) -> str:
        """Return "as expected", "unexpected", "undecided" (a limit stopped it) or "bug" (ours)."""
        if self.outcome == BUG:
            return BUG
        decided = [one for one in self.expectations if one.actual != UNDECIDED]
        fine = all(one.met for one in decided)
        if not self.expectations:
            fine = all(verdict.holds for verdict in self.verdicts)
        if not fine:
            return UNEXPECTED
        return UNDECIDED if self.outcome == UNDECIDED else AS_EXPECTED

    @property
    def met(self) -> bool:
        """Tell whether the run came to its end and every expectation is met."""
        return self.status == AS_EXPECTED

    @property
    def violated(self) -> tuple[VerdictResult, ...]:
        """Return the verdicts of the properties that do not hold."""
        return tuple(verdict for verdict in self.verdicts if not verdict.holds)

    def expectation(self, name: str) -> ExpectationResult | None:
        """Return what was expected of a property, if the document says."""
        for expectation in self.expectations:
            if expectation.name == name:
                return expectation
        return None

    def unmet(self, verdict: VerdictResult) -> bool:
        """Tell whether a verdict is not what was expected: by default, that it holds."""
        expectation = self.expectation(verdict.name)
        if expectation is None:
            return not verdict.holds
        return not expectation.met and expectation.actual != UNDECIDED

    def undecided(self, verdict: VerdictResult) -> bool:
        """Tell whether a limit stopped the run before this verdict was final."""
        expectation = self.expectation(verdict.name)
        return expectation is not None and expectation.actual == UNDECIDED


def _workload(row: Mapping[str, Any]) -> WorkloadResult | None:
    if not row.get("name"):
        return None
    return WorkloadResult(
        name=str(row["name"]),
        source=str(row.get("source") or ""),
        notes=tuple(str(note) for note in row.get("notes") or ()),
    )


def _verdict(row: Mapping[str, Any]) -> VerdictResult:
    evidence = row.get("evidence") or {}
    premise = row.get("premise")
    return VerdictResult(
        name=str(row["property"]),
        holds=bool(row["holds"]),
        premise=None if premise is None else int(premise),
        sentence=str(evidence.get("sentence") or ""),
        lines=tuple(str(line) for line in evidence.get("lines") or ()),
    )


def _expectation(row: Mapping[str, Any]) -> ExpectationResult:
    return ExpectationResult(
        name=str(row["name"]),
        expected=str(row["expected"]),
        actual=str(row["actual"]),
        met=bool(row["met"]),
    )
