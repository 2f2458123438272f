"""Lay ragged rows out as columns: what all generators share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows that belong to owners: `count[i]` rows for owner `i`, one owner after the other."""

    first: Integers
    """Where the rows of each owner begin; one more entry says where the last one's end."""
    owner: Integers
    """The owner of each row."""
    place: Integers
    """The place of each row among those of its owner, from 0."""


def rows_of(count: Integers) -> Rows:
    """Lay out `count[i]` rows for each owner `i`."""
    first = np.zeros(len(count) + 1, dtype=np.int64)
    np.cumsum(count, out=first[1:])
    owner = np.repeat(np.arange(len(count), dtype=np.int64), count)
    place = np.arange(first[-1], dtype=np.int64) - first[owner]
    return Rows(first=first, owner=owner, place=place)


def in_turn(*, transactions: int, clients: int) -> npt.NDArray[np.int32]:
    """Deal transactions to clients in turn: row `i` goes to client `i` mod `clients`."""
    return (np.arange(transactions, dtype=np.int64) % clients).astype(np.int32)
