"""The conflict map of the Apache code: LongCache, an array with open addressing.

A key may stand in any of 32 consecutive slots, and the windows of different keys overlap. A new key
takes an empty slot, or that of the smallest commit timestamp, which is evicted. The paper aborts
who is older than a full bucket; the code raises the low water mark to the largest commit timestamp
that was ever evicted, and aborts who began at or below it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sim.history import AbortReason
from sim.omid.conflict_table import ConflictTable


class LongCache(ConflictTable):
    """Slots of (key hash, commit timestamp)."""

    def __init__(self, *, entries: int, bucket_entries: int) -> None:
        super().__init__(entries=entries, bucket_entries=bucket_entries)
        self.entries = entries
        self._slots: dict[int, tuple[int, int]] = {}
        self._places: dict[int, int] = {}

    def certify(self, *, start: int, commit: int, hashes: Sequence[int]) -> AbortReason | None:
        """Say whether a key was committed at or after a transaction's start; enter nothing."""
        found = any(self.last_commit(key_hash) >= start for key_hash in hashes)
        return AbortReason.CONFLICT if found else None

    def last_commit(self, key_hash: int) -> int:
        """Return the commit timestamp of a key, 0 when it is not in the map."""
        place = self._places.get(key_hash)
        return 0 if place is None else self._slots[place][1]

    def put_all(self, *, commit: int, hashes: Sequence[int]) -> int:
        """Enter a write set; return the largest commit timestamp that had to go for it, or 0."""
        return max((self.put(key_hash, commit) for key_hash in hashes), default=0)

    def put(self, key_hash: int, commit: int) -> int:
        """Enter one key; return the commit timestamp that it evicted, or 0."""
        place = self._places.get(key_hash)
        if place is not None:
            self._slots[place] = (key_hash, commit)
            return 0
        place = self.victim(key_hash)
        evicted, oldest = self._slots.get(place, (0, 0))
        if oldest:
            del self._places[evicted]
        self._slots[place] = (key_hash, commit)
        self._places[key_hash] = place
        return oldest

    def victim(self, key_hash: int) -> int:
        """Return the slot of a window that gives way: the last empty one, or the oldest."""
        first = key_hash % self.entries
        window = range(first + self.bucket_entries - 1, first - 1, -1)
        for place in window:
            if place not in self._slots:
                return place
        return min(window, key=lambda place: self._slots[place][1])
