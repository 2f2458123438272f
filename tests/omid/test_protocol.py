"""Omid runs: what the papers promise, seen on small deployments."""

import numpy as np
import pytest

from sim.history import NONE, OperationKind, OracleKind, Outcome
from sim.kernel.faults import Crash, Pause
from sim.omid.mutants import MUTANTS
from sim.omid.settings import MS, S
from sim.omid.variant import build_roles
from sim.omid.variants import VARIANTS
from sim.omid.world import POINTS, Setup, World, node_names
from sim.workload.types import Access, TraceBuilder
from tests.omid.deployments import ADD, NOISY, R, W, run, setup, workload


def busy(clients: int = 4, transactions: int = 40) -> list[list[list[tuple[int, int]]]]:
    """Return clients that read, write and add on a few keys."""
    return [
        [[(W, (c + i) % 7), (R, (c * i) % 7), (ADD, (c + 2 * i) % 7)] for i in range(transactions)]
        for c in range(clients)
    ]


def test_a_transaction_reads_what_was_committed_before_it_began() -> None:
    outcome = run(workload([[(W, 5)], [(R, 5)]]))
    history = outcome.history
    assert list(history.outcome) == [Outcome.COMMITTED, Outcome.COMMITTED]
    assert history.version[1] == history.start_timestamp[0]
    assert history.value[1] == history.value[0]


def test_a_transaction_reads_its_own_write() -> None:
    history = run(workload([[(W, 5), (R, 5), (ADD, 5), (R, 5)]])).history
    assert list(history.version) == [history.start_timestamp[0]] * 5
    assert history.value[4] == history.value[1] + 1


def test_a_key_that_was_never_written_reads_as_the_initial_value() -> None:
    history = run(workload([[(R, 3)]], initial_value=100)).history
    assert (history.value[0], history.version[0]) == (100, NONE)


def test_concurrent_writers_of_one_key_do_not_both_commit() -> None:
    history = run(workload([[(ADD, 1)]], [[(ADD, 1)]])).history
    assert sorted(history.outcome) == [Outcome.COMMITTED, Outcome.ABORTED]


def test_a_completed_transaction_leaves_its_commit_field_and_no_row() -> None:
    state = run(workload([[(W, 1), (W, 2)]])).final_state
    assert (state["cell_commit"] > state["cell_version"]).all()
    assert len(state["row_start"]) == 0


def test_the_first_manager_is_the_first_primary() -> None:
    oracle = run(workload([[(W, 1)]])).oracle
    first = oracle.rows_of(OracleKind.EPOCH_STARTED)[0]
    assert oracle.node_names[oracle.node[first]] == "tm.1"


def test_a_backup_takes_over_from_a_crashed_primary() -> None:
    trace = workload(*busy(transactions=200))
    crash = Crash(node="tm.1", start_ns=300 * MS)
    outcome = run(trace, faults=[crash], network=NOISY)
    assert outcome.metrics["failovers"] == 1
    assert 0 < outcome.metrics["recovery_ns"] < 3 * S
    assert outcome.metrics["unknown"] == 0


def test_timestamps_of_a_new_manager_exceed_all_earlier_ones() -> None:
    crash = Crash(node="tm.1", start_ns=300 * MS)
    oracle = run(workload(*busy(transactions=200)), faults=[crash], network=NOISY).oracle
    issued = oracle.rows_of(OracleKind.START_ISSUED, OracleKind.COMMIT_ISSUED)
    assert (np.diff(oracle.timestamp[issued]) > 0).all()


def test_a_paused_primary_halts_when_it_wakes_after_its_lease() -> None:
    pause = Pause(node="tm.1", start_ns=300 * MS, length_ns=3 * S)
    outcome = run(workload(*busy(transactions=400)), faults=[pause], network=NOISY)
    assert outcome.metrics["halts"] == 1
    assert outcome.metrics["failovers"] == 1


def test_a_client_that_lost_its_answer_learns_its_outcome_from_the_commit_table() -> None:
    crash = Crash(node="tm.1", point="flush.durable", hit=2)
    outcome = run(workload([[(W, 1)]]), faults=[crash])
    puts = outcome.oracle.rows_of(OracleKind.COMMIT_TABLE_PUT)
    replies = outcome.oracle.rows_of(OracleKind.COMMIT_REPLIED)
    assert list(outcome.history.outcome) == [Outcome.COMMITTED]
    assert outcome.oracle.node_names[outcome.oracle.node[replies[0]]] == "tm.2"
    assert puts[0] < replies[0]


