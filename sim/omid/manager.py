"""The transaction manager (TM): begins and commits, under a lease, with a hot backup.

FAST'17, algorithm 2 for begin and commit, section 6 and algorithm 3 for high availability.
Every manager runs the same code: it stands by until the lease is free, allocates an epoch,
serves, and halts as soon as it can no longer prove that the lease is its own.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from sim.history import NONE, AbortReason, OracleBuilder, OracleKind
from sim.kernel.rpc import Call, Reach, Sleep
from sim.kernel.station import Station
from sim.omid.conflict_table import ConflictTable
from sim.omid.coordinator import SessionNode, compare_and_set
from sim.omid.lease import Lease
from sim.omid.messages import LEASE, MANAGER, NOT_SERVING, Address, CommitRequest
from sim.omid.pipeline import Pipeline
from sim.omid.timestamps import Timestamps

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.kernel.core import Kernel
    from sim.omid.coordinator import Coordinator
    from sim.omid.settings import Settings
    from sim.omid.store import Store

Step = Generator[Any, Any, None]
Service = Generator[Any, Any, str | None]
"""A script whose result says why the manager must halt; None when it need not."""


class Manager(SessionNode):
    """One transaction manager, primary or backup."""

    conflict_table_type: type[ConflictTable] = ConflictTable
    timestamps_type: type[Timestamps] = Timestamps
    pipeline_type: type[Pipeline] = Pipeline
    lease_type: type[Lease] = Lease

    def __init__(
        self,
        kernel: Kernel,
        name: str,
        *,
        number: int,
        oracle: OracleBuilder,
        settings: Settings,
        store: Store,
        coordinator: Coordinator,
        on_halt: Callable[[Manager], None],
    ) -> None:
        super().__init__(kernel, name)
        self.number = number
        self.oracle = oracle
        self.settings = settings
        self.store = store
        self.coordinator = coordinator
        self.tell_halt = on_halt
        self.halts = 0
        self.forget()

    def forget(self) -> None:
        """Start from nothing: all of a manager's state is volatile."""
        settings = self.settings
        self.serving = False
        self.identity = f"{self.name}#{self.incarnation}"
        self.lease = self.lease_type(self)
        self.timestamps = self.timestamps_type(self)
        self.pipeline = self.pipeline_type(self)
        self.conflicts = self.conflict_table_type(
            entries=settings.conflict_table_entries, bucket_entries=settings.bucket_entries
        )
        self.low_water_mark = NONE
        self.fence_start = NONE
        self.cpu = Station(1)
        self.received: dict[str, int] = {}
        self.waiting: list[tuple[Any, Call]] = []
        self.marks: list[tuple[int, int]] = []

    def start(self) -> None:
        """Open a session at the coordinator and stand by."""
        self.run(self.keep_session())
        self.run(self.stand_by(), self.halt_if)

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
            return "timestamps taken by another manager"
        return (yield from self.take_over())

    def lease_wait_ns(self) -> int:
        """Return how long a backup waits after it saw the lease change.

        The holder's clock may be slow and ours fast by the bound each. Mechanism `lease_wait`.
        """
        lease_ns, bound_ppm = self.settings.lease_ns, self.settings.drift_bound_ppm
        return lease_ns + 2 * (lease_ns * bound_ppm // 1_000_000) + 1

    def ask_for_lease(self, expected: int) -> Step:
        """Compare-and-set the lease; it is measured from before the request left."""
        asked_ns = self.lease_clock_ns()
        token = f"{self.identity}@{expected}"
        version = yield from compare_and_set(self, LEASE, data=token, expected=expected)
        if version is not None:
            self.lease.take(version=version, asked_ns=asked_ns)

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
        self.oracle.add(
            OracleKind.EPOCH_STARTED, self.kernel.now, self.number, NONE, timestamp=epoch
        )
        self.note("serving", epoch=epoch)
        self.run(self.renew(), self.halt_if)
        if self.settings.low_water_mark_period_ns:
            self.run(self.raise_low_water_mark())
        return None

    def first_low_water_mark(self) -> int:
        """Return the mark to start from: whatever began before the epoch cannot commit.

        The conflict table is empty, so nothing is known of older writes. Mechanism
        `epoch_abort`.
        """
        return self.timestamps.epoch - 1

    def announce(self, epoch: int) -> Generator[Any, Any, bool]:
        """Publish address and epoch for clients, unless a newer epoch is there."""
        while True:
            seen = yield self.coordinator_call(self.coordinator.on_read, MANAGER)
            if seen.data is not None and seen.data.epoch > epoch:
                return False
            address = Address(self.name, epoch)
            version = yield from compare_and_set(self, MANAGER, data=address, expected=seen.version)
            if version is not None:
                return True

    # The lease

    def lease_clock_ns(self) -> int:
        """Return the clock that leases are measured by: monotonic, so steps do not count."""
        return self.now_ns

    def renew(self) -> Service:
        """Renew the lease whenever only the guard is left of it."""
        while True:
            left_ns = self.lease.end_ns - self.lease.guard_ns - self.lease_clock_ns()
            if left_ns > 0:
                yield Sleep(left_ns)
            asked_ns = self.lease_clock_ns()
            expected = self.lease.version
            token = f"{self.identity}@{expected}"
            version = yield from compare_and_set(self, LEASE, data=token, expected=expected)
            if version is None:
                return "lease lost"
            if not self.lease.valid() or not self.lease.take(version=version, asked_ns=asked_ns):
                return "lease expired before it was renewed"

    def halt_if(self, why: str | None) -> None:
        """Halt when a script of this manager ended with a reason to."""
        if why is not None:
            self.halt(why)

    def halt(self, why: str) -> None:
        """Stop at once: nothing leaves this manager after the check that failed."""
        self.halts += 1
        self.note("halt", why=why)
        self.crash()
        self.tell_halt(self)

    # Requests, algorithm 2

    def on_begin(self, call: Call) -> None:
        """Begin: allocate a start timestamp; the answer waits behind the barrier."""
        self.admit(self.begin, call)

    def on_fence(self, call: Call) -> None:
        """Fence: begin, and refuse from now on whoever began before."""
        self.admit(self.fence, call)

    def on_commit(self, call: Call) -> None:
        """Commit: certify the write set and hand the decision to the commit table."""
        request: CommitRequest = call.body
        if self.received.get(request.client, 0) >= request.serial:
            return  # The network delivered it twice; connections drop such copies.
        self.received[request.client] = request.serial
        self.admit(self.commit, call)

    def admit(self, handler: Callable[[Call], None], call: Call) -> None:
        """Let a request wait for the processor, when others are before it."""
        service_ns = self.work_ns(self.settings.manager_service_ns)
        wait_ns = self.cpu.admit(self.kernel.now, service_ns) - service_ns
        if wait_ns > 0:
            self.timer(wait_ns, handler, call)
        else:
            handler(call)

    def begin(self, call: Call) -> None:
        """Allocate the start timestamp, which is the transaction's id and its snapshot."""
        start = self.issue_start(self.begin, call)
        if start is not None:
            self.answer_begin(call, start)

    def issue_start(self, handler: Callable[[Call], None], call: Call) -> int | None:
        """Return a start timestamp, or None for a request that is turned away or has to wait."""
        if not self.serving:
            call.reply(NOT_SERVING)
            return None
        start = self.timestamps.next_start()
        if start is None:
            self.waiting.append((handler, call))
            return None
        self.oracle.add(
            OracleKind.START_ISSUED, self.kernel.now, self.number, start, timestamp=start
        )
        return start

    def answer_begin(self, call: Call, start: int) -> None:
        """Queue the answer behind every commit with a smaller timestamp.

        Mechanism `begin_barrier`: what commits below `start` is in the commit table before the
        transaction may read.
        """
        self.pipeline.begin(call, start)

    def fence(self, call: Call) -> None:
        """Begin a transaction that shuts out all that began before it and did not commit."""
        start = self.issue_start(self.fence, call)
        if start is not None:
            self.fence_start = start
            self.answer_fence(call, start)

    def answer_fence(self, call: Call, start: int) -> None:
        """Answer a fence behind the barrier: then no commit below it is on its way any more.

        Its reads may force the decision of every older transaction. Mechanism `fence_barrier`.
        """
        self.pipeline.begin(call, start)

    def commit(self, call: Call) -> None:
        """Accept, refuse, or settle a commit request."""
        if not self.serving:
            call.reply(NOT_SERVING)
            return
        if not self.may_accept_commits():
            self.halt("lease expired before a commit")
            return
        request: CommitRequest = call.body
        commit = self.timestamps.next_commit()
        if commit is None:
            self.waiting.append((self.commit, call))
            return
        reason = self.certify(request, commit)
        if reason is None:
            self.accept(call, request.start, commit)
        elif request.retry:
            self.settle(call, request.start, reason)
        else:
            self.refuse(call, request.start, reason)

    def may_accept_commits(self) -> bool:
        """Say whether a commit may be accepted now.

        Property P2: nobody who commits below a newer manager's timestamps may update after
        that manager began to serve. Mechanism `lease_commit_check`.
        """
        return self.lease.valid()

    def certify(self, request: CommitRequest, commit: int) -> AbortReason | None:
        """Say why a transaction must abort, or enter its write set into the conflict table.

        A retry meets its own first try there, as a conflict, and is settled instead of being
        committed twice. Mechanism `retry_idempotence`.
        """
        if self.below_low_water_mark(request.start):
            old = request.start < self.timestamps.epoch
            return AbortReason.EPOCH if old else AbortReason.LOW_WATER_MARK
        if request.start < self.fence_start:
            return AbortReason.FENCED
        return self.conflicts.certify(start=request.start, commit=commit, hashes=request.hashes)

    def below_low_water_mark(self, start: int) -> bool:
        """Say whether a transaction may no longer commit; the mark itself is too old.

        What began at the mark may be collected already. Mechanism `low_water_mark_bound`.
        """
        return start <= self.low_water_mark

    def settle(self, call: Call, start: int, _reason: AbortReason) -> None:
        """Find out what became of a commit that is asked for again and cannot be accepted."""
        self.pipeline.settle(call, start)

    def accept(self, call: Call, start: int, commit: int) -> None:
        """Hand an accepted commit to the commit-table writers."""
        self.oracle.add(
            OracleKind.COMMIT_ISSUED, self.kernel.now, self.number, start, timestamp=commit
        )
        self.reach("commit.accepted", self.register, (call, start, commit))

    def register(self, accepted: tuple[Call, int, int]) -> None:
        """Make a commit pending before another request is heard: later begins wait for it.

        Mechanism `pending_registration`.
        """
        self.pipeline.commit(accepted)

    def refuse(self, call: Call, start: int, reason: AbortReason) -> None:
        """Answer a commit request with an abort, in its turn."""
        self.oracle.add(
            OracleKind.COMMIT_REFUSED, self.kernel.now, self.number, start, extra=reason
        )
        self.pipeline.abort(call, start, reason)

    def on_timestamps(self) -> None:
        """Serve the requests that waited for timestamps."""
        waiting, self.waiting = self.waiting, []
        for handler, call in waiting:
            self.timer(0, handler, call)

    # The low water mark, section 4.3

    def raise_low_water_mark(self) -> Step:
        """Raise the mark now and then to the timestamp that was current some time ago."""
        settings = self.settings
        while True:
            yield Sleep(settings.low_water_mark_period_ns)
            now_ns = self.now_ns
            self.marks.append((now_ns, self.timestamps.last))
            while self.marks and now_ns - self.marks[0][0] >= settings.low_water_mark_lag_ns:
                mark = self.marks.pop(0)[1]
                if mark > self.low_water_mark:
                    self.low_water_mark = mark
                    self.publish_low_water_mark(mark)

    def publish_low_water_mark(self, mark: int) -> None:
        """Persist the mark once every commit accepted below it is durable.

        Mechanism `low_water_mark_after_flush`: compaction drops what it finds undecided below
        the mark.
        """
        self.pipeline.after_flush(mark)

    def persist_low_water_mark(self, mark: int) -> None:
        """Write the mark into the store."""
        self.tell(self.store.put_low_water_mark(mark, self.number))

    # Life and death

    def on_crash(self) -> None:
        """Lose everything; what is already in the network travels on."""
        self.lease.drop()
        self.serving = False

    def on_restart(self) -> None:
        """Come back as a backup."""
        self.forget()
        self.start()
