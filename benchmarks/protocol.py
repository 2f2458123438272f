"""Measure the real protocol: Omid with history and oracle log on, over YCSB.

    python benchmarks/protocol.py [--json] [--sizes 10000,100000,1000000] [--profile]

Each size runs in a process of its own, so that its peak memory is its own. Time is CPU time of
the run, without the generation of the workload. `benchmarks/kernel.py` prints the figures of
the largest size beside those of the bare kernel.
"""

from __future__ import annotations

import argparse
import cProfile
import io
import json
import platform
import pstats
import resource
import subprocess
import sys
import time
from typing import Any

from sim.kernel.distributions import LogNormal
from sim.kernel.streams import Streams
from sim.omid.settings import MS, US, S, Settings, Topology
from sim.omid.world import NetworkModel, Setup, World
from sim.workload.generate.ycsb import Ycsb

CLIENTS = 24
SIZES = (10_000, 100_000, 1_000_000)
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


def build(transactions: int) -> World:
    """Return a deployment that collects old versions, over two operations a transaction."""
    workload = Ycsb(
        transactions=transactions,
        clients=CLIENTS,
        mix="A",
        records=10_000,
        operations_min=2,
        operations_max=2,
    )
    return World(
        Setup(
            seed=1,
            workload=workload.generate(Streams(1)),
            network=NetworkModel(latency=LogNormal(median_ns=250 * US, sigma_ppm=400_000)),
            settings=Settings(
                batch_timeout_ns=1 * MS,
                low_water_mark_period_ns=S // 2,
                low_water_mark_lag_ns=S // 2,
                compaction_period_ns=S // 10,
                compaction_rows=4096,
            ),
            topology=Topology(clients=CLIENTS),
        )
    )


def measure(transactions: int) -> dict[str, Any]:
    """Run one size here and return its figures; memory is the process's peak."""
    world = build(transactions)
    started = time.process_time()
    why = world.run()
    outcome = world.outcome()
    seconds = time.process_time() - started
    assert why == "", "the run did not end"
    assert outcome.history.transactions == transactions, "transactions are missing"
    return {
        "transactions": transactions,
        "seconds": round(seconds, 3),
        "tx_per_s": round(transactions / seconds),
        "events_per_tx": round(outcome.events / transactions, 2),
        "oracle_rows_per_tx": round(len(outcome.oracle) / transactions, 2),
        "bytes_peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT,
    }


def measure_apart(transactions: int) -> dict[str, Any]:
    """Run one size in a process of its own."""
    command = [sys.executable, __file__, "--one", str(transactions)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # our own file
    figures: dict[str, Any] = json.loads(answer.stdout)
    return figures


def profile(transactions: int = 20_000) -> str:
    """Return where the time of a run goes, by function."""
    world = build(transactions)
    profiler = cProfile.Profile()
    profiler.runcall(world.run)
    text = io.StringIO()
    pstats.Stats(profiler, stream=text).strip_dirs().sort_stats("tottime").print_stats(15)
    return text.getvalue()


def main() -> int:
    """Print the table, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        sys.stdout.write(json.dumps(measure(options.one)))
        return 0
    if options.profile:
        sys.stdout.write(profile())
        return 0
    rows = [measure_apart(int(size)) for size in options.sizes.split(",")]
    if options.json:
        versions = {"python": platform.python_version()}
        figures = {"sizes": rows, "machine": platform.machine(), "versions": versions}
        sys.stdout.write(json.dumps(figures, indent=2) + "\n")
        return 0
    sys.stdout.write("transactions  CPU s     tx/s  events/tx  peak MiB  bytes/tx\n")
    for row in rows:
        size, peak = row["transactions"], row["bytes_peak"]
        sys.stdout.write(
            f"{size:>12} {row['seconds']:>6.1f} {row['tx_per_s']:>8} {row['events_per_tx']:>10}"
            f" {peak >> 20:>9} {peak // size:>9}\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
