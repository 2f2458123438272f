"""The client of Percolator: buffer, lock every key, take a timestamp, commit the primary.

Peng and Dabek, OSDI'10, section 2.2; Omid2PC of Shacham et al., VLDB'18. Nobody but the rows
knows of a conflict. The commit timestamp is issued when every key is locked, so a reader with a
greater snapshot meets either a lock, which it waits for or breaks, or the commit.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from sim.history import NONE, AbortReason, FieldWriter, OracleKind, Outcome
from sim.kernel.rpc import Gather, Reach, Sleep
from sim.omid.client import READ, WRITE, Step
from sim.omid.messages import Certified, Record
from sim.omid.percolator.locks import Lock, LockStore, Pending, Prewrite, Status
from sim.omid.resolution import Resolving
from sim.omid.transaction import Transaction
from sim.omid.uncollected import UncollectedClient

Refused = tuple[int, AbortReason | Lock]
"""A key that could not be locked, and why: its lock is another's, or the reason to abort."""
Answers = list[AbortReason | Lock | None]
"""What became of each prewrite; None is locked."""


class PercolatorClient(UncollectedClient):
    """One session of Percolator."""

    store: LockStore

    def begin(self, transaction: Transaction) -> Generator[Any, Any, bool]:
        """Begin with an empty buffer."""
        self.tombstones: dict[int, bool] = {}
        return (yield from super().begin(transaction))

    def put(
        self, transaction: Transaction, key: int, value: int, *, tombstone: bool = False
    ) -> Step:
        """Buffer a write: the store hears of it at commit."""
        yield from ()
        transaction.writes[key] = value
        self.tombstones[key] = tombstone
        transaction.operations.append((WRITE, key, value, transaction.start, self.kernel.now))

    def get(self, transaction: Transaction, key: int) -> Resolving:
        """Read from the buffer or from the snapshot; what hides behind a lock is waited for."""
        start = transaction.start
        found, writer = self.workload.initial_value, NONE
        if key in transaction.writes:
            found, writer = transaction.writes[key], start
        else:
            seen: Record | Lock | None = yield self.store.get(key, start)
            while isinstance(seen, Lock):
                yield from self.wait_for(transaction, key, seen)
                seen = yield self.store.get(key, start)
            if seen is not None:
                found, writer = seen.value, seen.version
        transaction.operations.append((READ, key, found, writer, self.kernel.now))
        return found

    # Somebody else's lock

    def wait_for(self, transaction: Transaction, key: int, lock: Lock) -> Step:
        """Wait until a lock is gone; break it when it is older than it may become."""
        if self.armed:
            yield Reach("get.tentative")
        wait_ns = self.settings.lock_backoff_ns
        while (commit := (yield from self.settle(key, lock))) is None:
            yield Sleep(wait_ns)
            wait_ns = min(2 * wait_ns, self.settings.lock_time_to_live_ns)
        self.oracle.add(
            OracleKind.RESOLVED,
            self.kernel.now,
            self.number,
            transaction.start,
            key,
            commit,
            lock.version,
        )

    def settle(self, key: int, lock: Lock) -> Generator[Any, Any, int | None]:
        """Do for a lock what its primary says; return the commit, `NONE`, or None for pending."""
        status: Status = yield self.store.status(lock.primary, lock.version)
        if isinstance(status, Pending):
            if status.age_ns < self.settings.lock_time_to_live_ns:
                return None
            status = yield from self.break_lock(lock)
        if status == NONE:
            yield Gather(self.store.release([key], lock.version))
        else:
            self.heals += 1
            yield Gather(self.store.forward([key], lock.version, status, FieldWriter.HEALER))
        return status

    def break_lock(self, lock: Lock) -> Resolving:
        """Roll back the transaction of an old lock, unless it commits first."""
        if self.armed:
            yield Reach("get.undecided")
        commit: int = yield self.store.roll_back(lock.primary, lock.version)
        if commit == NONE:
            self.invalidations += 1
            self.note("invalidated", transaction=lock.version)
            if self.armed:
                yield Reach("get.invalidated")
        return commit

    # Commit

    def commit(self, transaction: Transaction) -> Step:
        """Lock every key, then commit the primary at a timestamp above all snapshots so far."""
        transaction.committing_ns = self.kernel.now
        if not transaction.writes:
            yield from self.commit_read_only(transaction)
            return
        if self.armed:
            yield Reach("commit.ready")
        refused = yield from self.prewrite(transaction)
        if refused is not None:
            yield from self.yield_to(transaction, *refused)
            return
        if self.armed:
            yield Reach("commit.locked")
        answer = yield from self.ask_to_commit(transaction)
        if not isinstance(answer, Certified):
            yield from self.give_up(transaction, AbortReason.ROLLBACK)
            return
        if self.armed:
            yield Reach("commit.certified")
        if (yield from self.commit_point(transaction, answer.commit)):
            if self.armed:
                yield Reach("commit.acknowledged")
            yield from self.acknowledge(transaction, answer.commit)
        else:
            yield from self.give_up(transaction, AbortReason.READ_FORCED)

    def prewrite(self, transaction: Transaction) -> Generator[Any, Any, Refused | None]:
        """Lock every key, the primary first; return the first that is refused."""
        start = transaction.start
        keys = tuple(transaction.writes)
        requests = [
            Prewrite(key, start, keys[0], transaction.writes[key], self.tombstones[key])
            for key in keys
        ]
        together = self.settings.prewrites == "together"
        answers = yield from (self.lock_together if together else self.lock_in_turn)(requests)
        for key, answer in zip(keys, answers, strict=False):
            if answer is not None:
                return key, answer
        return None

    def lock_together(self, requests: list[Prewrite]) -> Generator[Any, Any, Answers]:
        """Lock the primary, then the others at once; nothing after a primary that is refused."""
        answers: Answers = [(yield self.store.prewrite(requests[0]))]
        if answers[0] is None:
            answers += yield Gather([self.store.prewrite(request) for request in requests[1:]])
        return answers

    def lock_in_turn(self, requests: list[Prewrite]) -> Generator[Any, Any, Answers]:
        """Lock one key after the other, up to the first that is refused."""
        answers: Answers = []
        while len(answers) < len(requests) and not any(answers):
            answers.append((yield self.store.prewrite(requests[len(answers)])))
        return answers

    def yield_to(self, transaction: Transaction, key: int, obstacle: AbortReason | Lock) -> Step:
        """Abort for what was in the way of a prewrite.

        The holder of a lock may be dead; those who only write must get rid of it, too.
        """
        if isinstance(obstacle, Lock):
            self.run(self.settle(key, obstacle))
            obstacle = AbortReason.LOCKED
        if key == next(iter(transaction.writes)):
            # Nothing is locked.
            self.conclude(transaction, Outcome.ABORTED, NONE, obstacle)
        else:
            yield from self.give_up(transaction, obstacle)

    def write_set(self, transaction: Transaction) -> tuple[int, ...]:
        """Return nothing: the oracle does not ask what is written."""
        return ()

    def commit_point(self, transaction: Transaction, commit: int) -> Generator[Any, Any, bool]:
        """Commit the primary; it decides for all keys.

        Mechanism `primary_order`: no secondary shows the commit before the primary has it.
        """
        primary = next(iter(transaction.writes))
        reached: int = yield self.store.commit(primary, transaction.start, commit)
        return reached != NONE

    def give_up(self, transaction: Transaction, reason: AbortReason) -> Step:
        """Roll the primary back for good, release the others, and tell the application."""
        primary, *others = transaction.writes
        yield self.store.roll_back(primary, transaction.start)
        yield Gather(self.store.release(others, transaction.start))
        self.conclude(transaction, Outcome.ABORTED, NONE, reason)

    def rollback(self, transaction: Transaction) -> Step:
        """Forget the buffer; the store knows nothing of it."""
        yield from ()

    def complete(self, start: int, keys: Sequence[int], commit: int) -> Step:
        """Commit the secondaries; nobody depends on when."""
        yield from self.forward(start, keys[1:], commit)
        if self.armed:
            yield Reach("complete.fields")

    def forward(self, start: int, keys: Sequence[int], commit: int) -> Step:
        """Turn locks into commit records."""
        yield Gather(self.store.forward(keys, start, commit, FieldWriter.WRITER))
