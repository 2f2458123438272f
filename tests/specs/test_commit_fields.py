"""Completion: commit fields tell the truth, and are there before the row goes."""

import pytest

from sim.history import FieldWriter, Outcome, RowState
from tests.specs.ledger import Ledger


@pytest.fixture
def run():
    ledger = Ledger()
    ledger.epoch(1)
    ledger.begin(10)
    ledger.write(10, 0)
    ledger.write(10, 1)
    ledger.accept(10, 12)
    return ledger


def test_a_commit_field_with_another_timestamp_is_named(run):
    run.put(10, 12)
    row = run.field(10, 1, 10, by=FieldWriter.HEALER)
    verdict = run.judge("commit_fields_agree")
    assert verdict.evidence.transactions == (10,)
    assert verdict.evidence.keys == (1,)
    assert verdict.evidence.timestamps == (10, 12)
    assert row in verdict.evidence.events
    assert any("becomes 10 (region.0, by a reader)" in line for line in verdict.evidence.lines)


def test_a_commit_field_of_an_aborted_transaction_is_named(run):
    run.invalidate(10)
    run.field(10, 0, 12)
    verdict = run.judge("commit_fields_agree")
    assert verdict.evidence.sentence == (
        "The commit field of key 0, version T10, became 12, but T10 never committed."
    )


def test_true_commit_fields_are_right_whoever_fills_them(run):
    run.put(10, 12)
    for writer in FieldWriter:
        run.field(10, 0, 12, by=writer)
    verdict = run.judge("commit_fields_agree")
    assert verdict.holds
    assert verdict.premise == 3


def test_a_row_removed_before_a_commit_field_is_named(run):
    run.put(10, 12)
    run.field(10, 0, 12)
    gone = run.drop_row(10)
    late = run.field(10, 1, 12)
    verdict = run.judge("completion_before_removal")
    assert verdict.evidence.transactions == (10,)
    assert verdict.evidence.keys == (1,)
    assert verdict.evidence.timestamps == (12,)
    assert {gone, late} <= set(verdict.evidence.events)
    assert verdict.evidence.sentence == (
        "The commit-table row of T10 was removed before its version of key 1 had its commit field."
    )


def test_a_row_removed_after_all_commit_fields_is_right(run):
    run.put(10, 12)
    run.field(10, 0, 12)
    run.field(10, 1, 12)
    run.drop_row(10)
    verdict = run.judge("completion_before_removal")
    assert verdict.holds
    assert verdict.premise == 1


def test_a_collected_version_needs_no_commit_field(run):
    run.put(10, 12)
    run.field(10, 0, 12)
    run.collect(10, 1, 12, mark=30)
    run.drop_row(10)
    assert run.judge("completion_before_removal").holds


def test_an_invalid_mark_removed_while_versions_remain_is_named(run):
    run.invalidate(10)
    run.remove(10, 0)
    run.drop_row(10, before=RowState.INVALID)
    verdict = run.judge("completion_before_removal")
    assert verdict.evidence.keys == (1,)
    assert verdict.evidence.sentence == (
        "The commit-table row of T10 was removed while its version of key 1 was still there."
    )


def test_an_invalid_mark_removed_after_rollback_is_right(run):
    run.invalidate(10)
    run.remove(10, 0)
    run.remove(10, 1)
    run.drop_row(10, before=RowState.INVALID)
    run.finish(10, Outcome.ABORTED)
    assert run.judge("completion_before_removal").holds


def test_a_false_invalid_mark_may_always_go(run):
    run.commit(10, 12, [0, 1])
    run.invalidate(10)
    run.drop_row(10, before=RowState.INVALID)
    assert run.judge("completion_before_removal").holds
