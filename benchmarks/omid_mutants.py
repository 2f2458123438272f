"""Put every mutant of Omid to the test, and say who caught it, in how many runs and seconds.

    python benchmarks/omid_mutants.py [--json] [--seeds N] [--mutants A,B] [--workers N] [--out DIR]

A mutant runs in the shipped scenarios of its own, and then in the families of its variants (the
scenarios whose faults a seed draws), seed by seed up to N, until one catches it. A benign mutant
runs in all of them. The variants run in the same families without a mutant first: what they
violate themselves (the Apache code has hazards) convicts no mutant at that seed.

Seconds are processor time. Exit 1 when a mutant is not caught, a benign one is flagged, or a family
that expects no violation has one without a mutant. With --out the matrix of properties is written
as Markdown, JSON and SVG.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

from mutants.matrix import write_matrix
from mutants.rows import Catch, Row, Run, grid, own_scenario

from reports.grid import coloured, plain
from scenarios.library import shipped
from scenarios.load import Source, load
from scenarios.resolve import resolve
from scenarios.run import run
from sim.omid.mutants import MUTANTS

SEEDS = 100
CHUNK = 10
"""Seeds of a family that one process runs without a mutant before it takes other work."""

Baseline = Mapping[tuple[str, int], frozenset[str]]
"""What a family violates without a mutant, by name and seed."""


@cache
def scenario(name: str) -> Source:
    """Return a shipped scenario."""
    return load(shipped()[name].path, name=name)


@cache
def families() -> dict[str, list[str]]:
    """Return the families of every variant."""
    found: dict[str, list[str]] = {}
    for name in shipped():
        stated = scenario(name).scenario
        if stated.nemesis and stated.mutant is None:
            found.setdefault(stated.variant, []).append(name)
    return found


def perform(name: str, mutant: str | None, seed: int | None = None) -> Run:
    """Make one run."""
    started = time.process_time()
    source = scenario(name)
    if mutant is None or source.scenario.mutant == mutant:
        finished = run(resolve(source, seed=seed))
    else:
        finished = run(resolve(source, seed=seed, mutant=mutant))
    assert finished.judgement is not None, f"{name}, {mutant}, seed {seed}: {finished.bug}"
    return Run(
        scenario=name,
        seed=finished.record.seed,
        premises={each.property: each.premise for each in finished.judgement.verdicts},
        violated=finished.record.violated,
        as_expected=not finished.record.unmet,
        seconds=time.process_time() - started,
    )


def unmutated(task: tuple[str, Sequence[int]]) -> list[Run]:
    """Run some seeds of a family as it is."""
    name, seeds = task
    return [perform(name, None, seed) for seed in seeds]


def examine(name: str, *, seeds: int, baseline: Baseline) -> Row:
    """Put one mutant to the test."""
    mutant = MUTANTS[name]
    own = [each for each in shipped() if scenario(each).scenario.mutant == name]
    own.sort(key=lambda each: each != own_scenario(name))
    runs, by_scenario, by_sweep = [], None, None
    for each in own:
        runs.append(perform(each, name))
        caught = runs[-1].as_expected and mutant.property in runs[-1].violated
        if by_scenario is None and (caught or (mutant.benign and runs[-1].violated)):
            by_scenario = Catch.after(runs, runs[-1].violated)
    swept: list[Run] = []
    for seed, family in (
        (seed, family)
        for seed in range(seeds)
        for variant in mutant.variants
        for family in families().get(variant, ())
    ):
        if by_sweep is None or mutant.benign:
            swept.append(perform(family, name, seed))
            blamed = tuple(p for p in swept[-1].violated if p not in baseline[family, seed])
            if blamed and by_sweep is None:
                by_sweep = Catch.after(swept, blamed)
    return Row(name=name, by_scenario=by_scenario, by_sweep=by_sweep, runs=(*runs, *swept))


def measure(names: Sequence[str], *, seeds: int, workers: int) -> tuple[list[Run], list[Row]]:
    """Run the families as they are, then every mutant; return both in a fixed order."""
    variants = dict.fromkeys(v for name in names for v in MUTANTS[name].variants)
    chunks = [
        (family, range(first, min(first + CHUNK, seeds)))
        for variant in variants
        for family in families().get(variant, ())
        for first in range(0, seeds, CHUNK)
    ]
    with ProcessPoolExecutor(workers) as pool:
        plain_runs = [each for chunk in pool.map(unmutated, chunks) for each in chunk]
        baseline = {(each.scenario, each.seed): frozenset(each.violated) for each in plain_runs}
        rows = list(pool.map(partial(examine, seeds=seeds, baseline=baseline), names))
    return plain_runs, rows


def faults_of(plain_runs: Sequence[Run], rows: Sequence[Row]) -> list[str]:
    """Return what is wrong, one line each: nothing, as it should be."""
    wrong = [f"{row.name} was not caught" for row in rows if not (row.benign or row.caught)]
    wrong += [f"{row.name} is benign and was flagged" for row in rows if row.benign and row.caught]
    for each in plain_runs:
        excused = "violated" in scenario(each.scenario).scenario.expect.properties.values()
        if each.violated and not excused:
            wrong.append(f"{each.scenario} violates a property without a mutant, seed {each.seed}")
    return wrong


def figures(plain_runs: Sequence[Run], rows: Sequence[Row], seconds: float) -> dict[str, Any]:
    """Return everything as one document."""
    harmful = [row for row in rows if not row.benign]
    benign = [row for row in rows if row.benign]
    runs = [*plain_runs, *(each for row in rows for each in row.runs)]
    return {
        "mutants": len(rows),
        "caught": sum(row.caught for row in harmful),
        "caught_by_scenario": sum(row.by_scenario is not None for row in harmful),
        "caught_by_sweep": sum(row.by_sweep is not None for row in harmful),
        "harmful": len(harmful),
        "benign": len(benign),
        "benign_flagged": sum(row.caught for row in benign),
        "runs": len(runs),
        "seconds": round(seconds, 1),
        "processor_seconds": round(sum(each.seconds for each in runs), 1),
        "families": {
            family: {
                "runs": len(mine),
                "violating": sum(bool(each.violated) for each in mine),
            }
            for family, mine in _by_scenario(plain_runs).items()
        },
        "table": [row.document() for row in rows],
        "wrong": faults_of(plain_runs, rows),
        "machine": f"{platform.system()} {platform.machine()}",
        "versions": {"python": platform.python_version()},
    }


def _by_scenario(runs: Sequence[Run]) -> dict[str, list[Run]]:
    groups: dict[str, list[Run]] = {}
    for each in runs:
        groups.setdefault(each.scenario, []).append(each)
    return groups


def show(told: Mapping[str, Any], rows: Sequence[Row]) -> str:
    """Return the table and its summary for a terminal."""
    table = grid(rows)
    text, width = plain(table), shutil.get_terminal_size().columns
    if sys.stdout.isatty() and max(map(len, text.splitlines())) > width:
        text = coloured(table, width=width)
    lines = [
        f"{told['caught']} of {told['harmful']} mutants caught:",
        f"  {told['caught_by_scenario']} by a scenario of their own,",
        f"  {told['caught_by_sweep']} by a seed of a family",
        f"{told['benign_flagged']} of {told['benign']} benign mutants flagged",
        *(
            f"{family} without a mutant: {each['violating']} of {each['runs']} runs violate"
            for family, each in told["families"].items()
        ),
        f"{told['runs']} runs in {told['seconds']} s, {told['processor_seconds']} s of work",
        *(f"WRONG: {line}" for line in told["wrong"]),
    ]
    return "\n".join([text, *lines]) + "\n"


def main() -> int:
    """Print the table, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="seeds of each family at most")
    parser.add_argument("--mutants", default=",".join(MUTANTS), help="names, with commas")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, help="folder for mutants.md, .json and .svg")
    options = parser.parse_args()
    names = options.mutants.split(",")
    if unknown := [name for name in names if name not in MUTANTS]:
        parser.error(f'unknown mutant "{unknown[0]}"; `bulkhead scenarios` lists them')
    started = time.perf_counter()
    plain_runs, rows = measure(names, seeds=options.seeds, workers=options.workers)
    told = figures(plain_runs, rows, time.perf_counter() - started)
    sys.stdout.write(json.dumps(told, indent=2) + "\n" if options.json else show(told, rows))
    if options.out:
        write_matrix(options.out, plain_runs, rows, told["seconds"])
    return 1 if told["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
