"""Rejections at the levels that need no choice are told, with the read that forces each order."""

import pytest

from sim.history import OperationKind, Outcome
from specs.history.isolation.decide import decide
from specs.history.isolation.levels import LEVELS
from specs.history.isolation.telling import anomalies_of
from tests.specs.isolation.oracle import Operation, Transaction, history_of

KINDS = {"r": OperationKind.READ, "w": OperationKind.WRITE}


def committed(session: int, *operations: tuple[str, int, int]) -> Transaction:
    did = tuple(Operation(KINDS[kind], key, value) for kind, key, value in operations)
    return Transaction(session, Outcome.COMMITTED, did)


def story_at(level: str, *transactions: Transaction) -> tuple[str, tuple[str, ...]]:
    decision = decide(history_of(list(transactions)), LEVELS[level])
    assert not decision.holds
    (anomaly,) = anomalies_of(decision)
    return anomaly.name.kind, anomaly.lines


def test_missing_what_lies_in_the_past_is_told_at_causal():
    kind, lines = story_at(
        "causal",
        committed(0, ("w", 1, 1)),
        committed(1, ("r", 1, 1), ("w", 2, 1)),
        committed(2, ("r", 2, 1), ("r", 1, 0)),
    )
    assert kind == "g-single"
    assert lines[0] == "T2 reads 1 = 0, not T0's 1 = 1."
    assert "T1 reads 1 = 1, which T0 wrote." in lines
    assert lines[-2] == "So T2 has seen T0, and reads what T0 had overwritten."


@pytest.mark.parametrize("level", ["causal", "read-atomic"])
def test_both_orders_of_two_writers_are_told_with_the_reads_that_force_them(level):
    kind, lines = story_at(
        level,
        committed(0, ("w", 1, 1), ("w", 2, 1)),
        committed(1, ("w", 1, 2), ("w", 2, 2)),
        committed(2, ("r", 1, 1), ("r", 2, 2)),
    )
    assert kind == "fractured-read"
    assert sum("otherwise" in line for line in lines) == 2
