"""The client library of the Apache code: AbstractTransactionManager and SnapshotFilterImpl.

It differs from the reference where a tentative version is decided (it does not look at the commit
field after its own invalidation, only before), where an answer is lost, in what it takes for the
epoch, and in read-only transactions, which it commits without asking anybody.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from sim.history import NONE, OracleKind
from sim.kernel.rpc import Reach, Sleep
from sim.omid.apache.checkpoints import CheckpointClient
from sim.omid.apache.connection import FENCE, TIMESTAMP, ApacheConnection
from sim.omid.client import Step
from sim.omid.messages import NOT_SERVING, Begun, CommitRequest, Committed, Refused, Row
from sim.omid.resolution import Resolving
from sim.omid.transaction import Transaction


class ApacheClient(ApacheConnection, CheckpointClient):
    """One session of the Apache client."""

    learnt = NONE
    """The last transaction whose commit was learnt from the commit table, by start timestamp."""

    # Begin

    def ask_to_begin(self, *, fence: bool = False) -> Generator[Any, Any, Begun | None]:
        """Return the manager's answer, or None after the last retry.

        A timestamp of the manager before is thrown away when the epoch is already the next one.
        A fence is its own epoch.
        """
        while True:
            begun = yield from self.ask_for_timestamp(fence=fence)
            if self.settings.apache_handover_ns:
                # The watch has a thread of its own, and the epoch may change meanwhile.
                yield Sleep(self.settings.apache_handover_ns)
            if begun is None or fence or self.belongs_to_epoch(begun.start):
                return begun

    def belongs_to_epoch(self, start: int) -> bool:
        """Say whether a start timestamp is one of the cached epoch, or of a newer one.

        Mechanism `epoch_loop`.
        """
        return self.epoch <= start

    def epoch_of(self, begun: Begun) -> int:
        """Return the epoch of the coordinator's watch, whatever the manager's answer says.

        A watch that is late makes it an older one than that of the start timestamp.
        """
        return self.epoch

    def ask_for_timestamp(self, *, fence: bool) -> Generator[Any, Any, Begun | None]:
        """Send a begin or a fence until there is an answer, or no retry is left."""
        for _ in range(self.settings.request_retries + 1):
            yield from self.await_connection()
            manager = self.manager or (yield from self.find_manager())
            if fence:
                reply = yield from self.request(manager, manager.on_fence, None, FENCE)
            else:
                reply = yield from self.request(manager, manager.on_begin, None, TIMESTAMP)
            if isinstance(reply, Begun):
                return reply
        return None

    # Read, SnapshotFilterImpl.locateCellCommitTimestamp

    def resolve(self, key: int, version: int, *, force: bool) -> Resolving:
        """Return the commit timestamp of a tentative version, or NONE.

        The record came without a commit field (step 1). Then: the commit table, the commit field
        again, the invalid mark if the version is older than the epoch, and both looks again.
        """
        if self.armed:
            yield Reach("get.tentative")
        row: Row | None = yield self.store.get_row(version)
        if row is not None:
            return (yield from self.follow(row, key, version))
        commit = yield from self.reread(key, version)
        if commit != NONE:
            return commit
        if self.armed:
            yield Reach("get.undecided" if force else "get.absent")
        if force:
            before: Row | None = yield self.store.invalidate(version)
            if before is None:
                return (yield from self.invalidated(key, version))
        row = yield self.store.get_row(version)
        if row is not None:
            return (yield from self.follow(row, key, version))
        return (yield from self.reread(key, version))

    def invalidated(self, key: int, version: int) -> Resolving:
        """Believe the own invalid mark, without a look at the commit field."""
        self.invalidations += 1
        self.note("invalidated", transaction=version)
        if self.armed:
            yield Reach("get.invalidated")
        return NONE

    def reread_after_invalidation(self, key: int, version: int) -> Resolving:
        """Believe an invalid mark that is found."""
        yield from ()
        return NONE

    # Commit, AbstractTransactionManager.commitRegularTransaction

    def snapshot_collected(self, transaction: Transaction) -> Generator[Any, Any, bool]:
        """Commit what only read, however old its snapshot is."""
        yield from ()
        return False

    def ask_to_commit(
        self, transaction: Transaction
    ) -> Generator[Any, Any, Committed | Refused | None]:
        """Return the manager's answer, or None: no retry is left, or nobody to connect to."""
        start, hashes = transaction.start, self.write_set(transaction)
        for attempt in range(self.settings.request_retries + 1):
            manager = self.manager or (yield from self.find_manager())
            if self.refused():
                return None
            self.serial += 1
            request = CommitRequest(self.name, self.serial, start, hashes, retry=attempt > 0)
            reply = yield from self.request(manager, manager.on_commit, request, start)
            if isinstance(reply, (Committed, Refused)):
                return reply
            if reply is NOT_SERVING:
                return None
        return None

    def doubts(self, answer: Refused) -> bool:
        """Believe every refusal."""
        return False

    def resolve_outcome(self, transaction: Transaction) -> Generator[Any, Any, int | None]:
        """Learn the own commit from the commit table, or forbid it; None when neither works."""
        start = transaction.start
        row: Row | None = yield self.store.get_row(start)
        if row is None:
            if (yield self.store.invalidate(start)) is None:
                return self.settled(start, NONE)
            row = yield self.store.get_row(start)
            if row is None or row.invalid:
                return None
        return self.settled(start, NONE if row.invalid else row.commit)

    def settled(self, start: int, commit: int) -> int:
        """Log what became of the own transaction, and return it."""
        self.outcomes_resolved += 1
        self.learnt = start
        self.oracle.add(
            OracleKind.OUTCOME_RESOLVED, self.kernel.now, self.number, start, timestamp=commit
        )
        return commit

    def complete(self, start: int, keys: Sequence[int], commit: int) -> Step:
        """Write every commit field, then remove the commit-table row unless it must stay."""
        if self.keeps_row(start):
            yield from self.write_commit_fields(start, keys, commit)
        else:
            yield from super().complete(start, keys, commit)

    def keeps_row(self, start: int) -> bool:
        """Keep the row of a commit that was learnt from the commit table.

        Mechanism `uncertain_row_retention`: a reader of a newer epoch may be about to put its
        invalid mark, and it will not look at the commit field again.
        """
        return start == self.learnt
