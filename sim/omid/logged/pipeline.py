"""The pipeline of a manager with a log: batches become entries, and begins do not wait.

Entries are appended in the order of their batches. Replies leave in that order, when the entries
are durable: the log's group commit.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from sim.omid.logged.ledger import Append
from sim.omid.pipeline import Batch, Pipeline

if TYPE_CHECKING:
    from sim.omid.logged.manager import LoggedManager
    from sim.omid.manager import Manager


class LogPipeline(Pipeline):
    """The batches of a manager that writes a log."""

    def __init__(self, manager: Manager) -> None:
        super().__init__(manager)
        self.records: dict[int, list[Any]] = {}
        self.entries = 0

    @property
    def logged(self) -> LoggedManager:
        """The manager, known to have a log."""
        return cast("LoggedManager", self.manager)

    def record(self, record: Any) -> None:
        """Put a record into the entry that the present batch becomes."""
        self.records.setdefault(self._open().sequence, []).append(record)

    def put(self, batch: Batch) -> None:
        """Append the records of a batch to the log."""
        records = self.records.get(batch.sequence, ())
        if not records and not batch.other_rows:
            self._on_durable(batch)
            return
        self.entries += 1
        manager = self.logged
        manager.call(
            manager.ledger,
            manager.ledger.on_append,
            Append(manager.timestamps.epoch, self.entries, tuple(records), batch.other_rows),
            partial(self.on_appended, batch),
            timeout_ns=manager.store.timeout_ns,
            retry=True,
        )

    def on_appended(self, batch: Batch, taken: bool) -> None:
        """Go on with a durable batch, or halt: a newer manager has fenced the log."""
        if taken:
            self._on_durable(batch)
        else:
            self.manager.halt("the log was fenced by a newer manager")

    def reply(self, batch: Batch) -> None:
        """Let the manager know what is durable now, then answer."""
        self.logged.on_durable(self.records.pop(batch.sequence, []))
        super().reply(batch)
