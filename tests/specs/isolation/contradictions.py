"""Histories that contradict a level, each in one way."""

from sim.history import OperationKind, Outcome
from tests.specs.isolation.oracle import Operation, Transaction

READ, WRITE = OperationKind.READ, OperationKind.WRITE


def committed(session: int, *operations: tuple[int, int, int]) -> Transaction:
    """Return a transaction of some operations."""
    return Transaction(session, Outcome.COMMITTED, tuple(Operation(*each) for each in operations))


FORK = [
    committed(0, (WRITE, 0, 1)),
    committed(1, (WRITE, 1, 1)),
    committed(2, (READ, 0, 1), (READ, 1, 0)),
    committed(3, (READ, 0, 0), (READ, 1, 1)),
]
"""A long fork."""
DISAGREEING = [
    committed(0, (WRITE, 0, 1)),
    committed(1, (WRITE, 0, 2)),
    committed(2, (READ, 0, 1)),
    committed(2, (READ, 0, 2)),
    committed(3, (READ, 0, 2)),
    committed(3, (READ, 0, 1)),
]
"""Neither order of the two writers works."""
SKEW = [
    committed(0, (READ, 0, 0), (WRITE, 1, 1)),
    committed(1, (READ, 1, 0), (WRITE, 0, 1)),
]
"""A write skew."""


def forks() -> list[Transaction]:
    """Return two writers of each of two keys, and a long fork for every choice of both orders.

    Writer `side` of key 0 or 1 writes a key of its own as well, by which readers see it. Of each
    choice one reader sees the earlier version of key 0 and the later writer of key 1, another one
    the earlier version of key 1 and the later writer of key 0.
    """
    sides = (0, 1)
    writers = [
        committed(2 * key + side, (WRITE, key, 1 + side), (WRITE, 2 + 2 * key + side, 1))
        for key in sides
        for side in sides
    ]
    readers = [
        committed(4 + 4 * mine + 2 * other + key, (READ, key, 1 + mine), (READ, seen, 1))
        for mine in sides
        for other in sides
        for key, seen in ((0, 4 + 1 - other), (1, 2 + 1 - other))
    ]
    return [*writers, *readers]
