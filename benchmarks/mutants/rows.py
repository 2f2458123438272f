"""The rows of `omid_mutants.py`: what became of each mutant, in words and in JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from reports.grid import Grid
from sim.omid.mutants import MUTANTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run showed, and the processor time that it took."""

    scenario: str
    seed: int
    premises: Mapping[str, int]
    """How often each property was put to the test."""
    violated: tuple[str, ...]
    as_expected: bool
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Catch:
    """The first run that showed a mutant at fault, and what had been spent by then."""

    scenario: str
    seed: int
    properties: tuple[str, ...]
    runs: int
    seconds: float

    @classmethod
    def after(cls, runs: Sequence[Run], properties: tuple[str, ...]) -> Self:
        """Return the catch of the last of some runs."""
        return cls(
            scenario=runs[-1].scenario,
            seed=runs[-1].seed,
            properties=properties,
            runs=len(runs),
            seconds=round(sum(each.seconds for each in runs), 3),
        )

    def document(self) -> dict[str, Any]:
        """Return the catch as JSON has it."""
        return {
            "scenario": self.scenario,
            "seed": self.seed,
            "properties": list(self.properties),
            "runs": self.runs,
            "seconds": self.seconds,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One mutant and all of its runs."""

    name: str
    by_scenario: Catch | None
    by_sweep: Catch | None
    runs: tuple[Run, ...]

    @property
    def benign(self) -> bool:
        """Say whether nobody may catch it."""
        return MUTANTS[self.name].benign

    @property
    def caught(self) -> bool:
        """Say whether somebody did."""
        return self.by_scenario is not None or self.by_sweep is not None

    @property
    def seconds(self) -> float:
        """Return the processor time of all its runs."""
        return round(sum(each.seconds for each in self.runs), 3)

    def document(self) -> dict[str, Any]:
        """Return the row as JSON has it."""
        mutant = MUTANTS[self.name]
        return {
            "number": mutant.number,
            "also": list(mutant.also),
            "mutant": mutant.name,
            "mechanism": mutant.mechanism,
            "property": mutant.property or None,
            "variants": list(mutant.variants),
            "benign": mutant.benign,
            "caught": self.caught,
            "scenario": self.by_scenario and self.by_scenario.document(),
            "sweep": self.by_sweep and self.by_sweep.document(),
            "runs": len(self.runs),
            "seconds": self.seconds,
        }


HEADS = (
    *("no", "mutant", "mechanism", "property", "variant"),
    *("caught by scenario", "s", "caught by seed", "runs", "s", "all runs", "s"),
)
NUMBERS = frozenset({0, 6, 8, 9, 10, 11})


def grid(rows: Sequence[Row]) -> Grid:
    """Return the table of all mutants."""
    return Grid(heads=HEADS, rows=tuple(_cells(row) for row in rows), right=NUMBERS)


def _cells(row: Row) -> tuple[str, ...]:
    mutant = MUTANTS[row.name]
    own, sweep = row.by_scenario, row.by_sweep
    return (
        ", ".join(str(number) for number in (mutant.number, *mutant.also)),
        mutant.name,
        mutant.mechanism,
        mutant.property or "benign",
        _variants(mutant.variants),
        _short(own.scenario, mutant.name) if own else "no",
        f"{own.seconds:.2f}" if own else "",
        f"{sweep.scenario.removeprefix('omid/')} {sweep.seed}" if sweep else "no",
        str(sweep.runs) if sweep else "",
        f"{sweep.seconds:.1f}" if sweep else "",
        str(len(row.runs)),
        f"{row.seconds:.1f}",
    )


def _variants(names: Sequence[str]) -> str:
    """Return the first variant and how many more there are; JSON names them all."""
    return names[0] if len(names) == 1 else f"{names[0]} +{len(names) - 1}"


def own_scenario(mutant: str) -> str:
    """Return the name of the scenario that is called after a mutant."""
    return f"omid/mutant-{mutant.replace('_', '-')}"


def _short(name: str, mutant: str) -> str:
    return "its own" if name == own_scenario(mutant) else name.removeprefix("omid/")
