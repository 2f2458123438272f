"""Mechanisms that settle what is undecided: tentative versions and lost answers."""

from __future__ import annotations

from typing import Final

from sim.omid.mechanism.register import FAST17, VLDB18, Mechanism

MECHANISMS: Final[tuple[Mechanism, ...]] = (
    Mechanism(
        name="invalidation",
        properties=("snapshot_reads", "stable_resolution"),
        source=f"{FAST17}, section 6, algorithm 3, property P3",
        summary="a reader invalidates an older manager's undecided transaction",
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
        name="healing",
        properties=("commit_fields_agree", "one_commit_timestamp"),
        source=f"{FAST17}, algorithm 1, helping",
        summary="a reader fills the commit field that it learnt from the commit table",
    ),
    Mechanism(
        name="retry_invalidation",
        properties=("acknowledged_commits_durable", "no_aborted_reads"),
        source="ours: a retried commit is settled in the commit table before it is answered",
        summary="a retried commit that is not in the commit table is invalidated, then refused",
    ),
)
