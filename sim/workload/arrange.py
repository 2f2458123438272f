"""Rearrange traces: client numbers without gaps, and clients in turn.

Neither changes what any one client runs, or in which order.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sim.workload.types import TransactionTrace


def dense_clients(trace: TransactionTrace) -> TransactionTrace:
    """Renumber the clients 0, 1, 2, ... in their old order; a note keeps what they were."""
    numbers, dense = np.unique(trace.client, return_inverse=True)
    if not len(numbers) or int(numbers[-1]) == len(numbers) - 1:
        return trace
    note = f"clients {numbers[0]} to {numbers[-1]} are numbered 0 to {len(numbers) - 1}"
    return replace(trace, client=dense.astype(np.int32), notes=(*trace.notes, note))


def clients_in_turn(trace: TransactionTrace) -> TransactionTrace:
    """Order the rows by their number within their client, so that a head holds all clients.

    First comes the first transaction of every client, then the second one of every client, and
    so on; a client that has no more is left out.
    """
    grouped = np.argsort(trace.client, kind="stable")
    sizes = np.bincount(trace.client, minlength=trace.clients)
    starts = np.cumsum(sizes) - sizes
    place = np.empty(trace.transactions, dtype=np.int64)
    place[grouped] = np.arange(trace.transactions) - np.repeat(starts, sizes)
    order = np.lexsort((trace.client, place))

    length = np.diff(trace.first)[order]
    first = np.zeros(trace.transactions + 1, dtype=np.int64)
    np.cumsum(length, out=first[1:])
    rows = np.repeat(trace.first[:-1][order] - first[:-1], length) + np.arange(trace.operations)
    return replace(
        trace,
        client=trace.client[order],
        first=first,
        kind=trace.kind[rows],
        key=trace.key[rows],
        amount=trace.amount[rows],
        arrival_ns=None if trace.arrival_ns is None else trace.arrival_ns[order],
        rollback=None if trace.rollback is None else trace.rollback[order],
        fence=None if trace.fence is None else trace.fence[order],
    )
