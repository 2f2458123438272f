"""Tombstones: deletions, and when compaction may forget them.

A tombstone is a version like any other: who reads it gets the initial value, from the deleter.
Once it is below the low water mark, and nothing older of its key is left for it to hide,
compaction may drop it. From then on a read finds no version at all, which says the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.history import TOMBSTONE, OracleKind
from specs.history.cells import NEVER
from specs.history.numbering import Flags, Numbers

if TYPE_CHECKING:
    from specs.history.case import Case


def find_tombstones(case: Case) -> Flags:
    """Tell which cells are tombstones, after the last write of their transaction."""
    rows = case.rows(OracleKind.CELL_PUT)
    places = case.cells.places(case.row_numbers[rows], case.keys.of(case.oracle.key[rows]))
    known = places >= 0
    flags = np.zeros(len(case.cells), dtype=np.bool_)
    # Where a cell was written more than once, the last assignment stays.
    flags[places[known]] = case.oracle.extra[rows[known]] == TOMBSTONE
    return flags


def find_forgotten(case: Case) -> Numbers:
    """Return, for each committed version, the row that rightly forgot it, `NEVER` for none.

    It is a tombstone that compaction dropped under a mark at or above its commit timestamp, when
    all older versions of the key were gone.
    """
    cells, versions, oracle = case.cells, case.versions, case.oracle
    cell = cells.places(versions.writer, versions.key)
    dropped = np.append(cells.dropped, np.int32(NEVER))[cell]
    right = np.append(case.tombstones, False)[cell] & (dropped != NEVER)
    rows = dropped[right]
    below = versions.commit[right] <= oracle.extra[rows]
    right[right] = below & (oracle.kind[rows] == OracleKind.CELL_COLLECTED)
    # The latest drop among all older versions of the key, by a running maximum inside each key.
    base = versions.key.astype(np.int64) * (np.int64(NEVER) + 1)
    latest = np.maximum.accumulate(base + dropped) - base
    older = np.full(len(versions), -1, dtype=np.int64)
    follows = np.flatnonzero(versions.key[1:] == versions.key[:-1]) + 1
    older[follows] = latest[follows - 1]
    forgotten: Numbers = np.where(right & (older < dropped), dropped, NEVER).astype(np.int32)
    return forgotten
