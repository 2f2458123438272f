"""Measure the kernel against the limit of Python and against idiomatic SimPy.

    python benchmarks/kernel.py [--json] [--rounds N]

The ten-hop toy transaction of `toy/model.py` runs on our kernel without and with a full record
(trace, history and oracle rows), on a bare heap with callbacks, and as SimPy processes. The
versions take turns in every round, so that a busy machine slows all of them; each keeps its best
CPU time, and the ratios compare best with best. Ratios above 1 mean that we are faster.
"""

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from importlib.metadata import version

from toy import on_heap, on_kernel, on_simpy
from toy.model import Result

ROUNDS = 15
TRANSACTIONS = 2_000

VERSIONS: dict[str, Callable[[int, int], Result]] = {
    "heap": on_heap.run,
    "kernel_off": on_kernel.run,
    "kernel_on": lambda seed, transactions: on_kernel.run(seed, transactions, observed=True),
    "idiomatic": on_simpy.run,
}
WANTED = {"ratio_heap_off": 0.75, "ratio_heap_on": 0.60, "ratio_idiomatic": 10.0}


def measure(rounds: int) -> dict[str, object]:
    """Run all versions in turn and return the figures."""
    best = dict.fromkeys(VERSIONS, float("inf"))
    events = {}
    for seed in range(rounds):
        for name, run in VERSIONS.items():
            begin = time.process_time()
            result = run(seed, TRANSACTIONS)
            best[name] = min(best[name], time.process_time() - begin)
            assert result.committed + result.aborted == TRANSACTIONS, name
            events[name] = result.events
    return {
        "ratio_heap_off": round(best["heap"] / best["kernel_off"], 3),
        "ratio_heap_on": round(best["heap"] / best["kernel_on"], 3),
        "ratio_idiomatic": round(best["idiomatic"] / best["kernel_off"], 3),
        "toy_tx_per_s": {name: round(TRANSACTIONS / seconds) for name, seconds in best.items()},
        "events_per_tx": {name: round(n / TRANSACTIONS, 1) for name, n in events.items()},
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
    figures = measure(arguments.rounds)
    if arguments.json:
        json.dump(figures | surroundings(), sys.stdout, indent=2)
        print()
        return
    for name, wanted in WANTED.items():
        print(f"{name:18} {figures[name]:>8}   (aim: {wanted} or more)")
    for name in ("toy_tx_per_s", "events_per_tx"):
        print(name, figures[name])


if __name__ == "__main__":
    main()
