"""How the Apache code persists and answers: PersistenceProcessor, its handlers, ReplyProcessor.

There are as many batches as commit-table writers, the one that is being filled included. When all
are in use, the thread that reads requests waits. A batch that is not full is closed when no request
at all came for a while. A handler looks at the lease, writes, looks again, and hands the batch on;
what it finds wrong makes the process exit, but from another thread, so the handler goes on. Batches
return to the pool when they are answered, in their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.history import NONE
from sim.kernel.rpc import Call
from sim.omid.apache.retry import RetryHeuristics
from sim.omid.pipeline import Batch

if TYPE_CHECKING:
    from sim.omid.apache.manager import ApacheManager
    from sim.omid.manager import Manager

FAILED = -1
"""Stands for the puts of a batch that nobody waits for any more."""


class ApachePipeline(RetryHeuristics):
    """The batches of one manager, from a pool."""

    manager: ApacheManager

    def __init__(self, manager: Manager) -> None:
        super().__init__(manager)
        self.batches_free = manager.settings.commit_table_writers
        self.heard_ns = 0
        self.mark_held = NONE
        self.others_held = 0
        self.other_rows_held = 0

    def is_full(self) -> bool:
        """Say whether the next request has to wait for a batch."""
        return self.batch is None and self.batches_free == 0

    def heard(self) -> None:
        """Note that a request came: the current batch stays open for a while."""
        self.heard_ns = self.manager.now_ns

    def absorb(self, requests: int, rows: int) -> None:
        """Queue requests of the background; what finds no batch waits like others."""
        self.heard()
        requests += self.others_held
        rows += self.other_rows_held
        while requests and not self.is_full():
            batch = self._open()
            taken = min(self.batch_entries - len(batch.entries) - batch.others, requests)
            taken_rows = rows * taken // requests
            super().absorb(taken, taken_rows)
            requests -= taken
            rows -= taken_rows
        self.others_held, self.other_rows_held = requests, rows

    def after_flush(self, low_water_mark: int) -> None:
        """Let a low water mark travel with the next commit that finds a batch."""
        if self.is_full():
            self.mark_held = low_water_mark
        else:
            super().after_flush(low_water_mark)

    def ends(self, why: str) -> bool:
        """Begin to exit, and go on."""
        self.manager.halt(why)
        return False

    def put(self, batch: Batch) -> None:
        """Put the commits of a batch into the commit table, for so long and no longer."""
        if batch.commits:
            self.manager.timer(
                self.manager.settings.apache_flush_timeout_ns, self.on_flush_due, batch
            )
        super().put(batch)

    def on_flush_due(self, batch: Batch) -> None:
        """Begin to exit because a put has failed, and go on as if it had not."""
        if batch.unwritten > 0:
            batch.unwritten = FAILED
            self.ends("error persisting a commit batch")
            self._on_durable(batch)

    def reply(self, batch: Batch) -> None:
        """Send every answer of a batch and return it to the pool."""
        super().reply(batch)
        self.batches_free += 1
        self.manager.on_timestamps()
        if self.others_held:
            self.manager.timer(0, self.absorb_held)

    def absorb_held(self, _: object) -> None:
        """Queue what waited of the background, after the requests that waited."""
        self.absorb(0, 0)

    def _open(self) -> Batch:
        if self.batch is not None:
            return self.batch
        assert self.batches_free > 0, "a request waits for a batch"
        self.batches_free -= 1
        batch = super()._open()
        batch.low_water_mark, self.mark_held = self.mark_held, NONE
        return batch

    def _join(self, entry: tuple[int, Call, int, int]) -> None:
        self.heard()
        super()._join(entry)

    def _on_timeout(self, batch: Batch) -> None:
        if batch is not self.batch:
            return
        left_ns = self.heard_ns + self.batch_timeout_ns - self.manager.now_ns
        if left_ns > 0:
            self.manager.timer(left_ns, self._on_timeout, batch)
        else:
            self._close(batch)
