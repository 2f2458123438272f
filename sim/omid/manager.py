"""The transaction manager (TM): begins and commits, under a lease, with a hot backup.

FAST'17, algorithm 2 for begin and commit. Every manager runs the same code; which of them serves
is the business of `sim.omid.election`.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from sim.history import NONE, AbortReason, OracleBuilder, OracleKind
from sim.kernel.rpc import Call, Sleep
from sim.kernel.station import Station
from sim.omid.background import Desk
from sim.omid.conflict_table import ConflictTable
from sim.omid.election import Candidate
from sim.omid.lease import Lease
from sim.omid.messages import NOT_SERVING, CommitRequest
from sim.omid.pipeline import Pipeline
from sim.omid.timestamps import Timestamps

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.kernel.core import Kernel
    from sim.omid.coordinator import Coordinator
    from sim.omid.settings import Settings
    from sim.omid.store import Store

Step = Generator[Any, Any, None]


class Manager(Candidate):
    """One transaction manager, primary or backup."""

    conflict_table_type: type[ConflictTable] = ConflictTable
    timestamps_type: type[Timestamps] = Timestamps
    pipeline_type: type[Pipeline] = Pipeline
    lease_type: type[Lease] = Lease
    begin_entries = 0
    """Entries sent with the answers to begins, where a variant sends any."""

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
        self.desk = Desk(self)
        self.received: dict[str, int] = {}
        self.waiting: list[tuple[Any, Call]] = []
        self.marks: list[tuple[int, int]] = []

    def start(self) -> None:
        """Open a session at the coordinator and stand by."""
        self.run(self.keep_session())
        self.run(self.stand_by(), self.halt_if)

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
        self.admit(self.commit, call, len(request.hashes))

    def on_commit_read_only(self, call: Call) -> None:
        """Commit a transaction without writes: the answer is the low water mark."""
        self.admit(self.tell_low_water_mark, call)

    def admit(
        self, handler: Callable[[Any], None], request: Any, keys: int = 0, requests: int = 1
    ) -> None:
        """Let a request wait for the processor, when others are before it.

        What it holds it up for grows with the keys that it wants certified.
        """
        settings = self.settings
        cpu_ns = settings.manager_service_ns * requests + settings.manager_key_ns * keys
        service_ns = self.work_ns(cpu_ns)
        wait_ns = self.cpu.admit(self.kernel.now, service_ns) - service_ns
        if wait_ns > 0:
            self.timer(wait_ns, handler, request)
        else:
            handler(request)

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

    def on_serving(self) -> None:
        """Begin to raise the low water mark, if the deployment does."""
        if self.settings.low_water_mark_period_ns:
            self.run(self.raise_low_water_mark())

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

    def tell_low_water_mark(self, call: Call) -> None:
        """Answer a read-only transaction that commits.

        The mark of the store is never above that of a manager whose lease stands.
        """
        stands = self.serving and self.lease.valid()
        call.reply(self.low_water_mark if stands else NOT_SERVING)

    # Life and death

    def on_crash(self) -> None:
        """Lose everything; what is already in the network travels on."""
        self.lease.drop()
        self.serving = False

    def on_restart(self) -> None:
        """Come back as a backup."""
        self.forget()
        self.start()
