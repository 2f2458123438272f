"""The client of the Apache code: what it asks, in which order, and what it leaves behind."""

from typing import Any

import pytest

from scenarios.script import parse_script
from sim.history import NONE, OracleKind, Outcome
from sim.kernel.faults import Crash, Delay
from sim.omid.settings import MS, S, Topology
from sim.omid.world import World
from tests.omid.deployments import run, setup

WRITER = parse_script([["at 600ms: write 1, write 2"]])
TWO = parse_script([["at 600ms: write 1"], ["at 2500ms: read 1"]])
CLIENT_DIES = Crash(node="client.0", start_ns=700 * MS)
UNANSWERED = Crash(node="tm.1", point="flush.durable", hit=2)


def apache(trace: Any, **more: Any) -> Any:
    return run(trace, variant="omid-apache", **more)


def answers_late(start: int, length: int, *, by: int) -> Delay:
    """Delay what the manager tells client.0 in a span of time, in milliseconds."""
    times = {"start_ns": start * MS, "length_ns": length * MS, "delay_ns": by * MS}
    return Delay(source="tm.1", target="client.0", **times)


def requests(outcome: Any, node: str, after_ns: int) -> list[str]:
    """Return the names of what a node asked of the store, in order."""
    return [
        row["name"]
        for row in outcome.trace.rows()
        if row["kind"] == "send"
        and row["node"] == node
        and row["at_ns"] > after_ns
        and row["peer"].startswith(("ct.", "region."))
    ]


@pytest.mark.parametrize("variant", ["omid", "omid-apache"])
def test_only_the_reference_looks_at_the_commit_field_after_its_own_mark(variant) -> None:
    # Manager and client of the writer die with the commit in hand, so it stays undecided.
    faults = [Crash(node="tm.1", point="flush.checked", hit=2), CLIENT_DIES]
    outcome = run(TWO, faults=faults, variant=variant, tracing=True)
    asked = requests(outcome, "client.1", 2500 * MS)
    marked = asked.index("invalidate")
    assert asked[:marked].count("get_version") == (variant == "omid-apache")
    assert asked[marked:].count("get_version") == (variant == "omid")


def test_a_commit_learnt_from_the_commit_table_keeps_its_row() -> None:
    outcome = apache(WRITER, faults=[UNANSWERED], settings={"request_retries": 0})
    state = outcome.final_state
    assert list(outcome.history.outcome) == [Outcome.COMMITTED]
    assert list(state["row_start"]) == [outcome.history.start_timestamp[0]]
    assert (state["cell_commit"] != NONE).all()


def test_an_unanswered_commit_without_a_row_is_forbidden_and_rolled_back() -> None:
    crash = Crash(node="tm.1", point="flush.checked", hit=2)
    outcome = apache(WRITER, faults=[crash], settings={"request_retries": 0})
    state = outcome.final_state
    assert list(outcome.history.outcome) == [Outcome.ABORTED]
    assert list(state["row_invalid"]) == [1]
    assert len(state["cell_key"]) == 0


def test_a_refused_connection_is_tried_again_after_the_delay() -> None:
    trace = parse_script([["at 500ms: write 1"]])
    crash = Crash(node="tm.1", start_ns=300 * MS, length_ns=100 * MS)
    given = setup(trace, faults=[crash], variant="omid-apache")
    fields = {name: getattr(given, name) for name in given.__slots__}
    world = World(type(given)(**fields | {"topology": Topology(clients=1, managers=1)}))
    assert world.run() == ""
    history = world.outcome().history
    assert 10 * S < history.begun_ns[0] - history.invoked_ns[0] < 11 * S


def test_a_late_timestamp_satisfies_a_later_begin() -> None:
    trace = parse_script([["at 100ms: read 1", "at 140ms: read 1"]])
    late = [answers_late(100, 10, by=20), answers_late(110, 40, by=30)]
    outcome = apache(trace, faults=late, settings={"request_timeout_ns": 20 * MS})
    issued = outcome.oracle.rows_of(OracleKind.START_ISSUED)
    starts = outcome.oracle.timestamp[issued]
    assert len(starts) > 2
    assert list(outcome.history.start_timestamp) == list(starts[:2])
    assert outcome.oracle.at_ns[issued[1]] < outcome.history.invoked_ns[1]


def test_what_only_read_commits_however_old_its_snapshot_is() -> None:
    settings = {"low_water_mark_period_ns": 10 * MS, "low_water_mark_lag_ns": 10 * MS}
    trace = parse_script([["read 0..399"], ["write 1"] * 50])
    assert apache(trace, settings=settings).metrics["aborted"] == 0
    assert run(trace, settings=settings).metrics["aborts_low_water_mark"] == 1
