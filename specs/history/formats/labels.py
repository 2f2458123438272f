"""What a file calls its keys and values, and the numbers that stand for them in the columns.

Whole numbers from 0 up to 2**63 - 1 stand for themselves. Texts, negative numbers and larger
ones cannot; a file that holds one of them gets labels: every key (or value) is then numbered by
its first appearance, and a table says what the file calls each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from sim.history import NIL, Integers, Labels

Name = int | str

HIGH: Final = (1 << 63) - 1
_FIRST: Final = -10
"""Stands for the first name that is no plain number; the numbers above it, up to -1, are free."""


class Names:
    """The keys, or the values, of one file while it is being read.

    Numbers from `low` up to 2**63 - 1 need no label; a negative `low` is for values of our own
    formats, which may be any number that fits.
    """

    def __init__(self, *, low: int = 0) -> None:
        self._low = low
        self._places: dict[Name, int] = {}

    def number(self, name: Name) -> int:
        """Return what stands for a name until `settle`; only a plain number is itself."""
        if type(name) is int and 0 <= name <= HIGH:
            return name
        return _FIRST - self._places.setdefault(name, len(self._places))

    def names(self, numbers: Sequence[int]) -> list[Name]:
        """Return the names that numbers stand for until `settle`."""
        odd = list(self._places)
        return [number if number >= 0 else odd[_FIRST - number] for number in numbers]

    def settle(self, columns: Sequence[Integers]) -> tuple[list[Integers], Labels | None]:
        """Return columns of these numbers as a history holds them, and the labels they need.

        `NIL` and the numbers from -9 to -1 are no names, and stay.
        """
        if not self._places:
            return list(columns), None
        whole = np.concatenate([*columns, np.empty(0, dtype=np.int64)])
        odd = (whole <= _FIRST) & (whole != NIL)
        ends = np.cumsum([len(column) for column in columns])[:-1]
        labels = None
        if np.any(odd):
            plain = [_fits(name, self._low) for name in self.names(np.unique(whole[odd]).tolist())]
            if all(plain):
                whole[odd] = self.names(whole[odd].tolist())
            else:
                labels = self._densify(whole)
        return np.split(whole, ends) if len(columns) else [], labels

    def _densify(self, whole: Integers) -> Labels:
        """Change all names into numbers by first appearance, and return the table of them."""
        named = (whole >= 0) | ((whole <= _FIRST) & (whole != NIL))
        distinct, first, inverse = np.unique(whole[named], return_index=True, return_inverse=True)
        order = np.argsort(first)
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        whole[named] = rank[inverse]
        return labels_of(self.names(distinct[order].tolist()))


def labels_of(names: Iterable[Name]) -> Labels:
    """Return a table of labels: one row a name, numbers as numbers of any size."""
    listed = list(names)
    labels = np.empty(len(listed), dtype=object)
    labels[:] = listed
    return labels


def called(labels: Labels | None, numbers: Sequence[int]) -> list[Name]:
    """Return what a file calls these numbers; negative ones and numbers without labels stay."""
    if labels is None:
        return list(numbers)
    names: list[Name] = labels.tolist()
    return [number if number < 0 else names[number] for number in numbers]


def _fits(name: Name, low: int) -> bool:
    return type(name) is int and low <= name <= HIGH
