"""Mechanisms of a commit: barrier, order of replies, completion, rollback."""

from __future__ import annotations

from typing import Final

from sim.omid.mechanism.register import APACHE, FAST17, Mechanism

MECHANISMS: Final[tuple[Mechanism, ...]] = (
    Mechanism(
        name="begin_barrier",
        properties=("decided_at_begin", "snapshot_reads", "bank_sum"),
        source=f"{FAST17}, algorithm 2, begin",
        summary="a begin is answered only when every smaller commit timestamp is durable",
    ),
    Mechanism(
        name="reply_order",
        properties=("decided_at_begin", "snapshot_reads"),
        source=f"{APACHE}, ReplyProcessor",
        summary="replies leave in the order of their batches, whichever writer is first",
    ),
    Mechanism(
        name="completion_order",
        properties=("completion_before_removal", "snapshot_reads"),
        source=f"{FAST17}, algorithm 1, commit",
        summary="the commit-table row goes only after every commit field is written",
    ),
    Mechanism(
        name="flush_before_commit",
        properties=("no_intermediate_reads", "own_writes", "snapshot_reads"),
        source=f"{FAST17}, algorithm 1, put",
        summary="every write is in the store before the commit request leaves the client",
    ),
)
