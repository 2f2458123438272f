"""Settings that every test runs under, and what is checked on every run of a simulator."""

from pathlib import Path

import pytest
from hypothesis import settings

from sim.omid.world import World
from tests.own_runs import OWN_RUNS

# Two shared cores make single examples slow now and then; a failure prints how to repeat it.
settings.register_profile("suite", deadline=None, print_blob=True)
settings.load_profile("suite")

COUNTS = "own runs"


@pytest.fixture(autouse=True, scope="session")
def _judge_own_runs():
    """Judge every run where it ends; processes that tests start are on their own."""
    ends = World.outcome

    def outcome(world):
        left = ends(world)
        OWN_RUNS.see(left.history)
        return left

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(World, "outcome", outcome)
        yield


def own_runs_agree(request):
    """Fail a test in which the two checkers contradict each other, and keep the history."""
    yield
    kept = OWN_RUNS.keep(request.node.name, Path(request.config.rootpath))
    assert not kept, f"the timestamps explain what the check without them rejects: {kept}"


_own_runs_agree = pytest.fixture(autouse=True)(own_runs_agree)


def pytest_sessionfinish(session):
    """Hand what one of several processes counted to the one that tells it."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[COUNTS] = dict(OWN_RUNS.counts)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Add what another process counted."""
    OWN_RUNS.counts.update(getattr(node, "workeroutput", {}).get(COUNTS, {}))


def pytest_terminal_summary(terminalreporter):
    """Say how the runs of the tests were judged."""
    told = ", ".join(f"{word} {count}" for word, count in sorted(OWN_RUNS.counts.items()))
    if told:
        terminalreporter.write_line(f"own runs, by their timestamps and without: {told}")
