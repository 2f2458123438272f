"""The timestamp oracles of the Apache code: TimestampOracleImpl and WorldClockOracleImpl.

Timestamps go up in steps of 50, for the checkpoints of a transaction lie between. Both oracles read
the bound when their manager is elected, let another thread allocate the first range, and go on
at once; epoch and low water mark are the bound itself. The one counts; the other starts every
millisecond of the time of day at a million times that millisecond.

The counting one spins while what was allocated equals its maximum. Before the first allocation is
durable the two differ, in a fresh process and in one that is elected again, so the first timestamp
does not wait for it (an assertion would stop it; the JVM checks none unless told to).
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final

from sim.kernel.rpc import Sleep
from sim.omid.coordinator import compare_and_set
from sim.omid.messages import MAX_TIMESTAMP
from sim.omid.settings import MS, S
from sim.omid.timestamps import Timestamps

if TYPE_CHECKING:
    from sim.omid.apache.manager import ApacheManager

STEP: Final = 50
"""Distance of two timestamps (NUM_OF_CHECKPOINTS)."""
PER_MS: Final = 1_000_000
"""Timestamps that a millisecond of world time has room for (MAX_TX_PER_MS)."""
NEVER: Final = (1 << 63) - 1


class Allocator:
    """The thread that raises the bound of one epoch, from the bound that was found."""

    def __init__(self, oracle: ApacheTimestamps, *, bound: int, version: int) -> None:
        self.oracle = oracle
        self.bound = bound
        self.version = version
        self.wanted = 0

    def ask(self) -> None:
        """Ask for one more range; ranges are allocated one after the other."""
        self.wanted += 1
        if self.wanted == 1:
            manager = self.oracle.manager
            manager.run(self.allocate(), manager.halt_if)

    def allocate(self) -> Generator[Any, Any, str | None]:
        """Write the next bound over the last; return why that failed."""
        manager = self.oracle.manager
        while self.wanted:
            bound = self.oracle.next_bound(self.bound)
            if bound < 0:
                return "the bound of timestamps would be negative"
            data = (bound, manager.identity)
            version = yield from compare_and_set(
                manager, MAX_TIMESTAMP, data=data, expected=self.version
            )
            if version is None:
                return "cannot store the bound of timestamps"
            self.bound, self.version = bound, version
            self.oracle.allocated = bound
            self.wanted -= 1
            manager.on_timestamps()
        return None

    def repeat(self) -> Generator[Any, Any, None]:
        """Ask for a range every so often, whether it is needed or not."""
        while True:
            yield Sleep(self.oracle.manager.settings.world_time_renewal_ns)
            self.ask()


class ApacheTimestamps(Timestamps):
    """Either oracle, as the settings say; a manager that is elected again keeps it."""

    manager: ApacheManager

    def __init__(self, manager: ApacheManager) -> None:
        super().__init__(manager)
        self.world_time = manager.settings.timestamp_type == "world_time"
        self.range = max(self.range // STEP, 4) * STEP
        self.maximum = 0
        self.allocated = 0
        self.threshold = 0
        self.allocator = Allocator(self, bound=0, version=0)
        self.entering = False
        """True while a manager that never ceased to serve has issued nothing in its new epoch."""

    def take_epoch(self) -> Generator[Any, Any, bool]:
        """Read the bound, start from it, and let the allocator begin."""
        manager = self.manager
        seen = yield manager.coordinator_call(manager.coordinator.on_read, MAX_TIMESTAMP)
        bound = self.epoch_base(0 if seen.data is None else seen.data[0])
        self.last = self.maximum = self.epoch = bound
        allocator = self.allocator = Allocator(self, bound=bound, version=seen.version)
        self.entering = manager.serving
        allocator.ask()
        if self.world_time:
            while self.wall_bound() < bound:
                yield Sleep(1 * S)
            manager.run(allocator.repeat())
        return True

    def wall_bound(self) -> int:
        """Return the first timestamp of the current millisecond of the time of day."""
        return self.manager.wall_ns // MS * PER_MS

    def next_bound(self, bound: int) -> int:
        """Return the bound to allocate after another one."""
        if self.world_time:
            # Nothing compares it with what was issued: a clock that was set back lowers it.
            ahead_ns = self.manager.settings.world_time_range_ns
            return (self.manager.wall_ns + ahead_ns) // MS * PER_MS
        return bound + self.range

    def next(self) -> int | None:
        """Return the next timestamp, or None where the code would spin or sleep."""
        issued = self.next_by_time() if self.world_time else self.next_by_count()
        if self.entering and issued is not None:
            self.entering = False
            self.manager.enter_epoch()
        return issued

    def skip(self, count: int) -> None:
        """Issue timestamps to the background, as long as there are any."""
        for _ in range(count):
            if self.next() is None:
                return

    def next_by_count(self) -> int | None:
        """Count on; wait when the maximum is reached and nothing new is allocated."""
        last = self.last + STEP
        if last >= self.threshold:
            self.threshold = NEVER
            self.allocator.ask()
        if last >= self.maximum:
            if self.allocated == self.maximum:
                return None
            self.maximum = self.allocated
            self.threshold = self.maximum - self.refill
        self.last = last
        return last

    def next_by_time(self) -> int | None:
        """Begin with each millisecond anew, unless the count is ahead of it."""
        last, first = self.last + STEP, self.wall_bound()
        if last < first:
            if first >= self.maximum:
                if self.allocated <= first:
                    return None
                self.maximum = self.allocated
            last = first
        self.last = last
        return last
