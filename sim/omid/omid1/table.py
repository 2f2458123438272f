"""The last commits by row, in bounded memory: one mark for all that was forgotten."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from sim.history import AbortReason
from sim.omid.conflict_table import ConflictTable


class LastCommits(ConflictTable):
    """The paper's lastCommit map; `mark` is T_max, the highest timestamp that fell out of it."""

    def __init__(self, *, entries: int, bucket_entries: int) -> None:
        super().__init__(entries=entries, bucket_entries=bucket_entries)
        self.entries_max = entries
        self.mark = 0
        self._last: OrderedDict[int, int] = OrderedDict()

    def certify(self, *, start: int, commit: int, hashes: Sequence[int]) -> AbortReason | None:
        """Enter the write set at `commit`, or say why the transaction must abort."""
        if start <= self.mark:
            return AbortReason.LOW_WATER_MARK
        last = self._last
        if any(last.get(key_hash, 0) > start for key_hash in hashes):
            return AbortReason.CONFLICT
        self.enter_all(commit, hashes)
        return None

    def enter_all(self, commit: int, hashes: Sequence[int]) -> None:
        """Enter a write set; the oldest entries make room, and the mark takes their place."""
        last = self._last
        for key_hash in hashes:
            last[key_hash] = commit
            last.move_to_end(key_hash)
        while len(last) > self.entries_max:
            self.mark = max(self.mark, last.popitem(last=False)[1])
