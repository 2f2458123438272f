"""Omid FP runs: single-key transactions at their region, beside those that a manager certifies."""

from sim.history import NONE, AbortReason, OracleKind, Outcome
from sim.kernel.faults import Crash
from sim.omid.settings import MS, US
from tests.omid.deployments import ADD, DELETE, R, W, run, workload


def fast_path(trace, **more):
    return run(trace, variant="omid-fp", **more)


def reasons(outcome):
    return [AbortReason(reason) for reason in outcome.reasons.tolist() if reason]


def test_a_write_of_one_key_commits_in_one_round_trip_to_its_region():
    outcome = fast_path(workload([[(W, 5)], [(W, 5)]]))
    history = outcome.history
    assert (history.start_timestamp == history.commit_timestamp).all()
    assert history.finished_ns[1] - history.invoked_ns[1] < 300 * US
    assert history.commit_timestamp[1] > history.commit_timestamp[0]


def test_a_read_of_one_key_asks_no_manager_and_has_no_snapshot():
    history = fast_path(workload([[(W, 5)], [(R, 5)]])).history
    assert history.start_timestamp[1] == NONE
    assert history.version[1] == history.commit_timestamp[0]


def test_a_read_with_a_write_is_refused_when_somebody_was_faster():
    outcome = fast_path(workload([[(ADD, 1)]], [[(R, 1), (W, 1)]]))
    assert sorted(outcome.history.outcome) == [Outcome.COMMITTED, Outcome.ABORTED]
    assert reasons(outcome) == [AbortReason.CONFLICT]


def test_a_transaction_of_two_keys_and_one_that_deletes_go_to_the_manager():
    history = fast_path(workload([[(W, 1), (W, 2)], [(DELETE, 1)], [(R, 1), (R, 2)]])).history
    assert (history.commit_timestamp[:2] > history.start_timestamp[:2]).all()
    assert history.value[3:].tolist() == [0, history.value[1]]


def test_a_snapshot_takes_in_what_the_fast_path_committed():
    history = fast_path(workload([[(W, 1)], [(W, 2)], [(R, 1), (R, 2)]])).history
    assert history.version[2:].tolist() == history.commit_timestamp[:2].tolist()


def test_a_used_up_sequence_refuses_until_the_manager_gives_a_timestamp():
    trace = workload([[(W, 1)]] * 8)
    outcome = fast_path(trace, settings={"sequence_bits": 3})
    assert set(reasons(outcome)) == {AbortReason.SEQUENCE}
    commits = outcome.history.commit_timestamp
    commits = commits[commits != NONE].tolist()
    assert len(commits) > 2
    assert commits == sorted(set(commits))
    assert all(commit % 8 for commit in commits)


def test_a_region_that_moved_asks_the_manager_before_it_commits_again():
    trace = workload([[(W, 1)], [(W, 1), (W, 2)], [(W, 1)]])
    crash = Crash(node="region.1", start_ns=4 * MS, length_ns=1 * MS)
    plain = fast_path(trace, think_ns=3 * MS)
    moved = fast_path(trace, think_ns=3 * MS, faults=[crash])
    begins = [len(each.oracle.rows_of(OracleKind.START_ISSUED)) for each in (plain, moved)]
    assert begins[1] == begins[0] + 1
    commits = moved.history.commit_timestamp.tolist()
    assert commits == sorted(commits)
