"""Deletions: a tombstone is read like a version until compaction may forget it."""

import pytest
from hypothesis import find

from sim.history import NONE, OracleKind
from specs.history.case import Case
from specs.history.cells import NEVER
from specs.history.properties import check
from specs.history.wording import operation_text, row_text
from tests.specs.ledger import Ledger
from tests.specs.runs import runs
from tests.specs.test_definitions import SEARCH


@pytest.fixture
def run():
    """Key 0 is written by T10, committed at 12, and deleted by T20, committed at 25."""
    ledger = Ledger()
    ledger.epoch(1)
    ledger.writer(10, 12, [0])
    ledger.deleter(20, 25, [0])
    return ledger


def holds(run, *names):
    verdicts = {verdict.property: verdict for verdict in check(*run.build(), names)}
    return [verdicts[name].holds for name in names]


def test_a_read_of_a_tombstone_names_the_deleter_and_gets_the_initial_value(run):
    run.reader(30, {0: 20})
    names = ("snapshot_reads", "no_intermediate_reads", "no_aborted_reads")
    assert holds(run, *names) == [True] * 3


def test_a_deleter_reads_its_own_tombstone():
    run = Ledger()
    run.epoch(1)
    run.begin(10)
    run.delete(10, 0)
    run.read(10, 0, 10, 0)
    run.commit(10, 12, [0])
    assert run.judge("own_writes").holds


def test_no_version_is_wrong_while_the_tombstone_is_there(run):
    run.reader(30, {0: NONE})
    assert not run.judge("snapshot_reads").holds


def test_no_version_is_right_once_the_tombstone_is_collected_with_all_it_hid(run):
    run.collect(10, 0, 12, mark=28)
    run.collect(20, 0, 25, mark=28)
    run.reader(30, {0: NONE})
    names = ("snapshot_reads", "needed_versions_kept", "acknowledged_commits_durable")
    assert holds(run, *names) == [True] * 3


def test_a_reader_that_is_running_may_find_the_tombstone_or_nothing(run):
    run.begin(30, session=1)
    run.read(30, 0, 20)
    run.collect(10, 0, 12, mark=28)
    run.collect(20, 0, 25, mark=28)
    run.read(30, 0, NONE)
    run.finish(30)
    assert holds(run, "snapshot_reads", "needed_versions_kept") == [True, True]


def test_no_version_is_wrong_before_the_tombstone_is_collected(run):
    run.begin(30, session=1)
    run.read(30, 0, NONE)
    run.collect(10, 0, 12, mark=28)
    run.collect(20, 0, 25, mark=28)
    run.finish(30)
    assert not run.judge("snapshot_reads").holds


def test_a_value_that_comes_back_after_its_tombstone_was_collected_is_named(run):
    dropped = run.collect(20, 0, 25, mark=28)
    run.reader(30, {0: 10})
    lost, shown = check(*run.build(), ["snapshot_reads", "acknowledged_commits_durable"])
    assert shown.evidence.sentence == (
        "T30 (client.1) read key 0 and got the version of T10, committed at 12; the newest before "
        "was that of T20, committed at 25."
    )
    assert dropped in lost.evidence.events


def test_a_tombstone_above_the_mark_must_stay():
    run = Ledger()
    run.epoch(1)
    run.writer(10, 12, [0])
    run.begin(20)
    run.delete(20, 0)
    run.begin(22, session=1)
    run.commit(20, 25, [0])
    run.collect(10, 0, 12, mark=21)
    run.collect(20, 0, 25, mark=21)
    run.read(22, 0, NONE)
    run.finish(22)
    names = ("snapshot_reads", "needed_versions_kept", "acknowledged_commits_durable")
    assert holds(run, *names) == [False] * 3


def test_a_version_that_is_no_tombstone_is_never_rightly_forgotten(run):
    run.writer(30, 35, [0])
    for start, commit in ((10, 12), (20, 25), (30, 35)):
        run.collect(start, 0, commit, mark=38)
    run.reader(40, {0: NONE})
    names = ("snapshot_reads", "acknowledged_commits_durable")
    assert holds(run, *names) == [False] * 2


def test_a_key_that_was_deleted_and_written_again_shows_the_newer_value(run):
    run.collect(10, 0, 12, mark=28)
    run.collect(20, 0, 25, mark=28)
    run.writer(30, 35, [0])
    run.reader(32, {0: NONE})
    run.reader(40, {0: 30})
    assert run.judge("snapshot_reads").holds


def test_the_last_write_of_a_transaction_says_whether_it_deleted():
    run = Ledger()
    run.epoch(1)
    run.begin(10)
    run.delete(10, 0)
    run.write(10, 0)
    run.commit(10, 12, [0])
    run.collect(10, 0, 12, mark=15)
    run.reader(20, {0: NONE})
    assert not run.judge("snapshot_reads").holds


def test_a_deletion_is_told_as_one(run):
    case = Case(*run.build())
    told = [operation_text(case, operation) for operation in range(2)]
    assert told == [
        "client.0, in T10, writes 10000 to key 0",
        "client.0, in T20, deletes key 0",
    ]
    rows = case.rows(OracleKind.CELL_PUT).tolist()
    assert [row_text(case, row) for row in rows] == [
        "T10 writes key 0, tentatively (region.0)",
        "T20 deletes key 0, tentatively (region.0)",
    ]


def test_random_runs_forget_tombstones_that_hid_something():
    kinds = (OracleKind.COMMIT_TABLE_PUT, OracleKind.CELL_PUT, OracleKind.CELL_COLLECTED)

    def forgets(run):
        case = Case(*run)
        versions = case.versions
        hid = versions.key[1:] == versions.key[:-1]
        return bool((hid & (case.forgotten[1:] != NEVER)).any())

    find(runs(kinds), forgets, settings=SEARCH)
