"""Timestamps: one counter, allocated in ranges through the coordinator by compare-and-set.

FAST'17, section 6, algorithm 3, `checkRenew`. `/max-timestamp` bounds every timestamp that was
ever allocated. A manager may hand out timestamps only up to the bound that it wrote itself; a
new manager starts above the bound it finds, so its timestamps exceed all earlier ones
(property P1), and its first timestamp is its epoch.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from sim.omid.coordinator import compare_and_set
from sim.omid.messages import LEASE, MAX_TIMESTAMP, Seen

if TYPE_CHECKING:
    from sim.omid.manager import Manager


class Timestamps:
    """The timestamps of one manager in one epoch."""

    step = 1
    """Distance of two timestamps."""

    def __init__(self, manager: Manager) -> None:
        self.manager = manager
        self.range = manager.settings.timestamp_range
        self.refill = min(manager.settings.timestamp_refill, self.range // 2)
        self.last = 0
        self.limit = 0
        self.version = 0
        self.epoch = 0
        self.refilling = False

    def next(self) -> int | None:
        """Return the next timestamp, or None while the next range is not durable yet."""
        if self.limit - self.last <= self.refill and not self.refilling:
            self.refilling = True
            self.manager.run(self.extend(), self.manager.halt_if)
        if self.last == self.limit:
            return None
        self.last += self.step
        return self.last

    def skip(self, count: int) -> None:
        """Issue timestamps to the background, or as many as there are."""
        issued = min(count, (self.limit - self.last) // self.step)
        if issued > 0:
            self.last += (issued - 1) * self.step
            self.next()

    def next_start(self) -> int | None:
        """Return the start timestamp of a transaction: its id, and the bound of its snapshot.

        Mechanism `snapshot_bound`: no commit ever has the same timestamp.
        """
        return self.next()

    def next_commit(self) -> int | None:
        """Return the commit timestamp of a transaction."""
        return self.next()

    def take_epoch(self) -> Generator[Any, Any, bool]:
        """Allocate the first range of a new epoch; False when another manager was faster.

        It is written under the lease that it was won with, so epochs ascend as leases do: whoever
        stalls between the two gets no epoch above that of the manager which serves by then.
        """
        manager = self.manager
        seen = yield manager.coordinator_call(manager.coordinator.on_read, MAX_TIMESTAMP)
        bound = 0 if seen.data is None else seen.data[0]
        base = self.epoch_base(bound)
        self.last = base
        self.epoch = base + self.step
        return (yield from self.first_range(base, seen.version))

    def epoch_base(self, bound: int) -> int:
        """Return the timestamp that the new epoch starts above. Mechanism `epoch_advance`."""
        return bound

    def first_range(self, base: int, version: int) -> Generator[Any, Any, bool]:
        """Allocate the range above `base`; nothing of it is handed out before it is durable.

        Mechanism `range_durability`: whoever takes over next must find it in the bound.
        """
        return (yield from self.allocate(base + self.range, version, self.epoch_lease()))

    def epoch_lease(self) -> Seen | None:
        """Return what the first range of an epoch is written under. Mechanism `epoch_lease`."""
        return Seen(LEASE, self.manager.lease.version)

    def extend(self) -> Generator[Any, Any, str | None]:
        """Allocate the next range; return why the manager must halt if the bound has moved."""
        if not (yield from self.allocate(self.limit + self.range, self.version)):
            return "timestamps taken by another manager"
        self.refilling = False
        self.manager.on_timestamps()
        return None

    def allocate(
        self, limit: int, expected: int, under: Seen | None = None
    ) -> Generator[Any, Any, bool]:
        """Raise the bound from what it was when we last saw it; False when it has moved."""
        data = (limit, self.manager.identity)
        version = yield from compare_and_set(
            self.manager, MAX_TIMESTAMP, data=data, expected=expected, under=under
        )
        if version is None:
            return False
        self.limit = limit
        self.version = version
        return True
