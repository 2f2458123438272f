"""Properties of timestamps themselves: unique, ascending, and in the order of real time."""

from __future__ import annotations

import numpy as np

from sim.history import NONE, Integers, OracleKind, Outcome
from specs.history.case import Case
from specs.history.fast_path import is_fast_path
from specs.history.managers import Incarnations
from specs.history.numbering import Numbers
from specs.history.story import tell
from specs.history.verdict import Evidence, Verdict, broken, kept
from specs.history.wording import client_name


def check_timestamps_unique(case: Case) -> Verdict:
    """Judge that no timestamp is issued twice, and that a newer manager's are all higher."""
    rows = case.rows(OracleKind.START_ISSUED, OracleKind.COMMIT_ISSUED)
    incarnations = Incarnations(case)
    evidence = (
        _issued_twice(case, rows)
        or _epochs_fall(case, incarnations)
        or _falls_within_an_epoch(case, rows, incarnations)
        or _older_above_newer(case, rows, incarnations)
    )
    if evidence is None:
        return kept("timestamps_unique", premise=len(rows))
    return broken("timestamps_unique", premise=len(rows), evidence=evidence)


def _issued_twice(case: Case, rows: Numbers) -> Evidence | None:
    timestamps = case.oracle.timestamp[rows]
    order = np.argsort(timestamps, kind="stable")
    twice = np.flatnonzero(np.diff(timestamps[order]) == 0)
    if not len(twice):
        return None
    seconds = rows[order[twice + 1]]
    at = int(twice[np.argmin(seconds)])
    first, second = (int(rows[order[place]]) for place in (at, at + 1))
    timestamp = int(case.oracle.timestamp[first])
    return tell(
        case,
        f"Timestamp {timestamp} was issued twice: by {_node(case, first)}, "
        f"then by {_node(case, second)}.",
        rows=(first, second, *case.rows(OracleKind.EPOCH_STARTED)[-4:].tolist()),
        transactions=case.oracle.transaction[[first, second]],
        timestamps=(timestamp,),
        others=len(twice) - 1,
    )


def _epochs_fall(case: Case, incarnations: Incarnations) -> Evidence | None:
    begun = incarnations.begun
    falls = np.flatnonzero(np.diff(case.oracle.timestamp[begun]) <= 0)
    if not len(falls):
        return None
    before, after = (int(begun[falls[0] + step]) for step in (0, 1))
    epochs = case.oracle.timestamp[[before, after]]
    return tell(
        case,
        f"{_node(case, after)} began to serve with epoch {epochs[1]}, "
        f"not above epoch {epochs[0]} of {_node(case, before)} before it.",
        rows=(before, after),
        timestamps=epochs,
        others=len(falls) - 1,
    )


def _falls_within_an_epoch(
    case: Case, rows: Numbers, incarnations: Incarnations
) -> Evidence | None:
    issuers = incarnations.of(rows)
    order = np.argsort(issuers, kind="stable")
    timestamps = case.oracle.timestamp[rows[order]]
    same = np.diff(issuers[order]) == 0
    falls = np.flatnonzero(same & (np.diff(timestamps) <= 0))
    if not len(falls):
        return None
    before, after = (int(rows[order[falls[0] + step]]) for step in (0, 1))
    pair = case.oracle.timestamp[[before, after]]
    return tell(
        case,
        f"{_node(case, after)} issued timestamp {pair[1]} after {pair[0]}.",
        rows=(before, after),
        timestamps=pair,
        others=len(falls) - 1,
    )


