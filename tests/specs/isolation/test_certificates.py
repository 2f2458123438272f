"""Certificates are confirmed by programs that know no checker, and tampered ones are refused."""

import copy
import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sim.history import History, Outcome
from specs.history.formats.load import read
from specs.history.isolation.certificates import certify, replay, schedule_of
from specs.history.isolation.decide import Decision, decide
from specs.history.isolation.levels import LEVELS, level_of
from specs.history.isolation.telling import anomalies_of
from specs.history.refutation import RefutationError, refute
from specs.history.replay import ReplayError
from tests.specs.isolation.contradictions import (
    DISAGREEING,
    FORK,
    READ,
    SKEW,
    WRITE,
    committed,
    forks,
)
from tests.specs.isolation.judging import NAMES
from tests.specs.isolation.oracle import Operation, Transaction, history_of
from tests.specs.isolation.small import numbered

FOLDER = Path(os.environ.get("BULKHEAD_DATA", "data")) / "histories"
SMALL = (
    "textbook/",
    "elle/",
    "generated-list-append/",
    "awdit/",
    "isovista/",
    "polysi/violations/",
)
TRANSACTIONS_MAX = 120


def recorded(prefixes: tuple[str, ...]) -> Iterator[tuple[str, History, str]]:
    """Yield recorded histories, and the levels that the table has of them."""
    if not FOLDER.exists():
        pytest.skip(f"no folder {FOLDER}; point BULKHEAD_DATA at the data")
    history: tuple[str, History] | None = None
    with (FOLDER / "verdicts.csv").open() as file:
        for row in csv.DictReader(file):
            if not row["path"].startswith(prefixes) or "timestamps" in row["level"]:
                continue
            if int(row["transactions"]) > TRANSACTIONS_MAX:
                continue
            if history is None or history[0] != row["path"]:
                history = row["path"], read(FOLDER / row["path"]).history
            yield row["path"], history[1], row["level"]


def test_small_recorded_verdicts_are_certified() -> None:
    certified = 0
    for path, history, level in recorded(SMALL):
        decision = decide(history, level_of(level))
        assert certify(decision), path
        certified += 1
    assert certified > 250


@pytest.mark.parametrize("lists", [False, True])
def test_every_verdict_is_certified(lists: bool) -> None:
    names = set()
    for number in range(60):
        history = history_of(numbered(number, lists=lists))
        for name in NAMES:
            decision = decide(history, LEVELS[name])
            anomalies = anomalies_of(decision)
            assert certify(decision, anomalies)
            names |= {anomaly.name.kind for anomaly in anomalies}
    assert len(names) > 6


def test_choices_without_pruning_are_certified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("specs.history.isolation.decide.CELLS_MAX", 0)
    for number in range(60):
        history = history_of(numbered(number, lists=False))
        for name in ("si", "session-serializable"):
            assert certify(decide(history, LEVELS[name]))


def rejected(transactions: list[Transaction], level: str) -> tuple[Decision, dict[str, Any]]:
    """Return a rejection and its certificate."""
    decision = decide(history_of(transactions), LEVELS[level])
    assert not decision.holds
    return decision, copy.deepcopy(certify(decision)[0])


def refused(transactions: list[Transaction], tree: dict[str, Any]) -> bool:
    """Say whether a tree is refused."""
    try:
        refute(history_of(transactions), tree)
    except RefutationError:
        return True
    return False


def test_cycle_of_another_history_is_refused() -> None:
    _, tree = rejected(FORK, "si")
    assert not refused(FORK, tree)
    mended = [*FORK[:3], committed(3, (READ, 0, 1), (READ, 1, 1))]
    assert refused(mended, tree)


def test_every_arrow_matters() -> None:
    _, tree = rejected(FORK, "si")
    cycle = tree["root"]["cycle"]
    assert len(cycle) == 4
    for place, arrow in enumerate(cycle):
        for field, value in (
            ("from", (arrow["from"] + 1) % 4),
            ("to", (arrow["to"] + 1) % 4),
            ("kind", "ww"),
            ("kind", "so"),
            ("kind", "rt"),
            ("key", 1 - arrow["key"]),
            ("operations", arrow["operations"][::-1]),
            ("operations", [0, 0]),
        ):
            other = copy.deepcopy(tree)
            other["root"]["cycle"][place][field] = value
            assert refused(FORK, other), (place, field, value)
        other = copy.deepcopy(tree)
        del other["root"]["cycle"][place]
        assert refused(FORK, other)


def test_both_cases_of_an_order_matter() -> None:
    _, tree = rejected(DISAGREEING, "session-si")
    assert set(tree["root"]) == {"order", "holds", "otherwise"}
    other = copy.deepcopy(tree)
    other["root"]["otherwise"] = tree["root"]["holds"]
    assert refused(DISAGREEING, other)
    assert refused(DISAGREEING, tree | {"root": tree["root"]["holds"]})
    other = copy.deepcopy(tree)
    other["root"]["order"]["later"] = [2]
    assert refused(DISAGREEING, other)


