"""The conflict table: who last committed a write to which key, in bounded memory.

FAST'17, algorithm 2, `conflictDetect`. Keys are 64-bit hashes in fixed-size buckets. When a
bucket is full its oldest entry makes room, and a transaction that began before everything in a
full bucket aborts, for the entry that would have convicted it may be the one that was evicted.
"""

from __future__ import annotations

from collections.abc import Sequence

from sim.history import AbortReason


class ConflictTable:
    """Buckets of (key hash, commit timestamp)."""

    def __init__(self, *, entries: int, bucket_entries: int) -> None:
        self.bucket_entries = bucket_entries
        self.bucket_count = max(1, entries // bucket_entries)
        self._buckets: dict[int, dict[int, int]] = {}

    def certify(self, *, start: int, commit: int, hashes: Sequence[int]) -> AbortReason | None:
        """Enter the write set at `commit`, or say why the transaction must abort.

        Buckets entered before a later key aborts stay entered, as in the paper: that can only
        abort more.
        """
        for key_hash in hashes:
            reason = self.enter(key_hash, start=start, commit=commit)
            if reason is not None:
                return reason
        return None

    def enter(self, key_hash: int, *, start: int, commit: int) -> AbortReason | None:
        """Check one key against its bucket and enter it, as one step: the bucket is latched.

        Mechanism `bucket_latch`.
        """
        bucket = self.bucket(key_hash)
        reason = self.check(bucket, key_hash, start=start)
        if reason is None:
            bucket[key_hash] = commit
        return reason

    def bucket(self, key_hash: int) -> dict[int, int]:
        """Return the bucket of a key."""
        index = (key_hash >> 20) % self.bucket_count
        bucket = self._buckets.get(index)
        if bucket is None:
            bucket = self._buckets[index] = {}
        return bucket

    def check(self, bucket: dict[int, int], key_hash: int, *, start: int) -> AbortReason | None:
        """Say why a transaction must abort, or see to it that its key has room."""
        last = bucket.get(key_hash)
        if last is not None:
            return AbortReason.CONFLICT if last > start else None
        if len(bucket) >= self.bucket_entries:
            return self.make_room(bucket, start)
        return None

    def make_room(self, bucket: dict[int, int], start: int) -> AbortReason | None:
        """Evict the oldest entry of a full bucket, unless `start` is older still.

        The bucket never shrinks and its smallest timestamp never falls, so whoever the evicted
        entry would have convicted is older than all that is left and aborts here. Mechanism
        `overflow_abort`.
        """
        oldest = min(bucket, key=bucket.__getitem__)
        if bucket[oldest] > start:
            return AbortReason.OVERFLOW
        del bucket[oldest]
        return None
