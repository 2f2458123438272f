"""The lease: who may serve, as far as its holder can tell from its own clock.

FAST'17, section 6. The lease is the version of a znode. Its holder measures the period from
before its compare-and-set left, a backup from when it saw the version, so as long as clock
rates keep their bound the holder stops believing before anybody else may begin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.history import NONE, OracleKind

if TYPE_CHECKING:
    from sim.omid.manager import Manager


class Lease:
    """What one manager believes about its lease; volatile."""

    def __init__(self, manager: Manager) -> None:
        self.manager = manager
        self.period_ns = manager.settings.lease_ns
        self.guard_ns = self.period_ns * manager.settings.lease_guard_percent // 100
        self.version = 0
        self.end_ns = 0
        self.held = False

    def valid(self) -> bool:
        """Say whether the lease is held and has not run out by the holder's clock."""
        return self.held and self.manager.lease_clock_ns() <= self.end_ns

    def near_end(self) -> bool:
        """Say whether less than the guard is left (the paper's delta prime)."""
        return self.manager.lease_clock_ns() + self.guard_ns > self.end_ns

    def take(self, *, version: int, asked_ns: int) -> bool:
        """Enter a won or renewed lease, measured from before it was asked for."""
        self.version = version
        self.end_ns = asked_ns + self.period_ns
        self.held = self.manager.lease_clock_ns() <= self.end_ns
        if self.held:
            self._log()
        return self.held

    def drop(self) -> None:
        """Stop believing in the lease."""
        if self.held:
            self.held = False
            manager = self.manager
            manager.oracle.add(OracleKind.LEASE_RELEASED, manager.kernel.now, manager.number, NONE)

    def _log(self) -> None:
        manager = self.manager
        now_ns = manager.kernel.now
        left_ns = self.end_ns - manager.lease_clock_ns()
        manager.oracle.add(
            OracleKind.LEASE_HELD,
            now_ns,
            manager.number,
            NONE,
            timestamp=now_ns + manager.clock.true_delay(left_ns, now_ns),
            extra=self.version,
        )
