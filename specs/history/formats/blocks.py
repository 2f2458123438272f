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
    lists: list[list[int]]
    """The elements that each operation read; none at all where the history has no lists."""


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
        lists = _lists(history, first[0], first[-1])
        for row, (start, stop) in zip(rows, pairwise(first), strict=True):
            inside = slice(start - first[0], stop - first[0])
            yield Transaction(row, operations[inside], lists[inside])


def _lists(history: History, start: int, stop: int) -> list[list[int]]:
    if history.element_first is None or history.elements is None:
        return []
    ends = history.element_first[start : stop + 1].tolist()
    elements = history.elements[ends[0] : ends[-1]].tolist()
    return [elements[begin - ends[0] : end - ends[0]] for begin, end in pairwise(ends)]
