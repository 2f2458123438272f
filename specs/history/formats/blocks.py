"""Walk through a history transaction by transaction, without ever listing a whole column."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from sim.history import OPERATION_COLUMNS, TRANSACTION_COLUMNS, History, Operation

BLOCK: Final = 4096
"""Transactions that are plain numbers at the same time."""


class Transaction(NamedTuple):
    """One transaction as plain numbers."""

    row: tuple[int, ...]
    """A row of `TRANSACTION_COLUMNS`."""
    operations: list[Operation]


def transactions_of(history: History) -> Iterator[Transaction]:
    """Yield all transactions in their order."""
    for begin in range(0, history.transactions, BLOCK):
        end = min(begin + BLOCK, history.transactions)
        first = history.first[begin : end + 1].tolist()
        operations: list[Operation] = list(
            zip(
                *(
                    getattr(history, name)[first[0] : first[-1]].tolist()
                    for name, _ in OPERATION_COLUMNS
                ),
                strict=True,
            )
        )
        rows = zip(
            *(getattr(history, name)[begin:end].tolist() for name, _ in TRANSACTION_COLUMNS),
            strict=True,
        )
        for row, (start, stop) in zip(rows, pairwise(first), strict=True):
            yield Transaction(row, operations[start - first[0] : stop - first[0]])
