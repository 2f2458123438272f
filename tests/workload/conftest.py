"""Traces that several tests read and write."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import strategies as st

from sim.history import Conserved
from sim.workload.types import Access, TraceBuilder, TransactionTrace
from sim.workload.writers.jsonl import write_jsonl
from sim.workload.writers.npz import write_npz

INT64 = st.integers(-(2**63), 2**63 - 1)
KEYS = st.integers(0, 2**63 - 1)
OPERATIONS = st.one_of(
    st.tuples(st.sampled_from((Access.READ, Access.WRITE, Access.DELETE)), KEYS, st.just(0)),
    st.tuples(st.just(Access.ADD), KEYS, INT64),
    st.just((Access.CHECKPOINT, 0, 0)),
)


@st.composite
def traces(draw: st.DrawFn) -> TransactionTrace:
    """Draw any trace that the type allows, with clients from 0."""
    builder = TraceBuilder()
    timed = draw(st.booleans())
    for row in range(draw(st.integers(1, 6))):
        builder.add(
            draw(st.integers(0, row)) if row else 0,
            draw(st.lists(OPERATIONS, max_size=4)),
            arrival_ns=draw(KEYS) if timed else None,
            rollback=draw(st.booleans()),
            fence=draw(st.booleans()),
        )
    return builder.build(
        name=draw(st.text(min_size=1, max_size=8)),
        source=draw(st.text(min_size=1, max_size=8)),
        initial_value=draw(INT64),
        conserved=draw(st.none() | st.builds(Conserved, keys=st.integers(1, 9), total=INT64)),
        notes=tuple(draw(st.lists(st.text(max_size=8), max_size=2))),
    )


def jsonl_bytes(trace: TransactionTrace) -> bytes:
    file = io.BytesIO()
    write_jsonl(trace, file)
    return file.getvalue()


def npz_bytes(trace: TransactionTrace) -> bytes:
    file = io.BytesIO()
    write_npz(trace, file)
    return file.getvalue()


def two_transfers() -> TransactionTrace:
    builder = TraceBuilder()
    builder.add(0, [(Access.READ, 3, 0), (Access.ADD, 5, -1)], arrival_ns=10)
    builder.add(1, [(Access.WRITE, 4, 0)], arrival_ns=20, rollback=True)
    return builder.build(name="two", source="by hand", initial_value=100, notes=("short",))


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[bytes], Path]:
    """Return a function that saves bytes under a name which tells nothing."""

    def save(content: bytes) -> Path:
        path = tmp_path / "trace"
        path.write_bytes(content)
        return path

    return save
