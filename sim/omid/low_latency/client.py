"""The client of Omid LL: it puts its own commits, and forces the decision of what it meets.

VLDB'18, algorithm 2. The manager's answer to a commit request is only a certificate. The
transaction commits when its client has put the commit into the commit table, and aborts when a
reader was there before with an invalid mark.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from sim.history import AbortReason
from sim.kernel.rpc import Reach, Sleep
from sim.omid.client import Client
from sim.omid.low_latency.store import ConditionalStore
from sim.omid.messages import Certified, Committed, Refused, Row
from sim.omid.transaction import Transaction


class LowLatencyClient(Client):
    """One session of Omid LL."""

    store: ConditionalStore

    def must_force(self, transaction: Transaction, version: int) -> bool:
        """Force the decision of every version without a commit field.

        Nobody waits at begin for commits that are on their way, so absence says nothing.
        Mechanism `forced_abort`.
        """
        return True

    def force_decision(self, version: int) -> Generator[Any, Any, Row]:
        """Put the invalid mark if absent, after a wait for the writer if the settings say so."""
        wait_ns = self.settings.invalidation_wait_ns
        if wait_ns:
            yield Sleep(wait_ns)
            row: Row | None = yield self.store.get_row(version)
            if row is not None:
                return row
        return (yield from super().force_decision(version))

    def ask_to_commit(
        self, transaction: Transaction
    ) -> Generator[Any, Any, Committed | Refused | None]:
        """Have the write set certified, then put the commit; only the put commits.

        A client that gets no answer rolls back: it alone could have put its commit.
        """
        answer = yield from super().ask_to_commit(transaction)
        if answer is None:
            return Refused(AbortReason.ROLLBACK)
        if not isinstance(answer, Certified):
            return answer
        if self.armed:
            yield Reach("commit.certified")
        return (yield from self.put_commit(transaction.start, answer.commit))

    def put_commit(self, start: int, commit: int) -> Generator[Any, Any, Committed | Refused]:
        """Put the commit and wait for the answer of the commit table.

        Mechanism `commit_put_confirmation`: nobody is told of a commit before.
        """
        before: Row | None = yield self.store.put_commit(start, commit)
        if before is None or self.is_own_put(before, commit):
            return Committed(commit)
        return Refused(AbortReason.READ_FORCED)

    def is_own_put(self, row: Row, commit: int) -> bool:
        """Say whether the row in the way of a put is that of an earlier try, its answer lost.

        Mechanism `own_put_recognition`.
        """
        return not row.invalid and row.commit == commit
