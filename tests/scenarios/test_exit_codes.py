"""Every exit code, reached through the installed command, with and without --json."""

import gzip
import json
import re
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from tests.scenarios.commands import (
    BANK,
    BULKHEAD,
    FRACTURED,
    PLUGINS,
    bulkhead,
    clean_environment,
)

BOTH = pytest.mark.parametrize("flags", [(), ("--json",)], ids=["text", "json"])


@pytest.fixture
def here(tmp_path):
    (tmp_path / "bank.toml").write_text(BANK)
    (tmp_path / "late.toml").write_text(FRACTURED)
    limited = BANK + "\n[limits]\nevents_max = 200\n"
    (tmp_path / "limited.toml").write_text(limited)
    (tmp_path / "wrong.toml").write_text(BANK.replace("lease", "leese"))
    for name, content in (("malformed", b"1\n2\nx\n"), ("cut", gzip.compress(b"1\n" * 99)[:-9])):
        (tmp_path / f"{name}.lirs").write_bytes(content)
        traced = re.sub(r"kind.*", f'file = "{name}.lirs"', BANK)
        (tmp_path / f"{name}.toml").write_text(traced)
    return tmp_path


def runs(answer):
    return json.loads(answer.stdout)["runs"]


@BOTH
def test_0_every_expectation_is_met(here, flags):
    answer = bulkhead("run", "bank.toml", "--out", "none", *flags, cwd=here)
    assert answer.returncode == 0, answer.stderr
    assert (here / "runs").exists() is False


@BOTH
def test_1_an_expectation_is_not_met(here, flags):
    options = ("--mutant", "no_invalidation", "--out", "none")
    answer = bulkhead("run", "late.toml", *options, *flags, cwd=here)
    assert answer.returncode == 1
    if flags:
        assert "snapshot_reads" in runs(answer)[0]["verdicts"][3]["property"]
    else:
        assert "✗ violated snapshot_reads" in answer.stdout
        story = answer.stdout[answer.stdout.index("✗ violated snapshot_reads: ") :]
        told = story[: story.index("Reproduce: ")]
        assert told.count("\n") <= 15


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "wrong.toml"),
        ("run", "wrong.toml", "--json"),
        ("run", "absent.toml"),
        ("run", "no-such-scenario"),
        ("run",),
        ("run", "bank.toml", "--sed", "3"),
        ("run", "bank.toml", "--seed", "-3"),
        ("run", "bank.toml", "--seeds", "5:5"),
        ("run", "bank.toml", "--repeat", "0"),
        ("run", "bank.toml", "--repeat", "2", "--shard", "4/2"),
        ("run", "bank.toml", "--shard", "1/2"),
        ("run", "bank.toml", "--mutant", "no_invaldation"),
        ("run", "bank.toml", "--timeout", "60"),
        ("run", "bank.toml", "--out", "/dev/null/runs"),
        ("run", "bank.toml", "--junit", "/dev/null/junit.xml"),
        ("run", "bank.toml", "--log", "/dev/null/log"),
        ("run", "bank.toml", "wrong.toml"),
        ("run", "malformed.toml"),
        ("run", "cut.toml"),
        ("rnu", "bank.toml"),
    ],
    ids=" ".join,
)
def test_2_the_input_is_wrong_and_one_line_says_so(here, arguments):
    answer = bulkhead(*arguments, cwd=here)
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert answer.stderr.count("\n") == 1, answer.stderr
    assert "Traceback" not in answer.stderr
    assert not list(here.glob("runs/*"))


@BOTH
def test_3_a_limit_came_before_the_verdict(here, flags):
    answer = bulkhead("run", "limited.toml", "--out", "none", *flags, cwd=here)
    assert answer.returncode == 3
    assert "stopped by the limit on simulated events" in answer.stderr
    if flags:
        assert runs(answer)[0]["outcome"] == "undecided"


@BOTH
def test_3_the_wall_limit_stops_a_run(here, flags):
    (here / "long.toml").write_text(BANK.replace("= 60", "= 20000"))
    options = ("--timeout", "1ms", "--out", "none")
    answer = bulkhead("run", "long.toml", *options, *flags, cwd=here)
    assert answer.returncode == 3
    assert "stopped by the limit on time on the wall" in answer.stderr


@BOTH
def test_4_our_own_bug_saves_a_capsule_that_repeats_it(here, flags):
    broken = {"PYTHONPATH": str(PLUGINS / "failing_handler")}
    answer = bulkhead("run", "bank.toml", *flags, cwd=here, **broken)
    assert answer.returncode == 4
    assert "PlantedError: planted into tm.1" in answer.stderr
    capsule = here / re.search(r"the capsule that repeats it: (\S+)", answer.stderr)[1]
    assert "PlantedError" in (capsule / "traceback.txt").read_text()
    assert sorted(path.name for path in capsule.iterdir()) == [
        "expected.json",
        "scenario.toml",
        "traceback.txt",
    ]
    again = bulkhead("run", capsule, "--out", "none", cwd=here, **broken)
    assert again.returncode == 4
    mended = bulkhead("run", capsule, "--out", "none", cwd=here)
    assert mended.returncode == 0


