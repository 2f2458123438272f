"""Fit the costs: on two rows of figure 5a, and on one point of figure 4, and on nothing else.

Whole requests come first. The rows say how long a begin, a read, a write and a commit take where
nothing waits, so each cost is what is left of the published latency after its messages; where
several numbers speak of one cost, their geometric mean counts. Two costs remain, the part of a
batch that does not grow and its rows. The latency of begin and commit of Omid at 100 K fixes the
one for any value of the other, and the knee fixes the other, by runs of the simulator.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from vldb18.cells import Effort
from vldb18.costs import Costs
from vldb18.predict import Runner, make_runs
from vldb18.published import KNEE, LOW, PHASES, Point, Run

Rows = dict[tuple[str, str, str], float]
Say = Callable[[str], None]

_LOW_RUN = Run("omid", "random", LOW)
_KNEE_RUN = Run("omid", "random", KNEE)
_ROW_US = (2.0, 40.0)
_STEPS = 12
_NEAR = 0.005


def fit(
    costs: Costs, points: Sequence[Point], runner: Runner, *, seeds: int, effort: Effort, say: Say
) -> Costs:
    """Return the costs with the fitted ones found anew."""
    seen = [point for point in points if point.fitted]
    rows: Rows = {
        (point.cell.protocol, point.cell.transaction, point.quantity): point.published
        for point in seen
        if point.quantity in PHASES
    }
    knee = next(point.published for point in seen if point.family == "curve")
    costs = costs.with_values(requests(rows))
    low, high = _ROW_US
    for _ in range(_STEPS):
        row = math.sqrt(low * high)
        costs = _with_batch(costs.with_values({"table_row": row}), rows, runner, seeds, effort)
        samples = make_runs(runner, costs, [_KNEE_RUN], seeds=seeds, effort=effort)
        found = _mean([each["size_1"].total for each in samples[_KNEE_RUN]])
        say(f"row {row:.3f} us, batch {costs['table_batch']:.3f} ms: knee at {found:.2f} ms")
        if abs(found / knee - 1) < _NEAR:
            break
        low, high = (row, high) if found < knee else (low, row)
    return costs


def requests(rows: Rows) -> dict[str, float]:
    """Return the costs that follow from the rows alone, in milliseconds."""
    trip = _centre(
        *(rows[name, kind, "begin"] for name in ("omid-ll", "percolator") for kind in _KINDS),
        *(rows[name, "single_read", "commit"] for name in ("omid", "omid-ll", "percolator")),
    )
    reads = [rows[name, "single_read", "store"] for name in _ALL]
    writes = [rows[name, "single_write", "store"] for name in ("omid", "omid-ll")]
    # Omid2PC locks, asks the manager, and commits its one key.
    both = (rows["percolator", "single_write", "commit"] - trip) / 2
    return {
        "network": trip / 2,
        "region_get": _centre(*reads) - trip,
        "region_put": _centre(*writes) - trip,
        "region_mutate": _centre(rows["omid-fp", "single_write", "store"], both) - trip,
        "table_mutate": rows["omid-ll", "single_write", "commit"] - 2 * trip,
        "table_get": _centre(*reads) - trip,
    }


_ALL = ("omid", "omid-ll", "omid-fp", "percolator")
_KINDS = ("single_write", "single_read")


def _with_batch(costs: Costs, rows: Rows, runner: Runner, seeds: int, effort: Effort) -> Costs:
    """Return the costs with the base of a batch that meets begin and commit at 100 K."""
    wanted = _centre(
        *(rows["omid", kind, "begin"] for kind in _KINDS), rows["omid", "single_write", "commit"]
    )
    base = costs["table_batch"]
    for _ in range(3):
        costs = costs.with_values({"table_batch": base})
        samples = make_runs(runner, costs, [_LOW_RUN], seeds=seeds, effort=effort)[_LOW_RUN]
        begins = [_mean([each[kind].begin for each in samples]) for kind in _KINDS]
        found = _centre(*begins, _mean([each["single_write"].commit for each in samples]))
        if abs(found / wanted - 1) < 0.002:
            break
        # The slowest of three servers counts: a little more than the base comes through.
        base = max(costs["table_get"], base + (wanted - found) / 1.2)
    return costs


def _centre(*values: float) -> float:
    """Return the geometric mean."""
    return math.exp(math.fsum(math.log(value) for value in values) / len(values))


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
