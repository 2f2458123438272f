"""Families of Omid LL and Omid FP: a few seeds of each break nothing, and stress what they say."""

import pytest

from scenarios.library import shipped
from scenarios.load import load
from scenarios.resolve import resolve
from scenarios.run import run

FAMILIES = [
    *("pauses-ll", "storm-ll", "deposed-ll"),
    *("pauses-fp", "storm-fp", "moves-fp", "deposed-fp"),
]
SEEDS = range(1, 6)


@pytest.fixture(scope="module", params=FAMILIES)
def family(request):
    """Run the first seeds of a family."""
    name = f"omid/{request.param}"
    loaded = load(shipped()[name].path, name=name)
    return request.param, [run(resolve(loaded, seed=seed)) for seed in SEEDS]


def total(runs, metric):
    return sum(each.outcome.metrics[metric] for each in runs)


def test_no_seed_of_a_family_breaks_a_property(family):
    _, runs = family
    assert [each.record.violated for each in runs] == [()] * len(runs)


def test_a_family_commits_aborts_and_forces_decisions(family):
    _, runs = family
    for metric in ("committed", "aborted", "invalidations"):
        assert total(runs, metric) > 0


def test_a_family_of_the_fast_path_meets_its_refusals(family):
    name, runs = family
    locked, used_up = total(runs, "aborts_locked"), total(runs, "aborts_sequence")
    assert (locked > 0) == name.endswith("fp")
    assert (used_up > 0) == (name in ("storm-fp", "deposed-fp"))
