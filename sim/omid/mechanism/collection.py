"""Mechanisms of garbage collection: the low water mark and compaction."""

from __future__ import annotations

from typing import Final

from sim.omid.mechanism.register import APACHE, Mechanism

MECHANISMS: Final[tuple[Mechanism, ...]] = (
    Mechanism(
        name="low_water_mark_after_flush",
        properties=("low_water_mark_safe", "acknowledged_commits_durable"),
        source=f"{APACHE}, OMID-146",
        summary="a low water mark is persisted only after the commits below it are durable",
    ),
    Mechanism(
        name="collector_invalidation",
        properties=("acknowledged_commits_durable", "low_water_mark_safe"),
        source=f"{APACHE}, OMID-146",
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
        name="collection_bound",
        properties=("acknowledged_commits_durable", "snapshot_reads"),
        source=f"{APACHE}, OMID-135",
        summary="compaction leaves versions above the low water mark as they are, fields included",
    ),
    Mechanism(
        name="version_below_mark",
        properties=("needed_versions_kept", "acknowledged_commits_durable", "snapshot_reads"),
        source=f"{APACHE}, CompactorScanner",
        summary="compaction keeps one version of each key at or below the low water mark",
    ),
    Mechanism(
        name="tombstones",
        properties=("acknowledged_commits_durable", "snapshot_reads"),
        source=f"{APACHE}, CompactorScanner",
        summary="only a major compaction drops a tombstone, with all that is older",
    ),
    Mechanism(
        name="fresh_absence",
        properties=("snapshot_reads", "stable_resolution"),
        source=f"{APACHE}, OMID-129, OMID-138 and OMID-145",
        summary="that a commit-table row is absent is asked again each time, not remembered",
    ),
)
