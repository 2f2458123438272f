"""Small histories with timestamps, and a replay of them with nothing in common with the checker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from sim.history import NONE, History, HistoryBuilder, OperationKind, Outcome

READ, WRITE = OperationKind.READ, OperationKind.WRITE
APPEND, READ_LIST = OperationKind.APPEND, OperationKind.READ_LIST
INITIAL = 0

Value = int | tuple[int, ...]


class Stamped(NamedTuple):
    """A transaction: operations are kind, key, and value or list."""

    session: int
    outcome: Outcome
    start: int
    commit: int
    operations: tuple[tuple[OperationKind, int, Value], ...]


def history_of(transactions: Sequence[Stamped]) -> History:
    """Return transactions as columns."""
    builder = HistoryBuilder()
    elements: list[int] = []
    element_first = [0]
    for each in transactions:
        rows = []
        for kind, key, value in each.operations:
            if isinstance(value, tuple):
                elements += value
            rows.append((int(kind), key, NONE if isinstance(value, tuple) else value, NONE, NONE))
            element_first.append(len(elements))
        head = (each.session, int(each.outcome), each.start, each.commit, NONE, NONE, NONE, NONE)
        builder.add(head, rows)
    names = tuple(f"s{n}" for n in range(1 + max((t.session for t in transactions), default=-1)))
    history = builder.build(session_names=names)
    if not any(kind >= APPEND for each in transactions for kind, _, _ in each.operations):
        return history
    columns = {name: getattr(history, name) for name in history.__dataclass_fields__}
    columns |= {"element_first": np.array(element_first), "elements": np.array(elements, int)}
    return History(**columns)


Broken = tuple[str, int, int]
"""The rule, the transaction at fault, the place of the operation in it (0 for sessions)."""


def broken(transactions: Sequence[Stamped], *, sessions: bool) -> set[Broken]:
    """Return what breaks the rules if exactly these transactions committed."""
    found: set[Broken] = set()
    for row, each in enumerate(transactions):
        if each.outcome == Outcome.COMMITTED:
            found |= _misread(transactions, row)
    for row, each in enumerate(transactions):
        for other in transactions:
            if other is not each and _overlap(each, other):
                found.add(("noconflict", row, 0))
        if sessions and any(
            other.session == each.session
            and other.outcome == Outcome.COMMITTED
            and each.start < _end(other)
            for other in transactions[:row]
        ):
            found.add(("session", row, 0))
    return found


def _end(each: Stamped) -> int:
    return each.start if each.commit == NONE else each.commit


def _writes(each: Stamped) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for kind, key, value in each.operations:
        if kind in (WRITE, APPEND):
            found.setdefault(key, []).append(value)
    return found


def _overlap(each: Stamped, other: Stamped) -> bool:
    if not _writes(each).keys() & _writes(other).keys():
        return False
    return each.start < other.commit and other.start < each.commit


def _snapshot(transactions: Sequence[Stamped], row: int, key: int, *, a_list: bool) -> Value:
    """Run all commits that the transaction's start comes after."""
    value: Value = () if a_list else INITIAL
    me = transactions[row]
    for each in sorted(transactions, key=lambda each: each.commit):
        writes = _writes(each).get(key)
        if each is me or each.commit > me.start or writes is None:
            continue
        value = (*value, *writes) if isinstance(value, tuple) else writes[-1]
    return value


def _misread(transactions: Sequence[Stamped], row: int) -> set[Broken]:
    found: set[Broken] = set()
    before: dict[int, Value] = {}
    mine: dict[int, tuple[int, ...]] = {}
    for place, (kind, key, value) in enumerate(transactions[row].operations):
        if kind == READ_LIST:
            assert isinstance(value, tuple)
            own = mine.get(key, ())
            outside = value[: len(value) - len(own)]
            if value[len(outside) :] != own or len(value) < len(own):
                found.add(("int", row, place))
                continue
            if key in before:
                found |= {("int", row, place)} if before[key] != outside else set()
            elif _snapshot(transactions, row, key, a_list=True) != outside:
                found.add(("ext", row, place))
            before.setdefault(key, outside)
        elif kind == APPEND:
            mine[key] = (*mine.get(key, ()), value)
        else:
            if kind == READ and key in before:
                found |= {("int", row, place)} if before[key] != value else set()
            elif kind == READ and _snapshot(transactions, row, key, a_list=False) != value:
                found.add(("ext", row, place))
            before[key] = value
    return found


def malformed(transactions: Sequence[Stamped]) -> bool:
    """Say whether no execution can have these timestamps."""
    if any(each.commit != NONE and each.commit < each.start for each in transactions):
        return True
    return any(
        one.commit == two.commit and _writes(one).keys() & _writes(two).keys()
        for one, two in combinations(transactions, 2)
    )


def possible(transactions: Sequence[Stamped]) -> Iterator[list[Stamped]]:
    """Yield every set of transactions that may have committed, at every instant they may have.

    Instants are doubled, so that a commit which is not stated may lie between two of them.
    """
    sure = [
        each._replace(start=2 * each.start, commit=_doubled(each.commit))
        for each in transactions
        if each.outcome != Outcome.ABORTED
    ]
    last = 2 + max((max(each.start, each.commit) for each in sure), default=0)

    def extend(place: int, taken: list[Stamped]) -> Iterator[list[Stamped]]:
        if place == len(sure):
            yield taken
            return
        each = sure[place]
        if each.outcome == Outcome.COMMITTED:
            yield from extend(place + 1, [*taken, each])
            return
        yield from extend(place + 1, taken)
        commits = range(each.start + 1, last) if each.commit == NONE else [each.commit]
        for commit in commits:
            yield from extend(place + 1, [*taken, each._replace(commit=commit)])

    return extend(0, [])


def _doubled(instant: int) -> int:
    return NONE if instant == NONE else 2 * instant


def explained(transactions: Sequence[Stamped], *, sessions: bool) -> bool:
    """Say whether some set of commits breaks no rule."""
    return any(
        not malformed(taken) and not broken(taken, sessions=sessions)
        for taken in possible(transactions)
    )
