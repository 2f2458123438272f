"""Commit requests that are sent again: which parts of their treatment carry which weight."""

import pytest

from scenarios.script import parse_script
from sim.history import OracleKind
from sim.kernel.faults import Crash, Delay
from sim.omid.settings import MS
from specs.history.properties import check
from tests.omid.deployments import run

WRITER = parse_script([["at 100ms: write 1, write 2"], ["at 200ms: read 1, read 2"]])
SLOW_PUT = Delay(
    source="tm.1", target="ct.*", start_ns=100 * MS, length_ns=10 * MS, delay_ns=40 * MS
)
IMPATIENT = {"request_timeout_ns": 20 * MS}


def violated(outcome):
    return {v.property for v in check(outcome.history, outcome.oracle) if not v.holds}


@pytest.mark.parametrize(
    ("mutant", "holds"), [(None, True), ("no_retry_invalidation", True), ("no_retry_order", False)]
)
def test_order_alone_keeps_a_retry_at_the_same_manager_right(mutant, holds) -> None:
    outcome = run(WRITER, faults=[SLOW_PUT], settings=IMPATIENT, mutant=mutant)
    assert (violated(outcome) == set()) is holds


def test_a_retry_at_the_same_manager_is_not_committed_twice() -> None:
    outcome = run(WRITER, faults=[SLOW_PUT], settings=IMPATIENT)
    assert len(outcome.oracle.rows_of(OracleKind.COMMIT_ISSUED)) == 1
    assert outcome.metrics["aborted"] == 0


def test_the_reference_may_remove_the_row_of_a_commit_that_it_learnt_itself() -> None:
    crash = Crash(node="tm.1", point="flush.durable", hit=2)
    outcome = run(WRITER, faults=[crash], settings={"request_retries": 0})
    assert outcome.metrics["outcomes_resolved"] == 1
    assert len(outcome.final_state["row_start"]) == 0
    assert violated(outcome) == set()


@pytest.mark.parametrize(("writers", "holds"), [(1, True), (2, False)])
def test_a_second_writer_breaks_what_the_apache_code_takes_for_an_abort(writers, holds) -> None:
    settings = IMPATIENT | {"commit_table_writers": writers}
    outcome = run(WRITER, faults=[SLOW_PUT], settings=settings, variant="omid-apache")
    assert (violated(outcome) == set()) is holds
