"""Put every mutant through every shipped scenario and a short seed sweep, and say who caught it.

    python benchmarks/omid_mutants.py [--json] [--seeds N] [--out DIR]

Each mutant runs in its own scenario; one of the reference configuration also in every scenario of
that, and in the first N seeds of the family `omid/pauses`. The reference runs in all of them too,
and no property may be violated there. With --out the matrix is written as Markdown, JSON and SVG.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from reports.matrix import NO_MUTANT, Cell, Matrix, matrix_json, matrix_markdown
from reports.words import HOLDS, NOT_EXERCISED, VIOLATED
from scenarios.library import shipped
from scenarios.load import load
from scenarios.resolve import resolve
from scenarios.run import run
from sim.omid.mutants import MUTANTS
from sim.omid.variant import PROPERTIES

FAMILY = "omid/pauses"
EXPECTS_ITS_OWN = ("omid/clock-drift-beyond-bound",)
WORKLOADS = ("omid/trace-", "omid/ycsb-")
"""Scenarios that differ in their workloads alone: `omid_coverage.py` runs them."""


@dataclass(frozen=True, slots=True)
class Task:
    """One run: a mutant, or none, in a scenario with a seed, or with the scenario's own."""

    mutant: str
    scenario: str
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What one run showed: the premise and the verdict of every property."""

    task: Task
    verdicts: dict[str, tuple[bool, int]]
    seconds: float


def perform(task: Task) -> Done:
    """Make one run."""
    started = time.process_time()
    mutant = None if task.mutant == NO_MUTANT else task.mutant
    path = shipped()[task.scenario].path
    finished = run(resolve(load(path, name=task.scenario), seed=task.seed, mutant=mutant))
    assert finished.judgement is not None, f"{task} came to no verdict: {finished.bug}"
    verdicts = {v.property: (v.holds, v.premise) for v in finished.judgement.verdicts}
    return Done(task, verdicts, time.process_time() - started)


def plan(seeds: int) -> list[Task]:
    """Return every run, mutants in order of their numbers, the reference first."""
    sources = {name: load(entry.path).scenario for name, entry in shipped().items()}
    reference = [
        name
        for name, scenario in sources.items()
        if scenario.mutant is None
        and scenario.variant == "omid"
        and name not in (FAMILY, *EXPECTS_ITS_OWN)
        and not name.startswith(WORKLOADS)
    ]
    mutants = sorted(MUTANTS, key=lambda name: MUTANTS[name].number)
    tasks = []
    for mutant in (NO_MUTANT, *mutants):
        own = [name for name, scenario in sources.items() if scenario.mutant == mutant]
        tasks += [Task(mutant, name) for name in own]
        if mutant == NO_MUTANT or "omid" in MUTANTS[mutant].variants:
            tasks += [Task(mutant, name) for name in reference]
            tasks += [Task(mutant, FAMILY, seed) for seed in range(seeds)]
    return tasks


def cells(done: Iterable[Done]) -> tuple[Cell, ...]:
    """Sum up the runs of each mutant in each scenario, property by property."""
    groups: dict[tuple[str, str], list[Done]] = {}
    for each in done:
        groups.setdefault((each.task.mutant, each.task.scenario), []).append(each)
    result = []
    for (mutant, scenario), runs in groups.items():
        seconds = round(sum(each.seconds for each in runs), 3)
        for name in PROPERTIES:
            judged = [each.verdicts[name] for each in runs if name in each.verdicts]
            if not judged:
                continue
            violated = sum(not holds for holds, _ in judged)
            exercised = any(premise for _, premise in judged)
            word = VIOLATED if violated else HOLDS if exercised else NOT_EXERCISED
            planted = mutant in MUTANTS and MUTANTS[mutant].property == name
            result.append(
                Cell(
                    mutant=mutant,
                    scenario=scenario,
                    property=name,
                    word=word,
                    runs=len(judged),
                    violated=violated,
                    seconds=seconds,
                    intended=planted,
                )
            )
    return tuple(result)


def overview(matrix: Matrix) -> Matrix:
    """Return the matrix with one row a mutant, over all its scenarios: small enough to see."""
    merged = []
    for mutant in matrix.mutants:
        for name in matrix.properties:
            mine = [c for c in matrix.cells if (c.mutant, c.property) == (mutant, name)]
            words = {cell.word for cell in mine}
            merged.append(
                Cell(
                    mutant=mutant,
                    scenario="all scenarios",
                    property=name,
                    word=next(w for w in (VIOLATED, HOLDS, NOT_EXERCISED) if w in words),
                    runs=sum(cell.runs for cell in mine),
                    violated=sum(cell.violated for cell in mine),
                    seconds=round(sum(cell.seconds for cell in mine), 3),
                    intended=any(cell.intended for cell in mine),
                )
            )
    return replace(matrix, cells=tuple(merged))


def measure(seeds: int) -> Matrix:
    """Make every run and return the matrix."""
    started = time.perf_counter()
    tasks = plan(seeds)
    with ProcessPoolExecutor() as pool:
        done = list(pool.map(perform, tasks, chunksize=8))
    return Matrix(
        title="Every mutant is caught, and the reference is not",
        subtitle=(
            f"{len(MUTANTS)} mutants of Omid, {len(tasks)} runs in"
            f" {time.perf_counter() - started:.0f} s; the family {FAMILY} with {seeds} seeds each."
        ),
        cells=cells(done),
        mutants=(NO_MUTANT, *sorted(MUTANTS, key=lambda name: MUTANTS[name].number)),
        properties=PROPERTIES,
        benign=tuple(name for name, mutant in MUTANTS.items() if mutant.benign),
    )


def main() -> int:
    """Print the matrix; exit 1 when a mutant escapes or the reference is caught."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--out", type=Path, help="folder for mutants.md, .json and .svg")
    options = parser.parse_args()
    matrix = measure(options.seeds)
    sys.stdout.write(matrix_json(matrix) if options.json else matrix_markdown(matrix))
    if options.out:
        from reports.matrix_picture import matrix_svg

        options.out.mkdir(parents=True, exist_ok=True)
        for suffix, text in (
            ("md", matrix_markdown(matrix)),
            ("json", matrix_json(matrix)),
            ("svg", matrix_svg(overview(matrix))),
        ):
            (options.out / f"mutants.{suffix}").write_text(text, encoding="utf-8")
    escaped = [name for name in MUTANTS if matrix.caught(name) == MUTANTS[name].benign]
    return 1 if escaped or matrix.caught(NO_MUTANT) else 0


if __name__ == "__main__":
    sys.exit(main())
