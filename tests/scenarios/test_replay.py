"""What a run leaves is whole, and whoever has it can repeat the run."""

import json
import resource
import subprocess
import tomllib

import numpy as np
import pytest

from tests.scenarios.commands import BANK, BULKHEAD, FRACTURED, bulkhead, clean_environment

ALWAYS = ["expected.json", "history.npz", "result.json", "scenario.toml"]
TRACED = ["timeline.svg", "trace.jsonl", "trace.perfetto.json"]


@pytest.fixture
def here(tmp_path):
    (tmp_path / "bank.toml").write_text(BANK)
    (tmp_path / "late.toml").write_text(FRACTURED)
    return tmp_path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def make_run(here, *arguments, code=0):
    answer = bulkhead("run", *arguments, cwd=here)
    assert answer.returncode == code, answer.stderr
    return (here / "runs" / "latest").resolve()


def test_folder_of_a_run_is_whole_and_lists_its_files(here):
    folder = make_run(here, "bank.toml")
    assert names(folder) == ALWAYS
    result = json.loads((folder / "result.json").read_text())
    (run,) = result["runs"]
    assert result["schema"] == "bulkhead.run/1"
    assert sorted(run["artifacts"]) == ALWAYS
    assert folder.name.endswith(run["digest"][:8])
    scenario = tomllib.loads((folder / "scenario.toml").read_text())
    assert scenario["seed"] == 3
    assert scenario["omid"]["lease"] == "1s"
    expected = json.loads((folder / "expected.json").read_text())
    assert expected["digest"] == run["digest"]
    assert names(here / "runs") == sorted([folder.name, "latest"])
    assert not (here / "bulkhead-failures").exists()


def test_traced_run_has_its_trace_and_pictures_and_the_same_digest(here):
    plain = make_run(here, "bank.toml")
    traced = make_run(here, "bank.toml", "--trace")
    assert names(traced) == sorted([*ALWAYS, *TRACED, "throughput.svg"])
    first, second = (json.loads((each / "result.json").read_text()) for each in (plain, traced))
    assert first["runs"][0]["digest"] == second["runs"][0]["digest"]
    assert second["runs"][0]["trace_digest"]
    assert (traced / "timeline.svg").read_text().startswith(("<svg", "<?xml"))
    json.loads((traced / "trace.perfetto.json").read_text())


def test_failing_run_leaves_a_scenario_that_fails_again(here):
    answer = bulkhead("run", "late.toml", "--mutant", "no_invalidation", cwd=here)
    assert answer.returncode == 1
    (file,) = (here / "bulkhead-failures").iterdir()
    assert f"Reproduce: bulkhead run bulkhead-failures/{file.name}\n" in answer.stdout
    again = bulkhead("run", "bulkhead-failures", "--out", "none", "--json", cwd=here)
    assert again.returncode == 1
    (run,) = json.loads(again.stdout)["runs"]
    result = json.loads((here / "runs" / "latest" / "result.json").read_text())
    assert run["digest"] == result["runs"][0]["digest"]
    assert run["mutant"] == "no_invalidation"


def test_replay_compares_digests(here):
    folder = make_run(here, "bank.toml")
    replay = bulkhead("run", folder, "--out", "none", "--json", cwd=here)
    assert replay.returncode == 0
    (run,) = json.loads(replay.stdout)["runs"]
    assert next(each for each in run["expectations"] if each["name"] == "digest")["met"]
    latest = bulkhead("run", "runs/latest", "--out", "none", cwd=here)
    assert latest.returncode == 0


def test_replay_that_differs_shows_the_first_event_that_does(here):
    folder = make_run(here, "bank.toml")
    scenario = (folder / "scenario.toml").read_text()
    (folder / "scenario.toml").write_text(scenario.replace('"150us"', '"151us"'))
    replay = bulkhead("run", folder, "--out", "none", cwd=here)
    assert replay.returncode == 1
    assert "not met: digest: expected" in replay.stdout
    assert "first differing event: row " in replay.stderr
    assert "before: " in replay.stderr
    assert "now: " in replay.stderr


def test_campaign_keeps_the_lowest_violating_seed_of_each_property(here):
    options = ("--mutant", "no_invalidation", "--seeds", "1:9")
    folder = make_run(here, "late.toml", *options, code=1)
    kept = [path for path in folder.iterdir() if path.is_dir()]
    assert "results.sqlite" in names(folder)
    assert "scenario.toml" in names(folder)
    assert [path.name for path in kept] == ["late-1"]
    assert names(kept[0]) == ALWAYS
    assert len(list((here / "bulkhead-failures").iterdir())) == 1
    replay = bulkhead("run", kept[0], "--out", "none", cwd=here)
    assert replay.returncode == 1
    assert "expected violated" not in replay.stdout


