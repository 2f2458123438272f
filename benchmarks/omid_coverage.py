"""Run every variant under every trace, every YCSB mix and the mixes of 2018, with a failover.

    python benchmarks/omid_coverage.py [--json] [--workers N] [--seed N] [--transactions N]
                                      [--workload TEXT] [--variant NAME]

Traces and YCSB mixes come as the shipped scenarios that run one have them, with their faults;
where the data is absent their built-in workload runs, and the table says so. A violation is known
when a shipped scenario shows that the variant has it without a mutant; every other one makes the
exit code 1.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from reports.grid import Grid, plain
from scenarios.library import shipped
from scenarios.load import Source, load, parse
from scenarios.resolve import resolve
from scenarios.run import run
from scenarios.schema.expect import Expect
from scenarios.version import version
from sim.omid.variants import VARIANTS

MIXES_2018 = {
    "vldb18-random": 'mix = "random"',
    "vldb18-brwc": 'mix = "brwc"',
    "vldb18-size-1": 'mix = "random"\nsize = 1',
    "vldb18-size-5": 'mix = "random"\nsize = 5',
    "vldb18-size-10": 'mix = "random"\nsize = 10',
    "vldb18-single-read": 'mix = "single_read"',
    "vldb18-single-write": 'mix = "single_write"',
    "vldb18-single-brwc": 'mix = "single_brwc"',
}
SCENARIO_2018 = """
title = "The workload of 2018, with a failover"
system = "omid"
topology = {{ clients = 16 }}
omid = {{ lease = "200ms", batch_timeout = "1ms" }}

[workload]
kind = "vldb18"
transactions = 600
keys = 2000
{mix}

[[faults]]
kind = "crash"
node = "tm.1"
start = "60ms"
"""


@dataclass(frozen=True, slots=True)
class Task:
    """One run: a variant under a workload."""

    workload: str
    variant: str
    seed: int
    transactions: int | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """What one run came to."""

    workload: str
    variant: str
    outcome: str
    violated: tuple[str, ...]
    unexpected: tuple[str, ...]
    exercised: int
    transactions: int
    committed: int
    aborted: int
    failovers: int
    recorded: bool
    seconds: float


def workloads() -> list[str]:
    """Return the scenarios that run a trace, and the mixes of 2018."""
    scenarios = {name: load(entry.path).scenario for name, entry in shipped().items()}
    traces = [
        name
        for name, scenario in scenarios.items()
        if scenario.workload.kind == "trace"
        and (scenario.variant, scenario.mutant) == ("omid", None)
    ]
    return [*traces, *MIXES_2018]


def source_of(workload: str) -> Source:
    """Return the scenario of a workload."""
    if workload in MIXES_2018:
        text = SCENARIO_2018.format(mix=MIXES_2018[workload])
        return parse(text.encode(), name=workload, folder=Path())
    return load(shipped()[workload].path, name=workload)


def known_violations() -> dict[str, set[str]]:
    """Return what shipped scenarios show to be violated in each variant without a mutant."""
    known: dict[str, set[str]] = {name: set() for name in VARIANTS}
    for entry in shipped().values():
        scenario = load(entry.path).scenario
        if scenario.mutant is None and scenario.variant != "omid":
            properties = scenario.expect.properties
            known[scenario.variant] |= {k for k, v in properties.items() if v == "violated"}
    return known


def perform(task: Task) -> Cell:
    """Make one run."""
    started = time.perf_counter()
    source = source_of(task.workload)
    update = {"transactions": task.transactions} if task.transactions is not None else {}
    scenario = source.scenario.model_copy(
        update={
            "variant": task.variant,
            "expect": Expect(),
            "workload": source.scenario.workload.model_copy(update=update),
        }
    )
    whole = Source(scenario=scenario, name=source.name, folder=source.folder)
    finished = run(resolve(whole, seed=task.seed))
    assert not finished.bug, f"{task}: {finished.bug}"
    record = finished.record
    return Cell(
        workload=task.workload,
        variant=task.variant,
        outcome=record.outcome,
        violated=record.violated,
        unexpected=record.violated,
        exercised=sum(bool(row["premise"]) for row in record.verdicts),
        transactions=record.workload["transactions"],
        committed=record.metrics["committed"],
        aborted=record.metrics["aborted"],
        failovers=record.metrics["failovers"],
        recorded=finished.resolved.scenario.workload.kind in ("trace", "vldb18"),
        seconds=round(time.perf_counter() - started, 3),
    )


def measure(options: argparse.Namespace) -> list[Cell]:
    """Make every run, and set known violations aside."""
    known = known_violations()
    tasks = [
        Task(name, variant, options.seed, options.transactions)
        for name in workloads()
        for variant in VARIANTS
        if options.workload in name and options.variant in ("", variant)
    ]
    with ProcessPoolExecutor(options.workers) as pool:
        done = list(pool.map(perform, tasks, chunksize=4))
    return [
        Cell(
            **{
                **asdict(cell),
                "violated": cell.violated,
                "unexpected": tuple(p for p in cell.violated if p not in known[cell.variant]),
            }
        )
        for cell in done
    ]


def grid_of(cells: list[Cell]) -> Grid:
    """Return one row a workload, one column a variant."""
    rows: dict[str, dict[str, Cell]] = {}
    for cell in cells:
        rows.setdefault(cell.workload, {})[cell.variant] = cell
    variants = [name for name in VARIANTS if any(name in row for row in rows.values())]
    return Grid(
        heads=("workload", "data", "transactions", *variants),
        rows=tuple(
            (
                name,
                "as named" if next(iter(row.values())).recorded else "absent",
                str(next(iter(row.values())).transactions),
                *(word(row[variant]) if variant in row else "" for variant in variants),
            )
            for name, row in rows.items()
        ),
        right=frozenset({2}),
    )


def word(cell: Cell) -> str:
    """Say what a run came to: committed transactions and seconds, or what is violated."""
    done = f"{cell.committed}, {cell.seconds:.2f} s"
    if cell.unexpected:
        return f"UNEXPECTED {' '.join(cell.unexpected)}, {done}"
    if cell.violated:
        return f"known {' '.join(cell.violated)}, {done}"
    return f"{cell.outcome} {done}"


def main() -> int:
    """Print the table; exit 1 on an unexpected violation or a run without a verdict."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--transactions", type=int, help="of each workload; 0 is all of a trace")
    parser.add_argument("--workload", default="", help="those with this text in their names")
    parser.add_argument("--variant", default="", help="this one alone")
    options = parser.parse_args()
    started = time.perf_counter()
    cells = measure(options)
    seconds = round(time.perf_counter() - started, 2)
    sums = {
        "runs": len(cells),
        "transactions": sum(cell.transactions for cell in cells),
        "violations_known": sum(bool(cell.violated and not cell.unexpected) for cell in cells),
        "violations_unexpected": sum(bool(cell.unexpected) for cell in cells),
        "undecided": sum(cell.outcome == "undecided" for cell in cells),
        "seconds": seconds,
    }
    if options.json:
        about = {
            "machine": platform.platform(),
            "versions": {
                "bulkhead": version(),
                "python": platform.python_version(),
                "numpy": np.__version__,
            },
        }
        print(json.dumps({**sums, **about, "cells": [asdict(cell) for cell in cells]}, indent=1))
    else:
        print(plain(grid_of(cells)))
        print(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in sums.items()))
    return 1 if sums["violations_unexpected"] or sums["undecided"] or not cells else 0


if __name__ == "__main__":
    sys.exit(main())
