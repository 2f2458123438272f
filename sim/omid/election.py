"""How a manager comes to serve, and how it ceases: the lease, the epoch, the address.

FAST'17, section 6 and algorithm 3. Every manager runs the same code: it stands by until the lease
is free, allocates an epoch, serves, and halts as soon as it can no longer prove that the lease is
its own.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from sim.history import NONE, OracleBuilder, OracleKind
from sim.kernel.rpc import Reach, Sleep
from sim.omid.coordinator import SessionNode, compare_and_set
from sim.omid.messages import LEASE, MANAGER, Address

if TYPE_CHECKING:
    from sim.omid.lease import Lease
    from sim.omid.store import Store
    from sim.omid.timestamps import Timestamps

Step = Generator[Any, Any, None]
Service = Generator[Any, Any, str | None]
"""A script whose result says why the manager must halt; None when it need not."""


class Candidate(SessionNode):
    """The part of a manager that takes over, keeps the lease, and halts."""

    number: int
    identity: str
    oracle: OracleBuilder
    store: Store
    lease: Lease
    timestamps: Timestamps
    low_water_mark: int
    serving: bool
    halts: int
    tell_halt: Callable[[Any], None]

    # Taking over, section 6

    def stand_by(self) -> Service:
        """Take the lease once its holder was silent for a whole lease; then serve."""
        coordinator = self.coordinator
        while not self.lease.held:
            seen = yield self.coordinator_call(coordinator.on_read, LEASE)
            if seen.version > 0:
                yield Sleep(self.lease_wait_ns())
            yield from self.ask_for_lease(seen.version)
        if self.armed:
            yield Reach("lease.acquired")
        if not (yield from self.timestamps.take_epoch()):
            return "lease lost, or timestamps taken, before the epoch began"
        return (yield from self.take_over())

    def lease_wait_ns(self) -> int:
        """Return how long a backup waits after it saw the lease change.

        The holder's clock may be slow and ours fast by the bound each. Mechanism `lease_wait`.
        """
        lease_ns, bound_ppm = self.settings.lease_ns, self.settings.drift_bound_ppm
        return lease_ns + 2 * (lease_ns * bound_ppm // 1_000_000) + 1

    def ask_for_lease(self, expected: int) -> Step:
        """Compare-and-set the lease."""
        asked_ns = self.lease_clock_ns()
        token = f"{self.identity}@{expected}"
        version = yield from compare_and_set(self, LEASE, data=token, expected=expected)
        if version is not None:
            self.lease.take(version=version, asked_ns=self.lease_origin_ns(asked_ns))

    def lease_origin_ns(self, asked_ns: int) -> int:
        """Return when a lease began that was asked for then, and that is ours now.

        A backup may have seen it at any time since. Mechanism `lease_origin`.
        """
        return asked_ns

    def take_over(self) -> Service:
        """Refuse all older transactions, announce the epoch, and serve."""
        if self.armed:
            yield Reach("epoch.allocated")
        epoch = self.timestamps.epoch
        self.low_water_mark = self.first_low_water_mark()
        if self.low_water_mark > 0:
            yield self.store.put_low_water_mark(self.low_water_mark, self.number)
        if not (yield from self.announce(epoch)):
            return "a newer manager has announced itself"
        self.serving = True
        self.enter_epoch()
        self.run(self.renew(), self.halt_if)
        self.on_serving()
        return None

    def enter_epoch(self) -> None:
        """Log that the epoch begins, with its bound of all older timestamps."""
        epoch = self.timestamps.epoch
        self.oracle.add(
            OracleKind.EPOCH_STARTED, self.kernel.now, self.number, NONE, timestamp=epoch
        )
        self.note("serving", epoch=epoch)

    def on_serving(self) -> None:
        """Begin what goes on while a manager serves; roles override this."""

    def first_low_water_mark(self) -> int:
        """Return the mark to start from: whatever began before the epoch cannot commit.

        The conflict table is empty, so nothing is known of older writes. Mechanism
        `epoch_abort`.
        """
        return self.timestamps.epoch - 1

    def announce(self, epoch: int) -> Generator[Any, Any, bool]:
        """Publish address and epoch for clients, unless a newer manager has been there."""
        address = Address(self.name, epoch)
        while True:
            seen = yield self.coordinator_call(self.coordinator.on_read, MANAGER)
            if seen.data is not None and seen.data.epoch > epoch:
                return False
            version = yield from compare_and_set(self, MANAGER, data=address, expected=seen.version)
            if version is not None:
                return True

    # The lease

    def lease_clock_ns(self) -> int:
        """Return the clock that leases are measured by: monotonic, so steps do not count.

        Mechanism `lease_clock`.
        """
        return self.now_ns

    def renew(self) -> Service:
        """Renew the lease whenever only the guard is left of it."""
        while True:
            left_ns = self.lease.end_ns - self.lease.guard_ns - self.lease_clock_ns()
            if left_ns > 0:
                yield Sleep(left_ns)
            why = yield from self.renew_once()
            if why is not None:
                return why

    def renew_once(self) -> Service:
        """Renew the lease by compare-and-set; return why that is not enough."""
        asked_ns = self.lease_clock_ns()
        expected = self.lease.version
        token = f"{self.identity}@{expected}"
        version = yield from compare_and_set(self, LEASE, data=token, expected=expected)
        if version is None:
            return "lease lost"
        origin_ns = self.lease_origin_ns(asked_ns)
        if not self.lease.valid() or not self.lease.take(version=version, asked_ns=origin_ns):
            return "lease expired before it was renewed"
        return None

    def halt_if(self, why: str | None) -> None:
        """Halt when a script of this manager ended with a reason to.

        A lease that is lost is never won again in the same life: what was accepted under one
        lease is not answered under another. Mechanism `lease_token`.
        """
        if why is not None:
            self.halt(why)

    def halt(self, why: str) -> None:
        """Stop at once: nothing leaves this manager after the check that failed."""
        self.halts += 1
        self.note("halt", why=why)
        self.crash()
        self.tell_halt(self)
