import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim.kernel.streams import Streams
from sim.workload.fingerprint import fingerprint
from sim.workload.generate.kinds import GENERATORS

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "ycsb-a": ("ycsb", {"mix": "A", "operations_max": 4}),
    "ycsb-c": ("ycsb", {"mix": "C", "distribution": "uniform"}),
    "ycsb-d": ("ycsb", {"mix": "D"}),
    "ycsb-e": ("ycsb", {"mix": "E", "distribution": "scrambled", "scan_length_max": 5}),
    "ycsb-f": ("ycsb", {"mix": "F", "sizes": "zipfian", "operations_max": 9}),
    "vldb18": ("vldb18", {}),
    "vldb18-brwc": ("vldb18", {"mix": "brwc", "keys": 1000}),
    "bank": ("bank", {}),
    "counters": ("counters", {}),
    "mix": ("mix", {}),
    "pairs": ("pairs", {"pairs": 3}),
}
# Written down once: another machine, Python or NumPy must draw the very same workloads.
KNOWN = {
    "ycsb-a": "da6487bd0dab3983",
    "ycsb-c": "c5998b6926b5470e",
    "ycsb-d": "0b063121dc1255d4",
    "ycsb-e": "c6ff58a71182278a",
    "ycsb-f": "56c44c6c3b036159",
    "vldb18": "168ee84f74355f9a",
    "vldb18-brwc": "f545ce72f4c5695b",
    "bank": "2bbbe2b717359007",
    "counters": "87d032b22beb1825",
    "mix": "016c5e495e27cf28",
    "pairs": "5c135d2ab3d94687",
}
PROGRAM = """
from sim.kernel.streams import Streams
from sim.workload.fingerprint import fingerprint
from sim.workload.generate.kinds import GENERATORS
for name, generator in GENERATORS.items():
    print(name, fingerprint(generator(transactions=500, clients=3).generate(Streams(7))))
"""


def digest_of(name: str, seed: int = 7) -> str:
    kind, settings = SETTINGS[name]
    trace = GENERATORS[kind](transactions=2000, clients=3, **settings).generate(Streams(seed))
    return fingerprint(trace)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_seed_means_the_same_workload_on_every_machine(name):
    assert digest_of(name)[:16] == KNOWN[name]


@pytest.mark.parametrize("name", SETTINGS)
def test_another_seed_means_another_workload(name):
    assert digest_of(name, seed=7) != digest_of(name, seed=8)


def test_workloads_do_not_depend_on_the_hash_seed():
    outputs = set()
    for hash_seed in ("0", "1", "4242"):
        done = subprocess.run(
            [sys.executable, "-P", "-c", PROGRAM],
            env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        outputs.add(done.stdout)
    assert len(outputs) == 1
    assert len(outputs.pop().splitlines()) == len(GENERATORS)


def test_fewer_clients_or_other_counters_do_not_disturb_what_is_drawn_for_others():
    few = GENERATORS["bank"](transactions=100, clients=2, audits_ppm=0).generate(Streams(1))
    many = GENERATORS["bank"](transactions=100, clients=50, audits_ppm=0).generate(Streams(1))
    assert few.key.tolist() == many.key.tolist()
