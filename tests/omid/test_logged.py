"""Managers with a log: what begins bring, what that costs, and what a new manager finds."""

import pytest

from sim.history import OperationKind, Outcome
from sim.kernel.faults import Crash, Pause
from sim.omid.omid1.table import LastCommits
from sim.omid.omid1.view import LONG_AGO, Change, View
from sim.omid.settings import MS, US, S
from sim.omid.tephra.changes import ChangeSets
from sim.omid.tephra.state import Aborted, Committing, Ended, Invalidated, Started, State
from tests.omid.deployments import QUIET, R, W, run, workload

TRIP = 2 * QUIET.latency.ns
ENTRY_NS = 10 * US


def begin_after(commits, *, variant, **more):
    """Return how long a begin takes after so many commits since the client's last one."""
    trace = workload([[(R, 99)], [(R, 99)]], [[(W, 1)] for _ in range(commits)])
    stall = Pause(node="client.0", start_ns=15 * MS, length_ns=2 * S)
    settings = {"payload_entry_ns": ENTRY_NS, "manager_service_ns": 0} | more
    outcome = run(trace, variant=variant, settings=settings, faults=[stall], think_ns=10 * MS)
    history = outcome.history
    assert list(history.outcome) == [Outcome.COMMITTED] * (commits + 2)
    mine = history.begun_ns - history.invoked_ns
    return int(mine[history.session == 0][1])


@pytest.mark.parametrize("commits", [0, 1, 20, 100])
def test_begin_of_omid1_brings_every_commit_since_the_last_one_and_pays_for_it(commits):
    assert begin_after(commits, variant="omid1") == TRIP + commits * ENTRY_NS


def test_begin_of_omid_does_not_grow_with_commits():
    assert begin_after(1, variant="omid") == begin_after(100, variant="omid")


def test_begins_that_bring_much_hold_each_other_up():
    # Ten clients know nothing of a hundred commits and begin at the same time.
    writers = [[(W, 1)] for _ in range(100)]
    trace = workload(writers, *([[(R, 99)], [(R, 99)]] for _ in range(10)))
    stalls = [
        Pause(node=f"client.{number}", start_ns=15 * MS, length_ns=2 * S) for number in range(1, 11)
    ]
    settings = {"payload_entry_ns": ENTRY_NS, "manager_service_ns": 0}
    outcome = run(trace, variant="omid1", settings=settings, faults=stalls, think_ns=10 * MS)
    history = outcome.history
    spans = sorted((history.begun_ns - history.invoked_ns)[history.session > 0].tolist())
    assert spans[-10:] == [TRIP + place * 100 * ENTRY_NS for place in range(1, 11)]
    # Each commit went to each reader, and one by one to its writer; first of all each of the
    # eleven was told where the epoch begins.
    assert outcome.metrics["begin_entries"] == 10 * 100 + 99 + 11


def test_reader_of_omid1_fetches_until_it_finds_a_version_of_its_snapshot():
    # Five writers stall before they commit: a snapshot has to get past their versions.
    trace = workload([[(W, 1)], [(R, 99)], [(R, 1)]], *([[(W, 1)]] for _ in range(5)))
    stalls = [
        Pause(node=f"client.{number}", point="commit.ready", length_ns=3 * S)
        for number in range(1, 6)
    ]
    spent = {}
    for versions in (2, 10):
        settings = {"versions_per_get": versions, "payload_entry_ns": 0}
        outcome = run(trace, variant="omid1", settings=settings, faults=stalls, think_ns=10 * MS)
        history = outcome.history
        mine = (history.key == 1) & (history.kind == OperationKind.READ)
        (row,) = mine.nonzero()[0].tolist()
        owner = int(history.owner()[row])
        assert history.version[row] != -1
        spent[versions] = int(history.at_ns[row] - history.begun_ns[owner])
    assert spent[2] == 3 * spent[10]


def test_new_oracle_knows_every_commit_that_its_log_has():
    trace = workload([[(W, key % 3), (R, key % 3)] for key in range(300)])
    crash = Crash(node="tm.1", start_ns=300 * MS)
    outcome = run(trace, variant="omid1", faults=[crash])
    assert outcome.metrics["failovers"] == 1
    assert outcome.metrics["unknown"] == 0


def test_replay_takes_its_time_for_every_record():
    trace = workload([[(W, key % 3)] for key in range(600)])
    crash = Crash(node="tm.1", start_ns=300 * MS)
    recovery = [
        run(trace, variant="omid1", faults=[crash], settings={"replay_entry_ns": ns}).metrics[
            "recovery_ns"
        ]
        for ns in (0, 1 * MS)
    ]
    commits = 300 * MS // (3 * MS)
    assert recovery[1] - recovery[0] > commits // 2 * MS


def test_mark_of_the_last_commits_takes_the_place_of_what_it_forgot():
    table = LastCommits(entries=2, bucket_entries=2)
    assert table.certify(start=1, commit=2, hashes=[10]) is None
    assert table.certify(start=3, commit=4, hashes=[20]) is None
    assert table.mark == 0
    assert table.certify(start=5, commit=6, hashes=[30]) is None
    assert table.mark == 2
    assert table.certify(start=2, commit=7, hashes=[40]).name == "LOW_WATER_MARK"
    assert table.certify(start=3, commit=8, hashes=[20]).name == "CONFLICT"


