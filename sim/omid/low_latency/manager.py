"""The manager of Omid LL: it certifies and answers at once, and never touches the commit table.

VLDB'18, algorithm 3. Without a commit table to write there is nothing to batch and nothing for
a begin to wait for. The lease is checked at every begin and every commit (`checkRenew`); it is
renewed in the background, as in the reference.
"""

from __future__ import annotations

from collections.abc import Callable

from sim.history import AbortReason, OracleKind
from sim.kernel.rpc import Call
from sim.omid.manager import Manager
from sim.omid.messages import Begun, Certified, Refused
from sim.omid.pipeline import Pipeline


class LowLatencyManager(Manager):
    """A transaction manager that keeps timestamps and conflicts, and nothing else."""

    def issue_start(self, handler: Callable[[Call], None], call: Call) -> int | None:
        """Return a start timestamp, after a look at the lease."""
        if self.serving and not self.may_begin():
            self.halt("lease expired before a begin")
            return None
        return super().issue_start(handler, call)

    def may_begin(self) -> bool:
        """Say whether a transaction may begin now.

        A deposed manager would hand out snapshots that miss what its successor has committed.
        Mechanism `lease_begin_check`.
        """
        return self.lease.valid()

    def settle(self, call: Call, start: int, reason: AbortReason) -> None:
        """Refuse a retried commit that meets its own first try, or was overtaken by another.

        Nobody but the asking client could have put it into the commit table, and it has not.
        """
        self.refuse(call, start, reason)


class ImmediateReplies(Pipeline):
    """Every answer leaves as soon as the processor is done with the request."""

    def begin(self, call: Call, start: int) -> None:
        """Answer a begin: who commits below it may still be on the way to the commit table."""
        epoch = self.manager.timestamps.epoch
        self._log(OracleKind.BEGIN_REPLIED, start, timestamp=epoch)
        self._send(call, Begun(start, epoch))

    def commit(self, accepted: tuple[Call, int, int]) -> None:
        """Tell the client that it may put its commit into the commit table."""
        call, _, commit = accepted
        self._send(call, Certified(commit))

    def abort(self, call: Call, start: int, reason: AbortReason) -> None:
        """Refuse."""
        manager = self.manager
        manager.oracle.add(
            OracleKind.ABORT_REPLIED, manager.kernel.now, manager.number, start, extra=reason
        )
        self._send(call, Refused(reason))

    def absorb(self, requests: int, rows: int) -> None:
        """Answer the background: its clients write the commit table themselves, elsewhere."""

    def after_flush(self, low_water_mark: int) -> None:
        """Persist the mark: compaction forces the decision of what was accepted below it."""
        self.manager.persist_low_water_mark(low_water_mark)

    def _log(self, kind: OracleKind, start: int, *, timestamp: int) -> None:
        manager = self.manager
        manager.oracle.add(kind, manager.kernel.now, manager.number, start, timestamp=timestamp)

    def _send(self, call: Call, answer: object) -> None:
        manager = self.manager
        call.reply(answer, manager.work_ns(manager.settings.manager_service_ns))
