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
)
