"""The committed change sets: what a commit can be in conflict with.

Apache Phoenix-Tephra, TransactionManager, `hasConflicts` and `doCommit`. They are exact, so no
commit is refused without a conflict. What committed before everybody who is in progress began can
convict nobody any more and goes; so the table is as large as the oldest of them is old.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from sim.history import NONE, AbortReason
from sim.omid.conflict_table import ConflictTable

ChangeSet = tuple[int, tuple[int, ...]]
"""A commit timestamp, and the hash of every key written."""


class ChangeSets(ConflictTable):
    """Change sets by commit timestamp, and for each key the last of them."""

    def __init__(self, *, entries: int, bucket_entries: int) -> None:
        super().__init__(entries=entries, bucket_entries=bucket_entries)
        self.sets: deque[ChangeSet] = deque()
        self._last: dict[int, int] = {}

    def certify(self, *, start: int, commit: int, hashes: Sequence[int]) -> AbortReason | None:
        """Say why a transaction must abort; nothing is entered before it commits."""
        last = self._last
        if any(last.get(key_hash, NONE) > start for key_hash in hashes):
            return AbortReason.CONFLICT
        return None

    def enter_all(self, commit: int, hashes: tuple[int, ...]) -> None:
        """Enter what committed."""
        self.sets.append((commit, hashes))
        self._last.update(dict.fromkeys(hashes, commit))

    def prune(self, first: int) -> None:
        """Drop what committed below the first start timestamp that is in progress.

        Mechanism `change_set_retention`: no other is dropped.
        """
        sets, last = self.sets, self._last
        while sets and sets[0][0] < first:
            commit, hashes = sets.popleft()
            for key_hash in hashes:
                if last.get(key_hash) == commit:
                    del last[key_hash]
