"""The manager of the Apache code: timestamps, conflict map, batches, and what it persists when."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scenarios.script import parse_script
from sim.history import OracleKind
from sim.kernel.faults import ClockStep, Crash, Delay, Partition
from sim.omid.apache.conflict_table import LongCache
from sim.omid.apache.timestamps import PER_MS, STEP
from sim.omid.background import BackgroundLoad
from sim.omid.messages import hash64
from sim.omid.settings import MS, S
from specs.history.properties import check
from tests.omid.deployments import ADD, run, workload

SLOW_PUT = Delay(source="tm.1", target="ct.*", start_ns=0, length_ns=2 * S, delay_ns=40 * MS)
CRASH = Crash(node="tm.1", start_ns=300 * MS)


def apache(trace: Any, **more: Any) -> Any:
    return run(trace, variant="omid-apache", **more)


def stamps(outcome: Any, kind: OracleKind) -> list[int]:
    return outcome.oracle.timestamp[outcome.oracle.rows_of(kind)].tolist()


def instants(outcome: Any, kind: OracleKind) -> list[int]:
    return outcome.oracle.at_ns[outcome.oracle.rows_of(kind)].tolist()


def broken(outcome: Any) -> set[str]:
    return {v.property for v in check(outcome.history, outcome.oracle) if not v.holds}


def test_timestamps_count_in_steps_and_a_new_epoch_is_the_bound_that_was_found() -> None:
    trace = parse_script([["at 100ms: write 1", "at 2500ms: write 1"]])
    outcome = apache(trace, faults=[CRASH], settings={"timestamp_range": 1000})
    issued = stamps(outcome, OracleKind.START_ISSUED) + stamps(outcome, OracleKind.COMMIT_ISSUED)
    assert {stamp % STEP for stamp in issued} == {0}
    first, second = stamps(outcome, OracleKind.EPOCH_STARTED)
    assert (first, second % 1000) == (0, 0)
    assert min(stamp for stamp in issued if stamp > second) == second + STEP


def test_world_time_starts_each_millisecond_anew() -> None:
    trace = parse_script([["at 100ms: write 1"], ["at 207ms: write 2"]])
    outcome = apache(trace, settings={"timestamp_type": "world_time"})
    assert [stamp // PER_MS for stamp in stamps(outcome, OracleKind.START_ISSUED)] == [100, 207]


def test_world_time_keeps_a_new_manager_waiting_for_what_the_old_one_allocated() -> None:
    trace = parse_script([["at 100ms: write 1", "at 400ms: write 1"]])
    outcome = apache(trace, faults=[CRASH], settings={"timestamp_type": "world_time"})
    assert instants(outcome, OracleKind.EPOCH_STARTED)[1] > 10 * S
    assert broken(outcome) == set()


transactions = st.lists(
    st.tuples(st.integers(1, 12), st.sets(st.integers(0, 9), min_size=1, max_size=3)), max_size=40
)


@given(transactions, st.integers(1, 6), st.integers(1, 3))
def test_the_mark_refuses_all_that_the_map_has_forgotten(given_ones, entries, window) -> None:
    cache = LongCache(entries=entries, bucket_entries=window)
    newest: dict[int, int] = {}
    mark, now = 0, 1
    for age, keys in given_ones:
        now += 2
        start = max(1, now - age)
        hashes = [hash64(key) for key in sorted(keys)]
        refused = start <= mark or cache.certify(start=start, commit=0, hashes=hashes) is not None
        if any(newest.get(key, 0) >= start for key in keys):
            assert refused
        if not refused:
            mark = max(mark, cache.put_all(commit=now, hashes=hashes))
            newest |= dict.fromkeys(keys, now)


def test_the_mark_is_persisted_after_the_commit_that_raised_it_is_durable() -> None:
    trace = workload(*[[[(ADD, 7 * i + c)] for i in range(30)] for c in range(4)])
    settings = {"conflict_table_entries": 1, "bucket_entries": 2}
    outcome = apache(trace, settings=settings, faults=[SLOW_PUT])
    marks = outcome.oracle.rows_of(OracleKind.LOW_WATER_MARK_PERSISTED)
    assert len(marks) > 3
    assert outcome.metrics["aborts_low_water_mark"] > 0
    assert broken(outcome) == set()


def test_a_request_waits_while_all_batches_are_in_use() -> None:
    sessions = [[f"at {start}ms: write {start}"] for start in (100, 110, 125)]
    for writers, waits in ((2, True), (3, False)):
        settings = {"commit_table_writers": writers}
        outcome = apache(parse_script(sessions), settings=settings, faults=[SLOW_PUT])
        last = instants(outcome, OracleKind.START_ISSUED)[-1]
        first_durable = instants(outcome, OracleKind.COMMIT_TABLE_PUT)[0]
        assert (last > first_durable) is waits


def test_a_batch_stays_open_while_requests_keep_coming() -> None:
    trace = parse_script([[f"at {1000 + 8 * n}00us: read 1"] for n in range(6)])
    apart = {"batch_timeout_ns": 1 * MS}
    for variant, batches in (("omid", 3), ("omid-apache", 1)):
        outcome = run(trace, settings=apart, variant=variant)
        assert len(set(instants(outcome, OracleKind.BEGIN_REPLIED))) == batches


def test_a_commit_takes_its_timestamp_after_it_was_certified() -> None:
    trace = workload([[(ADD, 1)]], [[(ADD, 1)]])
    issued = {}
    for variant, step in (("omid", 1), ("omid-apache", STEP)):
        outcome = run(trace, variant=variant, settings={"batch_entries": 1})
        assert outcome.metrics["aborts_conflict"] == 1
        issued[variant] = max(stamps(outcome, OracleKind.COMMIT_ISSUED)) // step
    assert issued["omid-apache"] <= issued["omid"]


def test_the_time_of_day_decides_over_the_lease() -> None:
    trace = parse_script([["at 3s: write 1"], ["at 2500ms: write 1"]])
    alone = Partition(
        sources=("tm.1", "client.0"), targets=("coordinator",), start_ns=500 * MS, length_ns=8 * S
    )
    step = ClockStep(node="tm.1", start_ns=300 * MS, by_ns=-60 * S)
    for faults, trusted in (([alone], False), ([alone, step], True)):
        outcome = apache(trace, faults=faults, settings={"apache_exit_ns": 0})
        replied = outcome.oracle.rows_of(OracleKind.COMMIT_REPLIED)
        late = outcome.oracle.at_ns[replied] > 3 * S
        assert (outcome.oracle.node[replied[late]] == 1).any() == trusted


def test_a_manager_that_decided_to_exit_answers_until_it_does() -> None:
    trace = parse_script([["at 3s: write 1"], ["at 2500ms: write 1"]])
    alone = Partition(
        sources=("tm.1", "client.0"), targets=("coordinator",), start_ns=500 * MS, length_ns=8 * S
    )
    for exit_ns, answers in ((0, False), (10 * MS, True)):
        outcome = apache(
            trace, faults=[alone], settings={"apache_exit_ns": exit_ns}, settle_ns=1 * S
        )
        replied = outcome.oracle.rows_of(OracleKind.COMMIT_REPLIED)
        late = outcome.oracle.at_ns[replied] > 3 * S
        assert (outcome.oracle.node[replied[late]] == 1).any() == answers
        assert outcome.metrics["halts"] == 1


def test_a_put_that_takes_too_long_is_answered_as_if_it_had_worked() -> None:
    trace = parse_script([["at 100ms: write 1"]])
    lost = Partition(sources=("tm.1",), targets=("ct.*",), start_ns=100 * MS, length_ns=4 * S)
    settings = {"apache_flush_timeout_ns": 500 * MS}
    outcome = apache(trace, faults=[lost], settings=settings)
    assert stamps(outcome, OracleKind.COMMIT_REPLIED) == [2 * STEP]
    assert stamps(outcome, OracleKind.COMMIT_TABLE_PUT) == []
    assert broken(outcome) >= {"acknowledged_commits_durable"}


def test_a_background_waits_for_batches_too() -> None:
    trace = parse_script([[f"at {100 + n}ms: write 1" for n in range(0, 40, 8)]])
    load = BackgroundLoad(per_minute=600_000)
    outcome = apache(trace, background=load, faults=[SLOW_PUT])
    assert outcome.metrics["committed"] == 5
    assert broken(outcome) == set()
    assert max(stamps(outcome, OracleKind.COMMIT_ISSUED)) > 100 * 5 * STEP
