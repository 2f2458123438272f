"""The final state of a deployment as columns of integers, for the digest and for checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.history import Integers

if TYPE_CHECKING:
    from sim.omid.world import World


def final_state(world: World) -> dict[str, Integers]:
    """Return cells (by key, newest first), commit-table rows (by start) and the bounds."""
    cells = [
        (key, *record[:3], int(record.tombstone))
        for region in world.regions
        for key in sorted(region.cells)
        for record in region.cells[key]
    ]
    rows = [
        (start, row.commit, int(row.invalid))
        for table in world.tables
        for start, row in sorted(table.rows.items())
    ]
    cell_columns = np.array(cells, dtype=np.int64).reshape(-1, 5)
    row_columns = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return {
        "cell_key": cell_columns[:, 0],
        "cell_version": cell_columns[:, 1],
        "cell_value": cell_columns[:, 2],
        "cell_commit": cell_columns[:, 3],
        "cell_tombstone": cell_columns[:, 4],
        "row_start": row_columns[:, 0],
        "row_commit": row_columns[:, 1],
        "row_invalid": row_columns[:, 2],
        "low_water_mark": np.array([world.tables[0].low_water_mark], dtype=np.int64),
    }
