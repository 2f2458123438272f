"""Scenarios of recordings and descriptions: every data set has one, and none needs its data."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from scenarios import data
from scenarios.library import shipped
from scenarios.load import load
from scenarios.schema.workload import Trace
from tests.scenarios.commands import bulkhead

LOADED = {name: load(entry.path).scenario for name, entry in shipped().items()}
TRACED = {name: each for name, each in LOADED.items() if isinstance(each.workload, Trace)}
TEMPLATES = {"ycsb/workload-template", "ycsb/tsworkload-template"}


@pytest.fixture(scope="module")
def without_data(tmp_path_factory):
    """Run every scenario of a trace where no data is, in one call."""
    here = tmp_path_factory.mktemp("elsewhere")
    arguments = ("run", *TRACED, "--json", "--out", "none")
    return bulkhead(*arguments, cwd=here, timeout=280, BULKHEAD_DATA=str(here / "none"))


def test_every_data_set_but_the_templates_has_a_scenario():
    used = {each.workload.dataset for each in TRACED.values()}
    assert used == set(data.DATASETS) - TEMPLATES


@pytest.mark.parametrize("name", TRACED)
def test_a_scenario_of_a_trace_is_short_and_says_what_to_run_instead(name):
    lines = shipped()[name].path.read_text().splitlines()
    assert len([line for line in lines if line.strip()]) <= 40
    assert TRACED[name].workload.otherwise is not None


def test_where_the_data_is_absent_each_says_so_and_runs_its_own_workload(without_data):
    runs = {run["scenario"]: run for run in json.loads(without_data.stdout)["runs"]}
    assert set(runs) == set(TRACED)
    unmet = {
        name: [each for each in run["expectations"] if not each["met"]]
        for name, run in runs.items()
        if run["mutant"] is None
    }
    assert not any(unmet.values()), unmet
    for name, scenario in TRACED.items():
        assert f"because data set {scenario.workload.dataset} is not in" in without_data.stderr
        assert runs[name]["workload"]["name"] != scenario.workload.dataset


def test_a_part_of_a_data_set_that_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("BULKHEAD_DATA", str(tmp_path))
    dataset = data.DATASETS["cachelib/leader-assocs"]
    path = tmp_path / dataset.file
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    empty = replace(dataset, name="empty", sha256=sha256(b"").hexdigest())
    monkeypatch.setitem(data.DATASETS, "empty", empty)
    with pytest.raises(data.MissingDataError, match=r"pop\.json does not exist"):
        data.verify("empty")
