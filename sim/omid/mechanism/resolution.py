"""Mechanisms that settle what is undecided: tentative versions."""

from __future__ import annotations

from typing import Final

from sim.omid.mechanism.register import APACHE, FAST17, VLDB18, Mechanism

MECHANISMS: Final[tuple[Mechanism, ...]] = (
    Mechanism(
        name="invalidation",
        properties=("snapshot_reads", "stable_resolution"),
        source=f"{FAST17}, section 6, algorithm 3, property P3",
        summary="a reader invalidates an older manager's undecided transaction",
    ),
    Mechanism(
        name="invalid_mark_dominance",
        properties=("snapshot_reads", "stable_resolution", "no_aborted_reads"),
        source=f"{FAST17}, section 6, algorithm 3; {APACHE}, getCommitTimestamp",
        summary="an invalid mark counts whatever commit a deposed manager puts beside it",
    ),
    Mechanism(
        name="epoch_freshness",
        properties=("snapshot_reads", "stable_resolution"),
        source=f"{FAST17}, section 6; {APACHE}, the loop of AbstractTransactionManager.begin",
        summary="a reader knows the epoch of the manager that gave it its start timestamp",
    ),
    Mechanism(
        name="reread_after_invalidation",
        properties=("snapshot_reads", "stable_resolution"),
        source=f"{VLDB18}, section 3.2",
        summary="after an invalidation the commit field is read again",
    ),
    Mechanism(
        name="reread",
        properties=("snapshot_reads",),
        source=f"{FAST17}, algorithm 1, getTentativeValue",
        summary="a tentative version without a commit-table row is read again",
    ),
    Mechanism(
        name="fence_barrier",
        properties=(
            "decided_at_begin",
            "invalid_never_acknowledged",
            "acknowledged_commits_durable",
            "snapshot_reads",
        ),
        source="ours: a fence is answered behind the begin barrier",
        summary="a fence, which forces decisions below it, waits for the commits below it",
    ),
    Mechanism(
        name="healing",
        properties=("commit_fields_agree", "one_commit_timestamp"),
        source=f"{FAST17}, algorithm 1, helping",
        summary="a reader fills the commit field that it learnt from the commit table",
    ),
)
