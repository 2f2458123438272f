"""The background loads the manager as everybody else would, and leaves no other trace."""

from bisect import bisect_right

import numpy as np
import pytest

from sim.history import OracleKind, Outcome
from sim.kernel.distributions import Constant
from sim.kernel.faults import Crash
from sim.kernel.streams import Streams
from sim.omid.background import BackgroundLoad, poisson
from sim.omid.settings import MS, US, S
from sim.omid.world import NetworkModel, World
from tests.omid.deployments import R, W, run, setup, workload

SHORT_HOPS = NetworkModel(latency=Constant(ns=10 * US))


def spaced(transactions, gap_ns, *, access=W):
    """Return one client that begins a transaction every so often, each on its own key."""
    trace = workload([[(access, key)] for key in range(transactions)])
    arrival_ns = 50 * MS + gap_ns * np.arange(transactions, dtype=np.int64)
    fields = {name: getattr(trace, name) for name in ("client", "first", "kind", "key", "amount")}
    return type(trace)(name="spaced", source="test", arrival_ns=arrival_ns, **fields)


def load(per_s, **more):
    return BackgroundLoad(per_minute=per_s * 60, **more)


def mean_begin_ns(trace, *, per_s, tick_ns=20 * US, **more):
    background = load(per_s, tick_ns=tick_ns) if per_s else None
    history = run(trace, background=background, network=SHORT_HOPS, **more).history
    return float((history.begun_ns - history.invoked_ns).mean())


@pytest.mark.parametrize(("numerator", "denominator"), [(1, 3), (7, 2), (400, 1)])
def test_counts_have_mean_and_variance_of_a_poisson_law(numerator, denominator):
    least, thresholds = poisson(numerator, denominator)
    draw = Streams(1).at("counts").getrandbits
    counts = np.array([least + bisect_right(thresholds, draw(32)) for _ in range(40_000)])
    mean = numerator / denominator
    assert counts.mean() == pytest.approx(mean, rel=0.02)
    assert counts.var() == pytest.approx(mean, rel=0.04)


def test_shares_of_write_sets_that_do_not_add_up_are_refused():
    with pytest.raises(ValueError, match="add up to 900000 ppm"):
        BackgroundLoad(per_minute=1, write_sets=(0, 900_000))


def test_background_begins_and_commits_at_its_rate():
    outcome = run(spaced(100, 10 * MS), background=load(20_000), network=SHORT_HOPS)
    seconds = outcome.simulated_ns / 1e9
    for name in ("background_begun", "background_committed"):
        assert outcome.metrics[name] / seconds == pytest.approx(20_000, rel=0.05)


def test_background_is_not_in_history_nor_oracle_log_but_takes_timestamps():
    trace = spaced(50, 10 * MS)
    outcome = run(trace, background=load(20_000), network=SHORT_HOPS)
    assert outcome.history.transactions == 50
    issued = outcome.oracle.rows_of(OracleKind.START_ISSUED, OracleKind.COMMIT_ISSUED)
    assert len(issued) == 100
    taken = int(outcome.oracle.timestamp[issued].max())
    assert taken == pytest.approx(outcome.metrics["background_begun"] * 2, rel=0.1)


def test_a_begin_waits_for_the_commits_of_the_background():
    # Nobody else writes: without the background a begin waits for its batch alone.
    slow = {"batch_timeout_ns": 1 * MS, "commit_table_service_ns": 5 * MS}
    reader = spaced(100, 20 * MS, access=R)
    alone = mean_begin_ns(reader, per_s=0, settings=slow)
    beside = mean_begin_ns(reader, per_s=500, settings=slow)
    assert alone == pytest.approx(1 * MS + 20 * US, rel=0.01)
    assert beside > 4 * MS


def test_a_background_that_writes_nothing_keeps_nobody_waiting_for_the_commit_table():
    settings = {"commit_table_service_ns": 5 * MS, "batch_timeout_ns": 1 * MS}
    background = load(2_000, write_sets=(1_000_000,))
    history = run(
        spaced(100, 20 * MS, access=R), background=background, network=SHORT_HOPS, settings=settings
    ).history
    assert float((history.begun_ns - history.invoked_ns).mean()) < 1.1 * MS


