"""The table of all mutants says who caught what, and says so when something is wrong."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sim.omid.mutants import MUTANTS

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "omid_mutants.py"


def table(*options):
    """Run the benchmark over few mutants and few seeds."""
    command = [sys.executable, str(SCRIPT), "--seeds", "2", "--workers", "1", *options]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=100)


@pytest.fixture(scope="module")
def document():
    answer = table("--mutants", "no_begin_barrier,no_checkpoint_removal,no_healing", "--json")
    assert answer.returncode == 0
    return json.loads(answer.stdout)


def test_the_table_says_who_caught_a_mutant_after_how_many_runs(document):
    first, second, third = document["table"]
    assert (first["number"], first["mechanism"]) == (26, "begin_barrier")
    assert first["scenario"]["scenario"] == "omid/mutant-no-begin-barrier"
    assert first["sweep"]["runs"] == 1
    assert "decided_at_begin" in first["sweep"]["properties"]
    assert second["variants"] == ["omid-apache"]
    assert second["sweep"] is None
    assert (third["benign"], third["caught"]) == (True, False)
    assert third["runs"] >= 5  # Its own scenario, and two seeds of two families at least.


def test_the_families_are_run_without_a_mutant_first(document):
    assert document["families"]["omid/pauses"] == {"runs": 2, "violating": 0}
    assert document["wrong"] == []


def test_the_table_is_readable_without_json():
    answer = table("--mutants", "no_healing")
    assert answer.returncode == 0
    assert "70  no_healing  healing    benign    omid" in answer.stdout
    assert "0 of 1 benign mutants flagged" in answer.stdout


def test_an_unknown_mutant_is_wrong_usage():
    answer = table("--mutants", "no_such")
    assert answer.returncode == 2
    assert 'unknown mutant "no_such"' in answer.stderr


def test_a_mutant_that_escapes_and_a_benign_one_that_is_flagged_are_wrong(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    import omid_mutants
    from mutants.rows import Catch, Row, Run

    seen = Run(
        scenario="omid/pauses",
        seed=3,
        premises={"snapshot_reads": 1},
        violated=("snapshot_reads",),
        as_expected=False,
        seconds=0.1,
    )
    escaped = Row(name="no_begin_barrier", by_scenario=None, by_sweep=None, runs=())
    catch = Catch.after([seen], seen.violated)
    flagged = Row(name="no_healing", by_scenario=None, by_sweep=catch, runs=(seen,))
    assert omid_mutants.faults_of([seen], [escaped, flagged]) == [
        "no_begin_barrier was not caught",
        "no_healing is benign and was flagged",
        "omid/pauses violates a property without a mutant, seed 3",
    ]


def test_the_catalogue_is_whole_and_counts_nothing_twice():
    numbers = sorted(n for mutant in MUTANTS.values() for n in (mutant.number, *mutant.also))
    assert numbers[:69] == list(range(1, 70))
    assert len(set(numbers)) == len(numbers)