def _older_above_newer(case: Case, rows: Numbers, incarnations: Incarnations) -> Evidence | None:
    """Look for a timestamp on the wrong side of an epoch (P1).

    By now epochs are known to ascend, and no timestamp stands for two.
    """
    issuers = incarnations.of(rows)
    timestamps = case.oracle.timestamp[rows]
    highest = np.full(len(incarnations), NONE, dtype=np.int64)
    lowest = np.full(len(incarnations), np.iinfo(np.int64).max, dtype=np.int64)
    np.maximum.at(highest, issuers, timestamps)
    np.minimum.at(lowest, issuers, timestamps)
    count = len(incarnations.begun)
    epochs, lowest = incarnations.epoch[:count], lowest[:count]
    without_epoch = highest[count:].max(initial=NONE)
    older = np.maximum.accumulate(np.append(without_epoch, highest[:count]))[:count]
    wrong = np.flatnonzero((older >= epochs) | (lowest < epochs))
    if not len(wrong):
        return None
    newer = int(wrong[0])
    epoch, begun = int(epochs[newer]), int(incarnations.begun[newer])
    timestamp = int(older[newer] if older[newer] >= epoch else lowest[newer])
    row = int(rows[np.flatnonzero(timestamps == timestamp)[0]])
    return tell(
        case,
        f"{_node(case, row)} issued timestamp {timestamp}, on the wrong side of epoch {epoch} "
        f"of {_node(case, begun)}.",
        rows=(row, begun),
        timestamps=(timestamp, epoch),
        others=len(wrong) - 1,
    )


def check_real_time_order(case: Case) -> Verdict:
    """Judge that a transaction starts above every commit acknowledged before it was invoked.

    A fast-path transaction may be ordered in the past; `key_order` judges it, and here it counts
    only among the commits.
    """
    history = case.history
    acknowledged = (history.outcome == Outcome.COMMITTED) & (history.finished_ns != NONE)
    acknowledged &= (history.start_timestamp != NONE) & (history.commit_timestamp != NONE)
    writers = np.flatnonzero(acknowledged & case.has_writes)
    fast = is_fast_path(history.start_timestamp, history.commit_timestamp)
    begun = (history.start_timestamp != NONE) & (history.invoked_ns != NONE) & ~fast
    begun = np.flatnonzero(begun)
    if not len(writers):
        return kept("real_time_order", premise=0)
    writers = writers[np.argsort(history.finished_ns[writers], kind="stable")]
    highest, highest_of = _running_maximum(history.commit_timestamp[writers])
    earlier = np.searchsorted(history.finished_ns[writers], history.invoked_ns[begun], side="left")
    begun, earlier = begun[earlier > 0], earlier[earlier > 0] - 1
    late = np.flatnonzero(highest[earlier] >= history.start_timestamp[begun])
    if not len(late):
        return kept("real_time_order", premise=len(begun))
    first = late[np.argmin(history.invoked_ns[begun[late]])]
    reader, writer = int(begun[first]), int(writers[highest_of[earlier[first]]])
    start, commit = int(history.start_timestamp[reader]), int(history.commit_timestamp[writer])
    wrote = int(history.start_timestamp[writer])
    evidence = tell(
        case,
        f"T{start} began after {client_name(case, writer)} knew that T{wrote} had committed at "
        f"{commit}, but its snapshot is older.",
        transactions=(start, wrote),
        timestamps=(commit, start),
        moments=(
            (
                int(history.finished_ns[writer]),
                f"{client_name(case, writer)} knows that T{wrote} committed at {commit}",
            ),
            (
                int(history.invoked_ns[reader]),
                f"{client_name(case, reader)} asks to begin and will get start timestamp {start}",
            ),
        ),
        others=len(late) - 1,
    )
    return broken("real_time_order", premise=len(begun), evidence=evidence)


def _running_maximum(values: Integers) -> tuple[Integers, Integers]:
    """Return the highest value so far at every place, and where it stands."""
    highest = np.maximum.accumulate(values)
    places = np.arange(len(values))
    rises = np.append(True, highest[1:] > highest[:-1])
    return highest, np.maximum.accumulate(np.where(rises, places, 0))


def _node(case: Case, row: int) -> str:
    return case.oracle.node_names[int(case.oracle.node[row])]
