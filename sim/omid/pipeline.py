"""The commit pipeline of a manager: batches, commit-table writers, replies in order.

The Apache code's PersistenceProcessor and ReplyProcessor. Requests join a batch; a closed batch
waits for a free writer, which puts its commits into the commit table; replies leave in the
order of the batches. A begin travels the same way, so its answer comes after every commit with
a smaller timestamp is durable: the barrier costs nothing extra.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sim.history import NONE, AbortReason, OracleKind
from sim.kernel.rpc import Call
from sim.omid.messages import Begun, Committed, Refused, Row

if TYPE_CHECKING:
    from sim.omid.manager import Manager
    from sim.omid.store import CommitTableRegion

BEGIN: Final = 0
COMMIT: Final = 1
ABORT: Final = 2
SETTLE: Final = 3


class Batch:
    """Requests whose answers leave together; `entries` are (kind, call, start, detail).

    `others` counts requests of the background, `other_rows` the commits among them.
    """

    __slots__ = (
        "commits",
        "entries",
        "low_water_mark",
        "other_rows",
        "others",
        "sequence",
        "unwritten",
    )

    def __init__(self, sequence: int) -> None:
        self.sequence = sequence
        self.entries: list[tuple[int, Call, int, int]] = []
        self.commits: list[tuple[int, int]] = []
        self.low_water_mark = NONE
        self.others = 0
        self.other_rows = 0
        self.unwritten = 0


class Pipeline:
    """The batches of one manager in one life."""

    def __init__(self, manager: Manager) -> None:
        self.manager = manager
        self.batch_entries = manager.settings.batch_entries
        self.batch_timeout_ns = manager.settings.batch_timeout_ns
        self.sequence = 0
        self.batch: Batch | None = None
        self.closed: deque[Batch] = deque()
        self.writers_free = manager.settings.commit_table_writers
        self.durable: dict[int, Batch] = {}
        self.next_reply = 1

    def begin(self, call: Call, start: int) -> None:
        """Queue the answer to a begin."""
        self._join((BEGIN, call, start, NONE))

    def commit(self, accepted: tuple[Call, int, int]) -> None:
        """Queue an accepted commit."""
        call, start, commit = accepted
        self._open().commits.append((start, commit))
        self._join((COMMIT, call, start, commit))

    def abort(self, call: Call, start: int, reason: AbortReason) -> None:
        """Queue a refusal."""
        self._join((ABORT, call, start, int(reason)))

    def settle(self, call: Call, start: int) -> None:
        """Queue a retried commit: it is settled when all that came before is durable.

        Mechanism `retry_order`.
        """
        self._join((SETTLE, call, start, NONE))

    def absorb(self, requests: int, rows: int) -> None:
        """Queue requests of the background, of which `rows` write a commit-table row.

        They fill batches as others do; rows are spread evenly over the requests.
        """
        while requests:
            batch = self._open()
            room = self.batch_entries - len(batch.entries) - batch.others
            taken = min(room, requests)
            taken_rows = rows * taken // requests
            batch.others += taken
            batch.other_rows += taken_rows
            requests -= taken
            rows -= taken_rows
            if taken == room:
                self._close(batch)

    def after_flush(self, low_water_mark: int) -> None:
        """Persist a low water mark when everything accepted so far is durable."""
        self._open().low_water_mark = low_water_mark

    def _open(self) -> Batch:
        batch = self.batch
        if batch is None:
            self.sequence += 1
            batch = self.batch = Batch(self.sequence)
            self.manager.timer(self.batch_timeout_ns, self._on_timeout, batch)
        return batch

    def _join(self, entry: tuple[int, Call, int, int]) -> None:
        batch = self._open()
        batch.entries.append(entry)
        if len(batch.entries) + batch.others >= self.batch_entries:
            self._close(batch)

    def _on_timeout(self, batch: Batch) -> None:
        if batch is self.batch:
            self._close(batch)

    def _close(self, batch: Batch) -> None:
        self.batch = None
        self.closed.append(batch)
        self._feed_writer(None)

    def _feed_writer(self, _: object) -> None:
        if self.closed and self.writers_free:
            self.writers_free -= 1
            self._flush(self.closed.popleft())

    def _flush(self, batch: Batch) -> None:
        manager = self.manager
        if not self.lease_precheck(batch) and self.ends("lease expired before a flush"):
            return
        manager.reach("flush.checked", self.put, batch)

    def lease_precheck(self, batch: Batch) -> bool:
        """Say whether the batch may be put into the commit table.

        Mechanism `lease_precheck`: fewer writes of a deposed manager; the safety lies in the
        check after the put.
        """
        return self.manager.lease.valid()

    def put(self, batch: Batch) -> None:
        """Put the commits of a batch into the commit table."""
        store = self.manager.store
        groups: dict[int, tuple[CommitTableRegion, list[tuple[int, int]]]] = {}
        for start, commit in batch.commits:
            table = store.table(start)
            groups.setdefault(table.number, (table, []))[1].append((start, commit))
        tables, others = store.tables, batch.other_rows
        if others:
            groups = {table.number: groups.get(table.number, (table, [])) for table in tables}
        if not groups:
            self._on_durable(batch)
            return
        batch.unwritten = len(groups)
        for place, (table, rows) in enumerate(groups.values()):
            self.manager.call(
                table,
                table.on_put_commits,
                (rows, (others + place) // len(tables)),
                partial(self._on_put, batch),
                timeout_ns=store.timeout_ns,
                retry=True,
            )

    def _on_put(self, batch: Batch, _answer: object) -> None:
        batch.unwritten -= 1
        if batch.unwritten == 0:
            self._on_durable(batch)

    def _on_durable(self, batch: Batch) -> None:
        self.manager.reach("flush.durable", self.lease_postcheck, batch)

    def lease_postcheck(self, batch: Batch) -> None:
        """Release the batch if the lease still stands after the put, else halt.

        Then no newer manager has served a reader before the put, so no invalid mark can be
        before it. A manager whose renewal fails halts, so a lease that is valid here was never
        lost in between. Mechanism `lease_postcheck`.
        """
        if self.manager.lease.valid() or not self.ends("lease expired after a flush"):
            self.finish(batch)

    def ends(self, why: str) -> bool:
        """Halt for a check that failed; say whether nothing comes after it.

        Mechanism `synchronous_halt`.
        """
        self.manager.halt(why)
        return True

    def finish(self, batch: Batch) -> None:
        """Free the writer and release what is in turn: the commits of the batch are durable.

        Mechanism `flush_before_reply`.
        """
        self.free_writer()
        self.release(batch)

    def free_writer(self) -> None:
        """Let the writer take the next batch."""
        self.writers_free += 1
        self.manager.timer(0, self._feed_writer)

    def release(self, batch: Batch) -> None:
        """Release durable batches in sequence. Mechanism `reply_order`."""
        self.durable[batch.sequence] = batch
        self._release_next()

    def _release_next(self) -> None:
        ready = self.durable.pop(self.next_reply, None)
        if ready is not None:
            self.next_reply += 1
            self.manager.reach("reply.released", self._reply_in_turn, ready)

    def _reply_in_turn(self, batch: Batch) -> None:
        self.reply(batch)
        self._release_next()

    def reply(self, batch: Batch) -> None:
        """Send every answer of a batch, in order of arrival."""
        manager = self.manager
        oracle, now_ns, number = manager.oracle, manager.kernel.now, manager.number
        epoch = manager.timestamps.epoch
        for kind, call, start, detail in batch.entries:
            if kind == BEGIN:
                oracle.add(OracleKind.BEGIN_REPLIED, now_ns, number, start, NONE, epoch)
                self.send_begin(call, Begun(start, epoch))
            elif kind == COMMIT:
                oracle.add(OracleKind.COMMIT_REPLIED, now_ns, number, start, NONE, detail)
                call.reply(Committed(detail))
            elif kind == ABORT:
                self.reply_abort(call, start, detail)
            else:
                self.reply_other(kind, call, start)
        if batch.low_water_mark != NONE:
            manager.persist_low_water_mark(batch.low_water_mark)

    def send_begin(self, call: Call, begun: Begun) -> None:
        """Send the answer to a begin."""
        call.reply(begun)

    def reply_other(self, kind: int, call: Call, start: int) -> None:
        """Answer what is neither a begin nor a decision: a retry, which is settled now."""
        self.manager.run(self.settle_retry(call, start))

    def reply_abort(self, call: Call, start: int, reason: int) -> None:
        """Send one refusal."""
        manager = self.manager
        manager.oracle.add(
            OracleKind.ABORT_REPLIED, manager.kernel.now, manager.number, start, extra=reason
        )
        call.reply(Refused(reason))

    def settle_retry(self, call: Call, start: int) -> Generator[Any, Any, None]:
        """Answer a retried commit from the commit table, where its first try may have landed.

        The first try may also be in flight from a deposed manager, so a missing row is
        invalidated before the refusal. The client looks at its commit field before it believes
        that refusal. Mechanism `retry_invalidation`.
        """
        manager = self.manager
        row: Row | None = yield manager.store.get_row(start)
        if row is None:
            row = yield from self.force_retry(start)
        if row is None or row.invalid:
            self.reply_abort(call, start, AbortReason.INVALIDATED)
            return
        manager.oracle.add(
            OracleKind.COMMIT_REPLIED,
            manager.kernel.now,
            manager.number,
            start,
            timestamp=row.commit,
        )
        call.reply(Committed(row.commit))

    def force_retry(self, start: int) -> Generator[Any, Any, Row | None]:
        """Forbid the commit that is not in the commit table; return the row if it just came."""
        row: Row | None = yield self.manager.store.invalidate(start)
        return row
