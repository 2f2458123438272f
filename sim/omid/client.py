"""The client library: transactions, one after the other, as their workload trace says.

FAST'17, algorithm 1. Writes go into the store at once, tentative; reads find their snapshot by
commit fields and, where those are empty, by the commit table; commit asks the manager, then
completes: commit fields first, the commit-table row last.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from sim.history import (
    NONE,
    AbortReason,
    FieldWriter,
    OperationKind,
    OracleBuilder,
    OracleKind,
    Outcome,
)
from sim.kernel.rpc import Call, Gather, Reach, Sleep
from sim.omid.connection import Connection
from sim.omid.messages import NOT_SERVING, Begun, CommitRequest, Committed, Refused, hash64
from sim.omid.resolution import Resolution, Resolving
from sim.omid.transaction import Transaction
from sim.workload.types import Access

if TYPE_CHECKING:
    from sim.kernel.core import Kernel
    from sim.omid.coordinator import Coordinator
    from sim.omid.manager import Manager
    from sim.omid.settings import Settings
    from sim.omid.store import Store
    from sim.omid.workload import Workload

Step = Generator[Any, Any, Any]

READ = int(OperationKind.READ)
WRITE = int(OperationKind.WRITE)
ACCESS_READ = int(Access.READ)
ACCESS_WRITE = int(Access.WRITE)
ACCESS_ADD = int(Access.ADD)
ACCESS_DELETE = int(Access.DELETE)
ACCESS_CHECKPOINT = int(Access.CHECKPOINT)


class Client(Resolution, Connection):
    """One session: at most one transaction at a time."""

    def __init__(
        self,
        kernel: Kernel,
        name: str,
        *,
        number: int,
        session: int,
        oracle: OracleBuilder,
        settings: Settings,
        store: Store,
        coordinator: Coordinator,
        managers: dict[str, Manager],
        workload: Workload,
    ) -> None:
        super().__init__(kernel, name)
        self.number = number
        self.session = session
        self.oracle = oracle
        self.settings = settings
        self.store = store
        self.coordinator = coordinator
        self.managers = managers
        self.workload = workload
        self.serial = 0
        self.outcomes_resolved = 0

    def start(self) -> None:
        """Open the session and begin to work."""
        self.run(self.keep_session())
        self.script = self.run(self.work())

    def work(self) -> Step:
        """Run every transaction of this session in order."""
        workload = self.workload
        while (row := workload.next_row(self.session)) is not None:
            wait_ns = workload.wait_ns(row, self.kernel.now)
            if wait_ns > 0:
                yield Sleep(wait_ns)
            yield from self.transact(row)
        workload.finished(self.session)

    def transact(self, row: int) -> Step:
        """Run one transaction of the workload trace from begin to outcome."""
        transaction = Transaction(self.kernel.now)
        transaction.fence = self.workload.fences(row)
        self.workload.begin(self.session, transaction)
        if not (yield from self.begin(transaction)):
            self.conclude(transaction, Outcome.ABORTED, NONE)
            return
        if self.armed:
            yield Reach("begin.done")
        for access, key, amount in self.workload.operations(row):
            if access == ACCESS_WRITE:
                yield from self.put(transaction, key, self.workload.unique_value())
                continue
            if access >= ACCESS_DELETE:
                if access == ACCESS_DELETE:
                    yield from self.delete(transaction, key)
                elif access == ACCESS_CHECKPOINT:
                    transaction.version += 1
                else:
                    yield Sleep(max(0, amount - self.kernel.now))
                continue
            value = yield from self.get(transaction, key)
            if access == ACCESS_ADD:
                yield from self.put(transaction, key, value + amount)
        if self.workload.rolls_back(row):
            yield from self.rollback(transaction)
            self.conclude(transaction, Outcome.ABORTED, NONE, AbortReason.ROLLBACK)
        else:
            yield from self.commit(transaction)

    def perform(self, steps: Step) -> Step:
        """Return steps of a transaction; where a variant ends it within them, they end it."""
        return steps

    def begin(self, transaction: Transaction) -> Generator[Any, Any, bool]:
        """Ask the manager for a start timestamp, which is also the transaction's id."""
        begun = yield from self.ask_to_begin(fence=transaction.fence)
        if begun is None:
            return False
        transaction.start = transaction.version = begun.start
        # Whoever began before a fence is decided, or never will be: the fence is an epoch.
        transaction.epoch = begun.start if transaction.fence else self.epoch_of(begun)
        transaction.begun_ns = self.kernel.now
        return True

    def epoch_of(self, begun: Begun) -> int:
        """Return the epoch below which a transaction forces decisions: that of its own manager.

        Mechanism `epoch_freshness`: it comes with the start timestamp, so it cannot be older.
        """
        return begun.epoch

    def ask_to_begin(self, *, fence: bool = False) -> Generator[Any, Any, Begun | None]:
        """Return the manager's answer to a begin or a fence, or None after the last retry."""
        for _ in range(self.settings.request_retries + 1):
            manager = self.manager or (yield from self.find_manager())
            handler = manager.on_fence if fence else manager.on_begin
            reply = yield from self.ask(manager, handler, None)
            if isinstance(reply, Begun):
                return reply
        return None

    def get(self, transaction: Transaction, key: int) -> Resolving:
        """Read a key from the transaction's snapshot; log and return the value."""
        start = transaction.start
        found, writer = self.workload.initial_value, NONE
        for record in (yield self.store.get(key, transaction.version)):
            commit = record.commit
            if record.version >= start:
                found, writer = record.value, start
                break
            if commit == NONE:
                commit = yield from self.get_tentative(transaction, key, record.version)
            if commit != NONE and self.in_snapshot(commit, start):
                found, writer = record.value, record.version
                break
        transaction.operations.append((READ, key, found, writer, self.kernel.now))
        return found

    def get_tentative(self, transaction: Transaction, key: int, version: int) -> Resolving:
        """Decide a version without a commit field (algorithm 3, `getTentativeValue`).

        A transaction of the reader's own manager with a smaller commit timestamp was in the
        commit table when the reader began, so absence is an answer. One of an older manager
        may still commit from the past, so its decision is forced.
        """
        force = self.must_force(transaction, version)
        commit = yield from self.resolve(key, version, force=force)
        self.oracle.add(
            OracleKind.RESOLVED,
            self.kernel.now,
            self.number,
            transaction.start,
            key,
            commit,
            version,
        )
        return commit

    def must_force(self, transaction: Transaction, version: int) -> bool:
        """Say whether only a forced decision about a tentative version is final."""
        return version < transaction.epoch

    def delete(self, transaction: Transaction, key: int) -> Step:
        """Write a tombstone: a version like any other, with the initial value."""
        yield from self.put(transaction, key, self.workload.initial_value, tombstone=True)

    def put(
        self, transaction: Transaction, key: int, value: int, *, tombstone: bool = False
    ) -> Step:
        """Write a tentative version into the store."""
        place = len(transaction.operations)
        put = self.store.put(key, transaction.version, value, place, tombstone=tombstone)
        yield from self.write(put)
        transaction.writes[key] = value
        transaction.operations.append((WRITE, key, value, transaction.start, self.kernel.now))

    def write(self, put: Call) -> Step:
        """Wait until a write is in the store: all are, before the commit request leaves.

        Mechanism `flush_before_commit`.
        """
        return (yield put)

    def commit(self, transaction: Transaction) -> Step:
        """Commit: certify at the manager, then complete or roll back."""
        transaction.committing_ns = self.kernel.now
        if not transaction.writes:
            yield from self.commit_read_only(transaction)
            return
        if self.armed:
            yield Reach("commit.ready")
        answer = yield from self.ask_to_commit(transaction)
        if isinstance(answer, Committed):
            commit = answer.commit
            reason = None
        elif answer is None or self.doubts(answer):
            settled = yield from self.resolve_outcome(transaction)
            if settled is None:
                self.conclude(transaction, Outcome.UNKNOWN, NONE)
                return
            commit = settled
            reason = AbortReason.INVALIDATED
        else:
            commit = NONE
            reason = AbortReason(answer.reason)
        if self.armed:
            yield Reach("commit.acknowledged")
        if commit == NONE:
            yield from self.rollback(transaction)
            self.conclude(transaction, Outcome.ABORTED, NONE, reason)
        else:
            yield from self.acknowledge(transaction, commit)

    def doubts(self, answer: Refused) -> bool:
        """Say whether a refusal leaves the outcome open.

        A mark that the manager found or put may be a false one: the transaction may be complete
        and its row removed. Mechanism `retry_invalidation`.
        """
        return answer.reason == AbortReason.INVALIDATED

    def acknowledge(self, transaction: Transaction, commit: int) -> Step:
        """Tell the application, and complete before or beside its next transaction."""
        if self.settings.completion == "async":
            self.conclude(transaction, Outcome.COMMITTED, commit)
            self.run(self.complete(transaction.start, tuple(transaction.writes), commit))
            return
        yield from self.complete(transaction.start, tuple(transaction.writes), commit)
        self.conclude(transaction, Outcome.COMMITTED, commit)

    def commit_read_only(self, transaction: Transaction) -> Step:
        """Commit without a commit timestamp, unless compaction may have passed the snapshot.

        Mechanism `read_only_low_water_mark`.
        """
        if self.settings.read_only_commit == "manager":
            collected = yield from self.ask_if_collected(transaction)
        else:
            collected = yield from self.snapshot_collected(transaction)
        if collected:
            self.conclude(transaction, Outcome.ABORTED, NONE, AbortReason.LOW_WATER_MARK)
        else:
            self.conclude(transaction, Outcome.COMMITTED, NONE)

    def snapshot_collected(self, transaction: Transaction) -> Generator[Any, Any, bool]:
        """Say whether versions that this snapshot needs may have been collected."""
        mark: int = yield self.store.get_low_water_mark()
        return transaction.start <= mark

    def ask_if_collected(self, transaction: Transaction) -> Generator[Any, Any, bool]:
        """Ask a manager whose lease stands whether the snapshot may have been collected."""
        for _ in range(self.settings.request_retries + 1):
            manager = self.manager or (yield from self.find_manager())
            mark = yield from self.ask(manager, manager.on_commit_read_only, None)
            if mark is not NOT_SERVING:
                return bool(transaction.start <= mark)
        return True

    def ask_to_commit(
        self, transaction: Transaction
    ) -> Generator[Any, Any, Committed | Refused | None]:
        """Return the manager's answer, or None when the outcome stays unknown."""
        hashes = self.write_set(transaction)
        for attempt in range(self.settings.request_retries + 1):
            manager = self.manager or (yield from self.find_manager())
            self.serial += 1
            request = CommitRequest(
                self.name, self.serial, transaction.start, hashes, retry=attempt > 0
            )
            reply = yield from self.ask(manager, manager.on_commit, request)
            if isinstance(reply, (Committed, Refused)):
                return reply
        return None

    def write_set(self, transaction: Transaction) -> tuple[int, ...]:
        """Return the hash of every key written. Mechanism `whole_write_set`."""
        return tuple(map(hash64, transaction.writes))

    def resolve_outcome(self, transaction: Transaction) -> Generator[Any, Any, int | None]:
        """Settle the own outcome in the commit table: learn the commit, or forbid it.

        Returns None when nobody can know any more: the cleaner completed the transaction and
        dropped its row, and compaction dropped its version for a newer one, or it was removed
        as an aborted one; both look the same from here. Mechanism `outcome_resolution`.
        """
        key = next(iter(transaction.writes))
        commit = yield from self.resolve(key, transaction.start, force=True)
        if commit == NONE and (yield self.store.get_version(key, transaction.start)) is None:
            return None
        self.outcomes_resolved += 1
        self.oracle.add(
            OracleKind.OUTCOME_RESOLVED,
            self.kernel.now,
            self.number,
            transaction.start,
            timestamp=commit,
        )
        return commit

    def complete(self, start: int, keys: Sequence[int], commit: int) -> Step:
        """Write every commit field, then remove the commit-table row.

        Mechanism `completion_order`: a reader that finds no row finds the field. The row goes
        also where the answer was lost and the commit table told the outcome: a reader that found
        no row before the late commit landed, and puts its mark after the removal, looks at the
        field once more (mechanism `reread_after_invalidation`).
        """
        yield from self.write_commit_fields(start, keys, commit)
        if self.armed:
            yield Reach("complete.fields")
        yield self.store.remove_row(start)

    def write_commit_fields(self, start: int, keys: Sequence[int], commit: int) -> Step:
        """Write the commit fields of a committed transaction, all regions at once."""
        yield Gather(self.store.put_commit_fields(keys, start, commit, FieldWriter.WRITER))

    def rollback(self, transaction: Transaction) -> Step:
        """Remove what the transaction wrote; the manager need not know."""
        if transaction.writes:
            yield Gather(self.store.remove(tuple(transaction.writes), transaction.start))

    def conclude(
        self,
        transaction: Transaction,
        outcome: Outcome,
        commit: int,
        reason: AbortReason | None = None,
    ) -> None:
        """Write the transaction into the history: the application knows its outcome."""
        transaction.finished_ns = self.kernel.now
        self.workload.conclude(self.session, transaction, outcome, commit, reason)

    def on_crash(self) -> None:
        """Forget everything; the transaction under way ends unknown to anybody."""
        self.manager = None
        self.script = None
        self.workload.crashed(self.session)

    def on_restart(self) -> None:
        """Go on with the next transaction of the session."""
        self.start()
