"""Checkpoints of `omid-apache`: several versions of a key stand for one transaction."""

from __future__ import annotations

from typing import Any

from scenarios.script import parse_script
from sim.history import FieldWriter, OperationKind, OracleKind, Outcome
from sim.kernel.faults import Crash, Hold, Pause
from sim.omid.settings import MS, S
from specs.history.properties import check
from tests.omid.deployments import run

COLLECTING = {
    "low_water_mark_period_ns": 20 * MS,
    "low_water_mark_lag_ns": 20 * MS,
    "compaction_period_ns": 15 * MS,
}
TWICE = "at 100ms: write 1, checkpoint, read 1, write 1, read 1"


def apache(*sessions: list[str], **more: Any) -> Any:
    outcome = run(parse_script(sessions), variant="omid-apache", **more)
    assert [v for v in check(outcome.history, outcome.oracle) if not v.holds] == []
    return outcome


def reads(outcome: Any, row: int) -> list[int]:
    """Return what one transaction of the history read."""
    history = outcome.history
    first, last = history.first[row], history.first[row + 1]
    chosen = history.kind[first:last] == OperationKind.READ
    return history.value[first:last][chosen].tolist()


def test_a_transaction_reads_its_newest_write_on_either_side_of_a_checkpoint() -> None:
    assert reads(apache([TWICE]), 0) == [1, 2]


def test_others_read_the_write_after_the_checkpoint() -> None:
    assert reads(apache([TWICE], ["at 200ms: read 1"]), 1) == [2]


def test_completion_fills_the_field_of_every_version() -> None:
    state = apache([TWICE]).final_state
    later, first = state["cell_version"].tolist()
    assert later == first + 1
    assert len(set(state["cell_commit"].tolist())) == 1
    assert len(state["row_start"]) == 0


def test_a_rollback_removes_every_version() -> None:
    outcome = apache([f"{TWICE}, roll back"])
    assert len(outcome.final_state["cell_version"]) == 0
    assert len(outcome.oracle.rows_of(OracleKind.CELL_REMOVED)) == 1


def test_compaction_keeps_the_newest_of_the_versions_of_a_transaction() -> None:
    outcome = apache([TWICE, "at 400ms: read 1"], settings=COLLECTING)
    assert outcome.metrics["collected"] == 1
    assert outcome.final_state["cell_value"].tolist() == [2]


def test_a_reader_of_the_next_epoch_settles_the_transaction_by_its_start() -> None:
    faults = [
        Crash(node="client.0", point="commit.ready"),
        Crash(node="tm.1", start_ns=150 * MS, length_ns=10 * S),
    ]
    outcome = apache([TWICE], ["at 4s: read 1"], faults=faults)
    start = outcome.history.start_timestamp[0]
    marks = outcome.oracle.rows_of(OracleKind.COMMIT_TABLE_INVALIDATED)
    assert set(outcome.oracle.transaction[marks].tolist()) == {start}
    assert outcome.metrics["invalidations"] == 1
    assert reads(outcome, 1) == [0]


def test_a_healing_reader_fills_the_field_of_the_version_that_it_met() -> None:
    hold = Hold(node="client.0", point="commit.acknowledged", release_ns=1 * S)
    outcome = apache([TWICE], ["at 200ms: read 1"], faults=[hold])
    fields = outcome.oracle.rows_of(OracleKind.COMMIT_FIELD_PUT)
    assert outcome.oracle.extra[fields].tolist().count(FieldWriter.HEALER) == 1
    assert reads(outcome, 0) == [2]


def test_a_client_that_crashed_leaves_nothing_behind_that_its_next_transaction_would_touch() -> (
    None
):
    crash = Crash(node="client.0", point="commit.acknowledged", length_ns=50 * MS)
    outcome = apache([TWICE, "write 1, checkpoint, write 2"], faults=[crash])
    assert outcome.history.outcome.tolist() == [Outcome.UNKNOWN, Outcome.COMMITTED]


def test_concurrent_writers_are_in_conflict_whatever_the_checkpoint() -> None:
    pause = Pause(node="client.0", point="commit.ready", length_ns=30 * MS)
    outcome = apache(
        ["at 100ms: checkpoint, add 1"], ["at 100ms: add 2, checkpoint, add 1"], faults=[pause]
    )
    assert outcome.metrics["aborts_conflict"] == 1
