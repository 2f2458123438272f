"""Reads our own npz trace: the columns of a `TransactionTrace`, and its head as JSON text.

Columns: header (UTF-8 bytes of the head), client, first, kind, key, amount, and where the trace
has them arrival_ns, rollback and fence.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from sim.workload.header import Header, HeaderError, parse_header
from sim.workload.readers.columns import Columns
from sim.workload.readers.errors import TraceFileError
from sim.workload.types import Access, Integers, TraceError, TransactionTrace

NEEDED: Final = ("header", "client", "first", "kind", "key", "amount")
OPTIONAL: Final = ("arrival_ns", "rollback", "fence")

_AGAIN: Final = "the file was mixed up or cut short; write it again"


def read_npz(columns: Columns) -> TransactionTrace:
    """Read a trace from the columns of an npz file that has a `header`."""
    columns.expect(NEEDED, OPTIONAL)
    header = _header(columns)
    client = columns.integers("client", low=0, high=(1 << 31) - 1)
    first = columns.integers("first", low=0)
    kind = columns.integers("kind", low=0, high=max(Access))
    key = columns.integers("key", low=0)
    amount = columns.integers("amount")
    arrival_ns = columns.integers("arrival_ns", low=0) if "arrival_ns" in columns else None
    _check(columns.path, header, client=client, first=first, kind=kind, amount=amount)
    try:
        return TransactionTrace(
            name=header.name or columns.path.stem,
            source=header.source or columns.path.name,
            client=client.astype(np.int32),
            first=first,
            kind=kind.astype(np.int8),
            key=key,
            amount=amount,
            arrival_ns=arrival_ns,
            rollback=_flags(columns, "rollback"),
            fence=_flags(columns, "fence"),
            initial_value=header.initial_value,
            conserved=header.conserved,
            notes=header.notes,
        )
    except TraceError as error:
        raise TraceFileError(columns.path, str(error), _AGAIN) from None


def _flags(columns: Columns, name: str) -> npt.NDArray[np.bool_] | None:
    return columns.integers(name, low=0, high=1).astype(np.bool_) if name in columns else None


def _header(columns: Columns) -> Header:
    text = columns.integers("header", low=0, high=255).astype(np.uint8).tobytes()
    try:
        return parse_header(json.loads(text.decode()))
    except (HeaderError, ValueError, RecursionError) as error:
        raise TraceFileError(columns.path, str(error), _AGAIN, column="header") from None


def _check(
    path: Path,
    header: Header,
    *,
    client: Integers,
    first: Integers,
    kind: Integers,
    amount: Integers,
) -> None:
    """Check what the trace type does not: counts of the head, and amounts of non-additions."""
    for name, said, found in (
        ("transactions", header.transactions, len(client)),
        ("operations", header.operations, len(kind)),
    ):
        if said is not None and said != found:
            raise TraceFileError(path, f"{found} {name}, but the head says {said}", _AGAIN)
    if not len(client):
        raise TraceFileError(path, "no transaction", "a trace holds at least one")
    if not len(first):
        raise TraceFileError(
            path, "no offset", "first holds one more entry than client", column="first"
        )
    plain = ~np.isin(kind, (Access.ADD, Access.UNTIL))
    if len(amount) == len(kind) and np.any(amount[plain]):
        row = int(np.flatnonzero((amount != 0) & plain)[0])
        found_text = f"amount {amount[row]} at row {row}, which neither adds nor waits"
        mend = "only additions and waits have an amount"
        raise TraceFileError(path, found_text, mend, column="amount")