def test_4_a_worker_that_always_dies_is_our_bug_and_the_other_runs_are_kept(here):
    dying = {
        "PYTHONPATH": str(PLUGINS / "dying_worker"),
        "DYING_MARKER": str(here / "marker"),
        "DYING_SEED": "5",
        "DYING_ALWAYS": "1",
    }
    answer = bulkhead("run", "bank.toml", "--seeds", "3:8", "--json", cwd=here, **dying)
    assert answer.returncode == 4
    outcomes = {run["seed"]: run["outcome"] for run in runs(answer)}
    assert outcomes == {3: "holds", 4: "holds", 5: "bug", 6: "holds", 7: "holds"}
    document = json.loads(answer.stdout)
    assert len(document["campaign"]["capsules"]) == 1
    assert (here / document["campaign"]["capsules"][0] / "scenario.toml").is_file()


def test_0_a_worker_that_dies_once_changes_nothing(here):
    dying = {
        "PYTHONPATH": str(PLUGINS / "dying_worker"),
        "DYING_MARKER": str(here / "marker"),
        "DYING_SEED": "5",
    }
    answer = bulkhead("run", "bank.toml", "--seeds", "3:8", "--json", cwd=here, **dying)
    assert answer.returncode == 0, answer.stderr
    whole = bulkhead("run", "bank.toml", "--seeds", "3:8", "--json", cwd=here)
    assert (here / "marker").exists()
    digests = [json.loads(each.stdout)["campaign"]["digest"] for each in (answer, whole)]
    assert digests[0] == digests[1]


@BOTH
def test_130_an_interrupt_ends_within_two_seconds_and_keeps_finished_work(here, flags):
    command = [BULKHEAD, "run", "bank.toml", "--seeds", "0:100000", "--workers", "2", *flags]
    with subprocess.Popen(
        command,
        cwd=here,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        folder = wait_for_results(here, process)
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        output, messages = process.communicate(timeout=30)
        took_s = time.monotonic() - started
    assert process.returncode == 130
    assert took_s < 2
    assert "Traceback" not in messages
    kept = count_results(folder)
    assert kept > 0
    assert f"interrupted; {kept:,} of 100,000 runs finished and kept" in messages
    assert f"Resume: bulkhead run runs/{folder.name}" in messages
    if flags:
        document = json.loads(output)
        assert document["exit_code"] == 130
        assert len(document["runs"]) == kept


def test_interrupted_campaign_goes_on_and_comes_to_the_same(here):
    options = ("bank.toml", "--seeds", "0:150", "--workers", "2")
    with subprocess.Popen(
        [BULKHEAD, "run", *options],
        cwd=here,
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        folder = wait_for_results(here, process)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
    assert process.returncode == 130
    kept = count_results(folder)
    resumed = bulkhead("run", Path("runs") / folder.name, "--json", cwd=here)
    assert resumed.returncode == 0, resumed.stderr
    assert not folder.exists()
    assert 0 < kept < 150
    whole = bulkhead("run", *options, "--out", "none", "--json", cwd=here)
    documents = [json.loads(each.stdout) for each in (resumed, whole)]
    assert documents[0]["campaign"]["digest"] == documents[1]["campaign"]["digest"]
    assert [run["seed"] for run in documents[0]["runs"]] == list(range(150))


def wait_for_results(here, process):
    """Return the folder of a campaign once it holds results."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        for folder in here.glob("runs/*-unfinished"):
            if count_results(folder):
                return folder
        time.sleep(0.02)
    raise AssertionError("the campaign wrote no result")


def count_results(folder):
    try:
        with sqlite3.connect(folder / "results.sqlite") as connection:
            return connection.execute("SELECT count(*) FROM run").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()


def test_141_a_closed_pipe_ends_quietly(here):
    command = f"{BULKHEAD} scenarios | head -n 1 > /dev/null; exit ${{PIPESTATUS[0]}}"
    answer = subprocess.run(
        ["bash", "-c", command], cwd=here, capture_output=True, text=True, check=False
    )
    assert answer.stderr == ""
    assert answer.returncode in (0, 141)


def test_full_output_is_told_on_one_line(here):
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with Path("/dev/full").open("w") as full:
        answer = subprocess.run(
            [BULKHEAD, "scenarios"],
            cwd=here,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert answer.returncode == 2
    assert answer.stderr == "bulkhead: cannot write standard output: No space left on device\n"


DEAD = """title = "nobody ever serves"
system = "omid"
topology = { clients = 2 }
workload = { kind = "mix", transactions = 20 }
faults = [{ kind = "crash", node = "%s", start = "0s" }]
"""


@pytest.mark.parametrize("node", ["tm.*", "coordinator", "region.*", "ct.*"])
def test_3_a_deployment_that_stands_still_is_stopped(here, node):
    (here / "dead.toml").write_text(DEAD % node)
    answer = bulkhead("run", "dead.toml", "--out", "none", cwd=here)
    assert answer.returncode == 3
    assert "no transaction ended for an hour of simulated time" in answer.stderr
    assert f"; not ended: {node} crashes at 0 ns\n" in answer.stderr


def test_3_a_hold_that_nobody_ends_is_named(here):
    hold = """[[faults]]
kind = "hold"
node = "client.0"
point = "commit.ready"
release_node = "client.1"
release_point = "commit.locked"
"""
    text = DEAD[: DEAD.index("faults")] + hold
    (here / "held.toml").write_text(text)
    answer = bulkhead("run", "held.toml", "--out", "none", cwd=here)
    assert answer.returncode == 3
    assert (
        "not ended: client.0 is held at commit.ready until client.1 reaches commit.locked"
        in answer.stderr
    )
