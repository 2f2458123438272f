"""Small histories of registers or lists, about as many of them impossible as not.

One generator serves two sources of chance: Hypothesis, which shrinks what it finds, and a stream,
which gives the same history for the same number on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from sim.history import OperationKind, Outcome
from sim.kernel.streams import Streams, below
from tests.specs.isolation.oracle import (
    APPEND,
    INITIAL,
    READ,
    READ_LIST,
    WRITE,
    Operation,
    Transaction,
    Value,
)

Chance = Callable[[int], int]
"""A number from 0 up to and without a bound."""

OUTCOMES = [Outcome.COMMITTED] * 8 + [Outcome.ABORTED, Outcome.UNKNOWN]
GARBAGE = 90


@st.composite
def histories(
    draw: st.DrawFn, *, lists: bool = False, transactions_max: int = 5
) -> list[Transaction]:
    """Draw transactions whose reads return values that somebody writes to their key."""
    return generate(
        lambda bound: draw(st.integers(0, bound - 1)),
        lists=lists,
        transactions_max=transactions_max,
    )


def numbered(number: int, *, lists: bool, transactions_max: int = 5) -> list[Transaction]:
    """Return the small history of a number."""
    stream = Streams(number).at("small histories", "lists" if lists else "registers")
    return generate(
        lambda bound: below(stream, bound), lists=lists, transactions_max=transactions_max
    )


class _Shape(NamedTuple):
    """A transaction before anybody knows what it reads."""

    session: int
    outcome: Outcome
    invoked: int
    finished: int
    accesses: list[tuple[OperationKind, int, int]]
    """Kind, key and what is written, 0 for reads."""


def generate(chance: Chance, *, lists: bool, transactions_max: int) -> list[Transaction]:
    """Make a history: its reads are drawn from all values, or mostly what an execution shows."""
    shapes = _shapes(chance, lists=lists, transactions_max=transactions_max)
    execution = chance(2) == 0
    orders = {} if not lists else _orders(chance, shapes, execution=execution)
    made = []
    for row, shape in enumerate(shapes):
        known: dict[int, Value] = {}
        own: dict[int, tuple[int, ...]] = {}
        operations = []
        for kind, key, value in shape.accesses:
            told: Value = value
            if kind == WRITE:
                known[key] = value
            elif kind == APPEND:
                own[key] = (*own.get(key, ()), value)
            elif shape.outcome == Outcome.UNKNOWN:
                continue
            else:
                if key not in known or chance(20) == 19:
                    by = execution and chance(6) != 5
                    known[key] = (
                        _list(chance, shapes, row, orders[key], by=by)
                        if lists
                        else _register(chance, shapes, row, key, by=by)
                    )
                told = (*known[key], *own.get(key, ())) if lists else known[key]
            operations.append(Operation(kind, key, told))
        made.append(
            Transaction(
                shape.session, shape.outcome, tuple(operations), shape.invoked, shape.finished
            )
        )
    return made


def _shapes(chance: Chance, *, lists: bool, transactions_max: int) -> list[_Shape]:
    keys, sessions = 1 + chance(3), 1 + chance(3)
    clock = [0] * sessions
    fresh = iter(range(1, GARBAGE))
    shapes = []
    for _ in range(1 + chance(transactions_max)):
        session, outcome = chance(sessions), OUTCOMES[chance(len(OUTCOMES))]
        invoked = clock[session] + chance(3)
        clock[session] = finished = invoked + 1 + chance(6)
        accesses = []
        for _ in range(1 + chance(4)):
            writes, key = chance(2) == 1, chance(keys)
            kind = (APPEND if lists else WRITE) if writes else (READ_LIST if lists else READ)
            accesses.append((kind, key, next(fresh) if writes else 0))
        shapes.append(_Shape(session, outcome, invoked, finished, accesses))
    return shapes


def _values(shape: _Shape, key: int) -> tuple[int, ...]:
    """Return all that a transaction writes to a key, in its order."""
    return tuple(v for kind, k, v in shape.accesses if k == key and kind in (WRITE, APPEND))


def _register(chance: Chance, shapes: Sequence[_Shape], row: int, key: int, *, by: bool) -> int:
    """Draw what a register shows: what was written last by an instant, or anything."""
    if chance(40) == 39:
        return GARBAGE
    values = [INITIAL]
    for shape in sorted(shapes, key=lambda shape: shape.finished) if by else shapes:
        mine = _values(shape, key)
        if by and shape.outcome != Outcome.ABORTED and shape.finished <= shapes[row].invoked:
            values += mine[-1:]
        elif not by:
            values += mine
    return values[-1] if by else values[chance(len(values))]


Order = list[tuple[int, tuple[int, ...]]]
"""Who appended what to one key, in the order in which the lists of all readers show it."""


def _orders(chance: Chance, shapes: Sequence[_Shape], *, execution: bool) -> dict[int, Order]:
    found: dict[int, Order] = {}
    for key in range(3):
        rows = [row for row, shape in enumerate(shapes) if _values(shape, key)]
        if execution:
            rows.sort(key=lambda row: shapes[row].finished)
        else:
            rows = [rows.pop(chance(len(rows))) for _ in range(len(rows))]
        found[key] = [
            (row, _values(shapes[row], key))
            for row in rows
            if shapes[row].outcome == Outcome.COMMITTED
            or chance(2 if shapes[row].outcome == Outcome.UNKNOWN else 6) == 1
        ]
    return found


def _list(
    chance: Chance, shapes: Sequence[_Shape], row: int, order: Order, *, by: bool
) -> tuple[int, ...]:
    """Draw a list: a beginning of the key's order, now and then with a flaw."""
    others = [(other, values) for other, values in order if other != row]
    if by:
        kept = [v for other, v in others if shapes[other].finished <= shapes[row].invoked]
    else:
        kept = [values for _, values in others[: chance(len(others) + 1)]]
    found = tuple(value for values in kept for value in values)
    flaw = chance(24)
    if flaw == 23:
        return (*found, GARBAGE)
    if flaw == 22:
        return found[:-1]
    if flaw == 21:
        return (*found[:-2], *found[:-3:-1])
    if flaw == 20:
        whole = [value for _, values in order for value in values]
        return tuple(whole[: chance(len(whole) + 1)])
    return found