def test_finished_campaign_is_repeated_and_compared(here):
    folder = make_run(here, "bank.toml", "--seeds", "0:4")
    before = names(folder)
    again = bulkhead("run", folder, "--json", cwd=here)
    assert again.returncode == 0, again.stderr
    assert len(json.loads(again.stdout)["runs"]) == 4
    assert names(folder) == before
    assert names(here / "runs") == sorted([folder.name, "latest"])


def test_campaign_that_was_begun_has_settled_its_seeds(here):
    folder = make_run(here, "bank.toml", "--seeds", "0:2")
    answer = bulkhead("run", folder, "--seeds", "0:5", cwd=here)
    assert answer.returncode == 2
    assert "--seeds was settled when the campaign was begun" in answer.stderr
    together = bulkhead("run", folder, "bank.toml", cwd=here)
    assert together.returncode == 2
    assert "a campaign folder is run alone" in together.stderr


def test_nothing_is_overwritten(here):
    first = make_run(here, "bank.toml")
    second = make_run(here, "bank.toml")
    assert first != second
    assert len(names(here / "runs")) == 3


def test_full_disk_is_told_on_one_line_and_leaves_nothing_half_written(here):
    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))

    answer = subprocess.run(
        [BULKHEAD, "run", "bank.toml"],
        cwd=here,
        env=clean_environment(PYTHONDONTWRITEBYTECODE="1"),
        preexec_fn=small_files,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1
    assert "cannot write runs: file too large" in answer.stderr
    assert names(here / "runs") == []


@pytest.mark.parametrize("size_kib", [4, 24])
def test_full_file_system_is_told_on_one_line_and_left_as_it_was(here, size_kib):
    small = here / "small"
    small.mkdir()
    # A file system of its own in a name space of its own: nothing is left of it afterwards.
    script = (
        f"mount -t tmpfs -o size={size_kib}k tmpfs {small} || exit 77; "
        f"{BULKHEAD} run bank.toml --out {small}; code=$?; ls -A {small} >&2; exit $code"
    )
    try:
        answer = subprocess.run(
            ["unshare", "--map-root-user", "--mount", "sh", "-c", script],
            cwd=here,
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        pytest.skip("this system has no unshare")
    if answer.returncode not in (0, 1, 2, 3, 4):
        pytest.skip("this system lets nobody mount a small file system")
    assert answer.returncode == 2
    assert answer.stderr == f"bulkhead: cannot write {small}: no space left on device\n"


def test_life_of_a_transaction_is_told(here):
    folder = make_run(here, "late.toml")
    told = bulkhead("trace", folder, "--transaction", "T1", cwd=here)
    assert told.returncode == 0, told.stderr
    assert "accepts the commit of T1" in told.stdout
    times = [float(line.split(" ms")[0]) for line in told.stdout.splitlines()]
    assert times == sorted(times)
    document = bulkhead("trace", folder, "--transaction", "1", "--json", cwd=here)
    assert json.loads(document.stdout)["transaction"] == 1
    absent = bulkhead("trace", folder, "--transaction", "77", cwd=here)
    assert absent.returncode == 2
    assert "no transaction has the start timestamp 77" in absent.stderr


@pytest.mark.parametrize("to", ["npz", "jsonl", "edn", "perfetto", "shiviz"])
def test_history_and_trace_are_exported(here, to):
    folder = make_run(here, "late.toml", "--trace")
    answer = bulkhead("export", folder, "--to", to, "--out", "deep/file", cwd=here)
    assert answer.returncode == 0, answer.stderr
    assert (here / "deep" / "file").stat().st_size > 100
    assert names(here / "deep") == ["file"]


def test_exported_history_is_the_history(here):
    folder = make_run(here, "bank.toml")
    bulkhead("export", folder, "--to", "jsonl", "--out", "a.jsonl", cwd=here)
    lines = (here / "a.jsonl").read_text()
    answer = bulkhead("export", "-", "--to", "npz", "--out", "b.npz", cwd=here, stdin=lines)
    assert answer.returncode == 0, answer.stderr
    # JSON Lines hold what clients saw; the log from inside stays behind.
    with np.load(folder / "history.npz") as before, np.load(here / "b.npz") as after:
        names_of_history = [name for name in before.files if name.startswith("history.")]
        read_back = set(after.files) - {"schema", "oracle_rows", "history.line"}
        assert set(names_of_history) == read_back
        for name in names_of_history:
            assert np.array_equal(before[name], after[name]), name


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("absent", "--to", "npz"), "cannot read absent: no such file or directory"),
        (("bank.toml", "--to", "npz"), "bank.toml"),
        ((".", "--to", "npz"), "no history.npz in this folder"),
        ((".", "--to", "perfetto"), "make the run again with --trace"),
    ],
)
def test_what_cannot_be_exported_is_told_on_one_line(here, arguments, told):
    answer = bulkhead("export", *arguments, "--out", "f", cwd=here)
    assert answer.returncode == 2
    assert told in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert not (here / "f").exists()
