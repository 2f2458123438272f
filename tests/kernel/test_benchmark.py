"""The benchmark of the kernel runs, and its three versions do the same work."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "kernel.py"


def test_benchmark_prints_its_figures_as_json():
    options = ["--json", "--rounds", "1", "--transactions", "500", "--protocol", "0"]
    done = subprocess.run(
        [sys.executable, SCRIPT, *options], capture_output=True, text=True, check=True
    )
    figures = json.loads(done.stdout)
    assert {"ratio_heap_off", "ratio_heap_on", "ratio_idiomatic"} <= set(figures)
    assert {"machine", "versions"} <= set(figures)
    events = figures["events_per_tx"]
    # One entry a hop, and a few for timers and batches; SimPy needs five times as many.
    assert 10 <= events["heap"] < 12
    assert 10 <= events["off"] == events["on"] == events["full"] < 12
    assert events["idiomatic"] > 50
