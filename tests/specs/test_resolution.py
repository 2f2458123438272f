"""How readers decide: stable answers, the begin barrier, the frozen past of an epoch."""

import pytest

from sim.history import NONE, Outcome
from tests.specs.ledger import Ledger


@pytest.fixture
def run():
    ledger = Ledger()
    ledger.epoch(1)
    return ledger


@pytest.mark.parametrize("answers", [(NONE, 12), (12, NONE), (22, 12), (12, 13), (22, 23)])
def test_a_reader_that_changes_its_mind_is_named(run, answers):
    run.begin(20)
    rows = [run.resolved(20, 10, answer, key=key) for key, answer in enumerate(answers)]
    verdict = run.judge("stable_resolution")
    assert not verdict.holds
    assert verdict.evidence.transactions == (20, 10)
    assert verdict.evidence.keys == (0, 1)
    assert set(rows) <= set(verdict.evidence.events)


@pytest.mark.parametrize("answers", [(NONE, NONE), (12, 12), (NONE, 22), (22, 22)])
def test_a_reader_may_repeat_itself_and_learn_of_later_commits(run, answers):
    for key, answer in enumerate(answers):
        run.resolved(20, 10, answer, key=key)
    verdict = run.judge("stable_resolution")
    assert verdict.holds
    assert verdict.premise == 1


def below_the_mark(run, outcome):
    """T20 learns that T10 is in its snapshot, and then finds T10's other version collected."""
    run.begin(20)
    run.resolved(20, 10, 12, key=0)
    run.mark(30)
    run.resolved(20, 10, NONE, key=1)
    run.finish(20, outcome)
    return run.judge("stable_resolution")


def test_a_reader_below_the_low_water_mark_may_change_its_mind_if_it_does_not_commit(run):
    assert below_the_mark(run, Outcome.ABORTED).holds


def test_a_reader_below_the_low_water_mark_that_commits_is_judged(run):
    assert not below_the_mark(run, Outcome.COMMITTED).holds


def test_two_readers_may_differ(run):
    run.resolved(20, 10, 15)
    run.resolved(14, 10, 15)
    run.resolved(13, 10)
    assert run.judge("stable_resolution").holds


def test_returning_a_version_counts_as_taking_it_in(run):
    run.writer(10, 12, [0, 1])
    run.begin(20, session=1)
    run.resolved(20, 10, key=0)
    run.read(20, 0, NONE)
    run.read(20, 1, 10)
    run.finish(20)
    verdict = run.judge("stable_resolution")
    assert verdict.evidence.transactions == (20, 10)
    assert verdict.evidence.keys == (0, 1)
    assert any("reads key 1 and gets the version of T10" in line for line in verdict.evidence.lines)


def barrier(run, *, start, manager="tm.1"):
    """T10 is accepted at 12; somebody begins before its commit is in the table."""
    run.begin(10)
    run.write(10, 0)
    run.accept(10, 12)
    if manager == "tm.2":
        run.epoch(100, "tm.2")
    if manager == "again":
        run.epoch(100)
    run.begin(start, session=1, node="tm.2" if manager == "tm.2" else "tm.1")
    run.put(10, 12)
    return run.judge("decided_at_begin")


def test_a_begin_that_overtakes_a_smaller_commit_is_named(run):
    verdict = barrier(run, start=13)
    assert verdict.premise == 1
    assert verdict.evidence.transactions == (13, 10)
    assert verdict.evidence.timestamps == (12, 13)
    story = "\n".join(verdict.evidence.lines)
    begun, put = "answers the begin of T13", "the commit of T10 at 12 enters the commit table"
    assert story.index(begun) < story.index(put)


def test_a_begin_below_a_pending_commit_need_not_wait(run):
    assert barrier(run, start=11).holds


@pytest.mark.parametrize("manager", ["tm.2", "again"])
def test_what_an_older_manager_left_in_flight_is_no_matter_of_the_barrier(run, manager):
    assert barrier(run, start=110, manager=manager).holds


def test_a_begin_answered_after_the_put_is_right(run):
    run.begin(10)
    run.write(10, 0)
    run.accept(10, 12)
    run.put(10, 12)
    run.begin(13, session=1)
    assert run.judge("decided_at_begin").holds


def test_a_commit_that_never_took_effect_needs_no_barrier(run):
    run.begin(10)
    run.accept(10, 12)
    run.begin(13, session=1)
    run.invalidate(10)
    run.put(10, 12, before=2)
    assert run.judge("decided_at_begin").holds


def past(run, *, begin_first, commit=12, epoch=100):
    """An old manager's T10 writes around the first begin of a new epoch."""
    run.begin(10)
    run.write(10, 0)
    run.epoch(epoch, "tm.2")
    if begin_first:
        run.begin(110, session=1, node="tm.2", epoch=epoch)
    run.write(10, 1)
    if not begin_first:
        run.begin(110, session=1, node="tm.2", epoch=epoch)
    run.accept(10, commit)
    run.put(10, commit)
    return run.judge("frozen_snapshot")


def test_an_update_from_the_past_of_a_begun_epoch_is_named(run):
    verdict = past(run, begin_first=True)
    assert verdict.evidence.transactions == (10, 110)
    assert verdict.evidence.keys == (1,)
    assert verdict.evidence.timestamps == (12, 100, 110)
    story = "\n".join(verdict.evidence.lines)
    assert story.index("answers the begin of T110") < story.index("T10 writes key 1")


def test_an_update_before_the_first_begin_of_the_epoch_is_right(run):
    assert past(run, begin_first=False).holds


def test_an_update_that_commits_in_the_new_epoch_is_right(run):
    assert past(run, begin_first=True, commit=120).holds


def test_a_repeated_put_of_a_cell_updates_nothing_new(run):
    run.begin(10)
    run.write(10, 0)
    run.accept(10, 12)
    run.put(10, 12)
    run.epoch(100, "tm.2")
    run.begin(110, session=1, node="tm.2", epoch=100)
    run.cell(10, 0)
    verdict = run.judge("frozen_snapshot")
    assert verdict.holds
    assert verdict.premise == 1


def test_an_update_that_never_commits_is_right(run):
    run.begin(10)
    run.epoch(100, "tm.2")
    run.begin(110, session=1, node="tm.2", epoch=100)
    run.write(10, 0)
    run.finish(10, Outcome.ABORTED)
    assert run.judge("frozen_snapshot").holds
