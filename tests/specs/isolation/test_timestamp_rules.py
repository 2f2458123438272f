"""Each rule of timestamps on histories worked out by hand, and on recorded ones."""

import csv
import os
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from sim.history import NONE, Outcome
from specs.history.formats.load import read
from specs.history.isolation import timestamps
from specs.history.isolation.decide import NotApplicable
from specs.history.isolation.facts import UnsupportedHistory
from specs.history.isolation.levels import LEVELS
from specs.history.isolation.stamped import MalformedTimestamps
from specs.history.isolation.timestamps import check_timestamps
from tests.specs.isolation.stamped import (
    APPEND,
    READ,
    READ_LIST,
    WRITE,
    Stamped,
    history_of,
)

FOLDER = Path(os.environ.get("BULKHEAD_DATA", "data")) / "histories"
DONE, UNKNOWN = Outcome.COMMITTED, Outcome.UNKNOWN
STRONG = LEVELS["session-si-timestamps"]
PLAIN = LEVELS["si-timestamps"]


def txn(start, commit, *operations, session=0, outcome=DONE):
    return Stamped(session, outcome, start, commit, operations)


def w(key, value):
    return (WRITE, key, value)


def r(key, value):
    return (READ, key, value)


BROKEN = {
    "int": [txn(1, 2, w(0, 5), r(0, 0))],
    "ext": [txn(1, 2, w(0, 5)), txn(3, NONE, r(0, 0), session=1)],
    "noconflict": [txn(1, 4, w(0, 5)), txn(3, 6, w(0, 6), session=1)],
    "session": [txn(1, 4, w(0, 5)), txn(3, 6, w(1, 6))],
}
RULES = {
    "int": "_internal",
    "ext": "_external",
    "noconflict": "_conflicts",
    "session": "_sessions",
}
SENTENCES = {
    "int": "T1 reads 0 = 0 after it writes 0 = 5 itself.",
    "ext": "T3, which starts at 3, reads 0 = 0, but the last to commit 0 by then was T1, which "
    "writes 0 = 5, committed at 2.",
    "noconflict": "T3 starts at 3 and writes 0 = 6, before T1, which writes 0 = 5, committed at 4.",
    "session": "T3 starts at 3, before T1, which precedes it in session s0, commits at 4.",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_each_rule_catches_its_own_breach_and_says_so(kind, monkeypatch):
    history = history_of(BROKEN[kind])
    (violation,) = check_timestamps(history, STRONG).violations
    assert violation.kind == kind
    assert violation.sentence == SENTENCES[kind]
    assert set(violation.transactions) == set(range(len(BROKEN[kind])))
    monkeypatch.setattr(timestamps, RULES[kind], lambda *columns: [])
    assert check_timestamps(history, STRONG).holds


def test_only_the_level_with_sessions_asks_for_their_order():
    assert check_timestamps(history_of(BROKEN["session"]), PLAIN).holds


@pytest.mark.parametrize(
    ("start", "seen", "holds"),
    [(2, 5, True), (2, 0, False), (1, 0, True), (1, 5, False)],
)
def test_a_commit_at_the_instant_of_a_start_is_seen(start, seen, holds):
    history = history_of([txn(1, 2, w(0, 5)), txn(start, 3, r(0, seen), session=1)])
    assert check_timestamps(history, PLAIN).holds is holds


def test_who_commits_at_its_start_does_not_read_its_own_write():
    assert check_timestamps(history_of([txn(2, 2, r(0, 0), w(0, 5))]), STRONG).holds
    assert not check_timestamps(history_of([txn(2, 2, r(0, 5), w(0, 5))]), STRONG).holds


def test_a_writer_may_start_when_another_commits():
    history = history_of([txn(1, 3, w(0, 5)), txn(3, 4, w(0, 6))])
    assert check_timestamps(history, STRONG).holds


@pytest.mark.parametrize(
    ("transactions", "rows"),
    [
        ([txn(3, 2, w(0, 5))], (0,)),
        ([txn(1, 3, w(0, 5)), txn(2, 3, r(1, 0), w(0, 6), session=1)], (0, 2)),
    ],
)
def test_timestamps_that_no_execution_has_are_refused_by_row(transactions, rows):
    with pytest.raises(MalformedTimestamps) as caught:
        check_timestamps(history_of(transactions), PLAIN)
    assert caught.value.operations == rows


@pytest.mark.parametrize(
    ("transactions", "why"),
    [
        ([txn(NONE, NONE, r(0, 0))], "no start timestamp"),
        ([txn(1, NONE, w(0, 5))], "no commit timestamp"),
    ],
)
def test_committed_transactions_must_state_their_timestamps(transactions, why):
    with pytest.raises(NotApplicable, match=why):
        check_timestamps(history_of(transactions), PLAIN)


def test_the_level_with_sessions_needs_sessions():
    history = replace(history_of(BROKEN["session"]), has_sessions=False)
    with pytest.raises(NotApplicable, match="sessions"):
        check_timestamps(history, STRONG)


@pytest.mark.parametrize(
    ("seen", "late", "holds"), [(0, 0, True), (0, 5, False), (5, 5, True), (5, 0, False)]
)
def test_an_unknown_outcome_counts_from_its_commit_on_if_it_was_read(seen, late, holds):
    history = history_of(
        [
            txn(1, 2, w(0, 5), outcome=UNKNOWN),
            txn(3, NONE, r(0, seen), session=1),
            txn(4, NONE, r(0, late), session=2),
        ]
    )
    assert check_timestamps(history, PLAIN).holds is holds


def test_a_read_of_an_unknown_outcome_and_of_another_is_unsupported():
    lost = [txn(start, NONE, w(0, 5), outcome=UNKNOWN, session=start) for start in (1, 2)]
    for others in (lost, [lost[0], txn(2, 3, w(0, 5))], [lost[0]._replace(operations=(w(0, 0),))]):
        seen = txn(4, NONE, r(0, others[0].operations[0][2]))
        with pytest.raises(UnsupportedHistory, match="names no writer"):
            check_timestamps(history_of([*others, seen]), PLAIN)


def test_a_key_is_a_register_or_a_list():
    mixed = [txn(1, 2, (APPEND, 0, 5)), txn(3, 4, r(0, 0)), txn(5, NONE, (READ_LIST, 0, (5,)))]
    with pytest.raises(UnsupportedHistory, match="register and a list"):
        check_timestamps(history_of(mixed), PLAIN)


def test_values_may_repeat_where_timestamps_name_the_writer():
    again = [txn(1, 2, w(0, 5)), txn(3, 4, w(0, 0)), txn(5, 6, w(0, 5)), txn(7, 8, r(0, 5))]
    assert check_timestamps(history_of(again), STRONG).holds


def test_long_transactions_are_judged_as_short_ones():
    many = [operation for n in range(1, 30) for operation in (w(n % 3, n), r(n % 3, n))]
    right = [txn(1, 2, *many), txn(3, NONE, r(0, 27), r(1, 28), r(2, 29))]
    assert check_timestamps(history_of(right), STRONG).holds
    wrong = [txn(1, 2, *many, r(0, 24)), txn(3, NONE, r(0, 24))]
    kinds = [each.kind for each in check_timestamps(history_of(wrong), STRONG).violations]
    assert kinds == ["int", "ext"]


def test_large_timestamps_and_keys_are_judged_as_small_ones():
    for kind, transactions in BROKEN.items():
        history = history_of(transactions)
        commit = history.commit_timestamp
        large = replace(
            history,
            key=history.key + (1 << 62),
            start_timestamp=history.start_timestamp + (1 << 62),
            commit_timestamp=np.where(commit == NONE, NONE, commit + (1 << 62)),
        )
        assert [each.kind for each in check_timestamps(large, STRONG).violations] == [kind]


def test_all_violations_are_counted_and_the_first_told(monkeypatch):
    monkeypatch.setattr(timestamps, "VIOLATIONS_MAX", 3)
    stale = [txn(3, NONE, r(0, 1), session=n) for n in range(10)]
    verdict = check_timestamps(history_of([txn(1, 2, w(0, 5)), *stale]), PLAIN)
    assert len(verdict.violations) == 3
    assert verdict.counts["ext"] == 10


@cache
def recorded():
    """Return file, level and verdict of every recorded history with timestamps."""
    if not FOLDER.is_dir():
        return []
    with (FOLDER / "verdicts.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["level"] in (STRONG.name, PLAIN.name)]


@pytest.mark.skipif(not recorded(), reason="the collected histories are not here")
def test_every_recorded_history_gets_its_verdict():
    wrong = []
    for row in recorded():
        history = read(FOLDER / row["path"]).history
        verdict = check_timestamps(history, LEVELS[row["level"]])
        kinds = "+".join(kind.upper() for kind, count in verdict.counts.items() if count)
        if kinds != row["anomaly"] or verdict.holds != (row["verdict"] == "valid"):
            wrong.append((row["path"], row["level"], row["verdict"], row["anomaly"], kinds))
    assert not wrong
    assert len(recorded()) >= 38
