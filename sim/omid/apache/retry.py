"""The RetryProcessor of the Apache code: how it answers a commit that is asked for again.

A retry travels in a batch. When that batch is written, whatever earlier batches do, the retry
leaves the order of the answers and is looked up in the commit table. A row that is there answers
it; a missing row is an abort, and nothing keeps the commit from landing afterwards. The code's
comment on that heuristic dates from the time of a single commit-table writer.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from sim.omid.messages import Row
from sim.omid.pipeline import SETTLE, Batch, Pipeline


class RetryHeuristics(Pipeline):
    """A pipeline that settles a retry when its own batch is written."""

    def finish(self, batch: Batch) -> None:
        """Hand over the retries of a batch, then let its other answers leave in their order."""
        retries = [entry for entry in batch.entries if entry[0] == SETTLE]
        if retries:
            batch.entries = [entry for entry in batch.entries if entry[0] != SETTLE]
            for _, call, start, _ in retries:
                self.manager.run(self.settle_retry(call, start))
        super().finish(batch)

    def force_retry(self, start: int) -> Generator[Any, Any, Row | None]:
        """Take a missing row for an aborted transaction."""
        yield from ()
        return None
