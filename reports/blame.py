"""Points at the effect or the read that a violated property is about, to draw it in red."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.history import History, OperationKind, OracleKind, OracleLog

READ_PROPERTIES: Final = (
    "snapshot_reads",
    "generalized_snapshot_reads",
    "stable_resolution",
    "no_aborted_reads",
    "no_intermediate_reads",
    "own_writes",
    "bank_sum",
)
"""Properties whose violation is a read, of the first transaction and key of the evidence."""

KINDS: Final[dict[str, tuple[OracleKind, ...]]] = {
    "timestamps_unique": (OracleKind.START_ISSUED, OracleKind.COMMIT_ISSUED),
    "one_commit_timestamp": (
        OracleKind.COMMIT_TABLE_PUT,
        OracleKind.COMMIT_FIELD_PUT,
        OracleKind.COMMIT_REPLIED,
    ),
    "acknowledged_commits_durable": (
        OracleKind.COMMIT_REPLIED,
        OracleKind.ABORT_REPLIED,
        OracleKind.CELL_REMOVED,
        OracleKind.CELL_COLLECTED,
    ),
    "first_committer_wins": (OracleKind.COMMIT_TABLE_PUT, OracleKind.COMMIT_ISSUED),
    "decided_at_begin": (OracleKind.BEGIN_REPLIED,),
    "commit_fields_agree": (OracleKind.COMMIT_FIELD_PUT,),
    "completion_before_removal": (OracleKind.COMMIT_TABLE_REMOVED,),
    "invalid_never_acknowledged": (OracleKind.COMMIT_REPLIED,),
    "needed_versions_kept": (OracleKind.CELL_COLLECTED,),
    "low_water_mark_safe": (OracleKind.LOW_WATER_MARK_PERSISTED,),
    "one_lease_holder": (OracleKind.LEASE_HELD,),
    "conflict_detection_sound": (OracleKind.COMMIT_ISSUED,),
    "frozen_snapshot": (OracleKind.CELL_PUT,),
    "real_time_order": (OracleKind.START_ISSUED, OracleKind.BEGIN_REPLIED),
    "key_order": (OracleKind.COMMIT_TABLE_PUT,),
    "fast_path_versions_ascend": (OracleKind.COMMIT_TABLE_PUT,),
}
"""Kinds of effects that violate the other properties; the last such row of the evidence counts."""


def blamed_row(oracle: OracleLog, *, property_name: str, evidence: Sequence[int]) -> int | None:
    """Return the row of the evidence to draw in red; `None` without evidence."""
    kinds = KINDS.get(property_name, ())
    if property_name in READ_PROPERTIES:
        kinds = (OracleKind.RESOLVED,)
    of_kind = [row for row in evidence if oracle.kind[row] in kinds]
    if of_kind:
        return int(of_kind[-1])
    return int(evidence[-1]) if len(evidence) else None


def flagged_reads(
    history: History,
    oracle: OracleLog,
    *,
    property_name: str,
    transactions: Sequence[int],
    keys: Sequence[int],
    evidence: Sequence[int],
) -> dict[int, str]:
    """Return how to draw operations of the history: "bad" the violation, "warning" beside it.

    Of each key of the evidence it is the first read that the evidence tells of, else the first:
    a reader resolves what it meets, and the read that it does so for ends then or later.
    """
    if property_name not in READ_PROPERTIES or not transactions:
        return {}
    met: dict[int, int] = {}
    for row in evidence:
        if oracle.kind[row] == OracleKind.RESOLVED and oracle.transaction[row] == transactions[0]:
            met.setdefault(int(oracle.key[row]), int(oracle.at_ns[row]))
    found: dict[int, str] = {}
    for index in np.flatnonzero(history.start_timestamp == transactions[0]):
        rows = np.arange(history.first[index], history.first[index + 1])
        rows = rows[history.kind[rows] == OperationKind.READ]
        for key in reversed(keys):
            reads = rows[history.key[rows] == key]
            proven = reads[history.at_ns[reads] >= met.get(key, 0)]
            for row in (proven if len(proven) else reads)[:1]:
                found[int(row)] = "bad" if key == keys[0] else "warning"
    return found
