"""Outcomes: one commit timestamp, durable acknowledgements, invalid means aborted."""

import pytest

from sim.history import NONE, FieldWriter, Outcome, RowState
from specs.history.final import final_outcomes
from tests.specs.ledger import Ledger


@pytest.fixture
def run():
    ledger = Ledger()
    ledger.epoch(1)
    ledger.begin(10)
    ledger.write(10, 0)
    ledger.accept(10, 12)
    return ledger


def outcome(run):
    """Final commit timestamp of T10, and whether an invalid mark decided."""
    final = final_outcomes(*run.build())
    number = final.starts.number(10)
    return int(final.commit[number]), bool(final.invalidated[number])


def test_the_first_mutation_of_an_absent_row_decides_for_commit(run):
    run.put(10, 12)
    run.invalidate(10, before=RowState.COMMITTED)
    assert outcome(run) == (12, False)


def test_the_first_mutation_of_an_absent_row_decides_for_abort(run):
    run.invalidate(10)
    run.put(10, 12, before=RowState.INVALID)
    assert outcome(run) == (NONE, True)


def test_a_mark_after_removal_changes_nothing(run):
    run.put(10, 12)
    run.drop_row(10)
    run.invalidate(10)
    assert outcome(run) == (12, False)


def test_a_commit_after_the_mark_was_removed_changes_nothing(run):
    run.invalidate(10)
    run.drop_row(10, before=RowState.INVALID)
    run.put(10, 12)
    assert outcome(run) == (NONE, True)


def test_nothing_decided_means_not_committed(run):
    assert outcome(run) == (NONE, False)


def test_a_quiet_commit_has_one_timestamp_and_is_durable(run):
    run.commit(10, 12, [0])
    verdict = run.judge("one_commit_timestamp")
    assert verdict.holds
    assert verdict.premise == 3


SIGHTINGS = {
    "commit table": lambda run: run.put(10, 13, before=RowState.COMMITTED),
    "commit field": lambda run: run.field(10, 0, 13, by=FieldWriter.HEALER),
    "reply": lambda run: run.reply(10, 13),
    "reader": lambda run: run.resolved(20, 10, 13),
    "settled": lambda run: run.settled(10, 13),
    "client": lambda run: run.finish(10, commit=13),
}


@pytest.mark.parametrize("place", SIGHTINGS)
def test_a_second_commit_timestamp_is_named_wherever_it_shows(run, place):
    run.put(10, 12)
    SIGHTINGS[place](run)
    verdict = run.judge("one_commit_timestamp")
    assert verdict.evidence.transactions == (10,)
    assert verdict.evidence.timestamps == (12, 13)
    assert verdict.evidence.sentence == ("T10 was seen with different commit timestamps: 12, 13.")


def test_a_late_put_beside_an_invalid_mark_shows_nobody_a_timestamp(run):
    run.put(10, 12)
    run.put(10, 13, before=RowState.INVALID)
    assert run.judge("one_commit_timestamp").holds


def test_an_acknowledged_commit_that_never_entered_the_table_is_named(run):
    row = run.reply(10, 12)
    verdict = run.judge("acknowledged_commits_durable")
    assert verdict.evidence.transactions == (10,)
    assert verdict.evidence.timestamps == (12,)
    assert row in verdict.evidence.events
    assert verdict.evidence.sentence == (
        "T10 was reported as committed at 12, but it never committed."
    )


def test_a_client_that_believes_in_a_lost_commit_is_named(run):
    run.finish(10, commit=12)
    verdict = run.judge("acknowledged_commits_durable")
    assert verdict.evidence.transactions == (10,)
    assert "client.0 ends T10: committed at 12" in verdict.evidence.lines[-1]


@pytest.mark.parametrize("place", ["client", "settled"])
def test_a_commit_reported_as_aborted_is_named(run, place):
    if place == "client":
        run.finish(10, Outcome.ABORTED)
    else:
        run.settled(10)
    run.put(10, 12)
    verdict = run.judge("acknowledged_commits_durable")
    assert verdict.evidence.timestamps == (12,)
    assert verdict.evidence.sentence == ("T10 was reported as aborted, but it committed at 12.")


def test_answers_that_agree_with_the_outcome_are_right(run):
    run.commit(10, 12, [0])
    run.begin(20)
    run.write(20, 0)
    run.invalidate(20)
    run.settled(20)
    run.finish(20, Outcome.ABORTED)
    run.reader(30, {0: 10})
    verdict = run.judge("acknowledged_commits_durable")
    assert verdict.holds
    assert verdict.premise == 2


def test_a_reply_to_a_client_that_had_given_up_acknowledges_nothing(run):
    run.invalidate(10)
    run.settled(10)
    run.put(10, 12, before=RowState.INVALID)
    run.reply(10, 12)
    run.finish(10, Outcome.ABORTED)
    assert run.judge("invalid_never_acknowledged").holds


def test_a_removed_committed_version_is_named(run):
    run.commit(10, 12, [0])
    row = run.remove(10, 0)
    verdict = run.judge("acknowledged_commits_durable")
    assert verdict.evidence.keys == (0,)
    assert row in verdict.evidence.events
    assert verdict.evidence.sentence == (
        "The version of key 0 that T10 committed at 12 was removed from the store."
    )


def collected(run, *, mark, newer):
    run.commit(10, 12, [0])
    if newer:
        run.writer(20, newer, [0])
    run.collect(10, 0, 12, mark=mark)
    return run.judge("acknowledged_commits_durable")


@pytest.mark.parametrize(("mark", "newer"), [(22, 22), (30, 22)])
def test_a_version_with_a_newer_one_below_the_mark_may_go(run, mark, newer):
    assert collected(run, mark=mark, newer=newer).holds


@pytest.mark.parametrize(("mark", "newer"), [(21, 22), (30, None), (11, 22)])
def test_collecting_the_newest_version_below_the_mark_or_one_above_is_named(run, mark, newer):
    verdict = collected(run, mark=mark, newer=newer)
    assert verdict.evidence.transactions == (10,)
    assert verdict.evidence.sentence == (
        f"Compaction under low water mark {mark} dropped the version of key 0 that T10 committed "
        "at 12, although no newer one had committed at or below the mark."
    )


def test_a_dropped_version_of_one_who_never_committed_is_no_loss(run):
    run.finish(10, Outcome.ABORTED)
    run.remove(10, 0)
    assert run.judge("acknowledged_commits_durable").holds


@pytest.mark.parametrize("place", ["reply", "client", "settled"])
def test_an_acknowledged_invalid_transaction_is_named(run, place):
    run.invalidate(10)
    run.put(10, 12, before=RowState.INVALID)
    SIGHTINGS[place](run)
    verdict = run.judge("invalid_never_acknowledged")
    assert verdict.premise == 1
    assert verdict.evidence.transactions == (10,)
    story = "\n".join(verdict.evidence.lines)
    mark = "T10 is marked invalid in the commit table (ct.0)"
    late = "the commit of T10 at 12 reaches the commit table (ct.0) too late: it is invalid"
    assert story.index(mark) < story.index(late)


def test_a_false_mark_beside_an_acknowledged_commit_is_right(run):
    run.commit(10, 12, [0])
    run.invalidate(10)
    assert run.judge("invalid_never_acknowledged").holds
