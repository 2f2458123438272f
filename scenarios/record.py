"""What one run came to: the record that travels between processes and into `result.json`.

Its document has exactly the keys that other programs rely on; keys may be added, never renamed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Final, Self

from scenarios.exits import Exit

HOLDS: Final = "holds"
VIOLATED: Final = "violated"
UNDECIDED: Final = "undecided"
BUG: Final = "bug"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One thing that was expected of a run, what came, and whether that will do."""

    name: str
    expected: str
    actual: str
    met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The result of one run; `outcome` is one of holds, violated, undecided and bug."""

    scenario: str
    system: str
    variant: str
    mutant: str | None
    attack: str | None = None
    outcome: str
    seed: int
    digest: str | None = None
    trace_digest: str | None = None
    workload: Mapping[str, Any] = field(default_factory=dict)
    verdicts: tuple[dict[str, Any], ...] = ()
    expectations: tuple[Expectation, ...] = ()
    marks: Mapping[str, int]
    metrics: Mapping[str, int]
    simulated_s: float = 0.0
    wall_s: float = 0.0
    artifacts: tuple[str, ...] = ()
    replay: str = ""

    @property
    def exit(self) -> Exit:
        """Return the exit code that this run alone would give."""
        if self.outcome == BUG:
            return Exit.BUG
        if any(not expectation.met for expectation in self.decided):
            return Exit.UNMET
        return Exit.UNDECIDED if self.outcome == UNDECIDED else Exit.MET

    @property
    def decided(self) -> tuple[Expectation, ...]:
        """Return the expectations that the run went far enough to judge."""
        return tuple(each for each in self.expectations if each.actual != UNDECIDED)

    @property
    def violated(self) -> tuple[str, ...]:
        """Return the properties that do not hold."""
        return tuple(row["property"] for row in self.verdicts if not row["holds"])

    @property
    def unmet(self) -> tuple[str, ...]:
        """Return the names of the expectations that are not met."""
        return tuple(each.name for each in self.decided if not each.met)

    def document(self) -> dict[str, Any]:
        """Return the record as JSON has it."""
        document = {each.name: getattr(self, each.name) for each in fields(self)}
        document["expectations"] = [asdict(each) for each in self.expectations]
        for name in ("verdicts", "artifacts"):
            document[name] = list(document[name])
        for name in ("marks", "metrics", "workload"):
            document[name] = dict(document[name])
        return document

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Return the record that a document describes."""
        stated = {each.name: document[each.name] for each in fields(cls)}
        stated["expectations"] = tuple(Expectation(**each) for each in document["expectations"])
        for name in ("verdicts", "artifacts"):
            stated[name] = tuple(stated[name])
        return cls(**stated)

    def with_replay(self, command: str) -> Self:
        """Return the record with the command that repeats it."""
        return replace(self, replay=command)
