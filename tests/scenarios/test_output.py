"""What `run` and its neighbours say: documents for programs, words for people."""

import json
import os
import pty
import subprocess
import tomllib

import pytest
from junitparser import JUnitXml

from scenarios.record import Record
from sim.omid.variants import VARIANTS
from tests.scenarios.commands import BANK, BULKHEAD, FRACTURED, bulkhead, clean_environment

RUN_KEYS = [
    "scenario",
    "system",
    "variant",
    "mutant",
    "attack",
    "outcome",
    "seed",
    "digest",
    "trace_digest",
    "workload",
    "verdicts",
    "expectations",
    "marks",
    "metrics",
    "simulated_s",
    "wall_s",
    "artifacts",
    "replay",
]
HEAD_KEYS = {"schema", "version", "command", "exit_code", "warnings"}


@pytest.fixture
def here(tmp_path):
    (tmp_path / "bank.toml").write_text(BANK)
    (tmp_path / "late.toml").write_text(FRACTURED)
    return tmp_path


def document(here, *arguments, **environment):
    return json.loads(bulkhead(*arguments, "--json", cwd=here, **environment).stdout)


def test_document_of_a_run_has_exactly_the_promised_keys(here):
    told = document(here, "run", "bank.toml", "--out", "none")
    assert told.keys() >= HEAD_KEYS | {"runs"}
    assert told["schema"] == "bulkhead.run/1"
    assert told["exit_code"] == 0
    assert told["command"] == "bulkhead run bank.toml --out none --json"
    (run,) = told["runs"]
    assert list(run) == RUN_KEYS
    assert run["scenario"] == "bank.toml"
    assert (run["system"], run["variant"], run["mutant"], run["attack"]) == (
        *("omid", "omid"),
        *(None, None),
    )
    assert (run["outcome"], run["seed"], run["trace_digest"]) == ("holds", 3, None)
    assert len(run["digest"]) == 64
    assert all(set(each) >= {"property", "holds", "evidence"} for each in run["verdicts"])
    assert all(set(each) == {"name", "expected", "actual", "met"} for each in run["expectations"])
    assert run["metrics"]["committed"] + run["metrics"]["aborted"] == 60
    assert Record.of(run).document() == run


def test_document_of_many_runs_has_the_same_shape_in_seed_order(here):
    told = document(here, "run", "bank.toml", "late.toml", "--repeat", "3", "--out", "none")
    assert [(run["scenario"], run["seed"]) for run in told["runs"]] == [
        *(("bank.toml", seed) for seed in (3, 4, 5)),
        *(("late.toml", seed) for seed in (1, 2, 3)),
    ]
    assert all(list(run) == RUN_KEYS for run in told["runs"])
    assert told["campaign"]["runs"] == told["campaign"]["finished"] == 6


def test_shards_make_every_run_of_a_campaign_once(here):
    options = ("run", "bank.toml", "--seeds", "0:5", "--out", "none")
    whole = document(here, *options)["runs"]
    shares = [document(here, *options, "--shard", f"{i}/2")["runs"] for i in (0, 1)]
    together = sorted((*shares[0], *shares[1]), key=lambda run: run["seed"])
    assert [run["digest"] for run in together] == [run["digest"] for run in whole]
    assert [run["seed"] for run in shares[0]] == [0, 2, 4]


def test_seed_digest_and_verdicts_are_told_to_people(here):
    answer = bulkhead("run", "bank.toml", "--out", "none", cwd=here)
    digest = document(here, "run", "bank.toml", "--out", "none")["runs"][0]["digest"]
    assert "seed          3" in answer.stdout
    assert digest[:12] in answer.stdout
    assert "✓ holds" in answer.stdout
    assert "\x1b" not in answer.stdout + answer.stderr


def test_failure_ends_with_a_command_that_repeats_it(here):
    answer = bulkhead("run", "late.toml", "--mutant", "no_invalidation", "--out", "none", cwd=here)
    (line,) = [line for line in answer.stdout.splitlines() if line.startswith("Reproduce: ")]
    command = line.removeprefix("Reproduce: ").split()
    again = bulkhead(*command[1:], "--out", "none", cwd=here)
    assert again.returncode == answer.returncode == 1
    assert (
        again.stdout == answer.stdout
        or again.stdout.splitlines()[3] == (answer.stdout.splitlines()[3])
    )


def test_scenario_comes_from_standard_input(here):
    answer = bulkhead("run", "-", "--out", "none", "--json", cwd=here, stdin=BANK)
    assert json.loads(answer.stdout)["runs"][0]["scenario"] == "standard input"
    wrong = bulkhead("run", "-", "--out", "none", cwd=here, stdin=BANK.replace("lease", "leese"))
    assert wrong.returncode == 2
    assert wrong.stderr.startswith('standard input:5:10: unknown key "leese"')


