"""The client of Tephra: it reads through its list, and commits in two steps.

Apache Phoenix-Tephra, TransactionContext. The manager must hear of every end, for until then the
transaction is on everybody's list.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from sim.history import NONE, AbortReason, Outcome
from sim.kernel.rpc import Call, Reach
from sim.omid.client import READ, Step
from sim.omid.logged.client import LoggedClient
from sim.omid.messages import CommitRequest, Committed, Record, Refused
from sim.omid.resolution import Resolving
from sim.omid.tephra.manager import ListManager
from sim.omid.tephra.messages import Cleared, Snapshot, Taken
from sim.omid.tephra.region import FilteringStore
from sim.omid.transaction import Transaction

Chosen = Callable[[ListManager], Callable[[Call], None]]
"""Which request of a manager is meant."""


class ListClient(LoggedClient):
    """One session of Tephra."""

    store: FilteringStore
    informed = Snapshot

    def learn(self, answer: Snapshot) -> None:
        """Keep the list of whom not to see."""
        self.excluded = dict.fromkeys(answer.excluded)

    def get(self, transaction: Transaction, key: int) -> Resolving:
        """Read a key: the region shows what is not excluded."""
        found, writer = self.workload.initial_value, NONE
        record: Record | None = yield self.store.get_visible(key, transaction.start, self.excluded)
        if record is not None:
            found, writer = record.value, record.version
        transaction.operations.append((READ, key, found, writer, self.kernel.now))
        return found

    def ask_to_commit(
        self, transaction: Transaction
    ) -> Generator[Any, Any, Committed | Refused | None]:
        """Have the change set checked, then commit. What was never cleared cannot commit."""
        answer = yield from self.insist(lambda manager: manager.on_can_commit, transaction)
        if isinstance(answer, Refused):
            return answer
        if not isinstance(answer, Cleared):
            return Refused(AbortReason.ROLLBACK)
        if self.armed:
            yield Reach("commit.certified")
        return (yield from super().ask_to_commit(transaction))

    def insist(self, chosen: Chosen, transaction: Transaction) -> Generator[Any, Any, object]:
        """Return a manager's answer about a transaction, or None after the last retry."""
        hashes = self.write_set(transaction)
        for attempt in range(self.settings.request_retries + 1):
            manager = self.manager or (yield from self.find_manager())
            assert isinstance(manager, ListManager)
            self.serial += 1
            request = CommitRequest(
                self.name, self.serial, transaction.start, hashes, retry=attempt > 0
            )
            reply = yield from self.ask(manager, chosen(manager), request)
            if isinstance(reply, (Cleared, Taken, Refused)):
                return reply
        return None

    def commit_read_only(self, transaction: Transaction) -> Step:
        """Commit at the manager, for it must take the transaction off its list."""
        answer = yield from self.insist(lambda manager: manager.on_end, transaction)
        if isinstance(answer, Taken):
            self.conclude(transaction, Outcome.COMMITTED, NONE)
        elif isinstance(answer, Refused):
            yield from self.give_up(transaction)
            self.conclude(transaction, Outcome.ABORTED, NONE, AbortReason(answer.reason))
        else:
            self.conclude(transaction, Outcome.UNKNOWN, NONE)

    def rollback(self, transaction: Transaction) -> Step:
        """Remove what the transaction wrote, and only then let it go off the list.

        Mechanism `abort_after_removal`.
        """
        yield from super().rollback(transaction)
        yield from self.give_up(transaction)

    def give_up(self, transaction: Transaction) -> Step:
        """Tell the manager that nothing is left of the transaction."""
        yield from self.insist(lambda manager: manager.on_abort, transaction)
