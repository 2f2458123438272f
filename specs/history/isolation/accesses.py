"""What each operation of a transaction follows and precedes on the same key.

Transactions are short, so every operation is compared with the few before it in its transaction:
that costs no sort. Long ones are sorted by key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.history import NONE, History, Integers
from specs.history.isolation.facts import Flags

_SHORT_MAX: Final = 16
"""The longest transaction that is compared instead of sorted."""


@dataclass(frozen=True, slots=True)
class Accesses:
    """One entry an operation row."""

    owner: Integers
    previous: Integers
    """The operation before on the same key in the same transaction, `NONE` for the first."""
    final: Flags
    """Whether it is its transaction's last write of the key."""


def accesses_of(history: History, writes: Flags) -> Accesses:
    """Return what every operation follows; `writes` says which ones write."""
    owner = history.owner()
    previous = np.full(history.operations, NONE, dtype=np.int64)
    final = writes.copy()
    lengths = np.diff(history.first)
    longest = int(lengths.max()) if len(lengths) else 0
    place = np.arange(history.operations) - history.first[owner]
    for distance in range(1, min(longest, _SHORT_MAX)):
        earlier = np.flatnonzero(history.key[distance:] == history.key[:-distance])
        earlier = earlier[place[earlier + distance] >= distance]
        later = earlier + distance
        final[earlier[writes[later]]] = False
        fresh = previous[later] == NONE
        previous[later[fresh]] = earlier[fresh]
    if longest > _SHORT_MAX:
        _sort_long(history, owner, writes, lengths > _SHORT_MAX, previous, final)
    return Accesses(owner, previous, final)


def _sort_long(
    history: History,
    owner: Integers,
    writes: Flags,
    long: Flags,
    previous: Integers,
    final: Flags,
) -> None:
    """Fill in the operations of long transactions."""
    rows = np.flatnonzero(long[owner])
    rows = rows[np.lexsort((history.key[rows], owner[rows]))]
    same = _same(history, owner, rows)
    previous[rows[1:][same]] = rows[:-1][same]
    rows = rows[writes[rows]]
    final[rows[:-1][_same(history, owner, rows)]] = False


def _same(history: History, owner: Integers, rows: Integers) -> Flags:
    """Say of neighbours whether they are of one transaction and key."""
    keys, owners = history.key[rows], owner[rows]
    same: Flags = (owners[1:] == owners[:-1]) & (keys[1:] == keys[:-1])
    return same
