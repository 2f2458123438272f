"""Measure the kernel against the limit of Python and against idiomatic SimPy.

    python benchmarks/kernel.py [--json] [--rounds N] [--transactions N] [--protocol N]

The ten-hop toy transaction of `toy/model.py` runs on a bare heap with callbacks (the limit), as
SimPy processes with time-outs, and on our kernel: recording nothing (`off`), the trace and the
history rows (`on`), and an oracle log besides (`full`). All take turns in every round, so that a
busy machine slows all of them; each keeps its best CPU time, and best is compared with best.
A ratio above 1 means that we are faster.

Beside them stands the real protocol (`protocol.py`, in a process of its own): `tx_per_s`, and
`bytes_1m`, the peak memory of a million transactions. `--protocol 0` leaves it out.
"""

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version

from protocol import measure_apart
from toy import on_heap, on_kernel, on_simpy
from toy.model import Result

ROUNDS = 9
TRANSACTIONS = 20_000
TRANSACTIONS_PROTOCOL = 1_000_000
SIMPY_SHARE = 10
"""One in so many transactions is enough for the slowest version."""

AIMS = {"ratio_heap_off": 0.75, "ratio_heap_on": 0.60, "ratio_idiomatic": 10.0}

VERSIONS: dict[str, Callable[[int, int], Result]] = {
    "heap": on_heap.run,
    "off": on_kernel.run,
    "on": partial(on_kernel.run, trace=True, history=True),
    "full": partial(on_kernel.run, trace=True, history=True, log=True),
    "idiomatic": on_simpy.run,
}


def toy_figures(rounds: int, transactions: int) -> dict[str, object]:
    """Run all versions of the toy in turn and return the figures."""
    best = dict.fromkeys(VERSIONS, float("inf"))
    events_per_tx = {}
    for seed in range(rounds):
        for name, run in VERSIONS.items():
            size = transactions // (SIMPY_SHARE if name == "idiomatic" else 1)
            begin = time.process_time()
            result = run(seed, size)
            best[name] = min(best[name], (time.process_time() - begin) / size)
            assert result.committed + result.aborted == size, name
            events_per_tx[name] = round(result.events / size, 1)
    return {
        "ratio_heap_off": round(best["heap"] / best["off"], 3),
        "ratio_heap_on": round(best["heap"] / best["on"], 3),
        "ratio_heap_full": round(best["heap"] / best["full"], 3),
        "ratio_idiomatic": round(best["idiomatic"] / best["off"], 3),
        "seconds_per_tx": {name: round(seconds, 8) for name, seconds in best.items()},
        "events_per_tx": events_per_tx,
        "rounds": rounds,
    }


def protocol_figures(transactions: int) -> dict[str, object]:
    """Run the real protocol, history and oracle log on, and return the figures."""
    if transactions == 0:
        return {}
    figures = measure_apart(transactions)
    memory = "bytes_1m" if transactions == TRANSACTIONS_PROTOCOL else "bytes_peak"
    return {"tx_per_s": figures["tx_per_s"], memory: figures["bytes_peak"]}


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
    parser.add_argument("--transactions", type=int, default=TRANSACTIONS, help="of each turn")
    parser.add_argument("--protocol", type=int, default=TRANSACTIONS_PROTOCOL, metavar="N")
    arguments = parser.parse_args()
    figures = toy_figures(arguments.rounds, arguments.transactions)
    figures |= protocol_figures(arguments.protocol) | surroundings()
    if arguments.json:
        json.dump(figures, sys.stdout, indent=2)
        print()
        return
    for name, figure in figures.items():
        aim = f"   (aim: {AIMS[name]} or more)" if name in AIMS else ""
        print(f"{name:18} {figure}{aim}")


if __name__ == "__main__":
    main()
