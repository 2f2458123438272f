"""Small histories of registers, about as many of them impossible as not."""

from __future__ import annotations

from hypothesis import strategies as st

from sim.history import OperationKind, Outcome
from tests.specs.isolation.oracle import INITIAL, Operation, Transaction

READ, WRITE = OperationKind.READ, OperationKind.WRITE

OUTCOMES = st.sampled_from([Outcome.COMMITTED] * 8 + [Outcome.ABORTED, Outcome.UNKNOWN])


@st.composite
def histories(draw: st.DrawFn, *, transactions_max: int = 5) -> list[Transaction]:
    """Draw transactions whose reads return values that somebody writes to their key."""
    keys = draw(st.integers(1, 3))
    sessions = draw(st.integers(1, 3))
    access = st.tuples(st.sampled_from([READ, WRITE]), st.integers(0, keys - 1))
    shapes = draw(
        st.lists(
            st.tuples(
                st.integers(0, sessions - 1),
                OUTCOMES,
                st.lists(access, min_size=1, max_size=4),
            ),
            min_size=1,
            max_size=transactions_max,
        )
    )
    values: dict[int, list[int]] = {key: [INITIAL] for key in range(keys)}
    written: dict[tuple[int, int], int] = {}
    for row, (_, _, accesses) in enumerate(shapes):
        for place, (kind, key) in enumerate(accesses):
            if kind == WRITE:
                written[row, place] = len(written) + 1
                values[key].append(written[row, place])
    return [
        Transaction(session, outcome, _operations(draw, row, outcome, accesses, values, written))
        for row, (session, outcome, accesses) in enumerate(shapes)
    ]


def _operations(
    draw: st.DrawFn,
    row: int,
    outcome: Outcome,
    accesses: list[tuple[OperationKind, int]],
    values: dict[int, list[int]],
    written: dict[tuple[int, int], int],
) -> tuple[Operation, ...]:
    """Draw what is read; mostly a transaction sees its own writes and repeats its reads."""
    known: dict[int, int] = {}
    operations = []
    for place, (kind, key) in enumerate(accesses):
        if kind == WRITE:
            known[key] = written[row, place]
        elif outcome == Outcome.UNKNOWN:
            continue
        elif key not in known or draw(st.integers(0, 19)) == 0:
            known[key] = draw(st.sampled_from(values[key]))
        operations.append(Operation(kind, key, known[key]))
    return tuple(operations)
