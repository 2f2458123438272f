"""What transactions read: snapshots, aborted and intermediate versions, own writes, sums."""

import pytest

from sim.history import NONE, Outcome
from specs.history.properties import check
from tests.specs.ledger import Ledger


@pytest.fixture
def run():
    ledger = Ledger()
    ledger.epoch(1)
    ledger.writer(10, 12, [0, 1])
    return ledger


def late_commit(run, *, second):
    """A stalled manager's commit of T30 lands between two reads of T110 in the next epoch."""
    run.begin(30)
    run.write(30, 0)
    run.write(30, 1)
    run.accept(30, 32)
    run.epoch(100, "tm.2")
    run.begin(110, session=1, node="tm.2", epoch=100)
    run.read(110, 0, 10)
    run.put(30, 32)
    run.read(110, 1, second)
    run.finish(110)
    return run


def test_a_fractured_read_names_both_reads_and_tells_the_story(run):
    verdict = late_commit(run, second=30).judge("snapshot_reads")
    assert not verdict.holds
    evidence = verdict.evidence
    assert evidence.transactions == (110, 30)
    assert evidence.keys == (0, 1)
    assert evidence.timestamps == (32, 110)
    assert evidence.sentence == (
        "T110 (client.1) saw half of T30, which committed at 32, before T110: it read key 1 as T30 "
        "wrote it, and key 0 as if T30 had never been."
    )
    told = [line.split("ms  ")[1] for line in evidence.lines]
    wrong = (
        "client.1, in T110, reads key 0 and gets the version of T10 (value 10000): "
        "WRONG, T30 is missing"
    )
    assert told.index("tm.2 begins to serve, with epoch 100") < told.index(wrong)
    assert told.index(wrong) < told.index("the commit of T30 at 32 enters the commit table (ct.0)")
    assert told[-1].endswith("gets the version of T30 (value 30001): here T30 is seen")
    assert len(told) <= 14


def test_one_key_read_twice_with_two_answers_is_a_fractured_read(run):
    run.begin(20, session=1)
    run.read(20, 0, NONE)
    run.read(20, 0, 10)
    run.finish(20)
    evidence = run.judge("snapshot_reads").evidence
    assert evidence.keys == (0,)
    assert "it read key 0 as T10 wrote it, and again as if T10 had never been" in evidence.sentence


def test_a_whole_miss_is_told_as_one_wrong_read(run):
    verdict = late_commit(run, second=10).judge("snapshot_reads")
    assert verdict.evidence.transactions == (110, 30, 10)
    assert verdict.evidence.sentence == (
        "T110 (client.1) read key 0 and got the version of T10, committed at 12; the newest before "
        "was that of T30, committed at 32. (1 more like it.)"
    )


def test_an_invalidated_late_commit_leaves_the_snapshot_whole(run):
    run.begin(30)
    run.write(30, 0)
    run.write(30, 1)
    run.accept(30, 32)
    run.epoch(100, "tm.2")
    run.begin(110, session=1, node="tm.2", epoch=100)
    run.invalidate(30)
    run.read(110, 0, 10)
    run.put(30, 32, before=2)
    run.read(110, 1, 10)
    run.finish(110)
    assert run.judge("snapshot_reads").holds


@pytest.mark.parametrize(("seen", "holds"), [(10, True), (NONE, False)])
def test_a_false_invalidation_does_not_take_a_commit_back(run, seen, holds):
    run.invalidate(10)
    run.reader(20, {0: seen, 1: 10})
    verdict = run.judge("snapshot_reads")
    assert verdict.holds is holds
    if not holds:
        mark = "T10 is marked invalid in the commit table (ct.0), although it had committed"
        assert any(mark in line for line in verdict.evidence.lines)


def test_a_commit_after_the_snapshot_must_not_be_seen(run):
    run.begin(20, session=1)
    run.writer(21, 23, [0])
    run.read(20, 0, 21)
    run.finish(20)
    verdict = run.judge("snapshot_reads")
    assert verdict.evidence.transactions == (20, 10, 21)
    assert "got the version of T21, committed at 23" in verdict.evidence.sentence


def test_the_initial_version_is_due_where_nothing_committed(run):
    run.reader(20, {2: NONE})
    assert run.judge("snapshot_reads").holds
    run = Ledger()
    run.epoch(1)
    run.writer(20, 22, [2])
    run.reader(15, {2: 20})
    assert "no version of it had committed before" in run.judge("snapshot_reads").evidence.sentence


def test_a_read_after_an_own_write_is_not_from_the_snapshot(run):
    run.begin(20)
    run.write(20, 0)
    run.read(20, 0, 20)
    run.commit(20, 22, [0])
    assert run.judge("snapshot_reads").holds


@pytest.mark.parametrize("outcome", [Outcome.ABORTED, Outcome.UNKNOWN])
def test_below_the_low_water_mark_only_committed_snapshots_count(run, outcome):
    run.begin(20, session=1)
    run.mark(25)
    run.read(20, 0, NONE)
    run.finish(20, outcome)
    assert run.judge("snapshot_reads").holds

    run = Ledger()
    run.writer(10, 12, [0])
    run.begin(20, session=1)
    run.mark(25)
    run.read(20, 0, NONE)
    run.finish(20, Outcome.COMMITTED)
    assert run.judge("snapshot_reads").evidence.transactions == (20, 10)


