"""Reads from the oracle log numbers that change over time, for trace viewers."""

from __future__ import annotations

from reports.leases import leases
from reports.spacetime import Counter
from sim.history import OracleKind, OracleLog, RowState

COUNTS_MAX = 20_000


def counters_of(oracle: OracleLog) -> list[Counter]:
    """Return how many managers believe in a lease, and how many commit-table rows there are.

    Long counters are thinned out evenly to `COUNTS_MAX` values.
    """
    found = []
    edges = sorted(
        edge
        for span in leases(oracle)
        for edge in ((span.start_ns, 1), (max(span.end_ns, span.start_ns), -1))
    )
    found.append(_summed("tm", "managers that believe in a lease", edges))
    rows = oracle.rows_of(
        OracleKind.COMMIT_TABLE_PUT,
        OracleKind.COMMIT_TABLE_INVALIDATED,
        OracleKind.COMMIT_TABLE_REMOVED,
    )
    changes = []
    for row in rows:
        absent = oracle.extra[row] == RowState.ABSENT
        if oracle.kind[row] == OracleKind.COMMIT_TABLE_REMOVED:
            step = 0 if absent else -1
        else:
            step = 1 if absent else 0
        if step:
            changes.append((int(oracle.at_ns[row]), step))
    found.append(_summed("ct", "commit-table rows", changes))
    return [counter for counter in found if counter.at_ns]


def _summed(role: str, name: str, changes: list[tuple[int, int]]) -> Counter:
    totals: dict[int, int] = {}
    total = 0
    for at_ns, step in changes:
        total += step
        totals[at_ns] = total
    points = list(totals.items())
    thin = points[:: -(-len(points) // COUNTS_MAX)] if points else []
    return Counter(
        role=role,
        name=name,
        at_ns=tuple(at_ns for at_ns, _ in thin),
        values=tuple(value for _, value in thin),
    )
