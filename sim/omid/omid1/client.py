"""The client of Omid1: it decides from its own copy of the metadata what it may see.

Gómez Ferro et al., ICDE'14. A read asks nobody but the store. It fetches the newest versions and
takes the first that committed below the start timestamp.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from sim.history import NONE, OracleKind
from sim.kernel.rpc import Call, Reach
from sim.omid.client import READ, Step
from sim.omid.logged.client import LoggedClient
from sim.omid.logged.region import MaskingRegion
from sim.omid.messages import Record
from sim.omid.omid1.messages import Answer, Confirm, Confirmed, Known
from sim.omid.omid1.oracle import StatusOracle
from sim.omid.omid1.view import LONG_AGO, View
from sim.omid.resolution import Resolving
from sim.omid.transaction import Transaction

if TYPE_CHECKING:
    from sim.history import OracleBuilder
    from sim.kernel.core import Kernel
    from sim.omid.settings import Settings


class VersionRegion(MaskingRegion):
    """A region that knows nothing of commits."""

    def __init__(
        self, kernel: Kernel, name: str, number: int, oracle: OracleBuilder, settings: Settings
    ) -> None:
        super().__init__(kernel, name, number, oracle, settings)
        self.versions_max = settings.versions_per_get

    def on_get(self, call: Call) -> None:
        """Return the newest versions at or below a timestamp, as many as one answer holds."""
        key, bound = call.body
        found: list[Record] = []
        for record in self.cells.get(key, ()):
            if record.version <= bound:
                found.append(record)
                if len(found) == self.versions_max:
                    break
        self.answer(call, found, self.service_ns)


class ReplicatedClient(LoggedClient):
    """One session of Omid1."""

    informed = Answer

    def start(self) -> None:
        """Open the session and begin to work, knowing nothing."""
        self.view = View()
        self.epoch = 0
        self.position = 0
        self.others = 0
        self.pending: dict[int, int] = {}
        self.settled: list[int] = []
        super().start()

    def known(self) -> object:
        """Tell what is known already, and which transactions left nothing behind."""
        return Known(self.epoch, self.position, self.others, tuple(self.settled))

    def learn(self, answer: Answer) -> None:
        """Take in what has changed; after a failover that is everything."""
        self.settled.clear()
        if answer.view is not None:
            self.view = answer.view
        for change in answer.changes:
            self.view.learn(change)
        self.view.raise_mark(answer.mark)
        self.epoch = answer.begun.epoch
        self.position, self.others = answer.position, answer.others
        self.pending = dict(answer.pending)

    def get(self, transaction: Transaction, key: int) -> Resolving:
        """Read a key: fetch versions, newest first, until one is in the snapshot."""
        found, writer = self.workload.initial_value, NONE
        record = yield from self.find_visible(transaction, key)
        if record is not None:
            found, writer = record.value, record.version
        transaction.operations.append((READ, key, found, writer, self.kernel.now))
        return found

    def find_visible(
        self, transaction: Transaction, key: int
    ) -> Generator[Any, Any, Record | None]:
        """Return the version that the snapshot shows, or None."""
        start = bound = transaction.start
        while True:
            records: list[Record] = yield self.store.get(key, bound)
            for record in records:
                if record.version == start:
                    return record
                commit = yield from self.get_tentative(transaction, key, record.version)
                if commit != NONE and self.in_snapshot(commit, start):
                    return record
            if len(records) < self.settings.versions_per_get:
                return None
            bound = records[-1].version - 1

    def get_tentative(self, transaction: Transaction, key: int, version: int) -> Resolving:
        """Decide a version from the own view; ask only whether a new commit is durable."""
        if version in self.pending:
            yield from self.confirm(transaction, key, version)
        return self.view.commit_of(version)

    def confirm(self, transaction: Transaction, key: int, version: int) -> Step:
        """Ask the status oracle what became of a commit that was on its way to the log.

        Mechanism `commit_confirmation`.
        """
        if self.armed:
            yield Reach("get.undecided")
        question = Confirm(version, transaction.epoch)
        answer: Any = None
        while not isinstance(answer, Confirmed):
            manager = self.manager or (yield from self.find_manager())
            assert isinstance(manager, StatusOracle)
            answer = yield from self.ask(manager, manager.on_confirm, question)
        commit = self.pending.pop(version)
        if answer.commit != LONG_AGO:
            # Lost, or lost and accepted anew by another oracle.
            commit = answer.commit
            self.view.correct(version, commit)
        self.oracle.add(
            OracleKind.RESOLVED,
            self.kernel.now,
            self.number,
            transaction.start,
            key,
            commit,
            version,
        )

    def commit_read_only(self, transaction: Transaction) -> Step:
        """Commit without the oracle, and let it know with the next begin."""
        yield from super().commit_read_only(transaction)
        self.settled.append(transaction.start)

    def rollback(self, transaction: Transaction) -> Step:
        """Remove what the transaction wrote, and let the oracle know with the next begin."""
        yield from super().rollback(transaction)
        self.settled.append(transaction.start)
