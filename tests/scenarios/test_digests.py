"""A run is the same run wherever, whenever and beside whatever else it is made."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from scenarios.digest import run_digest
from scenarios.execute import execute
from scenarios.job import Job, perform
from scenarios.library import shipped
from scenarios.load import load, parse
from scenarios.resolve import resolve
from tests.scenarios.commands import BANK, FRACTURED, bulkhead


@pytest.fixture
def here(tmp_path):
    (tmp_path / "bank.toml").write_text(BANK)
    (tmp_path / "late.toml").write_text(FRACTURED)
    return tmp_path


def digests(here, *arguments, **environment):
    answer = bulkhead("run", *arguments, "--out", "none", "--json", cwd=here, **environment)
    assert answer.returncode == 0, answer.stderr
    return [(run["seed"], run["digest"]) for run in json.loads(answer.stdout)["runs"]]


def resolved(text, **options):
    return resolve(parse(text.encode(), name="s.toml", folder=Path()), **options)


def digest_of(text, *, tracing=False, **options):
    settled = resolved(text, **options)
    return run_digest(settled, execute(settled, tracing=tracing).outcome)


def test_same_seed_gives_the_same_digest_under_any_hash_seed_and_any_number_of_workers(here):
    names = ("bank.toml", "late.toml", "--repeat", "4")
    first = digests(here, *names, "--workers", "1", PYTHONHASHSEED="1")
    assert digests(here, *names, "--workers", "2", PYTHONHASHSEED="2") == first
    assert len(set(first)) == 8


def test_one_run_here_and_the_same_run_in_a_worker_are_the_same(here):
    alone = digests(here, "bank.toml", "--seed", "5")
    among = digests(here, "bank.toml", "--seeds", "4:7")
    assert alone == [among[1]]


def test_no_state_survives_a_run_in_a_worker():
    source = parse(BANK.encode(), name="s.toml", folder=Path())
    job = Job.of(source, seed=104)

    def run(seed):
        message = {name: getattr(replace(job, seed=seed), name) for name in Job.__slots__}
        return perform(message)["answer"]["record"]["digest"]

    alone = run(104)
    for seed in range(4, 104):
        run(seed)
    assert run(104) == alone


def test_tracing_changes_nothing():
    assert digest_of(FRACTURED, tracing=True) == digest_of(FRACTURED)


def test_title_expectations_and_wall_limit_decide_nothing():
    told = BANK.replace("Money moves", "Other words")
    told += '\n[expect]\nown_writes = "holds"\n\n[limits]\nwall = "60s"\n'
    assert digest_of(told) == digest_of(BANK)


@pytest.mark.parametrize(
    "change",
    [("= 60", "= 61"), ("clients = 4", "clients = 5"), ('"1ms"', '"2ms"')],
)
def test_whatever_decides_the_run_changes_the_digest(change):
    assert digest_of(BANK.replace(*change)) != digest_of(BANK)
    assert digest_of(BANK, seed=9) != digest_of(BANK)


def test_mutant_and_seed_given_by_hand_are_those_of_the_resolved_scenario():
    settled = resolved(FRACTURED, seed=2, mutant="no_invalidation")
    again = resolved(settled.text())
    assert again.scenario.mutant == "no_invalidation"
    assert again.scenario.seed == 2
    assert digest_of(settled.text()) == digest_of(FRACTURED, seed=2, mutant="no_invalidation")


def test_slices_and_watching_change_nothing(monkeypatch):
    seen = []
    settled = resolve(load(shipped()["omid/quiet"].path))
    whole = run_digest(settled, execute(settled).outcome)
    monkeypatch.setattr("scenarios.execute._SLICE", 777)
    watched = execute(settled, observe=seen.append)
    assert run_digest(settled, watched.outcome) == whole
    assert len(seen) > 10
