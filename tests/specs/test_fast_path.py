"""The fast path and generalised snapshot isolation: each property fails on a run by hand."""

import pytest

from sim.history import NONE, OperationKind, Outcome, RowState
from specs.history.properties import check
from tests.specs.ledger import Ledger


def fast(run, version, key, *, session=2, read=None, invoked=None):
    """Commit a write of one key on the fast path, after a read of it where one is given."""
    asked = invoked or run.invoke(session)
    operations = []
    if read is not None:
        operations.append((OperationKind.READ, key, run.written.get((read, key), 0), read, run.now))
    run.cell(version, key)
    run.put(version, version, RowState.ABSENT)
    run.field(version, key, version)
    run.reply(version, version, "region.0")
    value = run.written[version, key] = version * 1000 + key
    operations.append((OperationKind.WRITE, key, value, version, run.now))
    run.now += 1000
    row = (asked["session"], Outcome.COMMITTED, version, version, asked["invoked"])
    run.ended.append(((*row, asked["invoked"], run.now, run.now), operations))


@pytest.fixture
def run():
    ledger = Ledger()
    ledger.epoch(1)
    ledger.writer(10, 12, [0, 1])
    return ledger


def violated(run, name):
    verdict = run.judge(name)
    assert not verdict.holds
    return verdict.evidence.sentence


def test_a_fast_path_write_in_the_past_of_other_keys_is_right(run):
    run.writer(20, 30, [1])
    fast(run, 13, 0, read=10)
    run.reader(40, {0: 13, 1: 20})
    verdicts = {verdict.property: verdict for verdict in check(*run.build())}
    for name in ("generalized_snapshot_reads", "key_order", "fast_path_versions_ascend"):
        assert verdicts[name].holds
        assert verdicts[name].premise > 0
    assert verdicts["real_time_order"].holds
    assert verdicts["snapshot_reads"].holds


def test_an_update_over_a_version_that_was_not_read_has_no_prefix(run):
    run.begin(20)
    run.read(20, 0, 10)
    fast(run, 13, 0)
    run.write(20, 0)
    run.commit(20, 22, [0])
    assert violated(run, "generalized_snapshot_reads") == (
        "client.0 (T20) read from no prefix of the commit order: of key 0 it had the version of "
        "T10, replaced at 13, but it updated key 0 over the version of T13, committed at 13."
    )


def test_two_reads_from_both_sides_of_a_commit_have_no_prefix(run):
    run.writer(20, 22, [0, 1])
    run.reader(30, {0: 20, 1: 10})
    assert violated(run, "generalized_snapshot_reads").endswith(
        "of key 1 it had the version of T10, replaced at 22, "
        "but it read key 0 over the version of T20, committed at 22."
    )


def test_a_stale_prefix_is_a_prefix(run):
    run.writer(20, 22, [0, 1])
    run.reader(30, {0: 10, 1: 10})
    names = ("generalized_snapshot_reads", "snapshot_reads")
    verdicts = {verdict.property: verdict for verdict in check(*run.build(), names)}
    assert verdicts["generalized_snapshot_reads"].holds
    assert not verdicts["snapshot_reads"].holds


def test_a_reader_without_a_start_is_judged_by_its_prefix(run):
    run.writer(20, 22, [0, 1])
    run.now += 1000
    reads = [
        (OperationKind.READ, 0, 20_000, 20, run.now),
        (OperationKind.READ, 1, 0, NONE, run.now),
    ]
    run.ended.append(((1, Outcome.COMMITTED, NONE, NONE, 1, 1, run.now, run.now), reads))
    assert "(without a start timestamp)" in violated(run, "generalized_snapshot_reads")


def test_who_reads_nothing_has_read_the_tombstone_that_was_dropped(run):
    run.deleter(14, 16, [0])
    run.mark(16)
    run.collect(10, 0, 12, mark=16)
    run.collect(14, 0, 16, mark=16)
    fast(run, 17, 0, read=NONE)
    run.reader(20, {0: 17, 1: 10})
    assert run.judge("generalized_snapshot_reads").holds


def test_who_reads_nothing_before_a_tombstone_is_dropped_has_read_the_initial_version(run):
    run.deleter(14, 16, [0])
    fast(run, 17, 0, read=NONE)
    assert "had the initial version, replaced at 12" in violated(run, "generalized_snapshot_reads")


def test_who_aborted_needs_no_prefix(run):
    run.writer(20, 22, [0, 1])
    run.begin(30)
    run.read(30, 0, 20)
    run.read(30, 1, 10)
    run.finish(30, Outcome.ABORTED)
    assert run.judge("generalized_snapshot_reads").holds


def test_an_update_below_one_that_was_acknowledged_before_is_out_of_order(run):
    fast(run, 8, 0)
    assert violated(run, "key_order") == (
        "client.2 began to update key 0 after T10 had committed there at 12, "
        "and committed below it, at 8."
    )


def test_updaters_that_overlap_may_commit_in_any_order(run):
    early = Ledger()
    asked = early.invoke(2)
    early.writer(10, 12, [0])
    fast(early, 8, 0, invoked=asked)
    assert early.judge("key_order").holds


def test_a_version_below_a_snapshot_that_read_the_key_is_named(run):
    run.begin(20)
    run.read(20, 0, 10)
    fast(run, 13, 0)
    assert violated(run, "fast_path_versions_ascend") == (
        "The fast path gave key 0 the version 13, although T20 had read it in its snapshot."
    )


def test_a_version_below_a_commit_of_the_key_is_named(run):
    run.writer(14, 16, [0])
    fast(run, 15, 0)
    assert violated(run, "fast_path_versions_ascend") == (
        "The fast path gave key 0 the version 15, although T14 had committed there at 16."
    )


def test_a_snapshot_that_reads_the_key_later_asks_for_nothing(run):
    run.begin(20)
    fast(run, 13, 0)
    run.read(20, 0, 13)
    assert run.judge("fast_path_versions_ascend").holds


def test_the_order_of_real_time_and_epochs_do_not_judge_the_fast_path(run):
    run.epoch(100, "tm.2")
    run.writer(110, 112, [1], node="tm.2", epoch=100)
    fast(run, 13, 0)
    assert all(each.holds for each in check(*run.build(), ["real_time_order", "frozen_snapshot"]))
