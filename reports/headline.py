"""Says in one sentence what a failover came to, for the title of its picture."""

from __future__ import annotations

import numpy as np

from reports.selection import victim_of
from reports.words import duration
from sim.history import OracleKind, OracleLog, RowState


def failover_headline(oracle: OracleLog) -> str:
    """Return the sentence, or nothing when the manager did not change."""
    epochs = oracle.rows_of(OracleKind.EPOCH_STARTED)
    if len(epochs) < 2:
        return ""
    before, after = (oracle.node_names[int(oracle.node[row])] for row in epochs[:2])
    took_over = f"{after} took over from {before}"
    change = took_over if before != after else f"{after} began a new epoch"
    replies = oracle.rows_of(OracleKind.COMMIT_REPLIED)
    earlier, later = replies[replies < epochs[1]], replies[replies > epochs[1]]
    if len(earlier) and len(later):
        silence = int(oracle.at_ns[later[0]] - oracle.at_ns[earlier[-1]])
        change += f"; no commit was acknowledged for {duration(silence)}"
    victim = victim_of(oracle)
    if victim is None:
        return change
    puts = oracle.rows_of(OracleKind.COMMIT_TABLE_PUT)
    late = puts[(oracle.extra[puts] == RowState.INVALID)]
    if np.any(oracle.transaction[late] == victim):
        return f"{change}; T{victim}'s late commit had no effect, for a mark had made it invalid"
    return f"{change}; T{victim} was made invalid before it could commit"
