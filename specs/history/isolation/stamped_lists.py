"""Lists by timestamps: a list read is what was appended by its start, in the order of commits.

A transaction's own appends stand at the end of what it reads later; what is before them is what
its first read of the key must show.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.history import NONE, OperationKind
from specs.history.isolation.accesses import Accesses
from specs.history.isolation.facts import UnsupportedHistory
from specs.history.isolation.stamped import Stamped

Pairs = list[tuple[int, int]]

_APPEND: Final = int(OperationKind.APPEND)


def check_lists(stamped: Stamped, accesses: Accesses) -> tuple[Pairs, Pairs]:
    """Return reads of lists that break INT, and those that break EXT, each with another row."""
    history = stamped.history
    rows = np.flatnonzero(history.kind >= _APPEND)
    if not len(rows):
        return [], []
    mixed = np.flatnonzero((history.kind < _APPEND) & np.isin(history.key, history.key[rows]))
    if len(mixed):
        raise UnsupportedHistory("a key is a register and a list", (int(mixed[0]),))
    versions = _versions(stamped, accesses)
    wrong_inside: Pairs = []
    wrong_outside: Pairs = []
    owners, keys = accesses.owner[rows].tolist(), history.key[rows].tolist()
    appends = (history.kind[rows] == _APPEND).tolist()
    vouched = stamped.vouched[accesses.owner[rows]].tolist()
    own: dict[tuple[int, int], list[int]] = {}
    known: dict[tuple[int, int], tuple[list[int], int]] = {}
    for at, owner, key, append, sure in zip(
        rows.tolist(), owners, keys, appends, vouched, strict=True
    ):
        if not sure:
            continue
        mine = own.setdefault((owner, key), [])
        if append:
            mine.append(int(history.value[at]))
            continue
        found = _elements(stamped, at)
        split = len(found) - len(mine)
        outside = found[: max(split, 0)]
        if split < 0 or found[split:] != mine:
            wrong_inside.append((at, int(accesses.previous[at])))
        elif (owner, key) in known:
            earlier, operation = known[owner, key]
            if outside != earlier:
                wrong_inside.append((at, operation))
        else:
            known[owner, key] = (outside, at)
            list_ = versions.get(key)
            due, last = ([], NONE) if list_ is None else list_.by(stamped, owner)
            if outside != due:
                wrong_outside.append((at, last))
    return wrong_inside, wrong_outside


class _List:
    """The versions of one list, by commit."""

    __slots__ = ("elements", "ends", "owners", "rows", "sizes")

    def __init__(self) -> None:
        self.elements: list[int] = []
        self.ends: list[int] = []
        self.owners: list[int] = []
        self.rows: list[int] = []
        self.sizes = [0]

    def add(self, end: int, owner: int, row: int, elements: Sequence[int]) -> None:
        """Add the version that commits next."""
        self.elements += elements
        self.ends.append(end)
        self.owners.append(owner)
        self.rows.append(row)
        self.sizes.append(len(self.elements))

    def by(self, stamped: Stamped, reader: int) -> tuple[list[int], int]:
        """Return the list by a reader's start, and the row that appended last."""
        count = bisect_left(self.ends, int(stamped.begin[reader]))
        if count and self.owners[count - 1] == reader:
            count -= 1
        return self.elements[: self.sizes[count]], self.rows[count - 1] if count else NONE


def _versions(stamped: Stamped, accesses: Accesses) -> dict[int, _List]:
    """Return all lists by key."""
    history = stamped.history
    rows = np.flatnonzero((history.kind == _APPEND) & stamped.counts[accesses.owner])
    rows = rows[np.argsort(stamped.end[accesses.owner[rows]], kind="stable")]
    appended: dict[tuple[int, int], list[int]] = {}
    for at in rows.tolist():
        whose = (int(accesses.owner[at]), int(history.key[at]))
        appended.setdefault(whose, []).append(at)
    found: dict[int, _List] = {}
    for (owner, key), mine in appended.items():
        list_ = found.setdefault(key, _List())
        list_.add(int(stamped.end[owner]), owner, mine[-1], history.value[mine].tolist())
    return found


def _elements(stamped: Stamped, at: int) -> list[int]:
    history = stamped.history
    assert history.elements is not None, "a list that was read has elements"
    assert history.element_first is not None, "a list that was read has a place for elements"
    first = history.element_first
    found: list[int] = history.elements[int(first[at]) : int(first[at + 1])].tolist()
    return found
