"""Properties of collection: what a snapshot may need stays, and the low water mark is safe."""

from __future__ import annotations

import numpy as np

from sim.history import NONE, Integers, OracleKind
from specs.history.case import Case
from specs.history.managers import Incarnations
from specs.history.numbering import Numbers, first_rows
from specs.history.outcomes import committed_drops
from specs.history.story import tell
from specs.history.verdict import Evidence, Verdict, broken, kept


def check_needed_versions_kept(case: Case) -> Verdict:
    """Judge that compaction drops no version that a running transaction would read.

    Judged are transactions that began at or above the low water mark of the drop and have not
    ended for their client. A tombstone that is rightly forgotten is needed by nobody.
    """
    oracle, versions = case.oracle, case.versions
    rows, place = committed_drops(case, OracleKind.CELL_COLLECTED)
    following = np.full(len(rows), np.iinfo(np.int64).max, dtype=np.int64)
    replaced = versions.has_successor(place)
    following[replaced] = versions.commit[place[replaced] + 1]
    # Whoever began at `low` or later, and before the next version committed, reads this one.
    low = np.maximum(versions.commit[place] + 1, oracle.extra[rows])
    risky = np.flatnonzero((low < following) & (case.forgotten[place] != rows))
    found = _first_needed(case, rows[risky], low=low[risky], high=following[risky])
    if found is None:
        return kept("needed_versions_kept", premise=len(rows))
    at, number = int(risky[found[0]]), found[1]
    row, reader = int(rows[at]), case.start_of(number)
    writer, key = int(oracle.transaction[row]), int(oracle.key[row])
    commit = int(versions.commit[place[at]])
    evidence = tell(
        case,
        f"Compaction dropped the version of key {key} by T{writer}, committed at {commit}, that "
        f"T{reader}, still running, would read.",
        transactions=(reader, writer),
        keys=(key,),
        timestamps=(commit, int(oracle.extra[row]), reader),
        rows=(row,),
    )
    return broken("needed_versions_kept", premise=len(rows), evidence=evidence)


def _first_needed(
    case: Case, rows: Numbers, *, low: Integers, high: Integers
) -> tuple[int, int] | None:
    """Return the first drop that an active transaction with low <= start < high needed.

    The second number is that transaction. Transactions stand by start timestamp, which is the
    order in which they began, so the candidates of one drop are neighbours; the running
    maximum of ends skips the many that had ended long before.
    """
    history, oracle = case.history, case.oracle
    running = np.flatnonzero((case.started >= 0) & (case.history_places >= 0))
    places = case.history_places[running]
    ends_ns = history.finished_ns[places]
    starts, began = case.starts[running], case.started[running]
    latest_ns = np.maximum.accumulate(ends_ns)
    first = np.maximum(
        np.searchsorted(starts, low),
        np.searchsorted(latest_ns, oracle.at_ns[rows], side="right"),
    )
    last = np.searchsorted(starts, high)
    for at in np.flatnonzero(first < last).tolist():
        inside = slice(first[at], last[at])
        active = (began[inside] < rows[at]) & (ends_ns[inside] > oracle.at_ns[rows[at]])
        if active.any():
            return at, int(running[first[at] + np.argmax(active)])
    return None


def check_low_water_mark_safe(case: Case) -> Verdict:
    """Judge that nothing commits from at or below the low water mark.

    The mark never falls. After a manager persisted it, none of its own commits from at or
    below it is put for the first time; and once compaction has dropped an undecided version,
    no commit of its writer takes effect. A deposed manager's put may still land: who drops
    invalidates first.
    """
    rows = case.rows(OracleKind.LOW_WATER_MARK_PERSISTED)
    evidence = (
        _mark_falls(case, rows) or _put_below_own_mark(case, rows) or _committed_after_drop(case)
    )
    if evidence is None:
        return kept("low_water_mark_safe", premise=len(rows))
    return broken("low_water_mark_safe", premise=len(rows), evidence=evidence)


def _mark_falls(case: Case, rows: Numbers) -> Evidence | None:
    falls = np.flatnonzero(np.diff(case.oracle.timestamp[rows]) < 0)
    if not len(falls):
        return None
    pair = rows[[falls[0], falls[0] + 1]]
    marks = case.oracle.timestamp[pair].tolist()
    return tell(
        case,
        f"The low water mark fell from {marks[0]} to {marks[1]}.",
        rows=pair.tolist(),
        timestamps=marks,
        others=len(falls) - 1,
    )


def _put_below_own_mark(case: Case, rows: Numbers) -> Evidence | None:
    """Look for a first put after a mark of the same manager that its start is not above.

    Whether it took effect does not matter: if not, compaction was there before it. A manager's
    marks and commits are told by their timestamps: its commits lie in its epoch, and its first
    mark is the last timestamp before it.
    """
    incarnations = Incarnations(case)
    put_rows = case.rows(OracleKind.COMMIT_TABLE_PUT)
    put_rows = put_rows[case.row_numbers[put_rows] >= 0]
    first_put = first_rows(case.row_numbers[put_rows], put_rows, size=len(case.starts), none=-1)
    committed = np.flatnonzero(first_put >= 0)
    puts = first_put[committed]
    issuers = incarnations.by_timestamp(case.oracle.timestamp[puts])
    markers = incarnations.by_timestamp(case.oracle.timestamp[rows] + 1)
    wrong: list[tuple[int, int, int]] = []
    for number in np.unique(markers).tolist():
        mine = rows[markers == number]
        marks = np.maximum.accumulate(np.append(np.int64(NONE), case.oracle.timestamp[mine]))
        own = np.flatnonzero(issuers == number)
        in_force = marks[np.searchsorted(mine, puts[own])]
        for place in own[in_force >= case.starts[committed[own]]].tolist():
            first = np.searchsorted(marks[1:], case.starts[committed[place]])
            wrong.append((int(puts[place]), int(mine[first]), int(committed[place])))
    if not wrong:
        return None
    put, marked, writer = min(wrong)
    start, mark = case.start_of(writer), int(case.oracle.timestamp[marked])
    return tell(
        case,
        f"The commit of T{start} entered the commit table after the low water mark had passed "
        f"T{start}: it was {mark}.",
        transactions=(start,),
        timestamps=(mark, int(case.oracle.timestamp[put])),
        rows=(marked, put),
        others=len(wrong) - 1,
    )


def _committed_after_drop(case: Case) -> Evidence | None:
    rows = case.rows(OracleKind.CELL_COLLECTED)
    rows = rows[(case.oracle.timestamp[rows] == NONE) & (case.row_numbers[rows] >= 0)]
    dropped = first_rows(case.row_numbers[rows], rows, size=len(case.starts), none=-1)
    late = np.flatnonzero(
        case.outcomes.committed & (dropped >= 0) & (case.outcomes.decided > dropped)
    )
    if not len(late):
        return None
    number = int(late[np.argmin(dropped[late])])
    start, row = case.start_of(number), int(dropped[number])
    key = int(case.oracle.key[row])
    return tell(
        case,
        f"T{start} committed at {int(case.outcomes.commit[number])} after compaction had dropped "
        f"its version of key {key}.",
        transactions=(start,),
        keys=(key,),
        timestamps=(int(case.outcomes.commit[number]), int(case.oracle.extra[row])),
        rows=(row, int(case.outcomes.decided[number])),
        others=len(late) - 1,
    )
