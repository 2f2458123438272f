"""Each kind of operation takes the time that the settings give it, to the nanosecond."""

import numpy as np
import pytest

from sim.history import OperationKind
from sim.kernel.distributions import spread_factors
from sim.omid.settings import MS, US
from tests.omid.deployments import QUIET, R, W, run, workload

TRIP = 2 * QUIET.latency.ns
COSTS = {
    "batch_timeout_ns": 1 * MS,
    "manager_service_ns": 3 * US,
    "manager_key_ns": 2 * US,
    "region_service_ns": 1_000 * US,
    "region_put_ns": 300 * US,
    "region_mutate_ns": 700 * US,
    "commit_table_service_ns": 400 * US,
    "commit_table_put_ns": 50 * US,
    "commit_table_mutate_ns": 900 * US,
    "commit_table_batch_ns": 4_000 * US,
    "commit_table_row_ns": 20 * US,
    "completion": "async",
}


def phases(operations, *, variant="omid", **more):
    """Return begin, the operations together, and commit of one transaction alone."""
    # The one before finds the manager.
    trace = workload([[(R, 99)], operations])
    history = run(trace, variant=variant, settings=COSTS | more).history
    assert list(history.outcome) == [1, 1]
    return [
        int(history.begun_ns[1] - history.invoked_ns[1]),
        int(history.committing_ns[1] - history.begun_ns[1]),
        int(history.finished_ns[1] - history.committing_ns[1]),
    ]


def test_a_get_and_a_put_take_their_service_and_a_round_trip():
    _, store, _ = phases([(R, 1), (W, 2)])
    assert store == 2 * TRIP + 2 * 1_000 * US + 300 * US


def test_a_batch_takes_its_base_and_its_rows():
    begin, _, commit = phases([(W, 1)])
    assert begin == TRIP + 1 * MS
    assert commit == 2 * TRIP + 1 * MS + (400 + 4_000 + 20) * US


def test_clients_of_omid_ll_pay_a_round_trip_and_a_check_and_mutate():
    begin, _, commit = phases([(W, 1)], variant="omid-ll")
    # The processor is free; answers leave it after the time of a request.
    assert begin == TRIP + 3 * US
    assert commit == 2 * TRIP + 3 * US + (400 + 900) * US


def test_two_phase_commit_pays_two_check_and_mutates_and_the_manager_between():
    _, store, commit = phases([(W, 1)], variant="percolator")
    assert store == 0
    assert commit == 3 * TRIP + 3 * US + 2 * (1_000 + 700) * US


def test_keys_locked_one_by_one_take_a_check_and_mutate_each():
    mutate_ns = TRIP + (1_000 + 700) * US
    keys = [(W, key) for key in range(1, 6)]
    together = phases(keys, variant="percolator")[2]
    in_turn = phases(keys, variant="percolator", prewrites="one_by_one")[2]
    # Primary, the others, the manager, the primary again.
    assert together == 3 * mutate_ns + TRIP + 3 * US
    assert in_turn == 6 * mutate_ns + TRIP + 3 * US


def test_a_read_only_transaction_may_ask_the_manager_instead_of_the_store():
    assert phases([(R, 1)])[2] == TRIP + 400 * US
    assert phases([(R, 1)], read_only_commit="manager")[2] == TRIP
    assert phases([(R, 1)], variant="percolator", read_only_commit="manager")[2] == TRIP


def test_a_manager_is_held_up_by_every_key_of_a_write_set():
    # Two commits arrive together, the second waits for the first and its keys.
    trace = workload(
        [[(W, key) for key in range(0, 40, 4)]], [[(W, key) for key in range(1, 40, 4)]]
    )
    settings = COSTS | {"manager_key_ns": 100 * US, "batch_entries": 1}
    history = run(trace, variant="omid-ll", settings=settings).history
    commit_ns = np.sort(history.finished_ns - history.committing_ns)
    assert commit_ns[1] - commit_ns[0] >= 10 * 100 * US - 3 * US


def test_spread_keeps_the_mean_and_has_the_sigma_that_was_asked_for():
    factors = np.array(spread_factors(300_000))
    assert factors.mean() == pytest.approx(1e6, abs=1)
    assert np.log(factors).std() == pytest.approx(0.3, rel=0.01)
    reads = workload([[(R, 1)] for _ in range(400)])
    at_ns = {}
    for spread_ppm in (0, 300_000):
        history = run(reads, settings=COSTS | {"store_spread_ppm": spread_ppm}).history
        assert (history.kind == OperationKind.READ).all()
        at_ns[spread_ppm] = history.at_ns - history.begun_ns
    assert at_ns[0].std() == 0
    assert at_ns[300_000].mean() == pytest.approx(at_ns[0].mean(), rel=0.05)
    assert at_ns[300_000].std() == pytest.approx(0.307 * 1_000 * US, rel=0.15)
