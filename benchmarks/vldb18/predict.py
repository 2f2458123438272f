"""Predictions: every run with every seed, and what that says for each published point."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from reports.intervals import Interval, interval
from vldb18.cells import Effort, Sample, run_once
from vldb18.costs import Costs
from vldb18.published import NEGLIGIBLE_MS, Cell, Point, Run

Task = tuple[Costs, Run, int, Effort]
Samples = Mapping[Run, Sequence[Mapping[str, Sample]]]
"""For each run one entry a seed, by kind of transaction."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """A published point and what the simulator says."""

    point: Point
    predicted: Interval

    @property
    def error(self) -> float:
        """How far off, as a share of what was published, with its sign."""
        return self.predicted.mean / self.point.published - 1

    @property
    def met(self) -> bool:
        """Whether a point without a percentage is met: nothing where next to nothing was seen."""
        return self.predicted.mean < NEGLIGIBLE_MS


class Runner:
    """Makes runs in several processes; results do not depend on how many."""

    def __init__(self, workers: int) -> None:
        self._pool = ProcessPoolExecutor(workers) if workers > 1 else None

    def make(self, tasks: Sequence[Task]) -> list[dict[str, Sample]]:
        """Return what each task gives, in the order of the tasks."""
        if self._pool is None:
            return [_make(task) for task in tasks]
        return list(self._pool.map(_make, tasks))

    def close(self) -> None:
        """Let the processes go."""
        if self._pool is not None:
            self._pool.shutdown()


def _make(task: Task) -> dict[str, Sample]:
    costs, run, seed, effort = task
    return run_once(costs, run, seed=seed, effort=effort)


def runs_of(points: Iterable[Point]) -> list[Run]:
    """Return the runs that the points need, each once, the dearest first."""
    wanted = {cell.run for point in points for cell in point.needs}
    return sorted(wanted, key=lambda run: (run.load, run.protocol, run.mix))


def make_runs(
    runner: Runner, costs: Costs, runs: Sequence[Run], *, seeds: int, effort: Effort
) -> Samples:
    """Make runs with seeds 1 to `seeds`."""
    tasks = [(costs, run, seed, effort) for run in runs for seed in range(1, seeds + 1)]
    done = runner.make(tasks)
    return {run: done[place * seeds : (place + 1) * seeds] for place, run in enumerate(runs)}


def predict(points: Iterable[Point], samples: Samples) -> list[Prediction]:
    """Return a prediction for every point whose runs were made."""
    return [
        Prediction(point, interval(_values(point, samples)))
        for point in points
        if all(cell.run in samples for cell in point.needs)
    ]


def _values(point: Point, samples: Samples) -> list[float]:
    if point.quantity == "ratio":
        slow, fast = (seen(cell, "total", samples) for cell in point.needs)
        return [before / after for before, after in zip(slow, fast, strict=True)]
    return seen(point.cell, point.quantity, samples)


def seen(cell: Cell, quantity: str, samples: Samples) -> list[float]:
    """Return a quantity of a cell by seed; infinity where nothing of the kind came to an end.

    That is saturation, which a run that ends shows so.
    """
    return [
        getattr(each[cell.transaction], quantity) if cell.transaction in each else math.inf
        for each in samples[cell.run]
    ]


def mape(predictions: Iterable[Prediction], *, fitted: bool = False) -> float:
    """Return the mean absolute error in percent over held-out (or fitted) points."""
    errors = [
        abs(each.error)
        for each in predictions
        if each.point.comparable and each.point.fitted == fitted
    ]
    return 100 * sum(errors) / len(errors) if errors else float("nan")
