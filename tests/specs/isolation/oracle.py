"""Decide small histories by trying every execution, with nothing in common with the checker.

Snapshot isolation and serializability: every order of begins and commits, executed. Generalised
snapshot isolation: every order of commits, each transaction on any older state. The weaker levels
have their own file, `oracle_weak`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final, NamedTuple

import numpy as np

from sim.history import NONE, History, HistoryBuilder, OperationKind, Outcome

INITIAL: Final = 0
READ, WRITE = OperationKind.READ, OperationKind.WRITE
APPEND, READ_LIST = OperationKind.APPEND, OperationKind.READ_LIST

Value = int | tuple[int, ...] | None
"""What a register or a list holds; None where nobody has written and there is no initial value."""


class Operation(NamedTuple):
    """An access to a register or to a list."""

    kind: OperationKind
    key: int
    value: Value


class Transaction(NamedTuple):
    """What a client knows of a transaction."""

    session: int
    outcome: Outcome
    operations: tuple[Operation, ...]
    invoked: int = NONE
    finished: int = NONE


def history_of(transactions: Sequence[Transaction], *, has_initial: bool = True) -> History:
    """Return transactions as columns."""
    builder = HistoryBuilder()
    elements: list[int] = []
    element_first = [0]
    for each in transactions:
        rows = []
        for kind, key, value in each.operations:
            if isinstance(value, tuple):
                elements += value
            rows.append((int(kind), key, value if isinstance(value, int) else NONE, NONE, NONE))
            element_first.append(len(elements))
        times = (each.invoked, NONE, NONE, each.finished)
        builder.add((each.session, int(each.outcome), NONE, NONE, *times), rows)
    sessions = 1 + max((each.session for each in transactions), default=-1)
    built = builder.build(session_names=tuple(f"s{number}" for number in range(sessions)))
    columns = {name: getattr(built, name) for name in built.__dataclass_fields__}
    columns["has_initial"] = has_initial
    if any(operation.kind >= APPEND for each in transactions for operation in each.operations):
        columns["element_first"] = np.array(element_first, dtype=np.int64)
        columns["elements"] = np.array(elements, dtype=np.int64)
    return History(**columns)


def holds(
    transactions: Sequence[Transaction],
    *,
    sessions: bool,
    serial: bool,
    real_time: bool = False,
    has_initial: bool = True,
) -> bool:
    """Say whether some execution under snapshot isolation, or some serial one, explains all."""
    start = initial_state(transactions, has_initial=has_initial)
    return any(
        _Search(
            transactions, taken, start, sessions=sessions, serial=serial, real_time=real_time
        ).succeeds()
        for taken in outcomes(transactions)
    )


def outcomes(transactions: Sequence[Transaction]) -> Iterator[tuple[int, ...]]:
    """Yield every set of transactions that may have committed."""
    sure = [i for i, each in enumerate(transactions) if each.outcome == Outcome.COMMITTED]
    open_ = [i for i, each in enumerate(transactions) if each.outcome == Outcome.UNKNOWN]
    for size in range(len(open_) + 1):
        for chosen in combinations(open_, size):
            yield tuple(sorted((*sure, *chosen)))


State = tuple[tuple[int, Value], ...]
"""What every key holds, by key."""


def initial_state(transactions: Sequence[Transaction], *, has_initial: bool) -> State:
    """Return what every key holds before anybody writes it."""
    found: dict[int, Value] = {}
    for each in transactions:
        for kind, key, _ in each.operations:
            found[key] = () if kind >= APPEND else INITIAL if has_initial else None
    return tuple(sorted(found.items()))


def written(transaction: Transaction) -> frozenset[int]:
    """Return the keys that a transaction writes or appends to."""
    return frozenset(key for kind, key, _ in transaction.operations if kind in (WRITE, APPEND))


def after(transaction: Transaction, state: State) -> State:
    """Return the state once a transaction has committed."""
    now = dict(state)
    for kind, key, value in transaction.operations:
        if kind == WRITE:
            now[key] = value
        elif kind == APPEND:
            now[key] = (*now[key], value)
    return tuple(sorted(now.items()))


def explains(transaction: Transaction, state: State) -> bool:
    """Say whether a transaction on a state reads what it read; nobody vouches for unknown ones."""
    if transaction.outcome != Outcome.COMMITTED:
        return True
    now = dict(state)
    for kind, key, value in transaction.operations:
        if kind == WRITE:
            now[key] = value
        elif kind == APPEND:
            now[key] = (*now[key], value)
        elif now[key] != value:
            return False
    return True


class _Search:
    """A search through all orders of begins and commits of the taken transactions."""

    def __init__(
        self,
        transactions: Sequence[Transaction],
        taken: tuple[int, ...],
        start: State,
        *,
        sessions: bool,
        serial: bool,
        real_time: bool,
    ) -> None:
        self.transactions = transactions
        self.taken = taken
        self.start = start
        self.serial = serial
        self.before = {
            row: frozenset(
                other
                for other in taken
                if (sessions and precedes(transactions, other, row))
                or (real_time and _had_ended(transactions[other], transactions[row]))
            )
            for row in taken
        }
        self.seen: set[tuple[frozenset[int], frozenset[int], State]] = set()

    def succeeds(self) -> bool:
        """Say whether there is an order."""
        return self._go_on(frozenset(), frozenset(), self.start)

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
        mine = self.transactions[row]
        if not self.before[row] <= ended or not explains(mine, state):
            return False
        if any(written(mine) & written(self.transactions[other]) for other in begun - ended):
            return False
        if self.serial:
            return self._end(row, begun | {row}, ended, state)
        return self._go_on(begun | {row}, ended, state)

    def _end(self, row: int, begun: frozenset[int], ended: frozenset[int], state: State) -> bool:
        return self._go_on(begun, ended | {row}, after(self.transactions[row], state))


def precedes(transactions: Sequence[Transaction], one: int, other: int) -> bool:
    """Say whether the session of two transactions puts the one before the other.

    One with an unknown outcome may take effect late, whatever its session did next.
    """
    first, second = transactions[one], transactions[other]
    return one < other and first.session == second.session and first.outcome == Outcome.COMMITTED


def _had_ended(one: Transaction, other: Transaction) -> bool:
    """Say whether a transaction had surely ended when another one was invoked."""
    return one.outcome == Outcome.COMMITTED and one.finished < other.invoked


def holds_on_old_snapshots(
    transactions: Sequence[Transaction], *, has_initial: bool = True
) -> bool:
    """Say whether some order of commits explains all, each transaction on some older state.

    Since that state, nobody else has committed what the transaction writes.
    """
    start = initial_state(transactions, has_initial=has_initial)

    def go_on(left: frozenset[int], states: tuple[State, ...], order: tuple[int, ...]) -> bool:
        if not left:
            return True
        for row in sorted(left):
            mine = transactions[row]
            if any(
                explains(mine, states[age])
                and not any(written(mine) & written(transactions[other]) for other in order[age:])
                for age in range(len(states))
            ):
                states_then = (*states, after(mine, states[-1]))
                if go_on(left - {row}, states_then, (*order, row)):
                    return True
        return False

    return any(go_on(frozenset(taken), (start,), ()) for taken in outcomes(transactions))
