"""The background cleaner: complete what crashed, slow or lost clients left behind.

FAST'17, section 4.3. It sweeps the regions for tentative versions at or below the low water
mark, fills the commit fields of the committed, removes the cells of the others, and after a
whole sweep drops the commit-table rows that nobody needs any more: every cell of a committed
transaction below the mark of that sweep then has its commit field. Invalid marks stay.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from sim.history import NONE, FieldWriter
from sim.kernel.rpc import Call, Gather, Sleep
from sim.omid.resolution import Resolution

if TYPE_CHECKING:
    from sim.kernel.core import Kernel
    from sim.omid.settings import Settings
    from sim.omid.store import Store

Step = Generator[Any, Any, None]


class Cleaner(Resolution):
    """One background process over the whole store."""

    field_writer = FieldWriter.CLEANER

    def __init__(self, kernel: Kernel, name: str, *, settings: Settings, store: Store) -> None:
        super().__init__(kernel, name)
        self.settings = settings
        self.store = store
        self.completed = 0
        self.removed = 0

    def start(self) -> None:
        """Begin to sweep, if the deployment does."""
        if self.settings.cleaner_period_ns:
            self.run(self.sweep_forever())

    def on_restart(self) -> None:
        """Begin anew; a sweep that was cut off has removed no row."""
        self.start()

    def sweep_forever(self) -> Step:
        """Sweep once a period."""
        while True:
            yield Sleep(self.settings.cleaner_period_ns)
            mark: int = yield self.store.get_low_water_mark()
            if mark != NONE:
                yield from self.sweep(mark)

    def sweep(self, mark: int) -> Step:
        """Settle every tentative version at or below the mark, then drop the rows."""
        timeout_ns = self.store.timeout_ns
        for region in self.store.regions:
            found = yield Call(region, region.on_scan_tentative, mark, timeout_ns, retry=True)
            for key, version in found:
                yield from self.settle(key, version)
        for table in self.store.tables:
            starts = yield Call(table, table.on_scan_committed, mark, timeout_ns, retry=True)
            if starts:
                yield Call(table, table.on_remove_all, starts, timeout_ns, retry=True)

    def settle(self, key: int, version: int) -> Step:
        """Fill the commit field of a committed version; remove any other."""
        commit = yield from self.resolve(key, version, force=True)
        if commit == NONE:
            self.removed += 1
            yield Gather(self.store.remove([key], version))
        else:
            self.completed += 1
            fields = self.store.put_commit_fields([key], version, commit, self.field_writer)
            yield Gather(fields)

    def heal(self, key: int, version: int, commit: int) -> None:
        """Leave the field to `settle`, which waits until it is written."""