def test_view_takes_whoever_is_below_the_mark_for_committed_but_the_aborted():
    view = View()
    view.learn(Change(1, 3))
    view.learn(Change(2, -1))
    view.raise_mark(3)
    assert [view.commit_of(start) for start in (1, 2, 3, 4)] == [LONG_AGO, -1, LONG_AGO, -1]


def test_view_does_not_take_who_began_before_an_epoch_for_committed():
    view = View()
    view.learn(Change(1, 3))
    view.close(100)
    view.learn(Change(101, 102))
    view.raise_mark(102)
    assert [view.commit_of(start) for start in (1, 2, 101)] == [3, -1, LONG_AGO]


def begin_beside(others, **more):
    """Return how long a begin of Tephra takes while so many others are in progress."""
    trace = workload([[(R, 99)], [(R, 98)]], *([[(W, key)]] for key in range(others)))
    stalls = [
        Pause(node="client.0", start_ns=15 * MS, length_ns=1 * S),
        *(
            Pause(node=f"client.{number}", point="commit.ready", length_ns=3 * S)
            for number in range(1, others + 1)
        ),
    ]
    settings = {"payload_entry_ns": ENTRY_NS, "manager_service_ns": 0} | more
    history = run(
        trace, variant="tephra", settings=settings, faults=stalls, think_ns=10 * MS
    ).history
    (mine,) = (history.key == 98).nonzero()[0].tolist()
    owner = int(history.owner()[mine])
    return int(history.begun_ns[owner] - history.invoked_ns[owner])


@pytest.mark.parametrize("others", [1, 5, 20])
def test_begin_of_tephra_names_who_is_in_progress_and_pays_for_it(others):
    alone = begin_beside(0)
    assert begin_beside(others) == alone + others * ENTRY_NS


def test_begin_of_tephra_goes_on_naming_those_who_are_invalid():
    # All time out while they stall, before the begin that is measured.
    settings = {"transaction_timeout_ns": 100 * MS, "expiry_period_ns": 50 * MS}
    assert begin_beside(5, **settings) == begin_beside(0, **settings) + 5 * ENTRY_NS


def test_begin_of_tephra_does_not_grow_with_commits():
    assert begin_after(1, variant="tephra") == begin_after(100, variant="tephra")


def test_commit_of_tephra_takes_two_round_trips_through_the_log():
    spent = {}
    for variant in ("omid1", "tephra"):
        trace = workload([[(R, 99)], [(W, 1)]])
        settings = {"manager_service_ns": 0}
        history = run(trace, variant=variant, settings=settings).history
        spent[variant] = int(history.finished_ns[1] - history.committing_ns[1])
    assert spent["tephra"] == 2 * spent["omid1"]


def test_transaction_of_tephra_goes_on_under_the_next_manager():
    trace = workload([[(W, 1), (R, 2)]], [[(R, 3)] for _ in range(3)])
    faults = [
        Pause(node="client.0", point="commit.ready", length_ns=4 * S),
        Crash(node="tm.1", start_ns=100 * MS, length_ns=60 * S),
    ]
    outcome = run(trace, variant="tephra", faults=faults, think_ns=10 * MS)
    history = outcome.history
    assert outcome.metrics["failovers"] == 1
    assert history.outcome[history.session == 0].tolist() == [Outcome.COMMITTED]
    assert int(history.start_timestamp[history.session == 0][0]) < 1_000_000
    assert int(history.commit_timestamp[history.session == 0][0]) > 1_000_000


def test_snapshots_keep_the_log_and_the_replay_short():
    trace = workload([[(W, key % 3)] for key in range(600)])
    crash = Crash(node="tm.1", start_ns=2 * S)
    recovery = [
        run(
            trace,
            variant="tephra",
            faults=[crash],
            settings={"replay_entry_ns": 1 * MS, "snapshot_period_ns": period_ns},
        ).metrics["recovery_ns"]
        for period_ns in (100 * MS, 60 * S)
    ]
    assert recovery[0] < recovery[1] - 500 * MS


def test_replay_of_a_snapshot_and_the_edits_after_it_gives_the_state_of_all_edits():
    edits = [
        Started(1),
        Started(2),
        Committing(1, (10, 20)),
        Ended("a", 1, 3, (10, 20)),
        Started(4),
        Invalidated(2),
        Started(5),
        Committing(5, (30,)),
        Aborted(4),
    ]
    whole = replayed(edits)
    for place in range(len(edits) + 1):
        later = State(ChangeSets(entries=1, bucket_entries=1))
        later.load(replayed(edits[:place]).saved())
        for edit in edits[place:]:
            edit.apply(later)
        assert later.saved() == whole.saved()


def replayed(edits):
    state = State(ChangeSets(entries=1, bucket_entries=1))
    for edit in edits:
        edit.apply(state)
    return state


def test_change_sets_go_when_nobody_in_progress_can_be_in_conflict_with_them():
    state = replayed([Started(1), Started(2), Ended("a", 1, 3, (10,))])
    assert len(state.changes.sets) == 1
    assert state.changes.certify(start=2, commit=9, hashes=[10]).name == "CONFLICT"
    assert state.changes.certify(start=4, commit=9, hashes=[10]) is None
    Started(4).apply(state)
    Aborted(2).apply(state)
    assert not state.changes.sets
    assert state.changes.certify(start=2, commit=9, hashes=[10]) is None
