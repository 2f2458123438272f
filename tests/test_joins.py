"""One name joins a mechanism in the simulator, its mutant, its property and its scenario.

Nothing here runs a simulation: these tests read the registers, and the shipped scenario files.
"""

import tomllib
from pathlib import Path

import pytest

from sim.omid.mechanisms import MECHANISMS
from sim.omid.mutants import MUTANTS
from sim.omid.variants import VARIANTS
from specs.history.properties import PROPERTIES

ROOT = Path(__file__).resolve().parent.parent
SCENARIOS = sorted((ROOT / "scenarios").glob("*/*.toml"))
NAMES = {mechanism.name: mechanism for mechanism in MECHANISMS}


def unbroken(mutants, mechanisms, properties):
    """Return the properties that no mutant breaks, by its own word or by its mechanism's."""
    broken = {mutant.property for mutant in mutants if not mutant.benign}
    for mutant in mutants:
        broken.update(mechanisms[mutant.mechanism].properties)
    return sorted(set(properties) - broken)


def test_mechanisms_have_one_name_each():
    assert len(NAMES) == len(MECHANISMS)


@pytest.mark.parametrize("name", NAMES)
def test_mechanism_rests_properties_that_exist(name):
    assert set(NAMES[name].properties) <= set(PROPERTIES)


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_names_what_exists(name):
    mutant = MUTANTS[name]
    assert mutant.name == name
    assert mutant.mechanism in NAMES
    assert mutant.property in PROPERTIES or (mutant.benign and not mutant.property)
    assert mutant.variants
    assert set(mutant.variants) <= set(VARIANTS)


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_named_after_its_mechanism(name):
    mechanism = MUTANTS[name].mechanism
    assert name == f"no_{mechanism}" or name.startswith(f"{mechanism}_")


def test_mutants_have_numbers_of_their_own():
    numbers = [mutant.number for mutant in MUTANTS.values()]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("name", VARIANTS)
def test_variant_promises_properties_that_exist(name):
    assert VARIANTS[name].name == name
    assert set(VARIANTS[name].properties) <= set(PROPERTIES)


def test_every_property_has_a_mutant_that_breaks_it():
    assert unbroken(MUTANTS.values(), NAMES, PROPERTIES) == []


def test_a_property_without_a_mutant_would_be_seen():
    name = "timestamps_unique"
    few = [each for each in MUTANTS.values() if name not in NAMES[each.mechanism].properties]
    assert unbroken(few, NAMES, PROPERTIES) == [name]


def test_scenarios_are_there():
    assert len(SCENARIOS) >= 16


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario_is_short_enough_to_read_aloud(path):
    lines = [line for line in path.read_text().splitlines() if line.strip()]
    assert len(lines) <= 40
    assert tomllib.loads(path.read_text()).get("title")
