"""The coordinator: compare-and-set, and what becomes of a write whose answer is lost."""

from types import SimpleNamespace
from typing import Any

import pytest

from sim.history import OracleKind
from sim.kernel.faults import Pause
from sim.kernel.rpc import Call, NoReply
from sim.omid.coordinator import Coordinator, SessionNode, compare_and_set
from sim.omid.messages import Seen, Znode
from sim.omid.settings import MS, S, Settings
from sim.omid.world import World
from tests.omid.deployments import W, setup, workload

UNDER = Seen("/lease", 4)
OURS, THEIRS = "ours", "theirs"


class Asked(Call):
    """A request whose answer a test reads."""

    def reply(self, value: Any, delay_ns: int = 0) -> None:
        """Keep the answer."""
        self.answer = value


@pytest.fixture
def coordinator() -> Coordinator:
    """Return the coordinator of a deployment at rest, with a lease that was won four times."""
    coordinator = World(setup(workload([[(W, 1)]]))).coordinator
    coordinator.znodes = {"/lease": Znode("tm.2#0@3", 4), "/max-timestamp": Znode(THEIRS, 7)}
    return coordinator


def ask(coordinator: Coordinator, handler: Any, body: object) -> Any:
    """Have the coordinator handle a request and return its answer."""
    asked = Asked(coordinator, handler, body, 1 * S)
    handler(asked)
    return asked.answer


def finish(steps: Any, call: Call, coordinator: Coordinator) -> Any:
    """Answer all that a script asks of the coordinator, and return its result."""
    while True:
        try:
            call = steps.send(ask(coordinator, call.handler, call.body))
        except StopIteration as stop:
            return stop.value


@pytest.mark.parametrize(
    ("expected", "under", "version"),
    [
        (7, None, 8),
        (6, None, None),
        (7, UNDER, 8),
        (7, Seen("/lease", 3), None),
        (6, UNDER, None),
        (7, Seen("/manager", 0), 8),
    ],
)
def test_a_write_needs_the_version_of_its_znode_and_of_the_one_that_it_is_under(
    coordinator: Coordinator, expected: int, under: Seen | None, version: int | None
) -> None:
    body = ("/max-timestamp", OURS, expected, under)
    assert ask(coordinator, coordinator.on_write, body) == version
    after = Znode(THEIRS, 7) if version is None else Znode(OURS, 8)
    assert coordinator.read("/max-timestamp") == after


@pytest.mark.parametrize(
    ("write_arrives", "lease_moves", "version"),
    [
        (False, False, 8),
        (False, True, None),
        (True, False, 8),
        (True, True, 8),
    ],
)
def test_a_writer_whose_answer_was_lost_learns_whether_it_has_written(
    coordinator: Coordinator, write_arrives: bool, lease_moves: bool, version: int | None
) -> None:
    node: Any = SimpleNamespace(coordinator=coordinator, settings=Settings())
    node.coordinator_call = SessionNode.coordinator_call.__get__(node)
    steps = compare_and_set(node, "/max-timestamp", data=OURS, expected=7, under=UNDER)
    call = next(steps)
    if write_arrives:
        ask(coordinator, call.handler, call.body)
    if lease_moves:
        coordinator.znodes["/lease"] = Znode("tm.1#1@4", 5)
    assert finish(steps, steps.throw(NoReply(call)), coordinator) == version


@pytest.mark.parametrize(("mutant", "epochs"), [(None, 1), ("no_epoch_lease", 2)])
def test_who_stalls_between_lease_and_epoch_gets_none(mutant: str | None, epochs: int) -> None:
    stall = Pause(node="tm.1", point="lease.acquired", length_ns=3 * S)
    trace = workload([[(W, key)] for key in range(80)])
    world = World(setup(trace, faults=[stall], think_ns=50 * MS, mutant=mutant))
    world.run(until_ns=4 * S)
    oracle = world.outcome().oracle
    started = [oracle.node_names[oracle.node[r]] for r in oracle.rows_of(OracleKind.EPOCH_STARTED)]
    assert started == ["tm.2", "tm.1"][:epochs]
