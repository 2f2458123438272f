"""Reads from the oracle log who believed to hold the lease, and when."""

from __future__ import annotations

from reports.spacetime import Span
from sim.history import OracleKind, OracleLog


def leases(oracle: OracleLog) -> list[Span]:
    """Return one span a lease with its renewals, in the order in which they began.

    A span ends when the holder's belief ends: at the last instant up to which a renewal made it
    believe, or earlier when it gave up. Spans of two managers that overlap are two primaries.
    """
    found: list[Span] = []
    open_: dict[int, tuple[int, int, str]] = {}

    def close(node: int, at_ns: int) -> None:
        start, until, label = open_.pop(node)
        found.append(
            Span(
                node=oracle.node_names[node],
                start_ns=start,
                end_ns=min(until, max(at_ns, start)),
                kind="lease",
                label=label,
            )
        )

    for row in oracle.rows_of(
        OracleKind.LEASE_HELD, OracleKind.LEASE_RELEASED, OracleKind.EPOCH_STARTED
    ):
        kind, node, at_ns = oracle.kind[row], int(oracle.node[row]), int(oracle.at_ns[row])
        if kind == OracleKind.LEASE_HELD:
            until = int(oracle.timestamp[row])
            if node in open_ and open_[node][1] < at_ns:
                close(node, at_ns)
            start, _, label = open_.get(node, (at_ns, until, "lease"))
            open_[node] = (start, until, label)
        elif kind == OracleKind.LEASE_RELEASED and node in open_:
            close(node, at_ns)
        elif kind == OracleKind.EPOCH_STARTED and node in open_:
            start, until, _ = open_[node]
            open_[node] = (start, until, f"lease, epoch {int(oracle.timestamp[row])}")
    for node in list(open_):
        close(node, open_[node][1])
    return sorted(found, key=lambda span: (span.start_ns, span.node))