def test_no_case_of_a_tree_can_be_left_out() -> None:
    _, tree = rejected(forks(), "si")
    assert not refused(forks(), tree)
    for path in (("holds",), ("otherwise",), ("holds", "otherwise"), ("otherwise", "holds")):
        # The end of one case stands for none of the others.
        other = copy.deepcopy(tree)
        node = other["root"]
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = tree["root"]["holds"]["holds"]
        assert refused(forks(), other), path
    other = copy.deepcopy(tree)
    other["root"] = tree["root"]["holds"]
    assert refused(forks(), other)


def test_order_that_is_settled_needs_its_reason() -> None:
    transactions = [
        committed(0, (WRITE, 0, 1)),
        committed(0, (WRITE, 0, 2)),
        committed(1, (READ, 0, 2)),
        committed(1, (READ, 0, 1)),
    ]
    _, tree = rejected(transactions, "session-si")
    (settled,) = tree["settled"]
    assert refused(transactions, tree | {"settled": []})
    assert refused(transactions, tree | {"settled": [settled | {"otherwise": tree["root"]}]})
    assert refused(transactions, tree | {"level": "si"}), "si has no sessions"


def test_write_skew_is_no_violation_of_snapshot_isolation() -> None:
    _, tree = rejected(SKEW, "serializable")
    assert not refused(SKEW, tree)
    assert refused(SKEW, tree | {"level": "si"})
    assert refused(SKEW, tree | {"level": "causal"})
    assert refused(SKEW, tree | {"level": "none"})
    assert refused(SKEW, {"level": "serializable"})


def test_misread_of_another_kind_is_refused() -> None:
    failed = Transaction(0, Outcome.ABORTED, (Operation(WRITE, 0, 1),))
    transactions = [failed, committed(1, (READ, 0, 1))]
    _, tree = rejected(transactions, "si")
    assert tree["root"]["misread"]["kind"] == "g1a"
    for kind in ("g1b", "garbage-read", "internal", "future-read", "incompatible-order", "none"):
        other = {"misread": tree["root"]["misread"] | {"kind": kind}}
        assert refused(transactions, tree | {"root": other}), kind
    alive = [committed(0, (WRITE, 0, 1)), transactions[1]]
    assert refused(alive, tree)


def test_level_decides_what_a_reader_has_seen() -> None:
    transactions = [
        committed(0, (WRITE, 0, 1)),
        committed(1, (READ, 0, 1), (WRITE, 1, 1)),
        committed(2, (READ, 1, 1), (READ, 0, 0)),
    ]
    _, tree = rejected(transactions, "causal")
    assert not refused(transactions, tree)
    assert refused(transactions, tree | {"level": "read-atomic"})
    assert refused(transactions, tree | {"level": "read-committed"})


def test_read_committed_sees_what_was_read_before() -> None:
    before = [committed(0, (WRITE, 0, 1), (WRITE, 1, 1)), committed(1, (READ, 0, 1), (READ, 1, 0))]
    _, tree = rejected(before, "read-committed")
    assert not refused(before, tree)
    after = [before[0], committed(1, (READ, 1, 0), (READ, 0, 1))]
    assert decide(history_of(after), LEVELS["read-committed"]).holds
    _, tree = rejected(after, "read-atomic")
    assert refused(after, tree | {"level": "read-committed"})


@pytest.mark.parametrize("name", ["causal", "read-atomic", "read-committed"])
def test_replay_refuses_another_order(name: str) -> None:
    transactions = [
        committed(0, (WRITE, 0, 1)),
        committed(1, (READ, 0, 1), (WRITE, 0, 2)),
        committed(1, (READ, 0, 2)),
    ]
    decision = decide(history_of(transactions), LEVELS[name])
    certificate = schedule_of(decision)
    replay(decision, certificate)
    events = certificate["schedule"]
    for wrong in (events[::-1], events[2:], [*events, *events], [*events[2:], *events[:2]]):
        with pytest.raises(ReplayError):
            replay(decision, {"schedule": wrong})


def test_replay_refuses_what_was_seen_and_unseen() -> None:
    transactions = [
        committed(0, (WRITE, 0, 1), (WRITE, 1, 1)),
        committed(1, (READ, 1, 0), (READ, 0, 1)),
    ]
    weaker = decide(history_of(transactions), LEVELS["read-committed"])
    certificate = schedule_of(weaker)
    for name in ("read-atomic", "causal"):
        stronger = decide(history_of(transactions), LEVELS[name])
        assert not stronger.holds
        with pytest.raises(ReplayError, match="has seen"):
            replay(stronger, certificate)
