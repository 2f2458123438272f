"""Properties of outcomes: one for each transaction, the same for everybody, and durable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.history import NONE, Integers, OracleKind, Outcome, RowState
from specs.history.case import Case
from specs.history.numbering import Numbers
from specs.history.story import tell
from specs.history.verdict import Evidence, Verdict, broken, kept
from specs.history.wording import client_name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sightings:
    """Columns over places where a commit timestamp, or an abort, could be seen."""

    number: Numbers
    timestamp: Integers
    row: Numbers
    """The oracle row; for what clients said, -1 less the history transaction."""


def _in_log(case: Case, rows: Numbers, *, start: Integers | None = None) -> _Sightings:
    numbers = case.row_numbers[rows] if start is None else case.outcomes.starts.of(start)
    known = numbers >= 0
    return _Sightings(
        number=numbers[known], timestamp=case.oracle.timestamp[rows[known]], row=rows[known]
    )


def _at_clients(case: Case, outcome: Outcome) -> _Sightings:
    """Return what clients know of their own transactions; read-only ones have no outcome."""
    history = case.history
    chosen = np.flatnonzero((history.outcome == outcome) & case.has_writes)
    chosen = chosen[case.history_numbers[chosen] >= 0].astype(np.int32)
    return _Sightings(
        number=case.history_numbers[chosen],
        timestamp=history.commit_timestamp[chosen],
        row=(-1 - chosen).astype(np.int32),
    )


def _joined(*parts: _Sightings) -> _Sightings:
    return _Sightings(
        number=np.concatenate([part.number for part in parts]),
        timestamp=np.concatenate([part.timestamp for part in parts]),
        row=np.concatenate([part.row for part in parts]),
    )


def _committed_only(sightings: _Sightings) -> _Sightings:
    seen = sightings.timestamp != NONE
    return _Sightings(
        number=sightings.number[seen],
        timestamp=sightings.timestamp[seen],
        row=sightings.row[seen],
    )


def _heard_replies(case: Case) -> _Sightings:
    """Return the commit replies, less those to clients that had given up.

    Such a client forbids its own commit through the commit table; the manager cannot know.
    """
    settled = case.rows(OracleKind.OUTCOME_RESOLVED)
    gave_up = np.zeros(len(case.starts) + 1, dtype=np.bool_)
    gave_up[case.row_numbers[settled[case.oracle.timestamp[settled] == NONE]]] = True
    gave_up[-1] = False
    replies = case.rows(OracleKind.COMMIT_REPLIED)
    return _in_log(case, replies[~gave_up[case.row_numbers[replies]]])


def check_one_commit_timestamp(case: Case) -> Verdict:
    """Judge that everybody who sees a transaction's commit timestamp sees the same one.

    Seen are the commit table (unless an invalid mark stands there), commit fields, replies,
    resolutions, and what clients know.
    """
    oracle = case.oracle
    puts = case.rows(OracleKind.COMMIT_TABLE_PUT)
    resolved = case.rows(OracleKind.RESOLVED)
    plain = (
        OracleKind.COMMIT_FIELD_PUT,
        OracleKind.COMMIT_REPLIED,
        OracleKind.OUTCOME_RESOLVED,
    )
    seen = _committed_only(
        _joined(
            _in_log(case, puts[oracle.extra[puts] != RowState.INVALID]),
            *[_in_log(case, case.rows(kind)) for kind in plain],
            _in_log(case, resolved, start=oracle.extra[resolved]),
            _at_clients(case, Outcome.COMMITTED),
        )
    )
    reference = np.full(len(case.starts), NONE, dtype=np.int64)
    # Backwards, so that the first sighting stays.
    reference[seen.number[::-1]] = seen.timestamp[::-1]
    premise = len(seen.number) - int(np.count_nonzero(reference != NONE))
    wrong = np.flatnonzero(seen.timestamp != reference[seen.number])
    if not len(wrong):
        return kept("one_commit_timestamp", premise=premise)
    number = int(seen.number[wrong[0]])
    of_it = np.flatnonzero(seen.number == number)
    start = case.start_of(number)
    different = list(dict.fromkeys(seen.timestamp[of_it].tolist()))
    evidence = tell(
        case,
        f"T{start} was seen with different commit timestamps: "
        f"{', '.join(str(timestamp) for timestamp in different)}.",
        transactions=(start,),
        timestamps=different,
        rows=_one_row_each(seen, of_it),
        others=len(np.unique(seen.number[wrong])) - 1,
    )
    return broken("one_commit_timestamp", premise=premise, evidence=evidence)


def _one_row_each(seen: _Sightings, places: Integers) -> list[int]:
    """Return, for each commit timestamp, the first row that showed it."""
    first: dict[int, int] = {}
    for place in places.tolist():
        if seen.row[place] >= 0:
            first.setdefault(int(seen.timestamp[place]), int(seen.row[place]))
    return list(first.values())


def check_acknowledged_commits_durable(case: Case) -> Verdict:
    """Judge that answers tell the final outcome, and that committed versions stay.

    An acknowledged commit is final; a transaction reported aborted never commits; the newest
    version of a key below the low water mark, and all above it, stay in the store, except a
    tombstone that has nothing older left to hide.
    """
    told_commit = _committed_only(
        _joined(
            _heard_replies(case),
            _in_log(case, case.rows(OracleKind.OUTCOME_RESOLVED)),
            _at_clients(case, Outcome.COMMITTED),
        )
    )
    settled = _in_log(case, case.rows(OracleKind.OUTCOME_RESOLVED))
    told_abort = _joined(
        _Sightings(
            number=settled.number[settled.timestamp == NONE],
            timestamp=settled.timestamp[settled.timestamp == NONE],
            row=settled.row[settled.timestamp == NONE],
        ),
        _at_clients(case, Outcome.ABORTED),
    )
    premise = len(told_commit.number)
    final = case.outcomes.commit
    evidence = (
        _false_answers(case, told_commit, final[told_commit.number] != told_commit.timestamp)
        or _false_answers(case, told_abort, final[told_abort.number] != NONE)
        or _lost_version(case)
    )
    if evidence is None:
        return kept("acknowledged_commits_durable", premise=premise)
    return broken("acknowledged_commits_durable", premise=premise, evidence=evidence)


def _false_answers(
    case: Case, told: _Sightings, wrong: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> Evidence | None:
    chosen = np.flatnonzero(wrong)
    if not len(chosen):
        return None
    at = int(chosen[0])
    number, timestamp, row = (int(column[at]) for column in (told.number, told.timestamp, told.row))
    start, commit = case.start_of(number), int(case.outcomes.commit[number])
    said = "aborted" if timestamp == NONE else f"committed at {timestamp}"
    became = "it never committed" if commit == NONE else f"it committed at {commit}"
    moments = []
    if row < 0:
        owner = -1 - row
        finished_ns = int(case.history.finished_ns[owner])
        text = f"{client_name(case, owner)} ends T{start}: {said}"
        moments = [(finished_ns, text)] if finished_ns != NONE else []
    return tell(
        case,
        f"T{start} was reported as {said}, but {became}.",
        transactions=(start,),
        timestamps=[value for value in (timestamp, commit) if value != NONE],
        rows=[row] if row >= 0 else [],
        moments=moments,
        others=len(np.unique(told.number[chosen])) - 1,
    )


def _lost_version(case: Case) -> Evidence | None:
    """Look for a committed version that left the store although a snapshot may need it."""
    oracle, versions = case.oracle, case.versions
    rows, place = committed_drops(case, OracleKind.CELL_REMOVED, OracleKind.CELL_COLLECTED)
    collected = oracle.kind[rows] == OracleKind.CELL_COLLECTED
    replaced = collected & versions.has_successor(place)
    replaced[replaced] = versions.commit[place[replaced] + 1] <= oracle.extra[rows[replaced]]
    lost = rows[~replaced & (case.forgotten[place] != rows)]
    if not len(lost):
        return None
    row = int(lost[0])
    start, key = int(oracle.transaction[row]), int(oracle.key[row])
    commit = int(case.outcomes.commit[case.row_numbers[row]])
    version = f"the version of key {key} that T{start} committed at {commit}"
    sentence = f"T{version[1:]} was removed from the store."
    if oracle.kind[row] == OracleKind.CELL_COLLECTED:
        sentence = (
            f"Compaction under low water mark {int(oracle.extra[row])} dropped {version}, although "
            "no newer one had committed at or below the mark."
        )
    return tell(
        case,
        sentence,
        transactions=(start,),
        keys=(key,),
        timestamps=(commit,),
        rows=(row,),
        others=len(lost) - 1,
    )


def committed_drops(case: Case, *kinds: OracleKind) -> tuple[Numbers, Integers]:
    """Return the rows that took a committed version away, and the place of each version."""
    rows = case.rows(*kinds)
    rows = rows[case.row_numbers[rows] >= 0]
    place = case.versions.place_of(case.keys.of(case.oracle.key[rows]), case.row_numbers[rows])
    return rows[place >= 0], place[place >= 0]


def check_invalid_never_acknowledged(case: Case) -> Verdict:
    """Judge that nobody is told of the commit of a transaction that was invalidated."""
    told = _committed_only(
        _joined(
            _heard_replies(case),
            _in_log(case, case.rows(OracleKind.OUTCOME_RESOLVED)),
            _at_clients(case, Outcome.COMMITTED),
        )
    )
    invalid = case.outcomes.invalidated
    premise = int(np.count_nonzero(invalid))
    evidence = _false_answers(case, told, invalid[told.number])
    if evidence is None:
        return kept("invalid_never_acknowledged", premise=premise)
    return broken("invalid_never_acknowledged", premise=premise, evidence=evidence)
