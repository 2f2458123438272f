"""Fences: who began before one and did not commit is shut out, and what it reads is decided."""

import numpy as np

from scenarios.script import parse_script
from sim.history import AbortReason, OracleKind, Outcome
from sim.kernel.faults import Delay
from sim.omid.settings import MS
from specs.history.properties import check
from tests.omid.deployments import run

SLOW_TABLE = Delay(
    source="tm.1", target="ct.*", start_ns=100 * MS, length_ns=10 * MS, delay_ns=40 * MS
)
LONG_WRITER = "at 100ms: write 1, read 10..60, write 2"
PENDING = parse_script([["at 100ms: write 1, write 2"], ["at 110ms: fence, read 1, read 2"]])


def violated(outcome):
    return [v.property for v in check(outcome.history, outcome.oracle) if not v.holds]


def test_a_fence_refuses_the_commit_of_a_transaction_that_began_before_it() -> None:
    outcome = run(parse_script([[LONG_WRITER], ["at 105ms: fence, read 1"]]))
    assert outcome.metrics["aborts_fenced"] == 1
    refused = outcome.oracle.rows_of(OracleKind.COMMIT_REFUSED)
    assert list(outcome.oracle.extra[refused]) == [AbortReason.FENCED]
    assert violated(outcome) == []


def test_a_begin_refuses_nobody() -> None:
    outcome = run(parse_script([[LONG_WRITER], ["at 105ms: read 1"]]))
    assert outcome.metrics["aborted"] == 0


def test_a_fence_lets_those_commit_that_begin_after_it() -> None:
    outcome = run(parse_script([["at 100ms: fence"], ["at 105ms: write 1"]]))
    assert list(outcome.history.outcome) == [Outcome.COMMITTED, Outcome.COMMITTED]


def test_a_fence_waits_for_the_commits_that_were_accepted_before_it() -> None:
    outcome = run(PENDING, faults=[SLOW_TABLE])
    history = outcome.history
    fence = int(np.argmax(history.start_timestamp))
    assert history.begun_ns[fence] - history.invoked_ns[fence] > 20 * MS
    reads = slice(int(history.first[fence]), int(history.first[fence + 1]))
    assert set(history.version[reads]) == {history.start_timestamp.min()}
    assert outcome.metrics["invalidations"] == 0
    assert violated(outcome) == []


def test_a_fence_of_the_apache_code_invalidates_what_its_manager_then_acknowledges() -> None:
    outcome = run(PENDING, faults=[SLOW_TABLE], variant="omid-apache")
    assert list(outcome.history.outcome) == [Outcome.COMMITTED, Outcome.COMMITTED]
    assert "invalid_never_acknowledged" in violated(outcome)