def test_longer_ticks_change_little():
    settings = {"commit_table_service_ns": 2 * MS, "batch_timeout_ns": 5 * MS, "batch_entries": 100}
    trace = spaced(400, 2 * MS)
    fine = mean_begin_ns(trace, per_s=20_000, tick_ns=10 * US, settings=settings)
    coarse = mean_begin_ns(trace, per_s=20_000, tick_ns=100 * US, settings=settings)
    assert coarse == pytest.approx(fine, rel=0.05)


def test_background_finds_the_next_manager():
    crash = Crash(node="tm.1", start_ns=200 * MS)
    outcome = run(
        spaced(300, 20 * MS),
        background=load(2_000),
        network=SHORT_HOPS,
        faults=[crash],
        settings={"lease_ns": 500 * MS},
    )
    assert outcome.metrics["failovers"] == 1
    oracle = outcome.oracle
    epochs = oracle.rows_of(OracleKind.EPOCH_STARTED)
    served_ns = outcome.simulated_ns - int(oracle.at_ns[epochs[-1]])
    issued = oracle.timestamp[oracle.rows_of(OracleKind.START_ISSUED, OracleKind.COMMIT_ISSUED)]
    taken = int(issued.max() - oracle.timestamp[epochs[-1]])
    assert taken == pytest.approx(2 * 2_000 * served_ns / 1e9, rel=0.2)


def test_a_busy_manager_makes_a_begin_wait_as_queueing_theory_says():
    # M/D/1 at 80 %: the wait is rho / (2 (1 - rho)) = 2 services; then the own service.
    service_ns = 100 * US
    begin_ns = mean_begin_ns(
        spaced(3_000, 3_333 * US, access=R),
        per_s=4_000,
        variant="omid-ll",
        settings={"manager_service_ns": service_ns},
    )
    assert begin_ns - 20 * US == pytest.approx(3 * service_ns, rel=0.1)


def test_batches_are_slow_when_idle_fast_when_busy_and_slow_again_when_full():
    # 25 entries a batch, two writers, 3 ms a write: 16,667 requests a second at most.
    settings = {"commit_table_service_ns": 3 * MS, "batch_timeout_ns": 10 * MS}
    trace = spaced(150, 5 * MS)
    idle, busy, full = (
        mean_begin_ns(trace, per_s=per_s, settings=settings) for per_s in (20, 4_500, 8_400)
    )
    # Idle: the time-out and mostly a write. Busy: half a batch fills, one write. Full: a queue.
    assert 10 * MS < idle < 13.5 * MS
    assert busy == pytest.approx(3 * MS + 25 * S // 9_000 // 2, rel=0.25)
    assert full > 2 * busy


def test_little_s_law_holds_for_transactions_under_way():
    trace = workload(*[[[(W, 100 * c + i)] for i in range(150)] for c in range(8)])
    history = run(trace, background=load(5_000)).history
    assert (history.outcome == Outcome.COMMITTED).all()
    begin_ns, end_ns = 100 * MS, int(history.finished_ns.max()) - 200 * MS
    looks = np.arange(begin_ns, end_ns, 97 * US)
    begun = np.searchsorted(np.sort(history.invoked_ns), looks, side="right")
    gone = np.searchsorted(np.sort(history.begun_ns), looks, side="right")
    waiting = float((begun - gone).mean())
    inside = (history.invoked_ns >= begin_ns) & (history.invoked_ns < end_ns)
    per_ns = int(inside.sum()) / (end_ns - begin_ns)
    mean_ns = float((history.begun_ns - history.invoked_ns)[inside].mean())
    assert waiting == pytest.approx(per_ns * mean_ns, rel=0.03)


def test_a_run_with_a_background_repeats():
    def rows():
        world = World(setup(spaced(50, 5 * MS), background=load(5_000), network=SHORT_HOPS))
        world.run()
        oracle = world.outcome().oracle
        return np.stack([oracle.at_ns, oracle.timestamp]).tolist()

    assert rows() == rows()
