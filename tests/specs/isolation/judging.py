"""What the oracle says of a small history at a level, and what the checker says, with its proof."""

from __future__ import annotations

from collections.abc import Sequence

from sim.history import History
from specs.history.isolation.certificates import replay, schedule_of
from specs.history.isolation.decide import Decision, decide
from specs.history.isolation.levels import LEVELS
from tests.specs.isolation.oracle import Transaction, holds, holds_on_old_snapshots
from tests.specs.isolation.oracle_weak import holds_weakly

NAMES = [name for name, level in LEVELS.items() if level.family != "timestamps"]

STRONGER = [
    ("strict-serializable", "session-serializable"),
    ("session-serializable", "serializable"),
    ("strict-serializable", "strong-si"),
    ("session-serializable", "session-si"),
    ("serializable", "si"),
    ("strong-si", "session-si"),
    ("session-si", "si"),
    ("si", "gsi"),
    ("gsi", "si"),
    ("session-si", "causal"),
    ("causal", "read-atomic"),
    ("read-atomic", "read-committed"),
]
"""Levels, each with one that accepts whatever it accepts."""


def explained(transactions: Sequence[Transaction], name: str, *, has_initial: bool = True) -> bool:
    """Say whether some execution at a level explains a history, by trying all."""
    level = LEVELS[name]
    if level.family == "weak":
        return holds_weakly(transactions, name, has_initial=has_initial)
    if name == "gsi":
        return holds_on_old_snapshots(transactions, has_initial=has_initial)
    return holds(
        transactions,
        sessions=level.sessions,
        serial=level.merged,
        real_time=level.real_time,
        has_initial=has_initial,
    )


def judged(history: History, name: str) -> Decision:
    """Decide a level, and replay what is accepted."""
    decision = decide(history, LEVELS[name])
    assert (decision.contradiction is None) == decision.holds
    if decision.schedule is not None:
        replay(decision, schedule_of(decision))
    return decision
