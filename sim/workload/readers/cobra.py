"""Reads the transaction traces of Cobra (Tan et al., OSDI 2020) from npz.

They are real transactions over RocksDB. Columns, one row an operation: client, txn, op (0 read,
1 write), key; and aborts, one row a client: client, aborted, committed. Only committed
transactions are recorded; how many aborted becomes a note. The file holds one client after the
other. That says nothing about time, so the rows come out with the clients in turn, each in its
recorded order.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sim.workload.arrange import clients_in_turn
from sim.workload.readers.columns import Columns
from sim.workload.readers.errors import TraceFileError
from sim.workload.types import Integers, TransactionTrace

NEEDED: Final = ("client", "txn", "op", "key", "aborts")

_MIXED: Final = "the rows were mixed up; use the file as it was published"


def read_cobra(columns: Columns) -> TransactionTrace:
    """Read a trace from the columns of an npz file with `client`, `txn`, `op` and `key`."""
    columns.expect(NEEDED)
    client = columns.integers("client", low=0, high=(1 << 31) - 1)
    txn = columns.integers("txn", low=0)
    kind = columns.integers("op", low=0, high=1)
    key = columns.integers("key", low=0)
    _check(columns, client=client, txn=txn, kind=kind, key=key)

    begins = np.flatnonzero(np.diff(txn, prepend=-1))
    numbers, owner = np.unique(client[begins], return_inverse=True)
    trace = TransactionTrace(
        name=columns.path.stem,
        source=f"Cobra trace {columns.path.name}",
        client=owner.astype(np.int32),
        first=np.append(begins, len(txn)),
        kind=kind.astype(np.int8),
        key=key,
        amount=np.zeros(len(key), dtype=np.int64),
        notes=(
            f"clients {numbers[0]} to {numbers[-1]} of the recording are numbered from 0",
            "rows hold the clients in turn, each in its recorded order",
            _aborts(columns, np.bincount(owner), numbers),
        ),
    )
    return clients_in_turn(trace)


def _check(
    columns: Columns, *, client: Integers, txn: Integers, kind: Integers, key: Integers
) -> None:
    """Refuse columns that do not fit together."""
    path = columns.path
    for name, values in (("txn", txn), ("op", kind), ("key", key)):
        if len(values) != len(client):
            found = f"{len(values)} rows, but column client has {len(client)}"
            raise TraceFileError(path, found, _MIXED, column=name)
    if not len(client):
        raise TraceFileError(path, "no operation", "a trace holds at least one")
    back = np.flatnonzero(np.diff(txn) < 0)
    if len(back):
        row = int(back[0]) + 1
        found = f"goes back from {txn[row - 1]} to {txn[row]} at row {row}"
        raise TraceFileError(path, found, _MIXED, column="txn")
    torn = np.flatnonzero((np.diff(txn) == 0) & (np.diff(client) != 0))
    if len(torn):
        row = int(torn[0]) + 1
        found = f"transaction {txn[row]} has clients {client[row - 1]} and {client[row]}, row {row}"
        raise TraceFileError(path, found, _MIXED, column="client")


def _aborts(columns: Columns, committed: Integers, numbers: Integers) -> str:
    """Say how many transactions the recording saw abort; its counts must fit the rows."""
    table = columns.within("aborts", columns.array("aborts"), low=0)
    if table.ndim != 2 or table.shape[1] != 3:
        mend = "expected rows of client, aborted, committed"
        raise TraceFileError(columns.path, f"shape {table.shape}", mend, column="aborts")
    table = table[np.argsort(table[:, 0], kind="stable")]
    if not np.array_equal(table[:, 0], numbers) or not np.array_equal(table[:, 2], committed):
        found = "other clients or commit counts than the rows show"
        raise TraceFileError(columns.path, found, _MIXED, column="aborts")
    aborted = int(table[:, 1].sum())
    return f"the recording saw {aborted} of {aborted + int(committed.sum())} transactions abort"
