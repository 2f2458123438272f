"""Runs the installed command, and small scenarios to run it on."""

import os
import subprocess
import sys
from pathlib import Path

BULKHEAD = str(Path(sys.executable).parent / "bulkhead")
HERE = Path(__file__).resolve().parent
PLUGINS = HERE / "plugins"

BANK = """\
title = "Money moves"
system = "omid"
seed = 3
topology = { clients = 4 }
omid = { lease = "1s", batch_timeout = "1ms" }

[workload]
kind = "bank"
transactions = 60
"""

# A commit of the old manager lands while a reader of the new epoch is half-way.
FRACTURED = """\
title = "A late commit"
system = "omid"
seed = 1
topology = { clients = 2 }
omid = { lease = "1s", batch_timeout = "1ms" }
network = { latency = { kind = "log_normal", median = "250us", sigma = 0.3 } }

[workload]
kind = "script"
sessions = [["at 600ms: write 1, write 2"], ["at 2500ms: read 1, read 2"]]

[[faults]]
kind = "partition"
sources = ["client.0"]
targets = ["coordinator"]
start = "500ms"
length = "8s"
mode = "hold"

[[faults]]
kind = "hold"
node = "tm.1"
point = "flush.checked"
hit = 2
release_node = "client.1"
release_point = "get.undecided"

[[faults]]
kind = "delay"
source = "tm.1"
target = "ct.*"
start = "1s"
length = "5s"
share = "100%"
delay = "1100us"
"""


def bulkhead(*arguments, cwd, timeout=120, stdin=None, **environment):
    """Run the installed command and return what it said, and its exit code."""
    return subprocess.run(
        [BULKHEAD, *map(str, arguments)],
        cwd=cwd,
        env=clean_environment(**environment),
        capture_output=True,
        text=True,
        timeout=timeout,
        input=stdin,
        check=False,
    )


def clean_environment(**more):
    """Return the environment without what changes what the command says."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("NO_COLOR", "FORCE_COLOR", "PYTHONPATH", "BULKHEAD_DATA", "COLUMNS")
    }
    return {**kept, **more}
