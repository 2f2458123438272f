"""Name a workload trace by its content.

Two traces have one fingerprint exactly when a simulator gets the same input from them, whatever
file format, name or notes they came with.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.digest import Digest
from sim.workload.types import TransactionTrace

SCHEMA = "bulkhead.trace/1"
"""Names this version of the trace: first field of a fingerprint, and in the head of each file."""


def fingerprint(trace: TransactionTrace) -> str:
    """Return the BLAKE2b-256 of everything in the trace that a simulator reads.

    The fields, in order: schema, client, first, kind, key, amount, arrival_ns (if given),
    rollback (if any is set), fence (if any is set), initial_value, conserved (keys and total, if
    given).
    """
    digest = Digest()
    digest.text("schema", SCHEMA)
    for name in ("client", "first", "kind", "key", "amount"):
        _add(digest, name, getattr(trace, name))
    if trace.arrival_ns is not None:
        _add(digest, "arrival_ns", trace.arrival_ns)
    if trace.rollback is not None and trace.rollback.any():
        _add(digest, "rollback", trace.rollback)
    if trace.fence is not None and trace.fence.any():
        _add(digest, "fence", trace.fence)
    digest.integers("initial_value", [trace.initial_value])
    if trace.conserved is not None:
        digest.integers("conserved", [trace.conserved.keys, trace.conserved.total])
    return digest.hex()


def _add(digest: Digest, name: str, column: np.ndarray) -> None:
    digest.integers(name, np.ascontiguousarray(column, dtype=np.int64).data)
