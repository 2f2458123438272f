"""The log of Tephra and the pipeline that fills it: every answer waits for its edit."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from sim.history import NONE, OracleKind
from sim.kernel.rpc import Call
from sim.omid.logged.ledger import Ledger, Log
from sim.omid.logged.pipeline import LogPipeline
from sim.omid.messages import Begun, Committed
from sim.omid.tephra.messages import CLEARED, TAKEN, Snapshot
from sim.omid.tephra.state import Ended, Invalidated

if TYPE_CHECKING:
    from sim.omid.manager import Manager
    from sim.omid.pipeline import Batch
    from sim.omid.tephra.manager import ListManager

CLEAR: Final = 4
TAKE: Final = 5


class Save(NamedTuple):
    """A snapshot, from the manager of an epoch."""

    epoch: int
    log: Log


class EditLedger(Ledger):
    """The write-ahead log: what is in it is decided."""

    def on_durable(self, record: Any) -> None:
        """Log the decision that an edit makes."""
        if isinstance(record, Ended) and record.commit != NONE:
            self.log(OracleKind.COMMIT_TABLE_PUT, record.start, timestamp=record.commit)
        elif isinstance(record, Invalidated):
            self.log(OracleKind.COMMIT_TABLE_INVALIDATED, record.start)


class EditPipeline(LogPipeline):
    """The pipeline of a manager of Tephra."""

    def __init__(self, manager: Manager) -> None:
        super().__init__(manager)
        self.excluded: dict[int, tuple[int, ...]] = {}
        self.snapshots: dict[int, Log] = {}

    @property
    def lists(self) -> ListManager:
        """The manager, known to keep lists."""
        return cast("ListManager", self.manager)

    def begin_without(self, call: Call, start: int, excluded: tuple[int, ...]) -> None:
        """Queue the answer to a begin, with whom it excludes."""
        self.excluded[start] = excluded
        self.begin(call, start)

    def send_begin(self, call: Call, begun: Begun) -> None:
        """Send the answer to a begin, which is as large as its list."""
        excluded = self.excluded.pop(begun.start)
        self.lists.send_begin(call, Snapshot(begun, excluded), len(excluded))

    def confirm(self, kind: int, call: Call, start: int) -> None:
        """Queue the answer to what is no decision."""
        self._join((kind, call, start, NONE))

    def reply_other(self, kind: int, call: Call, start: int) -> None:
        """Say that the log has it."""
        if kind == CLEAR:
            call.reply(CLEARED)
        elif kind == TAKE:
            call.reply(TAKEN)
        else:
            super().reply_other(kind, call, start)

    def settle_retry(self, call: Call, start: int) -> Generator[Any, Any, None]:
        """Repeat the answer to the client's last commit."""
        yield from ()
        manager = self.lists
        _, commit = manager.state.outcomes[call.body.client]
        now_ns, number = manager.kernel.now, manager.number
        manager.oracle.add(OracleKind.COMMIT_REPLIED, now_ns, number, start, timestamp=commit)
        call.reply(Committed(commit))

    def save(self, log: Log) -> None:
        """Save a snapshot when the log has every edit that it covers."""
        self.snapshots[self._open().sequence] = log

    def reply(self, batch: Batch) -> None:
        """Answer; then save the snapshot that was waiting."""
        super().reply(batch)
        log = self.snapshots.pop(batch.sequence, None)
        if log is not None:
            manager = self.lists
            ledger, epoch = manager.ledger, manager.timestamps.epoch
            manager.tell(
                Call(ledger, ledger.on_save, Save(epoch, log), manager.store.timeout_ns, retry=True)
            )

    def absorb(self, requests: int, rows: int) -> None:
        """Queue requests of the background: each is an edit, and a commit that writes is two.

        Its transactions end at once, so they are on nobody's list; they get the list like all.
        """
        manager = self.lists
        settings, now_ns = manager.settings, manager.kernel.now
        manager.cpu.admit(now_ns, manager.work_ns(rows * settings.manager_service_ns))
        entries = (requests - rows) * (len(manager.state.in_progress) + len(manager.state.invalid))
        manager.wire.admit(now_ns, manager.work_ns(entries * settings.payload_entry_ns))
        super().absorb(requests + rows, requests + rows)
