"""Marks count what a run went through."""

import pytest

from sim.history import NONE, AbortReason, FieldWriter, OracleKind, Outcome, RowState
from specs.history.properties import marks
from tests.specs.ledger import Ledger


@pytest.fixture
def run():
    ledger = Ledger()
    ledger.epoch(1)
    return ledger


def counts(run):
    return {name: count for name, count in marks(*run.build()).items() if count}


def crossing(run, *, second_start):
    """Two transactions read both keys; one writes the first, the other the second."""
    run.begin(10)
    run.begin(second_start, session=1)
    seen = NONE if second_start < 12 else 10
    for start in (10, second_start):
        run.read(start, 0, seen if start == second_start else NONE)
        run.read(start, 1)
    run.write(10, 0)
    run.write(second_start, 1)
    run.commit(10, 12, [0])
    run.commit(second_start, 25, [1])


def test_write_skew_is_permitted_and_seen(run):
    crossing(run, second_start=11)
    assert counts(run) == {"write_skew": 1}


def test_transactions_one_after_the_other_are_no_write_skew(run):
    crossing(run, second_start=20)
    assert counts(run) == {}


def test_one_sided_anti_dependency_is_no_write_skew(run):
    run.begin(10)
    run.begin(11, session=1)
    run.read(11, 0)
    run.write(10, 0)
    run.write(11, 1)
    run.commit(10, 12, [0])
    run.commit(11, 25, [1])
    assert counts(run) == {}


def test_a_failover_with_a_late_commit_leaves_its_marks(run):
    run.begin(10)
    run.write(10, 0)
    run.accept(10, 12)
    run.epoch(100, "tm.2")
    run.begin(110, session=1, node="tm.2", epoch=100)
    run.invalidate(10)
    run.resolved(110, 10)
    run.read(110, 0)
    run.finish(110)
    run.put(10, 12, before=RowState.INVALID)
    run.settled(10)
    run.finish(10, Outcome.UNKNOWN)
    assert counts(run) == {
        "failovers": 1,
        "invalidations": 1,
        "tentative_reads": 1,
        "read_only_commits": 1,
        "late_commit_puts": 1,
        "unknown_outcomes": 1,
        "unknown_outcomes_resolved": 1,
    }


def test_a_reread_after_a_false_invalidation_leaves_its_marks(run):
    run.writer(10, 12, [0])
    run.invalidate(10)
    run.resolved(20, 10, 12)
    run.field(10, 0, 12, by=FieldWriter.HEALER)
    run.field(10, 0, 12, by=FieldWriter.CLEANER)
    assert counts(run) == {
        "invalidations": 1,
        "false_invalidations": 1,
        "tentative_reads": 1,
        "rereads_hit": 1,
        "healed_fields": 1,
        "cleaned_fields": 1,
    }


def refuse(run, start, reason):
    run.row(OracleKind.COMMIT_REFUSED, "tm.1", start, extra=reason)


def test_a_refusal_is_false_without_a_newer_version_of_a_written_key(run):
    run.begin(10)
    run.begin(11, session=1)
    run.begin(13, session=2)
    run.write(10, 0)
    run.write(11, 0)
    run.write(13, 1)
    run.commit(10, 15, [0])
    refuse(run, 11, AbortReason.CONFLICT)  # T10 committed key 0 meanwhile.
    refuse(run, 13, AbortReason.OVERFLOW)  # Nobody wrote key 1.
    assert counts(run) == {
        "conflict_aborts": 1,
        "overflow_aborts": 1,
        "false_aborts": 1,
        "unknown_outcomes": 2,
    }


def test_a_conflict_accepted_after_the_refusal_excuses_nothing(run):
    run.begin(10)
    run.begin(11, session=1)
    run.write(10, 0)
    run.write(11, 0)
    refuse(run, 11, AbortReason.EPOCH)
    run.commit(10, 15, [0])
    found = counts(run)
    assert found["false_aborts"] == 1
    assert found["epoch_aborts"] == 1


def test_collection_leaves_its_marks(run):
    run.writer(10, 12, [0])
    run.writer(20, 22, [0])
    run.mark(25)
    run.collect(10, 0, 12, mark=25)
    run.begin(24)
    run.write(24, 0)
    run.collect(24, 0, mark=25)
    run.finish(24, Outcome.ABORTED)
    assert counts(run) == {
        "low_water_marks": 1,
        "collected_versions": 1,
        "discarded_versions": 1,
    }
