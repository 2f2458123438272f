"""The register of mechanisms: the named parts of Omid that its properties rest on.

A mechanism is a method (or a setting) that can be taken out. Simulator, specifications,
scenarios and reports use these names. This module imports nothing of ours, so that
specifications may read it without loading a simulator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """One part of the protocol, the properties that rest on it, and where it comes from."""

    name: str
    properties: tuple[str, ...]
    source: str
    summary: str


_FAST17: Final = "Shacham et al., FAST'17"
_VLDB18: Final = "Bortnikov et al., VLDB'18"
_APACHE: Final = "Apache Phoenix-Omid"

MECHANISMS: Final[tuple[Mechanism, ...]] = (
    Mechanism(
        name="begin_barrier",
        properties=("decided_at_begin", "snapshot_reads", "bank_sum"),
        source=f"{_FAST17}, algorithm 2, begin",
        summary="a begin is answered only when every smaller commit timestamp is durable",
    ),
    Mechanism(
        name="reply_order",
        properties=("decided_at_begin", "snapshot_reads"),
        source=f"{_APACHE}, ReplyProcessor",
        summary="replies leave in the order of their batches, whichever writer is first",
    ),
    Mechanism(
        name="invalidation",
        properties=("snapshot_reads", "stable_resolution"),
        source=f"{_FAST17}, section 6, algorithm 3, property P3",
        summary="a reader invalidates an older manager's undecided transaction",
    ),
    Mechanism(
        name="reread_after_invalidation",
        properties=("snapshot_reads", "stable_resolution"),
        source=f"{_VLDB18}, section 3.2",
        summary="after an invalidation the commit field is read again",
    ),
    Mechanism(
        name="reread",
        properties=("snapshot_reads",),
        source=f"{_FAST17}, algorithm 1, getTentativeValue",
        summary="a tentative version without a commit-table row is read again",
    ),
    Mechanism(
        name="healing",
        properties=("commit_fields_agree", "one_commit_timestamp"),
        source=f"{_FAST17}, algorithm 1, helping",
        summary="a reader fills the commit field that it learnt from the commit table",
    ),
    Mechanism(
        name="completion_order",
        properties=("completion_before_removal", "snapshot_reads"),
        source=f"{_FAST17}, algorithm 1, commit",
        summary="the commit-table row goes only after every commit field is written",
    ),
    Mechanism(
        name="lease_commit_check",
        properties=("frozen_snapshot", "snapshot_reads"),
        source=f"{_FAST17}, section 6, property P2",
        summary="a commit request is accepted only under a valid lease",
    ),
    Mechanism(
        name="lease_begin_check",
        properties=("real_time_order",),
        source=f"{_APACHE}, PersistenceProcessorHandler",
        summary="a start timestamp is answered only under a valid lease",
    ),
    Mechanism(
        name="flush_before_commit",
        properties=("no_intermediate_reads", "own_writes", "snapshot_reads"),
        source=f"{_FAST17}, algorithm 1, put",
        summary="every write is in the store before the commit request leaves the client",
    ),
    Mechanism(
        name="lease_precheck",
        properties=(),
        source=f"{_APACHE}, PersistenceProcessorHandler",
        summary="the lease is checked before a batch is put into the commit table",
    ),
    Mechanism(
        name="lease_postcheck",
        properties=(
            "invalid_never_acknowledged",
            "acknowledged_commits_durable",
            "no_aborted_reads",
        ),
        source=f"{_FAST17}, algorithm 3, tmCheckInvalidate",
        summary="the lease is checked after the put and before the reply",
    ),
    Mechanism(
        name="lease_wait",
        properties=("one_lease_holder", "frozen_snapshot"),
        source=f"{_FAST17}, section 6",
        summary="a backup waits a whole lease, and the drift bound, before it takes over",
    ),
    Mechanism(
        name="epoch_advance",
        properties=("timestamps_unique",),
        source=f"{_FAST17}, section 6, property P1",
        summary="a new manager starts above every timestamp that was ever allocated",
    ),
    Mechanism(
        name="epoch_abort",
        properties=("first_committer_wins", "conflict_detection_sound"),
        source=f"{_FAST17}, section 6",
        summary="a new manager refuses transactions that began before its epoch",
    ),
    Mechanism(
        name="overflow_abort",
        properties=("first_committer_wins", "conflict_detection_sound"),
        source=f"{_FAST17}, algorithm 2, conflictDetect",
        summary="a full bucket evicts its oldest entry, or aborts who is older than all",
    ),
    Mechanism(
        name="low_water_mark_after_flush",
        properties=("low_water_mark_safe", "acknowledged_commits_durable"),
        source=f"{_APACHE}, OMID-146",
        summary="a low water mark is persisted only after the commits below it are durable",
    ),
    Mechanism(
        name="collector_invalidation",
        properties=("acknowledged_commits_durable", "low_water_mark_safe"),
        source=f"{_APACHE}, OMID-146",
        summary="compaction invalidates a transaction before it drops its tentative version",
    ),
    Mechanism(
        name="collection_order",
        properties=("needed_versions_kept", "snapshot_reads"),
        source="ours: versions are ordered by commit timestamp when compaction chooses",
        summary="compaction keeps the newest version committed at or below the low water mark",
    ),
    Mechanism(
        name="read_only_low_water_mark",
        properties=("snapshot_reads",),
        source="ours: a read-only transaction has no other guard against collection",
        summary="a read-only transaction below the low water mark aborts",
    ),
    Mechanism(
        name="retry_invalidation",
        properties=("acknowledged_commits_durable", "no_aborted_reads"),
        source="ours: a retried commit is settled in the commit table before it is answered",
        summary="a retried commit that is not in the commit table is invalidated, then refused",
    ),
)
