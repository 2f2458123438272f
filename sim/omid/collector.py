"""Compaction: drop the versions that no snapshot above the low water mark can need.

FAST'17, section 4.3, and the Apache code's CompactorScanner. It runs inside a region server.
Unlike that code it orders committed versions by commit timestamp: the newest one by start
timestamp may have committed above the mark, and a reader between needs the one before it.
"""

from __future__ import annotations

from collections.abc import Generator
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sim.history import NONE, FieldWriter
from sim.kernel.rpc import Reach, Sleep
from sim.omid.resolution import Resolution
from sim.omid.store import Region

if TYPE_CHECKING:
    from sim.history import OracleBuilder
    from sim.kernel.core import Kernel
    from sim.omid.settings import Settings

Step = Generator[Any, Any, None]


class CompactingRegion(Resolution, Region):
    """A region that compacts its keys now and then."""

    def __init__(
        self, kernel: Kernel, name: str, number: int, oracle: OracleBuilder, settings: Settings
    ) -> None:
        Region.__init__(self, kernel, name, number, oracle, settings)
        self.period_ns = settings.compaction_period_ns
        self.rows_max = settings.compaction_rows
        self.collected = 0

    def start(self) -> None:
        """Begin to compact, if the deployment does."""
        if self.period_ns:
            self.run(self.compact_forever())

    def on_restart(self) -> None:
        """Go on compacting after a crash; the cells are durable."""
        super().on_restart()
        self.start()

    def compact_forever(self) -> Step:
        """Compact a share of the keys each period."""
        while True:
            yield Sleep(self.period_ns)
            mark: int = yield self.store.get_low_water_mark()
            if mark != NONE:
                yield from self.compact(mark)

    def compact(self, mark: int) -> Step:
        """Visit the next keys and drop what nobody above the mark needs."""
        for key in list(islice(self.worth_compacting, self.rows_max)):
            for record in tuple(self.cells[key]):
                if record.commit == NONE and record.version <= mark:
                    yield from self.settle(key, record.version, mark)
            self.drop_old(key, mark)
            del self.worth_compacting[key]
            if not self.is_settled(key):
                self.worth_compacting[key] = None

    def is_settled(self, key: int) -> bool:
        """Say whether compaction has nothing more to do for a key until it is written again."""
        records = self.cells[key]
        return len(records) <= 1 and all(record.commit != NONE for record in records)

    def settle(self, key: int, version: int, mark: int) -> Step:
        """Decide a tentative version below the mark: keep it committed, or drop it.

        Whoever began below the mark can no longer be accepted, but a deposed manager's commit
        may still be on its way to the commit table.
        """
        commit = yield from self.resolve(key, version, force=self.forces_decisions())
        if self.armed:
            yield Reach("collect.dropping")
        record = self.find(key, version)
        if record is None or record.commit != NONE:
            return
        if commit != NONE:
            self.put_commit_field(key, version, commit, FieldWriter.CLEANER)
        else:
            self.collected += 1
            self.collect(key, version, mark)

    def forces_decisions(self) -> bool:
        """Invalidate before dropping. Mechanism `collector_invalidation`."""
        return True

    def drop_old(self, key: int, mark: int) -> None:
        """Keep the newest version committed at or below the mark, and all above it.

        Mechanism `collection_order`.
        """
        old = [record for record in self.cells[key] if NONE < record.commit <= mark]
        newest = max(old, key=attrgetter("commit"), default=None)
        for record in old:
            if record is not newest:
                self.collected += 1
                self.collect(key, record.version, mark)

    def heal(self, key: int, version: int, commit: int) -> None:
        """Leave the field to `settle`, which fills it in place."""

    def read_commit_field(self, key: int, version: int) -> Generator[Any, Any, int]:
        """Read the own cell in place."""
        yield from ()  # A script without a request is still a script.
        record = self.find(key, version)
        return NONE if record is None else record.commit
