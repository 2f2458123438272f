"""Compaction in the Apache code: CompactorScanner, which visits one row after the other.

A scanner reads the low water mark once, when it begins, and remembers what it has learnt of a
transaction while it lasts. Of a key it leaves alone what began above the mark; of all else it
keeps the committed version that began last, although that one may have committed above the mark.
A major compaction that meets a committed tombstone drops it and all that is older, unseen: what is
undecided there gets no invalid mark.

The code may also keep cells that were deleted outside any transaction; nobody does that here.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final

from sim.history import NONE
from sim.kernel.rpc import Reach
from sim.omid.apache.checkpoints import CheckpointRegion
from sim.omid.collector import Step
from sim.omid.messages import Record
from sim.omid.resolution import Resolving

STATUSES_MAX: Final = 1000
"""So many transactions a scanner remembers (LRUMap of the code)."""


class ScanningRegion(CheckpointRegion):
    """A region whose compactions are scanners of the Apache code."""

    def __init__(self, *parts: Any, **more: Any) -> None:
        super().__init__(*parts, **more)
        self.statuses: dict[int, int] = {}

    def compact(self, mark: int, *, major: bool) -> Step:
        """Visit the next keys with a new scanner."""
        self.statuses = {}
        yield from super().compact(mark, major=major)

    def undecided(self, key: int, mark: int, *, major: bool) -> list[Record]:
        """Return what has to be decided: nothing behind a tombstone that goes."""
        found: list[Record] = []
        for record in self.read_files(key, major=major):
            if self.hides_older(record, mark, major=major):
                break
            if record.commit == NONE and record.version <= mark:
                found.append(record)
        return found

    def hides_older(self, record: Record, mark: int, *, major: bool) -> bool:
        """Say whether a version is a tombstone that takes all older ones along."""
        dropped = record.tombstone and self.drops_tombstones(major=major)
        return dropped and bool(self.below((record,), mark))

    def below(self, records: Sequence[Record], mark: int) -> list[Record]:
        """Return committed versions that began at or below the mark, whenever they committed.

        Mechanism `collection_order` is what the scanner lacks.
        """
        return [each for each in records if each.commit != NONE and each.version <= mark]

    def newest_below(self, below: list[Record]) -> Record | None:
        """Return the version that began last."""
        return max(below, key=attrgetter("version"), default=None)

    # What became of a transaction, getCommitTimestampWithRaces

    def resolve(self, key: int, version: int, *, force: bool) -> Resolving:
        """Return what the scanner remembers of a transaction, or finds out."""
        commit = self.statuses.pop(version, None)
        if commit is None:
            commit = yield from self.find_out(key, version, force=force)
        self.statuses[version] = commit
        if len(self.statuses) > STATUSES_MAX:
            del self.statuses[next(iter(self.statuses))]
        return commit

    def find_out(self, key: int, version: int, *, force: bool) -> Resolving:
        """Return the commit timestamp of a tentative version, or NONE.

        The commit table; the commit field, also beside an invalid mark, which may be a false one;
        the invalid mark, and the field once more; where a commit was in its way, both looks again.
        """
        if self.armed:
            yield Reach("get.tentative")
        row = yield from self.look_up(version)
        if row is not None and self.is_commit(row):
            return row.commit
        commit = yield from self.reread(key, version)
        if commit != NONE or not force:
            return commit
        if self.armed:
            yield Reach("get.undecided")
        row = yield from self.force_decision(version)
        if row.commit == NONE:
            return (yield from self.reread_after_invalidation(key, version))
        row = yield from self.look_up(version)
        if row is None:
            return (yield from self.reread(key, version))
        return row.commit if self.is_commit(row) else NONE
