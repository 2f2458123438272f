"""The checks by timestamps: a million transactions from memory, and a stream on line."""

from __future__ import annotations

import statistics
import time
from typing import Any, Final

from checked.generate import snapshots

OPERATIONS: Final = 5
ROUNDS: Final = 3
LATENESS: Final = 256
"""The stream lets a transaction arrive after others that started so much later."""


def from_memory(transactions: int) -> dict[str, Any]:
    """Check a history in memory, in turns with one argsort of its keys; medians of several."""
    import numpy as np

    from specs.history.isolation.levels import level_of
    from specs.history.isolation.timestamps import check_timestamps

    history = snapshots(transactions, operations=OPERATIONS, keys=OPERATIONS * transactions // 5)
    level = level_of("session-si-timestamps")
    checks, sorts, holds = [], [], True
    for _ in range(ROUNDS):
        begin = time.process_time()
        holds &= check_timestamps(history, level).holds
        checks.append(time.process_time() - begin)
        begin = time.process_time()
        np.argsort(history.key)
        sorts.append(time.process_time() - begin)
    seconds, sort_seconds = statistics.median(checks), statistics.median(sorts)
    return {
        "seconds": seconds,
        "argsort_seconds": sort_seconds,
        "ratio_argsort": seconds / max(sort_seconds, 1e-9),
        "transactions": transactions,
        "operations": history.operations,
        "holds": holds,
    }


def on_line(transactions: int) -> dict[str, Any]:
    """Stream a history in the order of ends, and watch how much is remembered."""
    from specs.history.isolation.levels import level_of
    from specs.history.isolation.stream import Stream, arrivals

    keys = 2_000 * OPERATIONS
    history = snapshots(transactions, operations=OPERATIONS, keys=keys)
    stream = Stream(level_of("session-si-timestamps"), lateness=LATENESS, initial_value=0)
    waiting = versions = 0
    seconds = 0.0
    told = 0
    for place, arrival in enumerate(arrivals(history)):
        begin = time.process_time()
        told += len(stream.add(arrival))
        seconds += time.process_time() - begin
        if place % 1024 == 0:
            kept = stream.kept
            waiting, versions = max(waiting, kept.transactions), max(versions, kept.versions)
    begin = time.process_time()
    told += len(stream.finish())
    seconds += time.process_time() - begin
    return {
        "seconds": seconds,
        "tx_per_s": round(transactions / seconds),
        "transactions": transactions,
        "transactions_kept_max": waiting,
        "versions_kept_max": versions,
        "keys": keys,
        "holds": stream.holds and not told,
    }
