"""Measure the kernel against the limit of Python and against idiomatic SimPy.

    python benchmarks/kernel.py [--json] [--rounds N]

The ten-hop toy transaction of `toy/model.py` runs on a bare heap with callbacks (the limit), as
SimPy processes with time-outs, and on our kernel: recording nothing (`off`), the trace and the
history rows (`on`), and an oracle log besides (`full`). All take turns in every round, so that a
busy machine slows all of them; each keeps its best CPU time, and best is compared with best.
A ratio above 1 means that we are faster.
"""

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version

from toy import on_heap, on_kernel, on_simpy
from toy.model import Result

ROUNDS = 9
TRANSACTIONS = 20_000
TRANSACTIONS_SIMPY = 2_000

AIMS = {"ratio_heap_off": 0.75, "ratio_heap_on": 0.60, "ratio_idiomatic": 10.0}

Version = tuple[Callable[[int, int], Result], int]

VERSIONS: dict[str, Version] = {
    "heap": (on_heap.run, TRANSACTIONS),
    "off": (on_kernel.run, TRANSACTIONS),
    "on": (partial(on_kernel.run, trace=True, history=True), TRANSACTIONS),
    "full": (partial(on_kernel.run, trace=True, history=True, log=True), TRANSACTIONS),
    "idiomatic": (on_simpy.run, TRANSACTIONS_SIMPY),
}


def measure(rounds: int) -> dict[str, object]:
    """Run all versions in turn and return the figures."""
    best = dict.fromkeys(VERSIONS, float("inf"))
    events_per_tx = {}
    for seed in range(rounds):
        for name, (run, transactions) in VERSIONS.items():
            begin = time.process_time()
            result = run(seed, transactions)
            seconds = (time.process_time() - begin) / transactions
            best[name] = min(best[name], seconds)
            assert result.committed + result.aborted == transactions, name
            events_per_tx[name] = round(result.events / transactions, 1)
    return {
        "ratio_heap_off": round(best["heap"] / best["off"], 3),
        "ratio_heap_on": round(best["heap"] / best["on"], 3),
        "ratio_heap_full": round(best["heap"] / best["full"], 3),
        "ratio_idiomatic": round(best["idiomatic"] / best["off"], 3),
        "seconds_per_tx": {name: round(seconds, 8) for name, seconds in best.items()},
        "events_per_tx": events_per_tx,
        "rounds": rounds,
    }


def surroundings() -> dict[str, object]:
    """Say where the figures come from."""
    return {
        "machine": f"{platform.system()} {platform.machine()}",
        "versions": {
            "python": platform.python_version(),
            "simpy": version("simpy"),
            "numpy": version("numpy"),
        },
    }


def main() -> None:
    """Print the figures, as a table or as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns of every version")
    arguments = parser.parse_args()
    figures = measure(arguments.rounds) | surroundings()
    if arguments.json:
        json.dump(figures, sys.stdout, indent=2)
        print()
        return
    for name, figure in figures.items():
        aim = f"   (aim: {AIMS[name]} or more)" if name in AIMS else ""
        print(f"{name:18} {figure}{aim}")


if __name__ == "__main__":
    main()
