"""Order on one key, where single-key transactions commit in their region (VLDB'18, Omid FP).

A fast-path transaction has one number for start and commit, the version that its region gave it.
It is in real-time order with all who update or snapshot its key, and with nobody else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.history import NONE, Integers, OperationKind, OracleKind, Outcome
from specs.history.case import Case
from specs.history.numbering import Flags, Numbers
from specs.history.story import tell
from specs.history.verdict import Verdict, broken, kept
from specs.history.wording import client_name


def is_fast_path(starts: Integers, commits: Integers) -> Flags:
    """Tell which transactions have no start of their own: their version is their commit."""
    fast: Flags = (starts != NONE) & (starts == commits)
    return fast


def check_key_order(case: Case) -> Verdict:
    """Judge that updaters of a key that do not overlap commit in real-time order.

    Who is asked to begin after another updater of the key was told of its commit has the higher
    commit timestamp. Between updaters of different keys the fast path promises nothing.
    """
    history, versions = case.history, case.versions
    if not history.transactions:
        return kept("key_order", premise=0)
    place = case.history_places[versions.writer]
    known = place >= 0
    told = known & (history.outcome[place] == Outcome.COMMITTED) & (history.finished_ns[place] >= 0)
    instants, ranks = np.unique(
        np.concatenate([history.finished_ns[place], history.invoked_ns[place]]),
        return_inverse=True,
    )
    width = np.int64(len(instants) + 1)
    ended = np.where(told, ranks[: len(place)], width - 1)
    asked = np.where(known, ranks[len(place) :], NONE)
    # Backwards, the earliest end among the later versions of the same key.
    by_key = ended + versions.key * width
    earliest = np.minimum.accumulate(by_key[::-1])[::-1]
    same = np.flatnonzero(versions.key[1:] == versions.key[:-1])
    premise = int(np.count_nonzero(ended[same] < asked[same + 1]))
    wrong = same[earliest[same + 1] - versions.key[same] * width < asked[same]]
    if not len(wrong):
        return kept("key_order", premise=premise)
    late = int(wrong[0])
    among = np.flatnonzero((versions.key == versions.key[late]) & (ended < asked[late]))
    early = int(among[-1])
    first, second = (case.start_of(int(versions.writer[at])) for at in (early, late))
    key = int(case.keys.values[versions.key[late]])
    commits = (int(versions.commit[early]), int(versions.commit[late]))
    told_ns, asked_ns = history.finished_ns[place[early]], history.invoked_ns[place[late]]
    evidence = tell(
        case,
        f"{client_name(case, int(place[late]))} began to update key {key} after T{first} had "
        f"committed there at {commits[0]}, and committed below it, at {commits[1]}.",
        transactions=(second, first),
        keys=(key,),
        timestamps=commits,
        moments=(
            (int(told_ns), f"the client of T{first} knows that it committed at {commits[0]}"),
            (int(asked_ns), f"the client of T{second} begins"),
        ),
        others=len(wrong) - 1,
    )
    return broken("key_order", premise=premise, evidence=evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Events:
    """Columns over what happened to keys, in the order of (key, time)."""

    key: Numbers
    rank: Integers
    """Rank of the timestamp that the event pushes the key's versions above."""
    row: Integers
    """The oracle row that committed a version, or -1 less the operation that read."""
    fast: Flags


def check_fast_path_versions_ascend(case: Case) -> Verdict:
    """Judge that a fast-path version exceeds all that its key has seen.

    At the instant of the write it is above every commit on the key, so versions strictly ascend,
    and above the start timestamp of every snapshot that has read the key: the value of a
    snapshot never changes.
    """
    events = _events(case)
    fast, key, rank = events.fast, events.key, events.rank
    width = np.int64(rank.max(initial=0) + 2)
    highest = np.maximum.accumulate(rank + 1 + key * width)
    first = np.append(True, key[1:] != key[:-1])[: len(key)]
    before = np.append(np.int64(0), highest[:-1])[: len(key)]
    judged = fast & ~first
    wrong = np.flatnonzero(judged & (before - key * width >= rank + 1))
    premise = int(np.count_nonzero(judged))
    if not len(wrong):
        return kept("fast_path_versions_ascend", premise=premise)
    at = int(wrong[np.argmin(events.row[wrong])])
    earlier = np.flatnonzero(key[:at] == key[at])
    other = int(earlier[np.argmax(rank[earlier])])
    row, source = int(events.row[at]), int(events.row[other])
    version, number = int(case.oracle.transaction[row]), int(case.keys.values[key[at]])
    operations: list[int] = []
    rows = [row]
    if source >= 0:
        start = int(case.oracle.transaction[source])
        bound = int(case.oracle.timestamp[source])
        seen = f"T{start} had committed there at {bound}"
        rows.append(source)
    else:
        operations.append(-1 - source)
        start = bound = int(case.history.start_timestamp[case.owner[-1 - source]])
        seen = f"T{start} had read it in its snapshot"
    evidence = tell(
        case,
        f"The fast path gave key {number} the version {version}, although {seen}.",
        transactions=(version, start),
        keys=(number,),
        timestamps=(version, bound),
        rows=sorted(rows),
        operations=operations,
        others=len(wrong) - 1,
    )
    return broken("fast_path_versions_ascend", premise=premise, evidence=evidence)


def _events(case: Case) -> _Events:
    """Merge the commits on every key with the reads by those who have a start timestamp.

    A read counts from when its client had the answer, which is after it took effect.
    """
    history, oracle, versions = case.history, case.oracle, case.versions
    rows = case.outcomes.decided[versions.writer]
    starts = history.start_timestamp[case.owner]
    regular = (starts != NONE) & ~is_fast_path(starts, case.history_commits[case.owner])
    reads = np.flatnonzero((history.kind == OperationKind.READ) & regular)
    at_ns = np.concatenate([oracle.at_ns[rows], history.at_ns[reads]])
    row = np.concatenate([rows.astype(np.int64), -1 - reads])
    key = np.concatenate([versions.key, case.operation_keys[reads]])
    timestamp = np.concatenate([versions.commit, starts[reads]])
    fast = np.concatenate(
        [
            is_fast_path(case.starts[versions.writer], versions.commit)
            & (oracle.kind[rows] == OracleKind.COMMIT_TABLE_PUT),
            np.zeros(len(reads), dtype=np.bool_),
        ]
    )
    # At one instant the effects come before what a client sees of them.
    order = np.lexsort((row, row < 0, at_ns, key))
    rank = np.unique(timestamp, return_inverse=True)[1]
    return _Events(key=key[order], rank=rank[order], row=row[order], fast=fast[order])
