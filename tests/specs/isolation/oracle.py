"""Decide small histories by trying every interleaving, with nothing in common with the checker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from sim.history import History, HistoryBuilder, OperationKind, Outcome

INITIAL = 0


class Operation(NamedTuple):
    """A read or a write of a register."""

    kind: OperationKind
    key: int
    value: int


class Transaction(NamedTuple):
    """What a client knows of a transaction."""

    session: int
    outcome: Outcome
    operations: tuple[Operation, ...]


def history_of(transactions: Sequence[Transaction]) -> History:
    """Return transactions as columns."""
    builder = HistoryBuilder()
    for each in transactions:
        head = (each.session, int(each.outcome), -1, -1, -1, -1, -1, -1)
        builder.add(head, [(int(o.kind), o.key, o.value, -1, -1) for o in each.operations])
    sessions = 1 + max((each.session for each in transactions), default=-1)
    return builder.build(session_names=tuple(f"s{number}" for number in range(sessions)))


def holds(transactions: Sequence[Transaction], *, sessions: bool, serial: bool) -> bool:
    """Say whether some execution under snapshot isolation, or some serial one, explains all."""
    return any(
        _Search(transactions, taken, sessions=sessions, serial=serial).succeeds()
        for taken in _outcomes(transactions)
    )


def _outcomes(transactions: Sequence[Transaction]) -> Iterator[tuple[int, ...]]:
    """Yield every set of transactions that may have committed."""
    sure = [i for i, each in enumerate(transactions) if each.outcome == Outcome.COMMITTED]
    open_ = [i for i, each in enumerate(transactions) if each.outcome == Outcome.UNKNOWN]
    for size in range(len(open_) + 1):
        for chosen in combinations(open_, size):
            yield tuple(sorted((*sure, *chosen)))


State = tuple[tuple[int, int], ...]


class _Search:
    """A search through all orders of begins and commits of the taken transactions."""

    def __init__(
        self,
        transactions: Sequence[Transaction],
        taken: tuple[int, ...],
        *,
        sessions: bool,
        serial: bool,
    ) -> None:
        self.transactions = transactions
        self.taken = taken
        self.serial = serial
        self.before = {
            row: self._predecessors(row) if sessions else frozenset[int]() for row in taken
        }
        self.seen: set[tuple[frozenset[int], frozenset[int], State]] = set()

    def _predecessors(self, row: int) -> frozenset[int]:
        """Return who must have committed before a transaction begins.

        One with an unknown outcome may take effect late, whatever its session did next.
        """
        mine = self.transactions[row].session
        return frozenset(
            other
            for other in self.taken
            if other < row
            and self.transactions[other].session == mine
            and self.transactions[other].outcome == Outcome.COMMITTED
        )

    def succeeds(self) -> bool:
        """Say whether there is an order."""
        return self._go_on(frozenset(), frozenset(), ())

    def _go_on(self, begun: frozenset[int], ended: frozenset[int], state: State) -> bool:
        if len(ended) == len(self.taken):
            return True
        if (begun, ended, state) in self.seen:
            return False
        self.seen.add((begun, ended, state))
        return any(
            self._end(row, begun, ended, state)
            if row in begun
            else self._begin(row, begun, ended, state)
            for row in self.taken
            if row not in ended
        )

    def _begin(self, row: int, begun: frozenset[int], ended: frozenset[int], state: State) -> bool:
        if not self.before[row] <= ended or not self._reads(row, dict(state)):
            return False
        mine = self._written(row)
        if any(mine & self._written(other) for other in begun - ended):
            return False
        if self.serial:
            return self._end(row, begun | {row}, ended, state)
        return self._go_on(begun | {row}, ended, state)

    def _end(self, row: int, begun: frozenset[int], ended: frozenset[int], state: State) -> bool:
        after = dict(state)
        for operation in self.transactions[row].operations:
            if operation.kind == OperationKind.WRITE:
                after[operation.key] = operation.value
        return self._go_on(begun, ended | {row}, tuple(sorted(after.items())))

    def _written(self, row: int) -> frozenset[int]:
        return frozenset(
            operation.key
            for operation in self.transactions[row].operations
            if operation.kind == OperationKind.WRITE
        )

    def _reads(self, row: int, snapshot: dict[int, int]) -> bool:
        """Say whether a snapshot explains what a transaction read."""
        if self.transactions[row].outcome != Outcome.COMMITTED:
            return True
        own: dict[int, int] = {}
        for kind, key, value in self.transactions[row].operations:
            if kind == OperationKind.WRITE:
                own[key] = value
            elif own.get(key, snapshot.get(key, INITIAL)) != value:
                return False
        return True
