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
    Mechanism(
        name="pending_registration",
        properties=("decided_at_begin", "snapshot_reads"),
        source=f"{FAST17}, algorithm 2, commit",
        summary="a commit timestamp is pending from the instant at which it is allocated",
    ),
    Mechanism(
        name="flush_before_reply",
        properties=("acknowledged_commits_durable", "invalid_never_acknowledged"),
        source=f"{FAST17}, algorithm 2, commit",
        summary="a commit is acknowledged only when it is in the commit table",
    ),
    Mechanism(
        name="snapshot_bound",
        properties=("snapshot_reads", "timestamps_unique"),
        source=f"{FAST17}, algorithm 1, get",
        summary="a snapshot ends below its start timestamp, which no commit shares",
    ),
    Mechanism(
        name="field_acknowledgement",
        properties=("completion_before_removal", "snapshot_reads"),
        source=f"{APACHE}, HBaseSyncPostCommitter",
        summary="the commit-table row stays until the store has confirmed every commit field",
    ),
    Mechanism(
        name="checkpoint_removal",
        properties=("snapshot_reads", "stable_resolution"),
        source=f"{APACHE}, OMID-144",
        summary="the commit table is asked by start timestamp, whatever checkpoint a version is of",
    ),
    Mechanism(
        name="row_removal",
        properties=(),
        source=f"{FAST17}, algorithm 1, commit",
        summary="the commit-table row of a completed transaction is removed",
    ),
    Mechanism(
        name="rollback",
        properties=("no_aborted_reads", "acknowledged_commits_durable", "snapshot_reads"),
        source=f"{FAST17}, algorithm 1, rollback",
        summary="a transaction that aborts removes its own versions and nothing else",
    ),
)
