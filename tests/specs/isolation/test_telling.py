"""Rejections have the right name, and a story that a reader can follow."""

import csv
import os
from pathlib import Path

import pytest

from specs.history.formats.load import read
from specs.history.isolation.choices import Conflict
from specs.history.isolation.decide import decide
from specs.history.isolation.levels import LEVELS, level_of
from specs.history.isolation.proofs import Proof, Split
from specs.history.isolation.telling import LINES_MAX, Anomaly, anomalies_of
from tests.specs.isolation.contradictions import READ, WRITE, committed, forks
from tests.specs.isolation.oracle import Transaction, history_of

FOLDER = Path(os.environ.get("BULKHEAD_DATA", "data")) / "histories"

NAMES = {
    "G0": {"fractured-read"},
    "G1a": {"g1a"},
    "G1b": {"g1b"},
    "G1c": {"g1c"},
    "G-single": {"g-single", "fractured-read"},
    "read skew with an unknown writer": {"fractured-read"},
    "fractured read": {"fractured-read"},
    "future read": {"future-read"},
    "garbage read": {"garbage-read"},
    "internal": {"internal"},
    "non-repeatable read": {"internal"},
    "lost update": {"lost-update"},
    "long fork": {"long-fork"},
    "write skew": {"write-skew", "g2-item"},
    "read-only anomaly": {"read-only-anomaly"},
    "causal": {"g-single-session"},
    "session": {"g-single-session"},
    "session: non-monotonic reads": {"g-single-session"},
    "session: non-monotonic writes": {"g-single-session"},
    "session: own write missed": {"g-single-session"},
    "session: writes follow reads": {"g-single-session"},
    "real time": {"g-single-realtime"},
    "stale read (real time)": {"g-single-realtime"},
    "stale snapshot (real time)": {"g-single-realtime"},
    "both orders impossible": {"no-order-session"},
}
"""What the table calls an anomaly, and what it is here. Where a reader saw one of two keys that one
transaction wrote, the table says G0, G-single or fractured read: the last is what is sure."""

BY_LEVEL = {("read-only-anomaly.edn", "strong-si"): "g-single-realtime"}
"""Where a level forbids something simpler than what the table names."""


def told(transactions: list[Transaction], level: str) -> Anomaly:
    """Return the worst anomaly of a small history."""
    decision = decide(history_of(transactions), LEVELS[level])
    assert not decision.holds
    return anomalies_of(decision)[0]


def test_textbook_has_its_names() -> None:
    if not FOLDER.exists():
        pytest.skip(f"no folder {FOLDER}; point BULKHEAD_DATA at the data")
    wrong = []
    with (FOLDER / "verdicts.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["path"].startswith("textbook/")]
    for row in rows:
        decision = decide(read(FOLDER / row["path"]).history, level_of(row["level"]))
        assert decision.holds == (row["verdict"] == "valid"), row
        if decision.holds or not row["anomaly"]:
            continue
        name = anomalies_of(decision)[0].name.kind
        special = BY_LEVEL.get((Path(row["path"]).name, decision.level.name))
        if name not in ({special} if special else NAMES[row["anomaly"]]):
            wrong.append((row["path"], row["level"], row["anomaly"], name))
    assert not wrong


def test_neither_order_is_told_as_two_cases() -> None:
    anomaly = told(
        [
            committed(0, (WRITE, 0, 1)),
            committed(1, (WRITE, 0, 2)),
            committed(2, (READ, 0, 1)),
            committed(2, (READ, 0, 2)),
            committed(3, (READ, 0, 2)),
            committed(3, (READ, 0, 1)),
        ],
        "session-si",
    )
    assert anomaly.name.kind == "no-order-session"
    assert len(anomaly.loops) == 2
    assert anomaly.lines[0].startswith("If T0 writes 0 = 1 before T1 writes 0 = 2")
    assert any(line.startswith("But if T1 writes 0 = 2 before T0") for line in anomaly.lines)
    assert len(anomaly.lines) <= LINES_MAX


def test_orders_that_only_together_are_impossible_become_a_tree() -> None:
    decision = decide(history_of(forks()), LEVELS["si"])
    assert isinstance(decision.contradiction, Conflict)
    (anomaly,) = anomalies_of(decision)
    assert anomaly.name.kind == "no-order"
    assert "long fork" in anomaly.name.title
    assert isinstance(anomaly.proof, Proof)
    assert isinstance(anomaly.proof.root, Split)
    assert len(anomaly.loops) == 4
    heads = [line for line in anomaly.lines if line.lstrip().startswith(("If ", "But if "))]
    assert len(heads) == 6
    assert len(anomaly.lines) == 7
    assert sum(line.endswith("a circle.") for line in anomaly.lines) == 4


def test_an_order_that_sessions_settle_does_not_hide_what_is_wrong() -> None:
    anomaly = told(
        [
            committed(0, (WRITE, 0, 1)),
            committed(0, (WRITE, 0, 2)),
            committed(1, (READ, 0, 2)),
            committed(1, (READ, 0, 1)),
        ],
        "session-si",
    )
    assert anomaly.name.kind == "g-single-session"
    assert not isinstance(anomaly.proof, Split)
    assert any("For otherwise" in line or "for otherwise" in line for line in anomaly.lines)


def test_weak_level_tells_what_was_seen_and_unseen() -> None:
    history = [
        committed(0, (WRITE, 0, 1)),
        committed(0, (WRITE, 0, 2)),
        committed(1, (READ, 0, 2), (WRITE, 1, 1)),
        committed(2, (READ, 1, 1), (READ, 0, 1)),
    ]
    anomaly = told(history, "causal")
    assert anomaly.name.kind == "g-single-session"
    assert any("has seen" in line for line in anomaly.lines)


def test_weakest_level_comes_first() -> None:
    anomalies = anomalies_of(
        decide(
            history_of(
                [
                    committed(0, (READ, 0, 0), (WRITE, 0, 1)),
                    committed(1, (READ, 0, 0), (WRITE, 0, 2)),
                    committed(2, (READ, 1, 5)),
                    committed(2, (WRITE, 1, 5)),
                ]
            ),
            LEVELS["session-si"],
        )
    )
    assert [each.name.kind for each in anomalies] == ["g1c-session", "lost-update"]
