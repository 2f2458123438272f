"""Compaction: drop the versions that no snapshot above the low water mark can need.

FAST'17, section 4.3, and the Apache code's CompactorScanner. It runs inside a region server.
Unlike that code it orders committed versions by commit timestamp: the newest one by start
timestamp may have committed above the mark, and a reader between needs the one before it.

A major compaction reads all files of a key. A minor one leaves the oldest file alone, which the
last major one wrote; so only a major one may drop a tombstone, for it drops all that is older.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sim.history import NONE, FieldWriter
from sim.kernel.rpc import Reach, Sleep
from sim.omid.messages import Record
from sim.omid.resolution import Resolution, Resolving
from sim.omid.store import Region

if TYPE_CHECKING:
    from sim.history import OracleBuilder
    from sim.kernel.core import Kernel
    from sim.omid.coordinator import Coordinator
    from sim.omid.manager import Manager
    from sim.omid.settings import Settings

Step = Generator[Any, Any, None]


class CompactingRegion(Resolution, Region):
    """A region that compacts its keys now and then; some variants let it ask a manager."""

    coordinator: Coordinator
    managers: dict[str, Manager]

    def __init__(
        self, kernel: Kernel, name: str, number: int, oracle: OracleBuilder, settings: Settings
    ) -> None:
        Region.__init__(self, kernel, name, number, oracle, settings)
        self.period_ns = settings.compaction_period_ns
        self.rows_max = settings.compaction_rows
        self.major_every = settings.compaction_major_every
        self.compactions = 0
        self.compacting = False
        self.collected = 0
        self.oldest_file: dict[int, tuple[int, ...]] = {}
        """Versions of each key that the last major compaction left."""

    def start(self) -> None:
        """Begin to compact, if the deployment does."""
        if self.period_ns:
            self.run(self.compact_forever())

    def on_restart(self) -> None:
        """Go on compacting after a crash; the cells are durable."""
        super().on_restart()
        self.compacting = False
        self.start()

    def compact_forever(self) -> Step:
        """Compact a share of the keys each period."""
        while True:
            yield Sleep(self.period_ns)
            yield from self.compact_once()

    def compact_soon(self) -> None:
        """Compact out of turn, unless the region stands still."""
        if self.running:
            self.run(self.compact_once())

    def compact_once(self) -> Step:
        """Compact a share of the keys below the present low water mark, one pass at a time."""
        if self.compacting:
            return
        self.compacting = True
        mark: int = yield self.store.get_low_water_mark()
        if mark != NONE:
            self.compactions += 1
            yield from self.compact(mark, major=self.compactions % self.major_every == 0)
        self.compacting = False

    def compact(self, mark: int, *, major: bool) -> Step:
        """Visit the next keys and drop what nobody above the mark needs."""
        for key in list(islice(self.worth_compacting, self.rows_max)):
            for record in self.undecided(key, mark, major=major):
                yield from self.settle(key, record.version, mark)
            self.merge(key, mark, major=major)
            del self.worth_compacting[key]
            if not self.is_settled(key):
                self.worth_compacting[key] = None

    def undecided(self, key: int, mark: int, *, major: bool) -> list[Record]:
        """Return the versions that began at or below the mark and have no commit field."""
        records = self.read_files(key, major=major)
        return [each for each in records if each.commit == NONE and each.version <= mark]

    def is_settled(self, key: int) -> bool:
        """Say whether compaction has nothing more to do for a key until it is written again."""
        records = self.cells[key]
        if len(records) != 1:
            return not records
        return records[0].commit != NONE and not records[0].tombstone

    def read_files(self, key: int, *, major: bool) -> Sequence[Record]:
        """Return the versions of a key that are in the files of a compaction."""
        records = self.cells[key]
        if major or key not in self.oldest_file:
            return records
        left_out = self.oldest_file[key]
        return tuple(record for record in records if record.version not in left_out)

    def settle(self, key: int, version: int, mark: int) -> Step:
        """Decide a tentative version below the mark: keep it committed, or drop it.

        Whoever began below the mark can no longer be accepted, but a deposed manager's commit
        may still be on its way to the commit table.
        """
        commit = yield from self.decide(key, version)
        if self.armed:
            yield Reach("collect.dropping")
        record = self.find(key, version)
        if record is None or record.commit != NONE:
            return
        if commit != NONE:
            self.put_commit_field(key, version, commit, FieldWriter.CLEANER)
        else:
            self.drop([record], key, mark)

    def decide(self, key: int, version: int) -> Resolving:
        """Return the commit timestamp of a tentative version, or NONE."""
        return (yield from self.resolve(key, version, force=self.forces_decisions()))

    def forces_decisions(self) -> bool:
        """Invalidate before dropping. Mechanism `collector_invalidation`."""
        return True

    def merge(self, key: int, mark: int, *, major: bool) -> None:
        """Write the files that were read as one, without what nobody above the mark needs."""
        records = self.read_files(key, major=major)
        below = self.below(records, mark)
        kept = self.newest_below(below)
        if kept is not None and kept.tombstone and self.drops_tombstones(major=major):
            older = [record for record in records if record.version < kept.version]
            self.drop([kept, *older], key, mark)
            # Who began before it committed has been collected with it: whatever still writes a
            # version below is a late copy, or is in conflict with it.
            self.ruled_out[key] = min(kept.commit, mark)
        else:
            self.drop([record for record in below if record is not kept], key, mark)
        self.cells[key] = self.carry_over(self.cells[key], mark)
        if major and self.major_every > 1:
            self.oldest_file[key] = tuple(record.version for record in self.cells[key])

    def below(self, records: Sequence[Record], mark: int) -> list[Record]:
        """Return the versions that committed at or below the mark.

        Mechanism `collection_order`: one that began below and committed above it does not
        replace an older one for whoever begins between. Of two below, the newer by commit is
        also the newer by start: the first committer wins.
        """
        return [record for record in records if NONE < record.commit <= mark]

    def newest_below(self, below: list[Record]) -> Record | None:
        """Return the version below the mark that stays. Mechanism `version_below_mark`."""
        return max(below, key=attrgetter("commit"), default=None)

    def drops_tombstones(self, *, major: bool) -> bool:
        """Say whether a tombstone below the mark goes, with all that is older and was read.

        Mechanism `tombstones`: a minor compaction may not have read what the tombstone hides.
        """
        return major

    def carry_over(self, records: list[Record], mark: int) -> list[Record]:
        """Return versions as they go into the merged file: as they were, fields included.

        Mechanism `collection_bound`: nothing above the mark is touched.
        """
        return records

    def drop(self, records: list[Record], key: int, mark: int) -> None:
        """Drop versions, the oldest first."""
        self.collected += len(records)
        for record in reversed(records):
            self.collect(key, record.version, mark)

    def heal(self, key: int, version: int, commit: int) -> None:
        """Leave the field to `settle`, which fills it in place."""

    def read_commit_field(self, key: int, version: int) -> Resolving:
        """Read the own cell in place."""
        yield from ()  # A script without a request is still a script.
        record = self.find(key, version)
        return NONE if record is None else record.commit
