"""Every shipped scenario runs as its own `[expect]` says, and puts its premise to the test."""

import json
from dataclasses import replace

import pytest

from scenarios.execute import execute
from scenarios.library import find, shipped
from scenarios.load import load
from scenarios.resolve import resolve
from sim.omid.mutants import MUTANTS
from sim.omid.variants import VARIANTS
from specs.history.properties import PROPERTIES
from tests.scenarios.commands import bulkhead

SCENARIOS = list(shipped())


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Run all of them once, in one call, from a folder that has nothing to do with us."""
    answer = bulkhead(
        *("run", "omid", "--json", "--out", "none"),
        cwd=tmp_path_factory.mktemp("elsewhere"),
        timeout=280,
    )
    document = json.loads(answer.stdout)
    return {run["scenario"]: run for run in document["runs"]}


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario_runs_as_expected(runs, name):
    unmet = [each for each in runs[name]["expectations"] if not each["met"]]
    assert unmet == []
    assert runs[name]["outcome"] in ("holds", "violated")


@pytest.mark.parametrize("name", SCENARIOS)
def test_property_is_violated_where_a_scenario_says_so_and_nowhere_else(runs, name):
    expected = load(shipped()[name].path).scenario.expect.properties
    violated = {each["property"] for each in runs[name]["verdicts"] if not each["holds"]}
    assert violated == {key for key, value in expected.items() if value == "violated"}


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario_begins_with_what_happens(name):
    assert len(shipped()[name].summary) > 20


def test_every_variant_and_mutant_has_a_scenario():
    loaded = [load(entry.path).scenario for entry in shipped().values()]
    assert {scenario.mutant for scenario in loaded} - {None} == set(MUTANTS)
    assert {scenario.variant for scenario in loaded} == set(VARIANTS)


HARMFUL = [name for name, mutant in MUTANTS.items() if not mutant.benign]
BENIGN = [name for name, mutant in MUTANTS.items() if mutant.benign]


@pytest.mark.parametrize("mutant", HARMFUL)
def test_mutant_is_caught_for_the_reason_of_its_mechanism(mutant):
    scenarios = [load(entry.path).scenario for entry in shipped().values()]
    catching = [each.expect for each in scenarios if each.mutant == mutant]
    assert MUTANTS[mutant].mechanism in {expect.mechanism for expect in catching}
    assert any(expect.properties.get(MUTANTS[mutant].property) for expect in catching)


@pytest.mark.parametrize("mutant", BENIGN)
def test_benign_mutant_changes_a_run_of_its_own_and_breaks_nothing(runs, mutant):
    loaded = {name: load(entry.path, name=name) for name, entry in shipped().items()}
    own = {name: each for name, each in loaded.items() if each.scenario.mutant == mutant}
    assert own
    assert {runs[name]["outcome"] for name in own} == {"holds"}
    assert any(log_of(each, mutant) != log_of(each, None) for each in own.values())


def log_of(loaded, mutant):
    """Return what took effect inside a run with a mutant, or without."""
    scenario = loaded.scenario.model_copy(update={"mutant": mutant})
    outcome = execute(replace(resolve(loaded), scenario=scenario)).outcome
    log = outcome.oracle
    columns = (log.kind, log.at_ns, log.node, log.transaction, log.timestamp, log.extra)
    return [column.tolist() for column in columns]


@pytest.mark.parametrize("name", PROPERTIES)
def test_property_is_put_to_the_test_where_it_holds_and_broken_by_a_planted_bug(runs, name):
    sound = [run for run in runs.values() if run["outcome"] == "holds" and not run["mutant"]]
    buggy = [run for run in runs.values() if run["mutant"]]
    assert any(premise(run, name) for run in sound)
    assert any(not each["holds"] for run in buggy for each in run["verdicts"] if is_for(each, name))


def is_for(verdict, name):
    return verdict["property"] == name


def premise(run, name):
    return sum(each["premise"] for each in run["verdicts"] if is_for(each, name))


def test_scenarios_are_found_by_full_name_by_short_name_and_all_at_once():
    assert [entry.name for entry in find("omid/quiet")] == ["omid/quiet"]
    assert [entry.name for entry in find("quiet")] == ["omid/quiet"]
    assert [entry.name for entry in find("omid")] == SCENARIOS
    assert find("quite") == []
