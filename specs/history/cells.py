"""Cells: every (transaction, key) that was written, and the rows of its life."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from sim.history import NONE, Integers, OperationKind, OracleKind
from specs.history.numbering import Numbers, first_rows

if TYPE_CHECKING:
    from specs.history.case import Case

NEVER: Final = np.iinfo(np.int32).max
"""Stands for a row that does not exist, after all that do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Columns over cells, in the order of (transaction number, key number)."""

    identity: Integers
    """Transaction number times `width`, plus key number."""
    width: int
    writer: Numbers
    key: Numbers
    put: Numbers
    """First row that wrote the cell; `NEVER` when only the history knows of it."""
    field: Numbers
    """First row that filled its commit field, or `NEVER`."""
    dropped: Numbers
    """First row that removed or collected it, or `NEVER`."""

    def __len__(self) -> int:
        """Count the cells."""
        return len(self.identity)

    def places(self, writers: Numbers, keys: Numbers) -> Numbers:
        """Return the place of each (transaction number, key number), -1 for no such cell."""
        if not len(self):
            return np.full(len(writers), -1, dtype=np.int32)
        wanted = writers.astype(np.int64) * self.width + keys
        place = np.searchsorted(self.identity, wanted)
        np.minimum(place, len(self) - 1, out=place)
        found = (self.identity[place] == wanted) & (writers >= 0) & (keys >= 0)
        return np.where(found, place, -1).astype(np.int32)


def find_cells(case: Case) -> Cells:
    """Collect the cells that the log wrote, and those that committed writers know of.

    A commit request leaves after all writes, so a write in the history of a transaction that
    committed belongs to it even when the store never saw it.
    """
    width = max(1, len(case.keys))
    identity = np.concatenate([_logged(case, width), _committed_operations(case, width)])
    identity.sort()
    if len(identity):
        identity = identity[np.append(True, identity[1:] != identity[:-1])]
    writer = (identity // width).astype(np.int32)
    key = (identity % width).astype(np.int32)
    nowhere = np.empty(0, dtype=np.int32)
    blank = Cells(
        identity=identity,
        width=width,
        writer=writer,
        key=key,
        put=nowhere,
        field=nowhere,
        dropped=nowhere,
    )
    removals = (OracleKind.CELL_REMOVED, OracleKind.CELL_COLLECTED)
    return Cells(
        identity=identity,
        width=width,
        writer=writer,
        key=key,
        put=_first_of(case, blank, OracleKind.CELL_PUT),
        field=_first_of(case, blank, OracleKind.COMMIT_FIELD_PUT),
        dropped=_first_of(case, blank, *removals),
    )


def _logged(case: Case, width: int) -> Integers:
    rows = case.rows(OracleKind.CELL_PUT)
    identity = case.row_numbers[rows].astype(np.int64) * width
    identity += case.keys.of(case.oracle.key[rows])
    known = (case.row_numbers[rows] >= 0) & (case.oracle.key[rows] != NONE)
    logged: Integers = identity[known]
    return logged


def _committed_operations(case: Case, width: int) -> Integers:
    committed = case.history_commits != NONE
    writes = np.flatnonzero(case.history.kind == OperationKind.WRITE)
    writes = writes[committed[case.owner[writes]]]
    identity = case.history_numbers[case.owner[writes]].astype(np.int64) * width
    identity += case.operation_keys[writes]
    known: Integers = identity[case.history_numbers[case.owner[writes]] >= 0]
    return known


def _first_of(case: Case, cells: Cells, *kinds: OracleKind) -> Numbers:
    rows = case.rows(*kinds)
    places = cells.places(case.row_numbers[rows], case.keys.of(case.oracle.key[rows]))
    known = places >= 0
    return first_rows(places[known], rows[known], size=len(cells), none=NEVER)
