"""The status oracle of Omid1: begins, commits and their replication, all from memory.

Gómez Ferro et al., ICDE'14. A commit is decided in memory, replicated to clients with their next
begins, and acknowledged when it is in the log. So that no begin waits for the log, an answer also
names the commits that are still on their way there; a reader that meets one of those asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

from sim.history import NONE, AbortReason, OracleKind
from sim.kernel.rpc import Call
from sim.omid.logged.ledger import Ledger, Log
from sim.omid.logged.manager import LoggedManager
from sim.omid.logged.pipeline import LogPipeline
from sim.omid.messages import NOT_SERVING, Begun, Committed
from sim.omid.omid1.messages import Answer, Closing, Confirm, Confirmed, Entry, Known
from sim.omid.omid1.table import LastCommits
from sim.omid.omid1.view import LONG_AGO, Change, View

if TYPE_CHECKING:
    from collections.abc import Generator

CHANGES_KEPT: Final = 1 << 16
"""Changes that the oracle keeps for clients that lag behind; who lags more gets everything."""


class StatusLedger(Ledger):
    """The log of a status oracle: a commit that is in it is decided."""

    def on_durable(self, record: Any) -> None:
        """Log the decision that a record makes."""
        if isinstance(record, Entry) and record.change.commit > LONG_AGO:
            start, commit = record.change
            self.log(OracleKind.COMMIT_TABLE_PUT, start, timestamp=commit)


class StatusOracle(LoggedManager):
    """The manager of Omid1."""

    conflicts: LastCommits

    def forget(self) -> None:
        """Start from nothing."""
        super().forget()
        self.view = View()
        self.uncommitted: dict[int, None] = {}
        self.pending: dict[int, int] = {}
        self.asked: dict[int, list[Call]] = {}
        self.changes: list[Change] = []
        self.changes_dropped = 0
        self.others = 0

    def restore(self, log: Log) -> None:
        """Replay the log, and close the time of the oracles before."""
        view = self.view
        for record in log.records:
            if isinstance(record, Closing):
                view.close(record.epoch)
                continue
            view.learn(record.change)
            if record.hashes:
                self.conflicts.enter_all(record.change.commit, record.hashes)
                view.raise_mark(self.conflicts.mark)
        epoch = self.timestamps.epoch
        view.close(epoch)
        self.pipeline.record(Closing(epoch))

    # Begin

    def answer_begin(self, call: Call, start: int) -> None:
        """Answer at once, if the lease still stands: nothing below `start` may be missed."""
        if not self.lease.valid():
            self.halt("lease expired before a begin")
            return
        known: Known = call.body.known
        for settled in known.settled:
            self.settle_start(settled)
        self.uncommitted[start] = None
        epoch, now_ns = self.timestamps.epoch, self.kernel.now
        answer, entries = self.inform(known, Begun(start, epoch))
        self.oracle.add(OracleKind.BEGIN_REPLIED, now_ns, self.number, start, timestamp=epoch)
        self.send_begin(call, answer, entries)

    def inform(self, known: Known, begun: Begun) -> tuple[Answer, int]:
        """Return all that changed since a client's last begin, and how many entries that is.

        A client of another epoch, or one that lags too far behind, gets everything.
        """
        since = known.position - self.changes_dropped
        position = self.changes_dropped + len(self.changes)
        pending = tuple(self.pending.items())
        view, others = None, 0
        changes: tuple[Change, ...] = ()
        if known.epoch == begun.epoch and since >= 0:
            changes = self.delta(since)
            others = self.others - known.others
        else:
            view = self.view.copy()
        answer = Answer(begun, position, self.others, self.view.mark, changes, pending, view)
        entries = len(changes) + len(pending) + others + (0 if view is None else len(view))
        return answer, entries

    def delta(self, since: int) -> tuple[Change, ...]:
        """Return the changes that a client does not know yet. Mechanism `metadata_delta`."""
        return tuple(self.changes[since:])

    def settle_start(self, start: int) -> None:
        """Forget a transaction that did not commit and has left no version in the store."""
        self.uncommitted.pop(start, None)
        if start in self.view.aborted:
            self.change(Entry(Change(start, LONG_AGO)))

    def change(self, entry: Entry) -> None:
        """Take a change in, for the clients and for the log."""
        self.view.learn(entry.change)
        self.changes.append(entry.change)
        if len(self.changes) > 2 * CHANGES_KEPT:
            del self.changes[:CHANGES_KEPT]
            self.changes_dropped += CHANGES_KEPT
        self.pipeline.record(entry)

    # Commit

    def register(self, accepted: tuple[Call, int, int]) -> None:
        """Decide in memory, replicate, and queue the answer for when the log has it."""
        call, start, commit = accepted
        self.uncommitted.pop(start, None)
        self.pending[start] = commit
        self.change(Entry(Change(start, commit), call.body.hashes))
        mark = self.conflicts.mark
        if mark > self.view.mark:
            self.view.raise_mark(mark)
            self.abort_old(mark)
        super().register(accepted)

    def abort_old(self, mark: int) -> None:
        """Abort who began at or below the mark and has not committed.

        Mechanism `uncommitted_abort`: below the mark whoever is not aborted counts as committed.
        """
        for start in list(takewhile(lambda start: start <= mark, self.uncommitted)):
            del self.uncommitted[start]
            self.change(Entry(Change(start, NONE)))

    def on_durable(self, records: Sequence[Any]) -> None:
        """Tell those who asked for commits that are durable now."""
        for record in records:
            if isinstance(record, Entry) and record.change.commit > LONG_AGO:
                start, commit = record.change
                self.pending.pop(start, None)
                for call in self.asked.pop(start, ()):
                    call.reply(Confirmed(commit))

    def on_confirm(self, call: Call) -> None:
        """Say what became of a commit that was not durable."""
        self.admit(self.confirm, call)

    def confirm(self, call: Call) -> None:
        """Answer at once, or when the log has the commit."""
        asked: Confirm = call.body
        if not self.serving or asked.epoch > self.timestamps.epoch:
            call.reply(NOT_SERVING)
        elif asked.start in self.pending:
            self.asked.setdefault(asked.start, []).append(call)
        else:
            call.reply(Confirmed(self.view.commit_of(asked.start)))


class StatusPipeline(LogPipeline):
    """The pipeline of a status oracle."""

    def absorb(self, requests: int, rows: int) -> None:
        """Queue requests of the background; everybody hears of its commits, too.

        Its generators count as one client. Only commits wait for the log.
        """
        manager = self.manager
        assert isinstance(manager, StatusOracle)
        manager.others += rows
        payload_ns = manager.work_ns(rows * manager.settings.payload_entry_ns)
        manager.wire.admit(manager.kernel.now, payload_ns)
        super().absorb(rows, rows)

    def settle_retry(self, call: Call, start: int) -> Generator[Any, Any, None]:
        """Answer a retried commit from memory: the first try is durable, or never will be."""
        yield from ()
        manager = self.manager
        assert isinstance(manager, StatusOracle)
        commit = manager.view.commit_of(start)
        if commit == LONG_AGO:
            self.reply_abort(call, start, AbortReason.INVALIDATED)
        elif commit == NONE:
            self.reply_abort(call, start, AbortReason.CONFLICT)
        else:
            now_ns, number = manager.kernel.now, manager.number
            manager.oracle.add(OracleKind.COMMIT_REPLIED, now_ns, number, start, timestamp=commit)
            call.reply(Committed(commit))
