"""The executable model of snapshot isolation names each anomaly, and accepts its neighbour."""

import pytest

from specs.snapshot_model import NotSnapshotIsolated, SnapshotModel

INITIAL = -1


@pytest.fixture
def model():
    """Return a model in which T1 has written key 7 and committed at 2."""
    model = SnapshotModel()
    write(model, 1, 7)
    model.committed(1, 2)
    return model


def write(model, start, *keys):
    model.began(start, after=INITIAL)
    for key in keys:
        model.wrote(start, key)


def read(model, start, key, writer):
    model.began(start, after=INITIAL)
    model.read(start, key, writer)
    model.committed(start, INITIAL)


def test_snapshot_has_what_committed_before_it(model):
    read(model, 3, 7, 1)


def test_snapshot_without_an_older_commit_is_none(model):
    with pytest.raises(NotSnapshotIsolated, match="T3 read key 7 without the version of T1, at 2"):
        read(model, 3, 7, INITIAL)


def test_commit_that_is_learnt_late_is_held_against_earlier_readers():
    model = SnapshotModel()
    write(model, 1, 7)
    read(model, 5, 7, INITIAL)
    model.committed(1, 6)
    write(model, 2, 8)
    read(model, 9, 8, INITIAL)
    with pytest.raises(NotSnapshotIsolated, match="T9 read key 8 without the version of T2"):
        model.committed(2, 4)


def test_reading_what_aborts_later_is_an_aborted_read():
    model = SnapshotModel()
    write(model, 1, 7)
    read(model, 3, 7, 1)
    with pytest.raises(NotSnapshotIsolated, match="T1 wrote it, which aborted"):
        model.aborted(1)


def test_reading_a_commit_above_the_snapshot_is_told():
    model = SnapshotModel()
    write(model, 1, 7)
    read(model, 3, 7, 1)
    with pytest.raises(NotSnapshotIsolated, match="T3 read key 7 as T1 wrote it, at 4"):
        model.committed(1, 4)


def test_two_overlapping_writers_of_one_key_cannot_both_commit(model):
    write(model, 3, 7)
    write(model, 4, 7)
    model.committed(3, 5)
    with pytest.raises(NotSnapshotIsolated, match="T3 and T4 overlap, and both committed key 7"):
        model.committed(4, 6)


def test_writers_one_after_the_other_may_commit(model):
    write(model, 3, 7)
    model.committed(3, 4)
    write(model, 5, 7)
    model.committed(5, 6)


def test_own_write_must_be_seen_by_who_commits(model):
    for start, ends in ((3, model.aborted), (5, lambda start: model.committed(start, 6))):
        write(model, start, 8)
        model.read(start, 8, INITIAL)
        if start == 3:
            ends(start)
        else:
            with pytest.raises(NotSnapshotIsolated, match="T5 did not see its own write of key 8"):
                ends(start)


def test_start_timestamps_are_unique_and_above_what_was_acknowledged(model):
    assert model.acknowledged() == 2
    with pytest.raises(NotSnapshotIsolated, match="two transactions have the start timestamp 1"):
        model.began(1, after=INITIAL)
    with pytest.raises(NotSnapshotIsolated, match="T9 begins below commit 12"):
        model.began(9, after=12)


def test_commit_below_its_own_start_is_told():
    model = SnapshotModel()
    write(model, 5, 7)
    with pytest.raises(NotSnapshotIsolated, match="T5 commits at 4, before it began"):
        model.committed(5, 4)


def test_a_fast_path_write_is_a_commit_at_its_version(model):
    model.committed_fast(4, 7, seen=1)
    read(model, 6, 7, 4)
    with pytest.raises(NotSnapshotIsolated, match="T5 read key 7 without the version of T4, at 4"):
        read(model, 5, 7, 1)


def test_a_fast_path_write_may_lie_below_what_was_acknowledged_before(model):
    write(model, 8, 5)
    model.committed(8, 9)
    model.committed_fast(4, 7, seen=1)
    assert model.acknowledged() == 9


def test_a_fast_path_write_within_a_transaction_that_writes_its_key_is_a_conflict(model):
    write(model, 3, 7)
    model.committed_fast(4, 7, seen=None)
    with pytest.raises(NotSnapshotIsolated, match="T4 and T3 overlap, and both committed key 7"):
        model.committed(3, 5)


def test_a_fast_path_write_follows_what_it_read(model):
    model.committed_fast(4, 7, seen=None)
    with pytest.raises(NotSnapshotIsolated, match="T5 read key 7 without the version of T4"):
        model.committed_fast(5, 7, seen=1)


def test_a_version_of_the_fast_path_is_nobody_else_s(model):
    with pytest.raises(NotSnapshotIsolated, match="two transactions have the start timestamp 1"):
        model.committed_fast(1, 5, seen=None)
