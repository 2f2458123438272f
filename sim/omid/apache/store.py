"""Where the Apache code puts a row of the commit table: BucketKeyGenerator and its regions.

A row key begins with the low four bits of the start timestamp, and the regions share the sixteen
beginnings among them in order. Timestamps are multiples of 50, so every other one is never used.
"""

from __future__ import annotations

from sim.kernel.rpc import Call
from sim.omid.apache.timestamps import STEP
from sim.omid.store import COMMIT_TABLE_BUCKETS, CommitTableRegion, Store


class BucketStore(Store):
    """A store whose commit table is split by the beginning of its keys."""

    def table(self, start: int) -> CommitTableRegion:
        """Return the commit-table region of a transaction."""
        bucket = start % COMMIT_TABLE_BUCKETS
        return self.tables[bucket * len(self.tables) // COMMIT_TABLE_BUCKETS]

    def row_of(self, version: int) -> int:
        """Return the start timestamp under which the row of a version's transaction stands.

        Mechanism `checkpoint_removal`.
        """
        return version - version % STEP

    def get_row(self, start: int) -> Call:
        """Read the row of the transaction that a version stands for."""
        return super().get_row(self.row_of(start))

    def invalidate(self, start: int) -> Call:
        """Put the invalid mark if the transaction that a version stands for has no row."""
        return super().invalidate(self.row_of(start))

    def remove_row(self, start: int) -> Call:
        """Remove the row of the transaction that a version stands for."""
        return super().remove_row(self.row_of(start))
