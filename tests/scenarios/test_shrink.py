"""Shrinking leaves out what is not needed, and keeps what is."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.hunt.shrink import ddmin, shrink, violated_by
from scenarios.load import load

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios" / "omid"


@given(st.lists(st.integers(0, 30), unique=True), st.sets(st.integers(0, 30), max_size=4))
def test_ddmin_leaves_exactly_what_is_needed(items, needed):
    wanted = [item for item in items if item in needed]
    asked = []

    def fails(part):
        asked.append(part)
        return all(item in part for item in wanted)

    assert ddmin(items, fails) == wanted
    assert all(part != items for part in asked)


def test_ddmin_needs_no_single_item_more():
    def fails(part):
        return len(part) >= 3

    left = ddmin(list(range(17)), fails)
    assert len(left) == 3


def noisy(name, *, faults, sessions):
    """Return a shipped scenario with faults and transactions that change nothing."""
    scenario = load(SCENARIOS / name).scenario
    from scenarios.schema.faults import table_of
    from scenarios.schema.workload import Script

    workload = scenario.workload
    assert isinstance(workload, Script)
    more = Script(kind="script", sessions=(*workload.sessions, *sessions))
    topology = scenario.topology.model_copy(
        update={"clients": scenario.topology.clients + len(sessions)}
    )
    return scenario.model_copy(
        update={
            "faults": (*map(table_of, faults), *scenario.faults),
            "workload": more,
            "topology": topology,
        }
    )


def test_faults_and_transactions_that_do_nothing_are_left_out():
    from sim.kernel.faults import Pause, Slow

    scenario = noisy(
        "mutant-no-begin-barrier.toml",
        faults=[
            Pause(node="region.3", start_ns=10_000_000, length_ns=1_000_000),
            Slow(node="cleaner", start_ns=0, length_ns=1_000_000, percent=300),
        ],
        sessions=[("at 10ms: write 70", "at 20ms: read 71, read 72")],
    )
    assert "snapshot_reads" in violated_by(scenario)
    shrunk = shrink(scenario, "snapshot_reads")
    assert [fault.kind for fault in shrunk.scenario.faults] == ["partition"]
    assert sum(map(len, shrunk.scenario.workload.sessions)) == 2
    assert "snapshot_reads" in violated_by(shrunk.scenario)
    assert shrunk.runs <= 400


def test_shrinking_stops_when_its_runs_are_used_up():
    scenario = load(SCENARIOS / "mutant-no-begin-barrier.toml").scenario
    shrunk = shrink(scenario, "snapshot_reads", runs_max=3)
    assert shrunk.runs == 3
    assert "snapshot_reads" in violated_by(shrunk.scenario)


def test_scenario_that_cannot_run_violates_nothing():
    scenario = load(SCENARIOS / "quiet.toml").scenario
    fenced = load(SCENARIOS / "hazard-f09-fence-past-the-pipeline.toml").scenario
    assert violated_by(scenario.model_copy(update={"workload": fenced.workload})) == ()


@pytest.mark.parametrize("text", ["until 105ms", "until 1s"])
def test_script_waits_for_an_instant(text):
    from scenarios.script import parse_step
    from scenarios.units import duration
    from sim.workload.types import Access

    assert parse_step(text) == [(Access.UNTIL, 0, duration(text.removeprefix("until ")))]
