"""Timestamps: unique, ascending, above older epochs, and in the order of real time."""

import pytest

from sim.history import Outcome
from tests.specs.ledger import Ledger


@pytest.fixture
def run():
    ledger = Ledger()
    ledger.epoch(1)
    ledger.writer(10, 12, [0])
    return ledger


def test_timestamps_of_two_epochs_in_order_are_right(run):
    run.epoch(100, "tm.2")
    run.begin(110, node="tm.2", epoch=100)
    run.accept(99, 99)  # The deposed manager goes on below the epoch.
    verdict = run.judge("timestamps_unique")
    assert verdict.holds
    assert verdict.premise == 4


def test_a_timestamp_issued_twice_is_named_with_both_managers(run):
    run.epoch(100, "tm.2")
    run.begin(12, node="tm.2", epoch=100)
    verdict = run.judge("timestamps_unique")
    assert verdict.evidence.sentence == "Timestamp 12 was issued twice: by tm.1, then by tm.2."
    assert verdict.evidence.timestamps == (12,)
    assert verdict.evidence.transactions == (10, 12)
    first, second = "tm.1 accepts the commit of T10", "tm.2 issues start timestamp 12"
    story = "\n".join(verdict.evidence.lines)
    assert story.index(first) < story.index(second)


def test_a_start_equal_to_a_commit_counts_as_issued_twice(run):
    run.accept(11, 10)
    assert run.judge("timestamps_unique").evidence.timestamps == (10,)


def test_a_manager_that_falls_back_is_named(run):
    run.begin(11)
    verdict = run.judge("timestamps_unique")
    assert verdict.evidence.sentence == "tm.1 issued timestamp 11 after 12."
    assert verdict.evidence.timestamps == (12, 11)


def test_epochs_that_do_not_ascend_are_named(run):
    run.epoch(100, "tm.2")
    run.epoch(100, "tm.1")
    verdict = run.judge("timestamps_unique")
    assert verdict.evidence.timestamps == (100,)
    assert verdict.evidence.sentence == (
        "tm.1 began to serve with epoch 100, not above epoch 100 of tm.2 before it."
    )


def test_an_older_manager_above_a_newer_epoch_is_named(run):
    run.epoch(100, "tm.2")
    run.begin(110, node="tm.2", epoch=100)
    run.begin(105)
    verdict = run.judge("timestamps_unique")
    assert verdict.evidence.sentence == (
        "tm.1 issued timestamp 105, on the wrong side of epoch 100 of tm.2."
    )
    assert verdict.evidence.timestamps == (105, 100)


def test_a_newer_manager_below_its_epoch_is_named(run):
    run.epoch(100, "tm.2")
    run.begin(90, node="tm.2", epoch=100)
    assert run.judge("timestamps_unique").evidence.timestamps == (90, 100)


def test_a_node_that_serves_again_is_a_new_manager(run):
    run.epoch(100, "tm.1")
    run.begin(90)
    assert run.judge("timestamps_unique").evidence.timestamps == (90, 100)


def stale(run, *, start):
    """T10 was acknowledged; then another client asks to begin and gets a start timestamp."""
    run.begin(start, session=1)
    run.finish(start, Outcome.ABORTED)
    return run.judge("real_time_order")


def test_a_begin_below_an_acknowledged_commit_is_named(run):
    verdict = stale(run, start=11)
    assert verdict.evidence.transactions == (11, 10)
    assert verdict.evidence.timestamps == (12, 11)
    assert verdict.evidence.sentence == (
        "T11 began after client.0 knew that T10 had committed at 12, but its snapshot is older."
    )
    story = "\n".join(verdict.evidence.lines)
    assert story.index("client.0 knows that T10") < story.index("client.1 asks to begin")


def test_a_begin_above_all_acknowledged_commits_is_right(run):
    verdict = stale(run, start=13)
    assert verdict.holds
    assert verdict.premise == 1


def test_a_begin_asked_for_before_the_acknowledgement_may_be_older():
    run = Ledger()
    run.epoch(1)
    asked = run.invoke(session=1)
    run.writer(10, 12, [0])
    run.begin(11, invoked=asked)
    assert run.judge("real_time_order").holds


def test_unknown_outcomes_order_nothing(run):
    run.begin(20)
    run.write(20, 0)
    run.finish(20, Outcome.UNKNOWN, commit=22)
    assert stale(run, start=21).holds
