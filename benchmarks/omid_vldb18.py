"""Predict the evaluation of Omid of 2018, and hold it against what was published.

    python benchmarks/omid_vldb18.py [--json] [--quick] [--fit] [--seeds N] [--workers N]
                                     [--svg FILE]

Shacham et al., "Taking Omid to the Clouds", PVLDB 11(12), 2018: four protocols, transactions of
1, 5 and 10 keys, every load, the phases at 100 K and 500 K transactions a second, what the fast
path gains, abort rates. The numbers are in `vldb18_published.toml`, the costs that everything is
predicted from in `vldb18_costs.toml`. `--fit` finds the fitted ones anew, from two rows of figure
5a and one point of figure 4, and rewrites that file; every other point is held out. `--quick`
makes short runs of a few points and no table of sensitivity.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from vldb18.cells import Effort
from vldb18.costs import Costs, read, write
from vldb18.fit import fit
from vldb18.predict import Prediction, Runner, make_runs, mape, predict, runs_of
from vldb18.published import PROTOCOLS, Point, aborts_at_highest_load, points
from vldb18.ranks import Rank, ranks
from vldb18.sensitivity import Change, sensitivity
from vldb18.tables import (
    costs_table,
    other_reading,
    points_table,
    sensitivity_table,
    summary,
)

from reports.predictions import Curve, predictions_svg

SEEDS = 5
FIT_SEEDS = 4
FIT = Effort(low=4_000)
QUICK = Effort(transactions=400, low=400, batched_s=1.0)
SENSITIVITY = Effort(transactions=800, low=800, batched_s=3.0)
QUICK_LOADS = (97.04, 100.0)
RARE = ("aborts",)
"""What too few runs say nothing about."""


def wanted(*, quick: bool) -> list[Point]:
    """Return the points to predict."""
    return [
        point
        for point in points()
        if not (quick and (point.cell.load not in QUICK_LOADS or point.family in RARE))
    ]


def say(line: str) -> None:
    """Tell how far it is, on standard error."""
    sys.stderr.write(f"{line}\n")


def tell(lines: Sequence[str]) -> None:
    """Print lines as soon as they are known."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def one_by_one_or_not(
    costs: Costs, runner: Runner, chosen: Sequence[Point], *, seeds: int, effort: Effort
) -> float:
    """Return the error over the latencies of percolator if its other keys were locked together."""
    mine = [p for p in chosen if p.cell.protocol == "percolator" and p.family != "aborts"]
    together = replace(costs, prewrites="together")
    samples = make_runs(runner, together, runs_of(mine), seeds=seeds, effort=effort)
    return mape(predict(mine, samples))


def curves(predictions: Sequence[Prediction]) -> list[Curve]:
    """Return what the picture shows."""
    sizes = {"size_1": "one key", "size_5": "five keys", "size_10": "ten keys"}
    drawn = []
    for transaction, title in sizes.items():
        for protocol in PROTOCOLS:
            mine = [
                each
                for each in predictions
                if each.point.family == "curve"
                and each.point.cell.transaction == transaction
                and each.point.cell.protocol == protocol
            ]
            drawn.append(
                Curve(
                    panel=title,
                    name=protocol,
                    load=tuple(each.point.cell.load for each in mine),
                    published=tuple(each.point.published for each in mine),
                    predicted=tuple(each.predicted.mean for each in mine),
                    half_width=tuple(each.predicted.half_width for each in mine),
                    fitted=tuple(each.point.fitted for each in mine),
                )
            )
    return drawn


def document(
    costs: Costs,
    predictions: Sequence[Prediction],
    found: Sequence[Rank],
    changes: Sequence[Change],
    together_percent: float,
    seconds: float,
) -> dict[str, Any]:
    """Return everything as plain data."""
    held_out = [each for each in predictions if not each.point.fitted]
    latencies = [each for each in held_out if each.point.family != "aborts"]
    return {
        "mape_percent": mape(held_out),
        "mape_latency_percent": mape(latencies),
        "mape_by_family": {
            family: mape([each for each in held_out if each.point.family == family])
            for family in dict.fromkeys(each.point.family for each in held_out)
        },
        "points_held_out": sum(each.point.comparable for each in held_out),
        "mape_fitted_percent": mape(predictions, fitted=True),
        "mape_percolator_together_percent": together_percent,
        "points": [_plain(each) for each in predictions],
        "ranks": [asdict(each) for each in found],
        "ranks_pairs": sum(each.pairs for each in found),
        "ranks_pairs_right": sum(each.right for each in found),
        "costs": {name: asdict(each) for name, each in costs.primitives.items()},
        "sensitivity": [asdict(each) for each in changes],
        "seconds": round(seconds, 1),
        "machine": f"{platform.system()} {platform.machine()}",
        "versions": {"python": platform.python_version()},
    }


def _plain(each: Prediction) -> dict[str, Any]:
    point = each.point
    return {
        "figure": point.figure,
        "family": point.family,
        "protocol": point.cell.protocol,
        "transaction": point.cell.transaction,
        "load_k": point.cell.load,
        "quantity": point.quantity,
        "predicted": each.predicted.mean,
        "half_width": each.predicted.half_width,
        "published": point.published,
        "error_percent": 100 * each.error if point.comparable else None,
        "met": None if point.comparable else each.met,
        "held_out": not point.fitted,
    }


def _without_nan(data: Any) -> Any:
    """Return plain data with null for every number that is none, or without bound."""
    if isinstance(data, dict):
        return {name: _without_nan(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [_without_nan(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


def main() -> int:
    """Print the tables, or one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="short runs of a few points")
    parser.add_argument("--fit", action="store_true", help="find the fitted costs anew")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="runs of every point")
    parser.add_argument("--workers", type=int, default=min(4, os.cpu_count() or 1))
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the curves")
    options = parser.parse_args()
    started = time.monotonic()
    seeds = min(2, options.seeds) if options.quick else options.seeds
    effort = QUICK if options.quick else Effort()
    runner = Runner(options.workers)
    costs, chosen = read(), wanted(quick=options.quick)
    if options.fit:
        costs = fit(costs, points(), runner, seeds=FIT_SEEDS, effort=FIT, say=say)
        write(costs)
        costs = read()
    samples = make_runs(runner, costs, runs_of(chosen), seeds=seeds, effort=effort)
    predictions = predict(chosen, samples)
    found = ranks(predictions)
    other = predict(aborts_at_highest_load(), samples)
    say(f"predicted after {time.monotonic() - started:.0f} s")
    if not options.json:
        tell([*costs_table(costs), *points_table(predictions), *summary(predictions, found)])
        tell([*other_reading(predictions, other)])
    together = one_by_one_or_not(costs, runner, chosen, seeds=1, effort=effort)
    changes: list[Change] = []
    if not options.quick:
        changes = sensitivity(costs, chosen, runner, seeds=2, effort=SENSITIVITY)
    runner.close()
    if options.svg is not None:
        options.svg.write_text(predictions_svg(curves(predictions)))
    seconds = time.monotonic() - started
    if options.json:
        data = document(costs, predictions, found, changes, together, seconds)
        data["aborts_at_highest_load"] = [_plain(each) for each in other]
        sys.stdout.write(json.dumps(_without_nan(data), indent=2, allow_nan=False) + "\n")
        return 0
    tell([f"percolator with its other keys locked together: {together:.1f} %"])
    tell([*(sensitivity_table(changes) if changes else ()), "", f"{seconds:.0f} s"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
