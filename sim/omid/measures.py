"""What a run measured: flat integers, instants and durations in nanoseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.history import NONE, AbortReason, History, Integers, OracleKind, OracleLog, Outcome

if TYPE_CHECKING:
    from sim.omid.world import World

_QUANTILES = ((50, "p50"), (99, "p99"))


def measure(world: World, history: History, oracle: OracleLog) -> dict[str, int]:
    """Return every metric of a run by name."""
    workload = world.workload
    metrics = {
        "committed": workload.outcomes[Outcome.COMMITTED],
        "aborted": workload.outcomes[Outcome.ABORTED],
        "unknown": workload.outcomes[Outcome.UNKNOWN],
    }
    for reason in AbortReason:
        metrics[f"aborts_{reason.name.lower()}"] = workload.reasons[reason]
    deciders = (*world.clients, *world.regions, world.cleaner)
    metrics |= {
        "operations": history.operations,
        "invalidations": sum(node.invalidations for node in deciders),
        "rereads_hit": sum(node.rereads_hit for node in deciders),
        "heals": sum(node.heals for node in world.clients),
        "outcomes_resolved": sum(client.outcomes_resolved for client in world.clients),
        "collected": sum(region.collected for region in world.regions),
        "cleaner_completed": world.cleaner.completed,
        "cleaner_removed": world.cleaner.removed,
        "sessions_expired": world.coordinator.sessions_expired,
        "begin_entries": sum(manager.begin_entries for manager in world.managers),
        "halts": sum(manager.halts for manager in world.managers),
    }
    for node in world.background:
        metrics |= {"background_begun": node.begun, "background_committed": node.committed}
    metrics |= _failover(oracle)
    metrics |= _latencies(history)
    return metrics


def _failover(oracle: OracleLog) -> dict[str, int]:
    """Measure takeovers: how many, how long until the first new commit, the longest silence.

    Recovery runs from the last instant at which the first manager gave up its lease (a crash or
    a halt) before the second epoch, to the first commit that a newer manager acknowledged.
    """
    epochs = oracle.rows_of(OracleKind.EPOCH_STARTED)
    replies = oracle.rows_of(OracleKind.COMMIT_REPLIED)
    reply_ns = oracle.at_ns[replies]
    gap_ns = int(np.diff(reply_ns).max()) if len(reply_ns) > 1 else 0
    recovery_ns = NONE
    if len(epochs) > 1:
        second = epochs[1]
        released = oracle.rows_of(OracleKind.LEASE_RELEASED)
        released = released[released < second]
        newer = replies[replies > second]
        # Where the store acknowledges commits, the timestamp tells whose they are.
        by_newer = oracle.node[newer] == oracle.node[second]
        newer = newer[by_newer | (oracle.timestamp[newer] >= oracle.timestamp[second])]
        if len(released) and len(newer):
            recovery_ns = int(oracle.at_ns[newer[0]] - oracle.at_ns[released[-1]])
    return {
        "failovers": max(0, len(epochs) - 1),
        "recovery_ns": recovery_ns,
        "longest_gap_ns": gap_ns,
    }


def _latencies(history: History) -> dict[str, int]:
    """Measure begin and whole transactions of the committed."""
    committed = history.outcome == Outcome.COMMITTED
    result: dict[str, int] = {}
    spans = {
        "begin": history.begun_ns - history.invoked_ns,
        "transaction": history.finished_ns - history.invoked_ns,
    }
    for name, span_ns in spans.items():
        for percent, label in _QUANTILES:
            result[f"{name}_{label}_ns"] = _quantile(span_ns[committed], percent)
    return result


def _quantile(values: Integers, percent: int) -> int:
    """Return the value at a percentile, by rank (no interpolation, so no floats)."""
    if len(values) == 0:
        return NONE
    rank = (len(values) - 1) * percent // 100
    return int(np.partition(values, rank)[rank])
