"""Random small histories with timestamps: ties, stale reads, overlaps and all."""

from __future__ import annotations

from hypothesis import strategies as st

from sim.history import NONE, OperationKind, Outcome
from tests.specs.isolation.stamped import (
    APPEND,
    INITIAL,
    READ,
    READ_LIST,
    WRITE,
    Stamped,
    Value,
    malformed,
)

INSTANTS_MAX = 12


@st.composite
def timed(
    draw: st.DrawFn,
    *,
    lists: bool = False,
    unknown: bool = False,
    lost: bool = False,
    transactions_max: int = 5,
) -> list[Stamped]:
    """Draw a history in session order whose timestamps are not malformed.

    Reads mostly return what a replay would. `unknown` outcomes may occur; of `lost` ones not even
    the commit timestamp is known, and no two events are at one instant.
    """
    keys, sessions = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    count = draw(st.integers(1, transactions_max))
    if lost:
        instants = draw(st.permutations(range(2 * count)))
    else:
        instants = draw(
            st.lists(st.integers(0, INSTANTS_MAX), min_size=2 * count, max_size=2 * count)
        )
    pairs = sorted(tuple(sorted(instants[2 * n : 2 * n + 2])) for n in range(count))
    outcomes = [Outcome.COMMITTED] * 6 + [Outcome.ABORTED] + [Outcome.UNKNOWN] * (4 * unknown)
    fresh = iter(range(1, 100))
    shapes: list[Stamped] = []
    for start, commit in pairs:
        outcome = draw(st.sampled_from(outcomes))
        accesses = draw(
            st.lists(st.tuples(st.booleans(), st.integers(0, keys - 1)), min_size=1, max_size=4)
        )
        operations = tuple(
            ((APPEND if lists else WRITE) if writes else (READ_LIST if lists else READ), key, 0)
            for writes, key in accesses
        )
        operations = tuple(
            (kind, key, next(fresh) if kind in (WRITE, APPEND) else value)
            for kind, key, value in operations
            if outcome != Outcome.UNKNOWN or kind in (WRITE, APPEND)
        )
        writes = any(kind in (WRITE, APPEND) for kind, _, _ in operations)
        absent = not writes or (lost and outcome == Outcome.UNKNOWN)
        ends = NONE if absent and draw(st.booleans()) else commit
        shapes.append(Stamped(draw(st.integers(0, sessions - 1)), outcome, start, ends, operations))
    counted = [each for each in shapes if each.outcome != Outcome.ABORTED]
    if malformed(counted):
        shapes = [
            each._replace(start=4 * each.start, commit=_spread(each.commit, number))
            for number, each in enumerate(shapes)
        ]
    return _filled(draw, shapes, lists=lists)


def _spread(commit: int, number: int) -> int:
    """Keep commits apart that fell on one instant."""
    return commit if commit == NONE else 4 * commit + 3 if number % 2 else 4 * commit


def _filled(draw: st.DrawFn, shapes: list[Stamped], *, lists: bool) -> list[Stamped]:
    """Draw what is read."""
    return [
        each._replace(operations=_operations(draw, shapes, each, lists=lists)) for each in shapes
    ]


def _operations(
    draw: st.DrawFn, shapes: list[Stamped], me: Stamped, *, lists: bool
) -> tuple[tuple[OperationKind, int, Value], ...]:
    own: dict[int, Value] = {}
    result = []
    for kind, key, value in me.operations:
        if kind in (WRITE, APPEND):
            own[key] = (
                (*own.get(key, _visible(draw, shapes, me, key, lists=True)), value)
                if lists
                else value
            )
            result.append((kind, key, value))
            continue
        if key not in own or draw(st.integers(0, 19)) == 0:
            own[key] = _visible(draw, shapes, me, key, lists=lists)
        result.append((kind, key, own[key]))
    return tuple(result)


def _visible(
    draw: st.DrawFn, shapes: list[Stamped], me: Stamped, key: int, *, lists: bool
) -> Value:
    """Draw the state of a key by an instant, mostly the transaction's start."""
    by = me.start if draw(st.integers(0, 5)) else draw(st.integers(0, INSTANTS_MAX))
    some = draw(st.booleans())
    value: Value = () if lists else INITIAL
    for each in sorted(shapes, key=lambda each: each.commit):
        mine = [v for kind, k, v in each.operations if k == key and kind in (WRITE, APPEND)]
        at = each.start + 1 if each.commit == NONE else each.commit
        certain = each.outcome == Outcome.COMMITTED or (some and each.outcome == Outcome.UNKNOWN)
        if each is not me and certain and at <= by and mine:
            value = (*value, *mine) if isinstance(value, tuple) else mine[-1]
    return value