def test_dry_run_prints_the_resolved_scenario_and_runs_nothing(here):
    answer = bulkhead("run", "bank.toml", "--dry-run", "--seed", "8", cwd=here)
    assert answer.returncode == 0
    assert tomllib.loads(answer.stdout)["seed"] == 8
    assert not (here / "runs").exists()
    many = bulkhead("run", "bank.toml", "--dry-run", "--repeat", "4", cwd=here)
    assert many.stdout == "bank.toml: seeds 3 to 6, 4 runs\n"
    told = document(here, "run", "bank.toml", "--dry-run")
    assert told["runs"] == []
    assert told["planned"][0]["seeds"] == [3, 3]


def test_fail_fast_stops_at_the_first_run_that_is_not_as_expected(here):
    options = ("--mutant", "no_invalidation", "--seeds", "0:200", "--workers", "1", "--fail-fast")
    told = document(here, "run", "late.toml", *options, "--out", "none")
    assert told["exit_code"] == 1
    assert told["campaign"]["finished"] < 200
    assert [run["outcome"] for run in told["runs"]][-1] == "violated"


def test_reports_for_continuous_integration_are_written(here):
    options = ("--mutant", "no_invalidation", "--out", "none")
    reports = ("--junit", "j.xml", "--summary", "s.md", "--log", "l.txt")
    answer = bulkhead("run", "late.toml", "--repeat", "2", *options, *reports, cwd=here)
    assert answer.returncode == 1
    cases = [case for suite in JUnitXml.fromfile(here / "j.xml") for case in suite]
    failed = {case.name for case in cases if case.result}
    assert "snapshot_reads" in failed
    summary = (here / "s.md").read_text()
    assert "2 unexpected" in summary
    assert "Reproduce: " in summary
    assert (here / "l.txt").exists()


def test_quiet_says_only_results(here):
    answer = bulkhead("run", "bank.toml", "--out", "none", "-q", cwd=here)
    assert answer.stderr == ""


def on_a_terminal(*arguments, cwd, **environment):
    """Run the command with a terminal for its output and its messages."""
    controller, terminal = pty.openpty()
    with subprocess.Popen(
        [BULKHEAD, *arguments],
        cwd=cwd,
        env=clean_environment(TERM="xterm", COLUMNS="100", **environment),
        stdout=terminal,
        stderr=terminal,
    ) as process:
        os.close(terminal)
        told = b""
        while True:
            try:
                chunk = os.read(controller, 4096)
            except OSError:
                break
            if not chunk:
                break
            told += chunk
        process.wait(timeout=60)
    os.close(controller)
    return told.decode()


def test_terminal_shows_colour_and_progress_and_no_color_is_respected(here):
    (here / "long.toml").write_text(BANK.replace("= 60", "= 3000"))
    options = ("run", "long.toml", "--out", "none")
    told = on_a_terminal(*options, cwd=here)
    assert "\x1b[" in told
    assert "of 3,000 transactions" in told
    plain = on_a_terminal(*options, "-q", cwd=here, NO_COLOR="1")
    assert "\x1b[3" not in plain
    assert "✓ holds" in plain


def test_doctor_says_where_our_packages_come_from_and_where_data_is_looked_for(here):
    told = document(here, "doctor", BULKHEAD_DATA=str(here / "data"))
    assert told["schema"] == "bulkhead.doctor/1"
    assert set(told["modules"]) == {"sim", "specs", "models", "reports", "scenarios"}
    assert told["missing"] == []
    assert told["data"]["folder"] == str(here / "data")
    assert {each["present"] for each in told["data"]["sets"]} == {False}
    words = bulkhead("doctor", cwd=here, BULKHEAD_DATA=str(here / "data")).stdout
    assert f"data is looked for in {here / 'data'}" in words


def test_everything_that_ships_is_listed(here):
    told = document(here, "scenarios")
    assert {"omid/quiet"} <= {each["name"] for each in told["scenarios"]}
    assert {each["name"] for each in told["variants"]} == set(VARIANTS)
    assert "no_invalidation" in {each["name"] for each in told["mutants"]}
    words = bulkhead("scenarios", cwd=here).stdout
    assert all(each["name"] in words for kind in ("scenarios", "mutants") for each in told[kind])


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_completes_commands(here, shell):
    script = bulkhead("completion", shell, cwd=here).stdout
    assert f"_BULKHEAD_COMPLETE={shell}_complete" in script
    words = {"COMP_WORDS": "bulkhead sc", "COMP_CWORD": "1" if shell != "fish" else "sc"}
    told = bulkhead(cwd=here, _BULKHEAD_COMPLETE=f"{shell}_complete", **words).stdout
    assert "scenarios" in told
    assert "schema" in told
    assert "export" not in told
