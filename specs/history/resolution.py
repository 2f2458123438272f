"""Properties that let a reader decide: resolutions are final, and candidates are all there."""

from __future__ import annotations

import numpy as np

from sim.history import NONE, Integers, OperationKind, OracleKind
from specs.history.case import Case
from specs.history.cells import NEVER
from specs.history.fast_path import is_fast_path
from specs.history.managers import Incarnations
from specs.history.numbering import Flags, Numbers
from specs.history.story import tell
from specs.history.verdict import Verdict, broken, kept


def check_stable_resolution(case: Case) -> Verdict:
    """Judge that a reader decides about one writer the same way each time.

    It may first call it not committed and then committed after its snapshot, for both leave it
    out. Returning one of its versions counts as deciding that it is in. A reader that may not
    commit because the low water mark has passed it may find a version collected.
    """
    history, oracle, starts = case.history, case.oracle, case.outcomes.starts
    rows = case.rows(OracleKind.RESOLVED)
    rows = rows[case.row_numbers[rows] >= 0]
    rows = rows[~_by_the_collected(case, rows)]
    readers, writers = case.row_numbers[rows], starts.of(oracle.extra[rows])
    commits = oracle.timestamp[rows]
    inside = (commits != NONE) & (commits < oracle.transaction[rows])
    reads = _reads_of_resolved(case, readers, writers)
    read_by = case.history_numbers[case.owner[reads]]
    read_from = starts.of(history.version[reads])
    width = np.int64(len(starts) + 1)
    pair = np.concatenate([readers * width + writers, read_by * width + read_from])
    inside = np.append(inside, np.ones(len(reads), dtype=np.bool_))
    commits = np.append(commits, np.full(len(reads), NONE, dtype=np.int64))
    order = np.argsort(pair, kind="stable")
    opens = _opens(pair[order])
    wrong = _contradictory(inside[order], commits[order], opens)
    premise = int(np.count_nonzero(np.diff(np.append(np.flatnonzero(opens), len(order))) > 1))
    if not len(wrong):
        return kept("stable_resolution", premise=premise)
    members = order[np.flatnonzero(np.cumsum(opens) - 1 == wrong[0])]
    told = members[members < len(rows)]
    reader, writer = (int(column[rows[told[0]]]) for column in (oracle.transaction, oracle.extra))
    read = reads[members[members >= len(rows)] - len(rows)]
    learnt = sorted({commit for commit in commits[members].tolist() if commit != NONE})
    both = f"that T{writer} is part of its snapshot and that it is not"
    if len(learnt) > 1:
        both = f"that T{writer} committed at {learnt[0]} and at {learnt[1]}"
    evidence = tell(
        case,
        f"T{reader} changed its mind about T{writer}: it decided both {both}.",
        transactions=(reader, writer),
        keys=(*oracle.key[rows[told]].tolist(), *history.key[read].tolist()),
        timestamps=(reader, *learnt),
        rows=rows[told].tolist(),
        operations=read.tolist(),
        others=len(wrong) - 1,
    )
    return broken("stable_resolution", premise=premise, evidence=evidence)


def _by_the_collected(case: Case, rows: Numbers) -> Flags:
    """Tell which resolutions are by readers that the mark had passed and that did not commit."""
    marks = case.rows(OracleKind.LOW_WATER_MARK_PERSISTED)
    if not len(marks):
        return np.zeros(len(rows), dtype=np.bool_)
    highest = np.maximum.accumulate(case.oracle.timestamp[marks])
    in_force = np.append(np.int64(NONE), highest)[np.searchsorted(marks, rows)]
    place = case.history_places[case.row_numbers[rows]]
    committed = np.append(case.reader_committed, False)[place]
    passed: Flags = (in_force >= case.oracle.transaction[rows]) & ~committed
    return passed


def _reads_of_resolved(case: Case, readers: Numbers, writers: Numbers) -> Integers:
    """Return the reads that returned a version of somebody whom somebody resolved."""
    resolving = _mark(len(case.starts), readers)
    resolved = _mark(len(case.starts), writers)
    history = case.history
    reads = np.flatnonzero((history.kind == OperationKind.READ) & (history.version != NONE))
    reads = reads[history.version[reads] != history.start_timestamp[case.owner[reads]]]
    known = np.append(resolving, False)[case.history_numbers[case.owner[reads]]]
    reads = reads[known]
    known = np.append(resolved, False)[case.outcomes.starts.of(history.version[reads])]
    of_resolved: Integers = reads[known]
    return of_resolved


def _mark(size: int, numbers: Numbers) -> Flags:
    flags = np.zeros(size, dtype=np.bool_)
    flags[numbers[numbers >= 0]] = True
    return flags


def _opens(sorted_values: Integers) -> Flags:
    if not len(sorted_values):
        return np.zeros(0, dtype=np.bool_)
    return np.append(True, sorted_values[1:] != sorted_values[:-1])


