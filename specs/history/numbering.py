"""Dense numbers for sparse integers, so that timestamps and keys can index arrays."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from sim.history import NONE, Integers

Numbers = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

_SLACK: Final = 4096


class Numbering:
    """Numbers 0 .. len - 1 for the distinct values of some columns, in ascending order.

    `NONE` gets no number. Values that lie close together are looked up in a table, others by
    binary search.
    """

    __slots__ = ("_low", "_table", "values")

    def __init__(self, *columns: Integers) -> None:
        columns = tuple(column for column in columns if len(column))
        self._table: Numbers | None = None
        self._low = 0
        if not columns:
            self.values = np.empty(0, dtype=np.int64)
            return
        low = min(int(column.min()) for column in columns)
        high = max(int(column.max()) for column in columns)
        if high - low > 2 * sum(len(column) for column in columns) + _SLACK:
            distinct = np.unique(np.concatenate([np.unique(column) for column in columns]))
            self.values = distinct[distinct != NONE]
            return
        seen = np.zeros(high - low + 1, dtype=np.bool_)
        for column in columns:
            seen[column - low] = True
        if low <= NONE <= high:
            seen[NONE - low] = False
        self.values = np.flatnonzero(seen) + np.int64(low)
        # One empty place at either end catches everything outside.
        self._low = low - 1
        self._table = np.full(len(seen) + 2, -1, dtype=np.int32)
        self._table[self.values - self._low] = np.arange(len(self.values), dtype=np.int32)

    def __len__(self) -> int:
        """Count the distinct values."""
        return len(self.values)

    def of(self, wanted: Integers) -> Numbers:
        """Return the number of every value, -1 for one that has none."""
        if self._table is not None:
            last = self._low + len(self._table) - 1
            return self._table[np.clip(wanted, self._low, last) - self._low]
        if not len(self.values):
            return np.full(len(wanted), -1, dtype=np.int32)
        place = np.searchsorted(self.values, wanted)
        np.minimum(place, len(self.values) - 1, out=place)
        return np.where(self.values[place] == wanted, place, -1).astype(np.int32)

    def number(self, value: int) -> int:
        """Return the number of one value, -1 when it has none."""
        return int(self.of(np.array([value], dtype=np.int64))[0])


def first_rows(places: Numbers | Integers, rows: Numbers, *, size: int, none: int) -> Numbers:
    """Return the first row at every place 0 .. size - 1, and `none` where there is none.

    `rows` ascend. Of several assignments to one place NumPy keeps the last, hence backwards.
    """
    first = np.full(size, none, dtype=np.int32)
    first[places[::-1]] = rows[::-1]
    return first