def test_compaction_keeps_the_newest_version_of_each_key() -> None:
    settings = {
        "low_water_mark_period_ns": 20 * MS,
        "low_water_mark_lag_ns": 20 * MS,
        "compaction_period_ns": 10 * MS,
    }
    outcome = run(workload(*busy(transactions=100)), settings=settings, settle_ns=1 * S)
    assert outcome.metrics["collected"] > 100
    keys, counts = np.unique(outcome.final_state["cell_key"], return_counts=True)
    assert list(keys) == list(range(7))
    assert (counts == 1).all()


def test_the_cleaner_completes_what_a_crashed_client_left() -> None:
    settings = {
        "low_water_mark_period_ns": 50 * MS,
        "low_water_mark_lag_ns": 50 * MS,
        "cleaner_period_ns": 50 * MS,
    }
    trace = workload([[(W, 1), (W, 2)]], [[(R, 9)]] * 400)
    crash = Crash(node="client.0", point="commit.acknowledged", hit=1)
    outcome = run(trace, faults=[crash], settings=settings, settle_ns=1 * S)
    assert outcome.metrics["cleaner_completed"] == 2
    assert len(outcome.final_state["row_start"]) == 0
    assert (outcome.final_state["cell_commit"] != NONE).all()


def test_a_read_only_transaction_below_the_low_water_mark_aborts() -> None:
    settings = {"low_water_mark_period_ns": 10 * MS, "low_water_mark_lag_ns": 10 * MS}
    reader = [(R, key) for key in range(400)]
    outcome = run(workload([reader], [[(W, 1)]] * 50), settings=settings)
    assert outcome.metrics["aborts_low_water_mark"] == 1


def test_a_rollback_leaves_nothing() -> None:
    trace = workload([[(W, 1)]])
    rolled = type(trace)(
        **{name: getattr(trace, name) for name in trace.__slots__} | {"rollback": np.array([True])}
    )
    outcome = run(rolled)
    assert outcome.metrics["aborts_rollback"] == 1
    assert len(outcome.final_state["cell_key"]) == 0


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_runs_through_a_failover(variant: str) -> None:
    pause = Pause(node="tm.1", start_ns=50 * MS, length_ns=3 * S)
    outcome = run(workload(*busy()), faults=[pause], network=NOISY, variant=variant)
    assert outcome.metrics["failovers"] == 1
    assert outcome.metrics["committed"] > 0


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_changes_only_the_roles_that_it_names(mutant: str) -> None:
    reference = build_roles(VARIANTS["omid"])
    changed = build_roles(VARIANTS["omid"], MUTANTS[mutant].mixins)
    for role, mixin in MUTANTS[mutant].mixins.items():
        assert issubclass(changed[role], mixin)
        assert mixin not in reference[role].__mro__
    for role in set(reference) - set(MUTANTS[mutant].mixins) - {"manager"}:
        assert changed[role] is reference[role]


def test_more_clients_in_the_workload_than_in_the_deployment_are_refused() -> None:
    good = setup(workload([[(R, 1)]], [[(R, 1)]]))
    fields = {name: getattr(good, name) for name in Setup.__slots__}
    fields["topology"] = type(good.topology)(clients=1)
    with pytest.raises(ValueError, match="2 clients"):
        World(Setup(**fields))


def test_points_are_named_for_nodes_that_exist() -> None:
    kinds = {name.split(".")[0] for name in node_names(setup(workload([[(R, 1)]])).topology)}
    assert set(POINTS) <= kinds


def test_client_that_waits_for_an_instant_touches_no_key():
    builder = TraceBuilder()
    builder.add(0, [(Access.READ, 0, 0), (Access.UNTIL, 0, 2 * S), (Access.READ, 1, 0)])
    history = run(builder.build(name="by hand", source="test")).history
    assert history.kind.tolist() == [OperationKind.READ] * 2
    assert history.at_ns[0] < 2 * S < history.at_ns[1]


@pytest.mark.parametrize("variant", ["omid", "omid-ll"])
def test_a_manager_that_stalled_before_its_epoch_does_not_hide_its_successor(variant: str) -> None:
    stall = Pause(node="tm.1", point="lease.acquired", length_ns=3 * S)
    trace = workload(*busy(clients=2, transactions=80))
    world = World(setup(trace, faults=[stall], think_ns=50 * MS, variant=variant))
    world.run()
    outcome = world.outcome()
    assert outcome.simulated_ns < 20 * S
    assert outcome.metrics["unknown"] == 0
    assert outcome.metrics["longest_gap_ns"] < 2 * S


def test_a_client_that_crashes_while_it_waits_has_lost_no_transaction() -> None:
    crash = Crash(node="client.0", start_ns=50 * MS, length_ns=10 * MS)
    outcome = run(workload([[(W, 1)], [(W, 2)]]), faults=[crash], think_ns=100 * MS)
    assert list(outcome.history.outcome) == [Outcome.COMMITTED] * 2