def _contradictory(inside: Flags, commits: Integers, opens: Flags) -> Integers:
    """Return the numbers of the groups with two answers, or with two commit timestamps."""
    first = np.flatnonzero(opens)
    if not len(first):
        return first
    both = np.logical_or.reduceat(inside, first) & ~np.logical_and.reduceat(inside, first)
    highest = np.maximum.reduceat(commits, first)
    lowest = np.minimum.reduceat(np.where(commits == NONE, np.iinfo(np.int64).max, commits), first)
    return np.flatnonzero(both | ((highest != NONE) & (lowest != highest)))


def check_decided_at_begin(case: Case) -> Verdict:
    """Judge that a begin is answered only when all smaller commits of its manager are decided.

    What another incarnation left in flight is the business of invalidation.
    """
    oracle = case.oracle
    incarnations = Incarnations(case)
    commits = np.flatnonzero(case.issued >= 0)
    commits = commits[np.argsort(case.issued[commits], kind="stable")]
    puts = case.outcomes.decided[commits]
    issuers = incarnations.of(case.issued[commits])
    begins = case.rows(OracleKind.BEGIN_REPLIED)
    answerers = incarnations.of(begins)
    premise, wrong = 0, []
    for number in np.unique(issuers).tolist():
        mine = begins[answerers == number]
        premise += _waits(case, commits[issuers == number], mine)
        highest = np.maximum.accumulate(np.append(np.int64(NONE), oracle.transaction[mine]))
        own = np.flatnonzero(issuers == number)
        before = highest[np.searchsorted(mine, puts[own])]
        for place in own[before > case.outcomes.commit[commits[own]]].tolist():
            commit = case.outcomes.commit[commits[place]]
            begin = mine[np.searchsorted(highest[1:], commit, side="right")]
            wrong.append((int(puts[place]), int(begin), int(commits[place])))
    if not wrong:
        return kept("decided_at_begin", premise=premise)
    put, begin, number = min(wrong)
    reader, writer = int(oracle.transaction[begin]), case.start_of(number)
    commit = int(case.outcomes.commit[number])
    evidence = tell(
        case,
        f"T{reader} could read before the commit of T{writer} at {commit}, below its snapshot, "
        "was in the commit table.",
        transactions=(reader, writer),
        timestamps=(commit, reader),
        rows=(int(case.issued[number]), begin, put),
        others=len(wrong) - 1,
    )
    return broken("decided_at_begin", premise=premise, evidence=evidence)


def _waits(case: Case, commits: Integers, begins: Numbers) -> int:
    """Count the begins whose start timestamp was issued over an undecided commit."""
    started = case.started[case.row_numbers[begins]]
    started = started[started >= 0]
    latest = np.maximum.accumulate(np.append(np.int32(-1), case.outcomes.decided[commits]))
    pending = latest[np.searchsorted(case.issued[commits], started)]
    return int(np.count_nonzero(pending > started))


def check_frozen_snapshot(case: Case) -> Verdict:
    """Judge that nobody updates from the past of an epoch once somebody began in that epoch.

    A transaction that commits below an epoch has written all its cells before the first begin
    of that epoch, or of any newer one, is answered. A fast-path transaction may write into the
    past of an epoch, but of no snapshot that has read its key (`fast_path_versions_ascend`).
    """
    oracle, cells = case.oracle, case.cells
    epochs = np.sort(oracle.timestamp[case.rows(OracleKind.EPOCH_STARTED)])
    begins = case.rows(OracleKind.BEGIN_REPLIED)
    by_start = np.argsort(oracle.transaction[begins], kind="stable")
    starts, rows = oracle.transaction[begins[by_start]], begins[by_start]
    # First answered begin among all with the same or a higher start timestamp.
    first = np.append(np.minimum.accumulate(rows[::-1])[::-1], np.int32(NEVER))
    frozen = first[np.searchsorted(starts, epochs)]
    premise = max(0, int(np.count_nonzero(frozen != NEVER)) - 1)
    commits = case.outcomes.commit[cells.writer]
    fast = is_fast_path(case.starts[cells.writer], commits)
    past = np.flatnonzero((commits != NONE) & (cells.put != NEVER) & ~fast)
    epoch = np.searchsorted(epochs, commits[past], side="right")
    bound = np.append(frozen, np.int32(NEVER))[epoch]
    wrong = np.flatnonzero(cells.put[past] > bound)
    if not len(wrong):
        return kept("frozen_snapshot", premise=premise)
    at = int(wrong[np.argmin(cells.put[past[wrong]])])
    cell, begin = int(past[at]), int(bound[at])
    writer, key = case.start_of(int(cells.writer[cell])), int(case.keys.values[cells.key[cell]])
    reader = int(oracle.transaction[begin])
    evidence = tell(
        case,
        f"T{writer} wrote key {key} after T{reader} had begun in epoch {int(epochs[epoch[at]])}, "
        f"and committed below it, at {int(commits[cell])}.",
        transactions=(writer, reader),
        keys=(key,),
        timestamps=(int(commits[cell]), int(epochs[epoch[at]]), reader),
        rows=(begin, int(cells.put[cell])),
        others=len(wrong) - 1,
    )
    return broken("frozen_snapshot", premise=premise, evidence=evidence)
