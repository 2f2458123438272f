"""The checker agrees with every interleaving, and what it accepts replays."""

import pytest
from hypothesis import given, settings

from sim.history import History
from specs.history.isolation.decide import Decision, decide
from specs.history.isolation.levels import LEVELS
from specs.history.replay import replay_snapshots
from tests.specs.isolation.oracle import Transaction, history_of, holds
from tests.specs.isolation.small import histories

ORDERED = ["session-si", "si", "serializable", "session-serializable"]


def judged(history: History, name: str) -> Decision:
    """Decide a level, and replay what is accepted."""
    level = LEVELS[name]
    decision = decide(history, level)
    if decision.schedule is not None and level.family == "order":
        rows = decision.facts.row
        replay_snapshots(
            history,
            [(int(rows[event // 2]), int(event % 2)) for event in decision.schedule],
            sessions=level.sessions,
            serial=level.merged,
        )
    return decision


@pytest.mark.parametrize("name", ORDERED)
@settings(max_examples=150, deadline=None)
@given(transactions=histories())
def test_checker_agrees_with_every_interleaving(name: str, transactions: list[Transaction]) -> None:
    level = LEVELS[name]
    decision = judged(history_of(transactions), name)
    assert decision.holds == holds(transactions, sessions=level.sessions, serial=level.merged)
    assert (decision.contradiction is None) == decision.holds


@settings(max_examples=150, deadline=None)
@given(transactions=histories())
def test_stronger_levels_accept_less(transactions: list[Transaction]) -> None:
    history = history_of(transactions)
    accepted = {
        name for name, level in LEVELS.items() if _fits(level) and judged(history, name).holds
    }
    for stronger, weaker in [
        ("session-serializable", "serializable"),
        ("session-serializable", "session-si"),
        ("serializable", "si"),
        ("session-si", "si"),
        ("session-si", "causal"),
        ("causal", "read-atomic"),
        ("read-atomic", "read-committed"),
    ]:
        assert stronger not in accepted or weaker in accepted


def _fits(level) -> bool:
    return level.family != "timestamps" and not level.real_time
