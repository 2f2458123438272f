"""The watch over all runs of the tests: it sees them, and a contradiction fails the test."""

from types import SimpleNamespace

import numpy as np
import pytest

from sim.history import NONE, Outcome
from specs.history.formats import jsonl
from tests import own_runs
from tests.omid.deployments import ADD, DELETE, R, W, run, workload
from tests.own_runs import (
    BOTH,
    BREACH,
    DELETED,
    LARGE,
    NEITHER,
    OWN_RUNS,
    REORDERED,
    UNSTAMPED,
    OwnRuns,
    compare,
)
from tests.specs.isolation.stamped import READ, WRITE, Stamped, history_of

DONE = Outcome.COMMITTED
EXAMPLES = {
    BOTH: [(1, 2, (WRITE, 0, 5)), (3, NONE, (READ, 0, 5))],
    REORDERED: [(1, 2, (WRITE, 0, 5)), (3, NONE, (READ, 0, 0))],
    NEITHER: [(1, 2, (WRITE, 0, 5)), (3, NONE, (READ, 0, 6))],
    UNSTAMPED: [(1, NONE, (WRITE, 0, 5)), (3, NONE, (READ, 0, 5))],
}


def example(word):
    return history_of(
        [
            Stamped(session, DONE, start, commit, (operation,))
            for session, (start, commit, operation) in enumerate(EXAMPLES[word])
        ]
    )


@pytest.mark.parametrize("word", EXAMPLES)
def test_each_pair_of_verdicts_has_its_word(word):
    assert compare(example(word)) == word


def test_a_run_that_is_too_large_is_counted_and_left(monkeypatch):
    monkeypatch.setattr(own_runs, "OPERATIONS_MAX", 1)
    assert OwnRuns().see(example(BOTH)) == LARGE


def test_an_order_that_explains_a_run_against_its_timestamps_is_executed(monkeypatch):
    def refuse(*given, **named):
        raise AssertionError("executed")

    monkeypatch.setattr(own_runs, "replay_snapshots", refuse)
    with pytest.raises(AssertionError, match="executed"):
        compare(example(REORDERED))


def test_reads_that_may_be_of_collected_deletions_are_not_judged_without_timestamps():
    assert compare(run(workload([[(W, 0)], [(R, 0)], [(R, 1)]])).history) == BOTH
    assert compare(run(workload([[(DELETE, 0)], [(R, 1)]])).history) == BOTH
    assert compare(run(workload([[(R, 0)], [(DELETE, 0)]])).history) == DELETED


def small_run():
    return run(workload([[(R, 0), (W, 0)]] * 3, [[(ADD, 0)], [(R, 0)]])).history


def test_every_run_of_a_test_is_seen():
    before = OWN_RUNS.counts[BOTH]
    small_run()
    assert OWN_RUNS.counts[BOTH] == before + 1


@pytest.fixture
def own_runs_agree(request):
    """Return what the end of every test does about its runs."""
    plugins = request.config.pluginmanager.get_plugins()
    (found,) = {each.own_runs_agree for each in plugins if hasattr(each, "own_runs_agree")}
    return found


def test_a_checker_that_rejects_a_right_run_fails_the_test_and_leaves_the_run(
    own_runs_agree, monkeypatch, tmp_path
):
    rejecting = SimpleNamespace(holds=False, schedule=None)
    monkeypatch.setattr(own_runs, "decide", lambda history, level: rejecting)
    before = OWN_RUNS.counts.copy()
    ending = own_runs_agree(
        SimpleNamespace(
            node=SimpleNamespace(name="test_planted[1]"), config=SimpleNamespace(rootpath=tmp_path)
        )
    )
    next(ending)
    history = small_run()
    assert OWN_RUNS.counts[BREACH] == before[BREACH] + 1
    with pytest.raises(AssertionError, match=r"test-planted-1-1\.jsonl"):
        next(ending)
    (path,) = (tmp_path / "bulkhead-failures").iterdir()
    with path.open("rb") as file:
        left, _ = jsonl.read(file)
    assert np.array_equal(left.value, history.value)
    assert np.array_equal(left.start_timestamp, history.start_timestamp)
    # The end of this test finds nothing left to complain about.
    assert not OWN_RUNS.breaches
    OWN_RUNS.counts.clear()
    OWN_RUNS.counts.update(before)
