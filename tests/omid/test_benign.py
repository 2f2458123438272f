"""Benign mutants: changes that no property may mind, over a few seeds each."""

import pytest

from scenarios.library import shipped
from scenarios.load import load
from scenarios.resolve import resolve
from scenarios.run import run
from sim.omid.mutants import MUTANTS

BENIGN = [name for name, mutant in MUTANTS.items() if mutant.benign]
SEEDS = range(4)


def violated(scenario, seed, mutant):
    path = shipped()[scenario].path
    finished = run(resolve(load(path, name=scenario), seed=seed, mutant=mutant))
    return [each.property for each in finished.judgement.verdicts if not each.holds]


def own_scenario(mutant):
    return f"omid/mutant-{mutant.replace('_', '-')}"


@pytest.mark.parametrize("mutant", BENIGN)
def test_a_benign_mutant_is_flagged_with_no_seed(mutant):
    for scenario in (own_scenario(mutant), "omid/pauses"):
        assert [violated(scenario, seed, mutant) for seed in SEEDS] == [[]] * len(SEEDS)


def test_the_same_sweep_flags_a_mutant_that_is_not_benign():
    flagged = [violated("omid/pauses", seed, "no_begin_barrier") for seed in SEEDS]
    assert any("decided_at_begin" in names for names in flagged)
