"""The manager of the Apache code: RequestProcessor, LeaseManager, TSOStateManager, the panicker.

The lease is a loop of its own, measured by the time of day: while the process has no lease it reads
the version, waits a whole lease and asks; else it renews. Whoever wakes up after the end of the
own lease asks as if for the first time, and may win again, with a new epoch and all that was
under way. The lease is looked at around each flush and nowhere else, and only by its end. A commit
is certified first and gets its timestamp then.
"""

from __future__ import annotations

from collections.abc import Callable

from sim.history import NONE
from sim.kernel.rpc import Call, Reach, Sleep
from sim.omid.apache.conflict_table import LongCache
from sim.omid.apache.fence import FencePastPipeline
from sim.omid.apache.pipeline import ApachePipeline
from sim.omid.coordinator import compare_and_set
from sim.omid.election import Service, Step
from sim.omid.messages import LEASE, NOT_SERVING, CommitRequest


class ApacheManager(FencePastPipeline):
    """One process of the Apache TSO server."""

    pipeline: ApachePipeline
    conflicts: LongCache

    def forget(self) -> None:
        """Start from nothing."""
        super().forget()
        self.entered = NONE
        self.elections = 0

    # The lease, LeaseManager

    def lease_clock_ns(self) -> int:
        """Return the time of day, by which the code measures its own lease."""
        return self.wall_ns

    def lease_wait_ns(self) -> int:
        """Return how long a process without a lease waits after it saw the version."""
        return self.settings.lease_ns

    def stand_by(self) -> Service:
        """Win, renew and lose the lease, for ever.

        The first election of all does not wait here, so that deployments start alike.
        """
        lease = self.lease
        while True:
            if lease.valid():
                left_ns = lease.end_ns - lease.guard_ns - self.lease_clock_ns()
                yield Sleep(max(0, left_ns))
            else:
                seen = yield self.coordinator_call(self.coordinator.on_read, LEASE)
                lease.version = seen.version
                if seen.version > 0:
                    yield Sleep(self.lease_wait_ns())
            if lease.valid():
                why = yield from self.renew_once()
                if why is not None:
                    lease.drop()
                    self.halt(why)
            else:
                yield from self.ask_for_lease(lease.version)

    def ask_for_lease(self, expected: int) -> Step:
        """Ask as if for the first time; whoever wins begins an epoch in a thread of its own."""
        asked_ns = self.lease_clock_ns()
        token = f"{self.identity}@{expected}"
        version = yield from compare_and_set(self, LEASE, data=token, expected=expected)
        if version is None:
            self.lease.drop()
            self.serving = False
            return
        self.lease.take(version=version, asked_ns=asked_ns)
        self.run(self.begin_epoch(), self.halt_if)

    def begin_epoch(self) -> Service:
        """Start from the bound of timestamps, then announce the epoch and serve."""
        if self.armed:
            yield Reach("lease.acquired")
        yield from self.timestamps.take_epoch()
        return (yield from self.take_over())

    def renew(self) -> Service:
        """Leave the lease to the loop that won it."""
        yield from ()
        return None

    def enter_epoch(self) -> None:
        """Enter the epoch: when it is announced, or with its first timestamp if that is before."""
        if self.entered != self.timestamps.epoch:
            self.entered = self.timestamps.epoch
            super().enter_epoch()

    def on_serving(self) -> None:
        """Begin what goes on while a process serves, the first time that it does."""
        self.elections += 1
        if self.elections == 1:
            super().on_serving()

    def first_low_water_mark(self) -> int:
        """Return the epoch itself, which is the bound and no transaction's timestamp."""
        return self.timestamps.epoch

    def halt(self, why: str) -> None:
        """Begin to exit; a thread of its own does it, and until then all others go on.

        Mechanism `synchronous_halt` is what the panicker lacks.
        """
        self.note("panic", why=why)
        self.timer(self.settings.apache_exit_ns, super().halt, why)

    # Requests, RequestProcessor

    def begin(self, call: Call) -> None:
        """Begin, unless all batches are in use."""
        if not self.waits(self.begin, call):
            super().begin(call)

    def fence(self, call: Call) -> None:
        """Fence, unless all batches are in use."""
        if not self.waits(self.fence, call):
            self.pipeline.heard()
            super().fence(call)

    def commit(self, call: Call) -> None:
        """Certify; then allocate the commit timestamp and enter the write set."""
        if self.waits(self.commit, call):
            return
        if not self.serving:
            call.reply(NOT_SERVING)
            return
        request: CommitRequest = call.body
        reason = self.certify(request, 0)
        if reason is None:
            commit = self.timestamps.next_commit()
            if commit is None:
                self.waiting.append((self.commit, call))
                return
            self.enter(request, commit)
            self.accept(call, request.start, commit)
        elif request.retry:
            self.settle(call, request.start, reason)
        else:
            self.refuse(call, request.start, reason)

    def enter(self, request: CommitRequest, commit: int) -> None:
        """Enter a write set; what is evicted for it raises the low water mark.

        The new mark travels with the commit that raised it, and is persisted when that is durable.
        """
        mark = self.conflicts.put_all(commit=commit, hashes=request.hashes)
        if mark > self.low_water_mark:
            self.low_water_mark = mark
            self.publish_low_water_mark(mark)

    def waits(self, handler: Callable[[Call], None], call: Call) -> bool:
        """Keep a request while no batch is free for it; say whether that is so."""
        if not (self.serving and self.pipeline.is_full()):
            return False
        self.waiting.append((handler, call))
        return True
