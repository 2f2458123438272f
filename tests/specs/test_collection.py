"""Collection: snapshots keep what they need, and the low water mark never lies."""

import pytest

from sim.history import Outcome, RowState
from tests.specs.ledger import Ledger


@pytest.fixture
def run():
    ledger = Ledger()
    ledger.epoch(1)
    ledger.writer(10, 12, [0])
    return ledger


def drop(run, *, reader, mark, ended=False):
    """Drop the first of two versions while a transaction runs that may need it."""
    run.begin(20)
    run.write(20, 0)
    run.begin(reader, session=1)
    run.commit(20, 25, [0])
    if ended:
        run.finish(reader)
    row = run.collect(10, 0, 12, mark=mark)
    if not ended:
        run.finish(reader)
    return row, run.judge("needed_versions_kept")


def test_a_drop_that_a_running_snapshot_needs_is_named(run):
    row, verdict = drop(run, reader=22, mark=21)
    assert verdict.premise == 1
    assert verdict.evidence.transactions == (22, 10)
    assert verdict.evidence.keys == (0,)
    assert verdict.evidence.timestamps == (12, 21, 22)
    assert row in verdict.evidence.events
    assert verdict.evidence.sentence == (
        "Compaction dropped the version of key 0 by T10, committed at 12, that T22, still running, "
        "would read."
    )


@pytest.mark.parametrize(
    ("reader", "mark", "ended"),
    [
        (22, 23, False),  # below the mark: it will abort
        (22, 21, True),  # over: nobody reads any more
        (26, 25, False),  # reads the newer version
        (11, 9, False),  # reads an older one
    ],
)
def test_a_drop_that_no_running_snapshot_needs_is_right(run, reader, mark, ended):
    assert drop(run, reader=reader, mark=mark, ended=ended)[1].holds


def test_a_transaction_that_begins_later_was_not_running(run):
    run.begin(20)
    run.write(20, 0)
    run.commit(20, 25, [0])
    run.collect(10, 0, 12, mark=21)
    run.begin(22, session=1)
    assert run.judge("needed_versions_kept").holds


def test_a_low_water_mark_that_falls_is_named(run):
    rows = (run.mark(20), run.mark(15))
    verdict = run.judge("low_water_mark_safe")
    assert verdict.evidence.timestamps == (20, 15)
    assert verdict.evidence.events == rows
    assert verdict.evidence.sentence == "The low water mark fell from 20 to 15."


def test_a_commit_from_below_the_own_mark_is_named(run):
    run.begin(20)
    run.accept(20, 25)
    marked = run.mark(22)
    put = run.put(20, 25)
    verdict = run.judge("low_water_mark_safe")
    assert verdict.evidence.transactions == (20,)
    assert verdict.evidence.timestamps == (22, 25)
    assert {marked, put} <= set(verdict.evidence.events)


@pytest.mark.parametrize("mark", [15, 19])
def test_a_commit_from_above_the_own_mark_is_right(run, mark):
    run.begin(20)
    run.accept(20, 25)
    run.mark(mark)
    run.put(20, 25)
    verdict = run.judge("low_water_mark_safe")
    assert verdict.holds
    assert verdict.premise == 1


def test_a_commit_before_the_mark_rose_is_right(run):
    run.mark(30)
    assert run.judge("low_water_mark_safe").holds


@pytest.mark.parametrize("epoch_after_mark", [True, False])
def test_a_deposed_manager_may_put_below_the_first_mark_of_a_newer_epoch(run, epoch_after_mark):
    run.begin(20)
    run.accept(20, 25)
    if not epoch_after_mark:
        run.epoch(100, "tm.2")
    run.mark(99, "tm.2")
    if epoch_after_mark:
        run.epoch(100, "tm.2")
    run.put(20, 25)
    assert run.judge("low_water_mark_safe").holds


def test_a_commit_after_its_undecided_version_was_dropped_is_named(run):
    run.begin(20)
    run.write(20, 1)
    run.accept(20, 25)
    run.epoch(100, "tm.2")
    dropped = run.collect(20, 1, mark=99)
    put = run.put(20, 25)
    verdict = run.judge("low_water_mark_safe")
    assert verdict.evidence.transactions == (20,)
    assert verdict.evidence.keys == (1,)
    assert verdict.evidence.timestamps == (25, 99)
    assert {dropped, put} <= set(verdict.evidence.events)


def test_a_commit_that_comes_after_the_mark_of_the_collector_has_no_effect(run):
    run.begin(20)
    run.write(20, 1)
    run.accept(20, 25)
    run.epoch(100, "tm.2")
    run.invalidate(20)
    run.collect(20, 1, mark=99)
    run.put(20, 25, before=RowState.INVALID)
    run.finish(20, Outcome.ABORTED)
    assert run.judge("low_water_mark_safe").holds


def test_a_drop_from_a_key_that_the_writer_did_not_write_takes_nothing_away():
    run = Ledger()
    run.epoch(1)
    run.writer(30, 35, [1])
    run.begin(40, session=1)
    run.collect(30, 0, 35, mark=16)
    run.finish(40)
    assert run.judge("needed_versions_kept").holds
