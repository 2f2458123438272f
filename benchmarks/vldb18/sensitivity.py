"""Which cost decides what: every primitive 20 % less and 20 % more, chance unchanged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from vldb18.cells import Effort
from vldb18.costs import Costs
from vldb18.predict import Runner, Samples, make_runs, mape, predict, seen
from vldb18.published import LOW, PROTOCOLS, Cell, Point, Run

OUTPUTS: Final = (
    Cell("omid", "size_1", 31.62),
    Cell("omid", "size_1", 158.14),
    Cell("omid", "size_1", 229.04),
    Cell("omid-ll", "size_1", LOW),
    Cell("omid-fp", "size_1", LOW),
    Cell("percolator", "size_1", LOW),
    Cell("omid-ll", "size_10", LOW),
    Cell("omid-fp", "size_10", LOW),
    Cell("percolator", "size_10", LOW),
)
"""What the table shows, as total latency."""

_LOADS: Final = (31.62, LOW, 158.14, 229.04)
_PIPELINE: Final = ("table_batch", "table_row", "writers", "batch_limit", "batch_timeout")
"""Only `omid` has a pipeline, so only it is run again for these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one primitive does at another value."""

    primitive: str
    value: float
    unit: str
    mape: float
    """Mean absolute error over the held-out latencies that the reduced runs show, in percent."""
    outputs: tuple[float, ...]
    """The latencies of `OUTPUTS` in milliseconds."""


def reduced(protocols: Iterable[str]) -> list[Run]:
    """Return the runs that the table stands on."""
    names = list(protocols)
    runs = [Run("omid", "random", load) for load in _LOADS]
    for name in names:
        if name != "omid":
            runs += [Run(name, "random", load) for load in (LOW, 561.57)]
    return runs + [Run(name, "brwc", LOW) for name in names]


def sensitivity(
    costs: Costs, points: Sequence[Point], runner: Runner, *, seeds: int, effort: Effort
) -> list[Change]:
    """Return the costs as they are, then two changes for every primitive."""
    looked_at = [point for point in points if point.family != "aborts"]
    runs = reduced(PROTOCOLS)
    base = make_runs(runner, costs, runs, seeds=seeds, effort=effort)
    changes = [_change("none", float("nan"), "", looked_at, base)]
    for name, primitive in costs.primitives.items():
        for value in _values(primitive.value, primitive.unit):
            again = [run for run in runs if run.protocol == "omid" or name not in _PIPELINE]
            changed = costs.with_values({name: value})
            samples = make_runs(runner, changed, again, seeds=seeds, effort=effort)
            merged = {**base, **samples}
            changes.append(_change(name, value, primitive.unit, looked_at, merged))
    return changes


def _values(value: float, unit: str) -> tuple[float, float]:
    if unit == "count":
        step = max(1, round(value / 5))
        return value - step, value + step
    return value * 0.8, value * 1.2


def _change(
    primitive: str, value: float, unit: str, points: Sequence[Point], samples: Samples
) -> Change:
    outputs = []
    for cell in OUTPUTS:
        totals = seen(cell, "total", samples)
        outputs.append(sum(totals) / len(totals))
    error = mape(predict(points, samples))
    return Change(primitive=primitive, value=value, unit=unit, mape=error, outputs=tuple(outputs))
