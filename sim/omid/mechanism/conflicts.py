"""Mechanisms of conflict detection."""

from __future__ import annotations

from typing import Final

from sim.omid.mechanism.register import APACHE, FAST17, Mechanism

MECHANISMS: Final[tuple[Mechanism, ...]] = (
    Mechanism(
        name="overflow_abort",
        properties=("first_committer_wins", "conflict_detection_sound"),
        source=f"{FAST17}, algorithm 2, conflictDetect",
        summary="a full bucket evicts its oldest entry, or aborts who is older than all",
    ),
    Mechanism(
        name="certification",
        properties=("first_committer_wins", "conflict_detection_sound"),
        source=f"{FAST17}, algorithm 2, conflictDetect",
        summary="a write set is certified against every commit that was accepted before",
    ),
    Mechanism(
        name="conflict_bound",
        properties=("first_committer_wins", "conflict_detection_sound"),
        source=f"{FAST17}, algorithm 2, conflictDetect",
        summary="a write is in conflict when it was committed after the transaction's start",
    ),
    Mechanism(
        name="whole_write_set",
        properties=("first_committer_wins", "conflict_detection_sound"),
        source=f"{FAST17}, algorithm 1, put",
        summary="the write set of a commit request has every key that was written",
    ),
    Mechanism(
        name="bucket_latch",
        properties=("first_committer_wins", "conflict_detection_sound"),
        source=f"{FAST17}, algorithm 2, conflictDetect",
        summary="a key is checked and entered in one step",
    ),
    Mechanism(
        name="residual_entries",
        properties=("first_committer_wins", "conflict_detection_sound"),
        source=f"{FAST17}, algorithm 2, conflictDetect",
        summary="what an aborted transaction has entered into the conflict table stays",
    ),
    Mechanism(
        name="low_water_mark_bound",
        properties=("low_water_mark_safe", "acknowledged_commits_durable"),
        source=f"{APACHE}, RequestProcessorImpl.handleCommit",
        summary="a transaction that began at or below the low water mark cannot commit",
    ),
)
