"""Constants of an Omid deployment, in integer nanoseconds and counts.

Defaults are those of the Apache code line (Phoenix-Omid) where it names one; the others are
marked as ours. A scenario overrides any of them by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

US: Final = 1_000
MS: Final = 1_000_000
S: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """How many nodes of each role a deployment has."""

    clients: int = 8
    managers: int = 2
    regions: int = 4
    commit_table_regions: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every tunable of the protocol; durations end in `_ns`."""

    lease_ns: int = 10 * S
    """Lease period (code: leasePeriodInMs = 10000; the paper does not state its own)."""
    lease_guard_percent: int = 25
    """A manager renews when this share of the lease is left (code: a quarter)."""
    drift_bound_ppm: int = 1_000
    """Bound on the rate error of any local clock; the backup waits that much longer (ours)."""
    restart_ns: int = 1 * S
    """How long a halted manager takes to come back as a backup (ours)."""
    backup_start_ns: int = 100 * MS
    """The backups come up this long after tm.1, which is thus the first primary (ours)."""

    timestamp_range: int = 1_000_000
    """Timestamps allocated by one compare-and-set on the coordinator (code: 10 M)."""
    timestamp_refill: int = 100_000
    """A new range is asked for when fewer than this many are left (code: 1 M)."""
    timestamp_type: str = "incremental"
    """Timestamps of `omid-apache`: "incremental" counts, "world_time" follows the time of day
    (code: WORLD_TIME since OMID-161; ours counts, so that runs of all variants are alike)."""
    world_time_range_ns: int = 10 * S
    """World time is allocated so far ahead (code: TIMESTAMP_INTERVAL_MS = 10000)."""
    world_time_renewal_ns: int = 7 * S
    """World time is allocated so often (code: TIMESTAMP_ALLOCATION_INTERVAL_MS = 7000)."""

    conflict_table_entries: int = 1 << 20
    """Slots of the conflict table (code: 100 M)."""
    bucket_entries: int = 32
    """Slots of one bucket (code: associativity 32)."""

    commit_table_writers: int = 2
    """Batches that may be in flight to the commit table at a time."""
    batch_entries: int = 25
    """Requests in a batch before it is flushed (code: batchSizePerCTWriter)."""
    batch_timeout_ns: int = 10 * MS
    """Longest wait of a request for its batch to fill (code: 10 ms)."""

    low_water_mark_period_ns: int = 0
    """How often the low water mark is raised; 0 never raises it but at a failover (ours)."""
    low_water_mark_lag_ns: int = 5 * S
    """The mark is raised to the timestamp that was current this long ago (ours)."""
    compaction_period_ns: int = 0
    """How often each region compacts; 0 is never (ours)."""
    compaction_rows: int = 256
    """Keys that one compaction pass of a region visits (ours)."""
    compaction_major_every: int = 1
    """Every so many passes of a region one is a major compaction (ours; 1: all are)."""
    cleaner_period_ns: int = 0
    """How often the background cleaner sweeps; 0 is never (ours)."""

    request_timeout_ns: int = 5 * S
    """A client's time-out for one request to the manager (code: 5000 ms)."""
    request_retries: int = 5
    """Retries of one request to the manager (code: 5)."""
    reconnect_ns: int = 1 * S
    """A client without a manager asks the coordinator again after this (ours)."""
    apache_reconnect_ns: int = 10 * S
    """A client of `omid-apache` that was refused a connection tries again after this (code:
    reconnectionDelayInSecs = 10)."""
    apache_handover_ns: int = 0
    """A start timestamp of `omid-apache` reaches the thread of the application so long after it
    reached its client (ours; 0 is at once)."""
    apache_exit_ns: int = 10 * MS
    """A manager of `omid-apache` that panics goes on for so long: another thread ends the process
    (ours)."""
    apache_flush_timeout_ns: int = 60 * S
    """A put into the commit table of `omid-apache` fails after this (ours: the time-outs are those
    of its HBase client)."""
    store_timeout_ns: int = 1 * S
    """A request to a region or to the commit table is sent again after this (ours)."""
    session_timeout_ns: int = 30 * S
    """The coordinator expires a session without a heartbeat for this long (ours)."""

    manager_service_ns: int = 5 * US
    """CPU time of a manager for one request (ours)."""
    manager_key_ns: int = 0
    """CPU time of a manager for each key of a write set, beside that of the request (ours)."""
    region_service_ns: int = 50 * US
    """Time of a region server for one operation (ours)."""
    region_put_ns: int = 0
    """What a put or a removal takes beside `region_service` (ours)."""
    region_mutate_ns: int = 0
    """What a check-and-mutate takes beside `region_service` (ours)."""
    region_threads: int = 16
    """Operations that a region server, or one of the commit table, works on at once (ours)."""
    commit_table_service_ns: int = 500 * US
    """Time of a commit-table region for one request, a whole batch included (ours)."""
    commit_table_put_ns: int = 0
    """What a put or a removal takes beside `commit_table_service` (ours)."""
    commit_table_mutate_ns: int = 0
    """What a check-and-mutate takes beside `commit_table_service` (ours)."""
    commit_table_batch_ns: int = 0
    """What a batch of a manager takes beside `commit_table_service` (ours)."""
    commit_table_row_ns: int = 0
    """What each row of a batch takes beside the batch itself (ours)."""
    store_spread_ppm: int = 0
    """Spread of the time that a region or a commit-table region takes: the sigma of a log-normal
    factor of mean 1, in parts per million; 0 is none (ours)."""

    invalidation_wait_ns: int = 0
    """A reader of `omid-ll` gives an undecided writer so long before it invalidates it (VLDB'18
    leaves it open; 0 is at once)."""

    sequence_bits: int = 20
    """Bits below a timestamp of `omid-fp` for the local sequence of a region (paper: 20)."""

    lock_time_to_live_ns: int = 1 * S
    """A reader of `percolator` breaks a lock that is older than this (ours)."""
    lock_backoff_ns: int = 1 * MS
    """A reader of `percolator` that meets a lock looks again after this, then after twice as
    long, up to the time to live (ours)."""

    prewrites: str = "together"
    """How a client of `percolator` locks the keys after the primary: "together", or "one_by_one"
    as a synchronous store does whose check-and-mutate takes one row (ours)."""

    read_only_commit: str = "store"
    """Whom a read-only transaction asks for the low water mark when it commits: "store", or
    "manager", which must then hold a valid lease (VLDB'18 measures a round trip to the manager)."""

    payload_entry_ns: int = 100
    """Time of a manager's wire for one entry of what `omid1` and `tephra` send with a begin (ours:
    some 16 bytes at 1 Gbit/s)."""
    replay_entry_ns: int = 1 * US
    """Time of a new manager of `omid1` or `tephra` for one record of the log (ours)."""
    transaction_timeout_ns: int = 30 * S
    """A transaction of `tephra` that is older than this is invalid (code: data.tx.timeout = 30)."""
    expiry_period_ns: int = 10 * S
    """How often a manager of `tephra` looks for such (code: data.tx.cleanup.interval = 10)."""
    snapshot_period_ns: int = 300 * S
    """How often a manager of `tephra` saves a snapshot (code: data.tx.snapshot.interval = 300)."""
    versions_per_get: int = 4
    """Versions that a client of `omid1` fetches at a time (ours)."""

    completion: str = "sync"
    """"sync" completes a transaction before its client goes on, "async" beside it."""
