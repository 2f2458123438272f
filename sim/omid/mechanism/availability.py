"""Mechanisms of high availability: the lease, the epoch, the allocation of timestamps."""

from __future__ import annotations

from typing import Final

from sim.omid.mechanism.register import APACHE, FAST17, Mechanism

MECHANISMS: Final[tuple[Mechanism, ...]] = (
    Mechanism(
        name="lease_commit_check",
        properties=("frozen_snapshot", "snapshot_reads"),
        source=f"{FAST17}, section 6, property P2",
        summary="a commit request is accepted only under a valid lease",
    ),
    Mechanism(
        name="lease_begin_check",
        properties=("real_time_order",),
        source=f"{APACHE}, PersistenceProcessorHandler",
        summary="a start timestamp is answered only under a valid lease",
    ),
    Mechanism(
        name="lease_precheck",
        properties=(),
        source=f"{APACHE}, PersistenceProcessorHandler",
        summary="the lease is checked before a batch is put into the commit table",
    ),
    Mechanism(
        name="lease_postcheck",
        properties=(
            "invalid_never_acknowledged",
            "acknowledged_commits_durable",
            "no_aborted_reads",
        ),
        source=f"{FAST17}, algorithm 3, tmCheckInvalidate",
        summary="the lease is checked after the put and before the reply",
    ),
    Mechanism(
        name="lease_wait",
        properties=("one_lease_holder", "frozen_snapshot"),
        source=f"{FAST17}, section 6",
        summary="a backup waits a whole lease, and the drift bound, before it takes over",
    ),
    Mechanism(
        name="epoch_advance",
        properties=("timestamps_unique",),
        source=f"{FAST17}, section 6, property P1",
        summary="a new manager starts above every timestamp that was ever allocated",
    ),
    Mechanism(
        name="epoch_abort",
        properties=("first_committer_wins", "conflict_detection_sound"),
        source=f"{FAST17}, section 6",
        summary="a new manager refuses transactions that began before its epoch",
    ),
    Mechanism(
        name="epoch_lease",
        properties=(
            "acknowledged_commits_durable",
            "invalid_never_acknowledged",
            "low_water_mark_safe",
        ),
        source="ours: whoever stalls between lease and epoch must not get the highest epoch",
        summary="an epoch is taken only under the lease that it was won with",
    ),
    Mechanism(
        name="lease_origin",
        properties=("one_lease_holder", "frozen_snapshot"),
        source=f"{APACHE}, LeaseManager",
        summary="a lease is measured from before its request left",
    ),
    Mechanism(
        name="lease_clock",
        properties=("frozen_snapshot", "snapshot_reads"),
        source="ours: the Apache code measures leases by the time of day",
        summary="a lease is measured by a clock that nobody sets",
    ),
    Mechanism(
        name="lease_token",
        properties=(
            "invalid_never_acknowledged",
            "acknowledged_commits_durable",
            "no_aborted_reads",
        ),
        source="ours: a manager that lost its lease halts, and wins no other in that life",
        summary="what was accepted under one lease is not answered under another",
    ),
    Mechanism(
        name="synchronous_halt",
        properties=(
            "invalid_never_acknowledged",
            "acknowledged_commits_durable",
            "no_aborted_reads",
            "frozen_snapshot",
            "snapshot_reads",
        ),
        source=f"{FAST17}, algorithm 3, HALT",
        summary="a manager that decides to halt does nothing more",
    ),
    Mechanism(
        name="timestamp_bound_check",
        properties=("timestamps_unique",),
        source=f"{FAST17}, algorithm 3, checkRenew, property P1",
        summary="the bound of timestamps is raised only by who saw its last change",
    ),
    Mechanism(
        name="range_durability",
        properties=("timestamps_unique",),
        source=f"{FAST17}, algorithm 3, checkRenew, property P1",
        summary="no timestamp is handed out before the range that it is from is durable",
    ),
    Mechanism(
        name="epoch_loop",
        properties=("invalid_never_acknowledged", "acknowledged_commits_durable"),
        source=f"{APACHE}, AbstractTransactionManager.begin",
        summary="a start timestamp below the epoch that its client knows is thrown away",
    ),
    Mechanism(
        name="lease_guard",
        properties=(),
        source=f"{FAST17}, algorithm 3, checkRenew",
        summary="a manager renews its lease while the guard is left of it",
    ),
)
