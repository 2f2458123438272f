"""Where the Apache code puts a row of the commit table: BucketKeyGenerator and its regions.

A row key begins with the low four bits of the start timestamp, and the regions share the sixteen
beginnings among them in order. Timestamps are multiples of 50, so every other one is never used.
"""

from __future__ import annotations

from sim.omid.store import COMMIT_TABLE_BUCKETS, CommitTableRegion, Store


class BucketStore(Store):
    """A store whose commit table is split by the beginning of its keys."""

    def table(self, start: int) -> CommitTableRegion:
        """Return the commit-table region of a transaction."""
        bucket = start % COMMIT_TABLE_BUCKETS
        return self.tables[bucket * len(self.tables) // COMMIT_TABLE_BUCKETS]
