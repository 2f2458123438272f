"""The state machine finds planted bugs, and nothing in the reference."""

from pathlib import Path

import pytest

from scenarios.hunt.deployment import short_text
from scenarios.hunt.fast_path import FastPathMachine
from scenarios.hunt.machine import Machine
from scenarios.hunt.search import hunt
from scenarios.hunt.shrink import violated_by
from scenarios.load import parse
from sim.history import AbortReason
from sim.omid.settings import MS, US
from sim.workload.types import Access

# A mutant, and what the violation of the shrunk scenario is named.
FOUND = {
    "no_begin_barrier": "decided_at_begin",
    "no_epoch_advance": "timestamps_unique",
    "no_epoch_abort": "acknowledged_commits_durable",
    "lease_wait_halved": "one_lease_holder",
    "completion_order_reversed": "completion_before_removal",
}


def machine(mutant=None, variant="omid"):
    """Return a deployment that waits for steps."""

    class Other(FastPathMachine if variant == "omid-fp" else Machine):
        """A class of its own, which keeps its own scenario."""

    Other.mutant, Other.variant = mutant, variant
    made = Other()
    made.deploy(timeout=30 * MS)
    return made


@pytest.mark.parametrize("mutant", FOUND)
def test_planted_bug_is_found_and_becomes_a_scenario(mutant):
    found = hunt(mutant=mutant, examples=400)
    assert found.found
    assert found.scenario is not None, found.found
    assert FOUND[mutant] in found.properties
    again = parse(short_text(found.scenario).encode(), name="found", folder=Path()).scenario
    assert violated_by(again) == found.properties
    assert violated_by(again.model_copy(update={"mutant": None})) == ()


@pytest.mark.parametrize("variant", ["omid", "omid-ll", "omid-fp"])
@pytest.mark.parametrize("how", ["steps", "scenarios"])
def test_nothing_is_found_without_one(variant, how):
    found = hunt(variant=variant, how=how, examples=50)
    assert (found.found, found.examples) == ("", 50)


def test_the_fast_path_is_among_the_steps_of_its_variant():
    found = hunt(variant="omid-fp", mutant="no_read_bump", examples=100)
    assert found.scenario is not None
    assert "key_order" in found.properties or "snapshot_reads" in found.properties
    assert violated_by(found.scenario.model_copy(update={"mutant": None})) == ()


def test_a_write_that_the_fast_path_overtook_ends_its_transaction():
    steps = machine(variant="omid-fp")
    steps.begin(session=0, pace=0)
    steps.run_short(session=1, key=1, access=Access.WRITE, pace=0)
    steps.write(session=0, key=1, pace=0)
    assert steps.ready(0)
    assert steps.world.clients[0].current is None
    assert steps.world.workload.reasons[AbortReason.CONFLICT] == 1
    steps.teardown()


def test_whole_scenarios_find_planted_bugs_and_shrink_them():
    found = hunt(mutant="overflow_abort_evicts_newest", how="scenarios", examples=200)
    assert found.scenario is not None
    assert "conflict_detection_sound" in found.properties
    assert len(found.scenario.faults) <= 2


def test_a_hunt_is_repeated_by_its_seed():
    first, second = (hunt(mutant="completion_order_reversed", examples=200) for _ in range(2))
    assert (first.found, first.examples) == (second.found, second.examples)
    assert first.scenario == second.scenario


def test_steps_reach_the_model_and_the_history():
    steps = machine()
    steps.begin(session=0, pace=0)
    steps.write(session=0, key=1, pace=0)
    steps.commit(session=0, pace=0)
    steps.begin(session=1, pace=0)
    steps.read(session=1, key=1, pace=0)
    transaction = steps.world.open(1)
    assert transaction is not None
    (operation,) = transaction.operations
    assert operation[3] == 1
    assert steps.model.acknowledged() > 1
    steps.teardown()


def test_client_that_is_paused_takes_no_step():
    steps = machine()
    steps.pause(node="client.0", length=60 * MS)
    steps.wait(span=1 * MS)
    steps.begin(session=0, pace=0)
    assert steps.world.clients[0].current is None


def test_client_stops_at_a_point_and_goes_on():
    steps = machine()
    steps.stall_commit(session=0, point="commit.acknowledged", length=20 * MS, pace=10 * MS)
    assert not steps.ready(0)
    steps.wait(span=30 * MS)
    assert steps.ready(0)


def test_manager_with_a_commit_in_its_hands_is_followed_by_another():
    steps = machine()
    assert steps.world.primary() == "tm.1"
    steps.fail_over_in_flight(session=0, point="flush.checked", leases=4)
    assert steps.world.primary() == "tm.2"
    steps.teardown()


def test_recorded_steps_happen_again_at_the_same_instants():
    from scenarios.execute import execute
    from scenarios.load import Source
    from scenarios.resolve import resolve

    steps = machine()
    steps.pause_at(("client.0", "complete.fields"), 5 * MS)
    steps.write_several(session=0, pace=150 * US)
    steps.begin(session=1, pace=30 * US)
    steps.wait(span=1 * MS)
    steps.read(session=1, key=0, pace=0)
    steps.compact(node="region.0")
    steps.commit(session=1, pace=0)
    steps.begin(session=2, pace=0)
    steps.write(session=2, key=0, pace=0)
    steps.rollback(session=2)
    steps.keep("nothing")
    scenario = type(steps).scenario
    assert scenario is not None
    again = execute(resolve(Source(scenario=scenario, name="again", folder=Path()))).outcome
    steps.wait(span=30 * MS)
    first = steps.world.outcome().history
    assert again is not None
    for column in (
        "start_timestamp",
        "invoked_ns",
        "begun_ns",
        "finished_ns",
        "outcome",
        "at_ns",
        "key",
    ):
        mine, theirs = getattr(first, column).tolist(), getattr(again.history, column).tolist()
        assert mine == theirs, column
