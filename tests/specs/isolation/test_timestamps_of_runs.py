"""Our own runs by their timestamps: the reference holds, broken protocols do not."""

from dataclasses import replace

import numpy as np
import pytest

from scenarios.library import shipped
from scenarios.load import load
from scenarios.resolve import resolve
from scenarios.run import run
from sim.history import NONE, OperationKind, Outcome
from specs.history.isolation.decide import NotApplicable
from specs.history.isolation.levels import LEVELS
from specs.history.isolation.timestamps import check_timestamps
from tests.omid.deployments import ADD, DELETE, R, W, workload
from tests.omid.deployments import run as deploy

STRONG = LEVELS["session-si-timestamps"]
RIGHT = ["bank-sums", "client-crash", "collection-storm", "restart-of-all", "pauses-percolator"]
WRONG = ["clock-drift-beyond-bound", "hazard-f05-newest-by-start", "hazard-f07-swallowed-error"]


def history_of(name, seed=1):
    name = f"omid/{name}"
    return run(resolve(load(shipped()[name].path, name=name), seed=seed)).outcome.history


@pytest.mark.parametrize("name", RIGHT)
def test_runs_of_the_protocols_hold(name):
    history = history_of(name)
    assert check_timestamps(history, STRONG).holds
    assert (history.outcome == Outcome.COMMITTED).sum() > 20


@pytest.mark.parametrize("name", WRONG)
def test_broken_protocols_read_what_was_not_last(name):
    assert check_timestamps(history_of(name), STRONG).counts["ext"] > 0


def test_the_fast_path_states_no_start_timestamps():
    with pytest.raises(NotApplicable, match="start timestamp"):
        check_timestamps(history_of("storm-fp"), STRONG)


@pytest.fixture(scope="module")
def deletions():
    """Two clients write, add to and delete three keys, and read them."""
    one = [[(R, 0), (W, 0), (R, 0)], [(DELETE, 0), (R, 0)], [(R, 0), (R, 1)], [(W, 2), (W, 2)]]
    two = [[(ADD, 1), (R, 1)], [(R, 0), (R, 2)], [(DELETE, 1)], [(R, 1), (R, 2), (ADD, 2)]]
    return deploy(workload(one * 3, two * 3)).history


def test_a_run_with_deletions_holds(deletions):
    assert check_timestamps(deletions, STRONG).holds
    deleted = (deletions.kind == OperationKind.WRITE) & (deletions.value == 0)
    assert deleted.any()


def test_another_version_of_the_right_value_is_caught(deletions):
    reads = (deletions.kind == OperationKind.READ) & (deletions.version != NONE)
    seen = 0
    for at in np.flatnonzero(reads).tolist():
        version = deletions.version.copy()
        version[at] += 1
        found = check_timestamps(replace(deletions, version=version), STRONG)
        committed = deletions.outcome[deletions.owner()[at]] == Outcome.COMMITTED
        assert found.holds is not bool(committed)
        seen += bool(committed)
    assert seen > 3
