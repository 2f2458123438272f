"""Omid LL runs: clients decide in the commit table, and readers force decisions."""

from sim.history import AbortReason, OracleKind, Outcome
from sim.kernel.faults import Crash, Hold, Partition, Pause
from sim.omid.settings import MS, US, S
from tests.omid.deployments import R, W, run, workload

WRITER = [[(W, 1), (W, 2)]]
READER = [[(R, 1), (R, 2)]]


def low_latency(trace, **more):
    return run(trace, variant="omid-ll", **more)


def stalled(**more):
    """Run a certified writer that stalls before its commit put, and a reader."""
    stall = Pause(node="client.0", point="commit.certified", length_ns=20 * MS)
    return low_latency(workload(WRITER, [[(R, 8)], *READER]), faults=[stall], **more)


def test_a_begin_waits_for_no_commit_of_others():
    outcome = stalled(think_ns=5 * MS)
    history = outcome.history
    assert (history.begun_ns - history.invoked_ns < 1 * MS).all()


def test_a_reader_aborts_the_writer_whose_undecided_version_it_meets():
    outcome = stalled(think_ns=5 * MS)
    assert outcome.metrics["invalidations"] == 1
    assert outcome.reasons.tolist().count(AbortReason.READ_FORCED) == 1
    assert outcome.history.value.tolist()[1:3] == [0, 0]


def test_a_reader_that_waits_first_meets_the_completed_commit():
    outcome = stalled(think_ns=5 * MS, settings={"invalidation_wait_ns": 30 * MS})
    history = outcome.history
    assert (history.outcome == Outcome.COMMITTED).all()
    assert history.value.tolist() == [0, 1, 2, 1, 2]


def test_the_manager_never_writes_the_commit_table():
    oracle = low_latency(workload(WRITER * 5)).oracle
    puts = oracle.rows_of(OracleKind.COMMIT_TABLE_PUT)
    assert len(puts) == 5
    assert {oracle.node_names[node] for node in oracle.node[puts].tolist()} <= {"ct.0", "ct.1"}


def test_a_commit_put_whose_answer_is_lost_is_put_again_and_recognised():
    lost = Partition(
        sources=("ct.*",),
        targets=("client.0",),
        start_ns=1 * MS,
        length_ns=100 * MS,
        one_way=True,
        mode="drop",
    )
    outcome = low_latency(
        workload(WRITER), faults=[lost], settings={"store_timeout_ns": 20 * MS}, think_ns=1 * MS
    )
    oracle = outcome.oracle
    assert len(oracle.rows_of(OracleKind.COMMIT_TABLE_PUT)) > 1
    assert outcome.history.outcome.tolist() == [Outcome.COMMITTED]


def test_a_client_that_gets_no_certificate_rolls_back_for_it_alone_could_have_committed():
    crash = Crash(node="tm.*", start_ns=2 * MS)
    hold = Hold(node="client.0", point="commit.ready", release_ns=3 * MS)
    settings = {"request_retries": 0, "request_timeout_ns": 20 * MS, "reconnect_ns": 5 * MS}
    outcome = low_latency(
        workload(WRITER), faults=[hold, crash], settings=settings, think_ns=1 * MS
    )
    assert outcome.history.outcome.tolist() == [Outcome.ABORTED]
    assert len(outcome.final_state["cell_version"]) == 0


def test_a_deposed_manager_halts_before_it_answers_a_begin():
    cut = Partition(
        sources=("tm.1", "client.0"),
        targets=("coordinator",),
        start_ns=500 * MS,
        length_ns=8 * S,
        mode="hold",
    )
    trace = workload([[(R, 9)], [(R, 1)]])
    outcome = low_latency(trace, faults=[cut], think_ns=3 * S)
    assert outcome.metrics["halts"] >= 1
    assert outcome.metrics["failovers"] >= 1
    assert outcome.history.begun_ns[1] - outcome.history.invoked_ns[1] > 100 * US
