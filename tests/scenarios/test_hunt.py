"""The state machine finds planted bugs, and nothing in the reference."""

import pytest

from scenarios.hunt.machine import Machine
from scenarios.hunt.search import hunt
from sim.omid.settings import MS

# A mutant, and what the first violation may name.
FOUND = {
    "no_epoch_advance": "timestamps_unique",
    "no_epoch_abort": "acknowledged_commits_durable",
    "lease_wait_halved": "one_lease_holder",
    "completion_order_reversed": "completion_before_removal",
}


@pytest.mark.parametrize("mutant", FOUND)
def test_planted_bug_is_found(mutant):
    found = hunt(mutant=mutant, seconds=60)
    assert FOUND[mutant] in found.found
    assert found.examples <= 1000


@pytest.mark.parametrize("variant", ["omid", "omid-ll"])
def test_nothing_is_found_without_one(variant):
    found = hunt(variant=variant, seconds=3)
    assert found.found == ""
    assert found.examples >= 50


def test_a_hunt_is_repeated_by_its_seed():
    first, second = (hunt(mutant="completion_order_reversed", seconds=60) for _ in range(2))
    assert (first.found, first.examples) == (second.found, second.examples)


def test_steps_reach_the_model_and_the_history():
    machine = Machine()
    machine.begin(session=0)
    machine.write(session=0, key=1)
    machine.commit(session=0, at_once=False)
    machine.begin(session=1)
    machine.read(session=1, key=1)
    transaction = machine.world.open(1)
    assert transaction is not None
    (operation,) = transaction.operations
    assert operation[3] == 1
    assert machine.model.acknowledged() > 1
    machine.teardown()


def test_client_that_is_paused_takes_no_step():
    machine = Machine()
    machine.pause(node="client.0", length=60 * MS)
    machine.wait(span=1)
    machine.begin(session=0)
    assert machine.world.clients[0].current is None
