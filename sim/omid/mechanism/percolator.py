"""Mechanisms of two-phase commit over locks: order, roll-back, waiting."""

from __future__ import annotations

from typing import Final

from sim.omid.mechanism.register import Mechanism

_OSDI10: Final = "Peng and Dabek, OSDI'10, section 2.2"

MECHANISMS: Final[tuple[Mechanism, ...]] = (
    Mechanism(
        name="primary_order",
        properties=("no_aborted_reads", "commit_fields_agree", "snapshot_reads"),
        source=_OSDI10,
        summary="the primary commits before any secondary shows the commit",
    ),
    Mechanism(
        name="rollback_lock_check",
        properties=("acknowledged_commits_durable", "snapshot_reads"),
        source=_OSDI10,
        summary="a primary is rolled back only while its lock still stands",
    ),
    Mechanism(
        name="lock_check",
        properties=("snapshot_reads", "bank_sum"),
        source=_OSDI10,
        summary="a reader waits for a lock below its snapshot, or breaks it",
    ),
)
