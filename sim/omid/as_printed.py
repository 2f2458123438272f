"""Algorithm 3 of FAST'17 to the letter, where it differs from the reference.

The lease is renewed only by requests that find it near its end (`checkRenew`), the manager
looks for invalid marks only then (`tmCheckInvalidate`), and a reader that invalidated a
transaction believes its mark without looking at the commit field again.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

from sim.history import NONE
from sim.kernel.rpc import Call
from sim.omid.client import Client
from sim.omid.coordinator import compare_and_set
from sim.omid.election import Service
from sim.omid.manager import Manager
from sim.omid.messages import INVALID, LEASE, Row
from sim.omid.pipeline import Batch, Pipeline
from sim.omid.resolution import Resolving
from sim.omid.variant import Variant, roles_with


class AsPrintedClient(Client):
    """`getTentativeValue` as printed."""

    def follow(self, row: Row, key: int, version: int) -> Resolving:
        """Return nil for an invalid transaction, without a second look at its field."""
        yield from ()
        if row.invalid:
            return NONE
        self.heal(key, version, row.commit)
        return row.commit

    def force_decision(self, version: int) -> Generator[Any, Any, Row]:
        """Put the invalid mark if absent; where that fails, look the row up again.

        The printed algorithm does not say what follows when the row is gone by then; here that
        reads as not committed.
        """
        before: Row | None = yield self.store.invalidate(version)
        if before is None:
            self.invalidations += 1
            self.note("invalidated", transaction=version)
            return INVALID
        row: Row | None = yield self.store.get_row(version)
        return INVALID if row is None else row


class AsPrintedManager(Manager):
    """`checkRenew` as printed: at the start of a begin and of a commit."""

    def forget(self) -> None:
        """Start from nothing."""
        super().forget()
        self.renewing = False
        self.parked: list[tuple[Any, Call]] = []

    def renew(self) -> Service:
        """Renew nothing in the background."""
        yield from ()
        return None

    def begin(self, call: Call) -> None:
        """Begin, after `checkRenew`."""
        if not self.parks(super().begin, call):
            super().begin(call)

    def commit(self, call: Call) -> None:
        """Commit, after `checkRenew`."""
        if not self.parks(super().commit, call):
            super().commit(call)

    def parks(self, handler: Any, call: Call) -> bool:
        """Keep a request while the lease is renewed, if it is near its end."""
        if not (self.serving and self.lease.near_end()):
            return False
        self.parked.append((handler, call))
        if not self.renewing:
            self.renewing = True
            self.run(self.renew_now(), self.halt_if)
        return True

    def renew_now(self) -> Service:
        """Renew the lease atomically; halt when that fails."""
        asked_ns = self.lease_clock_ns()
        expected = self.lease.version
        token = f"{self.identity}@{expected}"
        version = yield from compare_and_set(self, LEASE, data=token, expected=expected)
        if version is None:
            return "lease lost"
        self.lease.take(version=version, asked_ns=asked_ns)
        self.renewing = False
        parked, self.parked = self.parked, []
        for handler, call in parked:
            self.timer(0, handler, call)
        return None

    def may_accept_commits(self) -> bool:
        """Accept: `checkRenew` came first."""
        return True


class AsPrintedPipeline(Pipeline):
    """`tmCheckInvalidate` as printed: after the write, if the lease is near its end."""

    def lease_precheck(self, batch: Batch) -> bool:
        """Write without a check."""
        return True

    def lease_postcheck(self, batch: Batch) -> None:
        """Near the end of the lease, halt if one of the batch's commits is invalid."""
        if batch.commits and self.manager.lease.near_end():
            self.manager.run(self.check_invalidate(batch), self.manager.halt_if)
        else:
            self.finish(batch)

    def check_invalidate(self, batch: Batch) -> Service:
        """Read the rows of the batch again before anybody is told of them."""
        for start, _ in batch.commits:
            row = yield self.manager.store.get_row(start)
            if row is not None and row.invalid:
                return "a commit was invalidated"
        self.finish(batch)
        return None


VARIANT: Final = Variant(
    name="omid-as-printed",
    summary="algorithm 3 to the letter: no re-read after an invalidation",
    source="Shacham et al., FAST'17, algorithm 3",
    roles=roles_with(manager=AsPrintedManager, pipeline=AsPrintedPipeline, client=AsPrintedClient),
)