def test_a_read_before_the_mark_rose_counts_whoever_read(run):
    run.begin(20, session=1)
    run.read(20, 0, NONE)
    run.mark(25)
    run.finish(20, Outcome.ABORTED)
    assert not run.judge("snapshot_reads").holds


def test_reading_an_aborted_version_is_named(run):
    run.begin(20)
    run.write(20, 0)
    run.begin(30, session=1)
    run.read(30, 0, 20)
    run.finish(30)
    run.finish(20, Outcome.ABORTED)
    verdict = run.judge("no_aborted_reads")
    assert verdict.evidence.transactions == (30, 20)
    assert verdict.evidence.keys == (0,)
    assert verdict.evidence.sentence == (
        "T30 (client.1) read key 0 from T20, which never committed."
    )


@pytest.mark.parametrize(
    ("outcome", "holds"),
    [(Outcome.ABORTED, True), (Outcome.UNKNOWN, False), (Outcome.COMMITTED, False)],
)
def test_only_aborted_readers_may_have_seen_aborted_versions(run, outcome, holds):
    run.begin(20)
    run.write(20, 0)
    run.begin(30, session=1)
    run.read(30, 0, 20)
    run.finish(30, outcome)
    assert run.judge("no_aborted_reads").holds is holds


def test_reading_an_invalidated_version_is_an_aborted_read(run):
    run.begin(20)
    run.write(20, 0)
    run.invalidate(20)
    run.put(20, 22, before=2)
    run.reader(30, {0: 20})
    assert not run.judge("no_aborted_reads").holds


def test_reading_one_own_aborted_write_is_no_aborted_read(run):
    run.begin(20)
    run.write(20, 0)
    run.read(20, 0, 20)
    run.finish(20, Outcome.UNKNOWN)
    assert run.judge("no_aborted_reads").holds


def test_an_intermediate_value_is_named(run):
    run.begin(20)
    run.write(20, 0, 71)
    run.write(20, 0, 72)
    run.commit(20, 22, [0])
    run.begin(30, session=1)
    run.read(30, 0, 20, value=71)
    run.finish(30)
    verdict = run.judge("no_intermediate_reads")
    assert verdict.evidence.transactions == (30, 20)
    assert verdict.evidence.sentence == ("T30 (client.1) read 71 from key 0; T20 last wrote 72.")


def test_the_last_value_of_a_writer_is_right(run):
    run.begin(20)
    run.write(20, 0, 71)
    run.write(20, 0, 72)
    run.commit(20, 22, [0])
    run.reader(30, {0: 20})
    assert run.judge("no_intermediate_reads").holds


def test_a_wrong_initial_value_is_named(run):
    run.begin(20, session=1)
    run.read(20, 2, NONE, value=5)
    run.finish(20)
    sentence = run.judge("no_intermediate_reads").evidence.sentence
    assert sentence == "T20 (client.1) read 5 from key 2; the initial value is 0."


def test_a_write_that_its_crashed_client_did_not_record_is_not_judged(run):
    run.begin(20)
    run.cell(20, 0)
    run.finish(20, Outcome.UNKNOWN)
    run.put(20, 22)
    run.begin(30, session=1)
    run.read(30, 0, 20, value=99)
    run.finish(30)
    assert run.judge("no_intermediate_reads").holds


@pytest.mark.parametrize(
    ("version", "value", "holds"), [(20, 77, True), (10, 77, False), (20, 10_000, False)]
)
def test_own_writes_are_read_back(run, version, value, holds):
    run.begin(20)
    run.write(20, 0, 77)
    run.read(20, 0, version, value=value)
    run.commit(20, 22, [0])
    verdict = run.judge("own_writes")
    assert verdict.holds is holds
    assert verdict.premise == 1
    if not holds:
        assert verdict.evidence.transactions == (20,)
        assert verdict.evidence.keys == (0,)
        assert "wrote 77 to key 0 and then read" in verdict.evidence.sentence


def transfer(run, *, seen):
    """T20 moves 5 from account 0 to account 1; T30 sums, seeing the given versions."""
    run.conserve(2, 0)
    run.written = dict.fromkeys(run.written, 0)
    run.begin(20)
    run.read(20, 0, 10, value=0)
    run.read(20, 1, 10, value=0)
    run.write(20, 0, -5)
    run.write(20, 1, 5)
    run.commit(20, 22, [0, 1])
    run.reader(30, seen)
    return run


def test_a_sum_over_half_a_transfer_is_named(run):
    verdict = transfer(run, seen={0: 20, 1: 10}).judge("bank_sum")
    assert verdict.premise == 2
    assert verdict.evidence.transactions == (30,)
    assert verdict.evidence.sentence == (
        "T30 (client.1) read all 2 accounts and found -5 in them instead of 0."
    )


@pytest.mark.parametrize("seen", [{0: 20, 1: 20}, {0: 10, 1: 10}, {0: 20}, {1: 20, 0: 20, 2: NONE}])
def test_sums_over_whole_snapshots_and_partial_reads_are_right(run, seen):
    assert transfer(run, seen=seen).judge("bank_sum").holds


def test_bank_sum_is_judged_only_where_something_is_conserved(run):
    history, oracle = run.build()
    assert "bank_sum" not in [verdict.property for verdict in check(history, oracle)]
    assert check(history, oracle, ["bank_sum"])[0].holds
