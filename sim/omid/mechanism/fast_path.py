"""Mechanisms of the fast path of Omid FP: the local version clock, and what a region checks."""

from __future__ import annotations

from typing import Final

from sim.omid.mechanism.register import VLDB18, Mechanism

_ALGORITHM: Final = f"{VLDB18}, algorithm 4"

MECHANISMS: Final[tuple[Mechanism, ...]] = (
    Mechanism(
        name="read_bump",
        properties=("fast_path_versions_ascend", "snapshot_reads", "generalized_snapshot_reads"),
        source=f"{_ALGORITHM}, preGet",
        summary="a snapshot that reads a key pushes the version clock of its region above itself",
    ),
    Mechanism(
        name="commit_bump",
        properties=("fast_path_versions_ascend", "key_order", "snapshot_reads"),
        source=f"{_ALGORITHM}, preUpdate",
        summary="a commit that is completed pushes the version clock of its region above itself",
    ),
    Mechanism(
        name="newer_commit_check",
        properties=("first_committer_wins", "generalized_snapshot_reads", "snapshot_reads"),
        source=f"{_ALGORITHM}, prePut",
        summary="a regular write is refused where somebody has committed above its snapshot",
    ),
    Mechanism(
        name="tentative_check",
        properties=("first_committer_wins", "generalized_snapshot_reads", "snapshot_reads"),
        source=f"{_ALGORITHM}, putVersion",
        summary="a fast-path write is refused where somebody's tentative version stands",
    ),
    Mechanism(
        name="version_clock_renewal",
        properties=("fast_path_versions_ascend", "key_order", "snapshot_reads"),
        source=f"{VLDB18}, section 4: a region that moved fetches a timestamp first",
        summary="a region that has lost its version clock asks the manager before it commits",
    ),
    Mechanism(
        name="sequence_bound",
        properties=("real_time_order", "snapshot_reads"),
        source=f"{_ALGORITHM}, putVersion",
        summary="a fast-path write is refused when the local sequence is used up",
    ),
)
