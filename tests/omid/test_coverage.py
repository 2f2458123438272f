"""The benchmark that runs every variant under every workload tells what is unexpected."""

import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sim.omid.variants import VARIANTS

PATH = Path(__file__).parents[2] / "benchmarks" / "omid_coverage.py"


@pytest.fixture(scope="module")
def coverage():
    spec = importlib.util.spec_from_file_location("omid_coverage", PATH)
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their own module up.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def cell(coverage):
    return coverage.perform(coverage.Task("vldb18-size-1", "omid", 1))


def test_a_cell_says_what_a_run_came_to(coverage, cell):
    assert cell.transactions == 600
    assert cell.committed + cell.aborted == 600
    assert cell.failovers == 1
    assert cell.violated == ()
    assert coverage.word(cell).startswith("holds ")


def called(coverage, monkeypatch, capsys, cells):
    monkeypatch.setattr(coverage, "measure", lambda _: cells)
    monkeypatch.setattr("sys.argv", ["omid_coverage.py", "--json"])
    code = coverage.main()
    return code, json.loads(capsys.readouterr().out)


def test_an_unexpected_violation_makes_the_exit_code_1(coverage, cell, monkeypatch, capsys):
    code, told = called(coverage, monkeypatch, capsys, [cell])
    assert (code, told["violations_unexpected"], told["runs"]) == (0, 0, 1)
    bad = replace(cell, violated=("snapshot_reads",), unexpected=("snapshot_reads",))
    code, told = called(coverage, monkeypatch, capsys, [cell, bad])
    assert (code, told["violations_unexpected"]) == (1, 1)
    known = replace(bad, unexpected=())
    code, told = called(coverage, monkeypatch, capsys, [known])
    assert (code, told["violations_known"]) == (0, 1)
    assert called(coverage, monkeypatch, capsys, [])[0] == 1


def test_every_trace_every_ycsb_mix_and_every_mix_of_2018_is_run(coverage):
    names = coverage.workloads()
    assert {f"omid/ycsb-{letter}" for letter in "abcdef"} <= set(names)
    assert sum(name.startswith("omid/trace-") for name in names) >= 35
    assert set(coverage.MIXES_2018) <= set(names)
    assert set(coverage.known_violations()) == set(VARIANTS)
