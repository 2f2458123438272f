"""What a change of a history may do to its verdict, on small histories and on larger ones."""

from collections.abc import Callable
from zlib import crc32

import pytest

from sim.history import OperationKind, Outcome
from sim.kernel.streams import Streams, below
from specs.history.isolation.decide import decide
from specs.history.isolation.levels import LEVELS
from tests.specs.isolation.engine import ANOMALIES, accepts_with, executed, with_anomaly
from tests.specs.isolation.judging import NAMES, STRONGER, judged
from tests.specs.isolation.oracle import Operation, Transaction, history_of
from tests.specs.isolation.relations import MORE, SAME, joined
from tests.specs.isolation.small import numbered

Judge = Callable[[list[Transaction], str], bool]

KINDS = pytest.mark.parametrize("lists", [False, True], ids=["registers", "lists"])
RELATIONS = SAME | MORE
FEW, MANY = 12, 1500
ORDERED = [n for n, level in LEVELS.items() if level.family == "order" and not level.real_time]


def verdict(transactions: list[Transaction], name: str) -> bool:
    return decide(history_of(transactions), LEVELS[name]).holds


def opinion(transactions: list[Transaction], name: str) -> bool:
    """Judge by anything but the meaning."""
    return bool(crc32(repr((transactions, name)).encode()) & 1)


def breach(relation: str, lists: bool, numbers, judge: Judge = verdict, levels: int = 2):
    """Return the first history after whose change the verdict is not what it may be."""
    applied = 0
    for number in numbers:
        history = numbered(number, lists=lists)
        stream = Streams(number).at("relations", relation)
        after = RELATIONS[relation](history, lambda bound, stream=stream: below(stream, bound))
        if after is None:
            continue
        applied += 1
        # Each level has its turn.
        for place in range(levels):
            name = NAMES[(levels * number + place) % len(NAMES)]
            was, now = judge(history, name), judge(after, name)
            if now != was and (relation in SAME or was):
                return number, name, was
    assert applied
    return None


@KINDS
@pytest.mark.parametrize("relation", RELATIONS)
def test_a_change_does_to_the_verdict_what_it_may(relation, lists):
    assert breach(relation, lists, range(FEW * (1 if relation in SAME else 3))) is None


@pytest.mark.oracle
@pytest.mark.timeout(7200)
@KINDS
@pytest.mark.parametrize("relation", RELATIONS)
def test_many_changes_do_to_the_verdict_what_they_may(relation, lists):
    assert breach(relation, lists, range(MANY), levels=len(NAMES)) is None


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_checker_with_opinions_breaks_the_relation(relation):
    assert breach(relation, False, range(300), opinion) is not None


@KINDS
def test_two_histories_hold_together_where_both_hold(lists):
    seen = set()
    for number in range(2 * FEW):
        one = numbered(number, lists=lists, transactions_max=3)
        other = numbered(1000 + number, lists=lists, transactions_max=3)
        for name in NAMES[number % 2 :: 2]:
            each = verdict(one, name), verdict(other, name)
            seen.add(each)
            assert verdict(joined(one, other), name) == all(each), (number, name)
    assert seen >= {(True, True), (True, False), (False, True)}


def watched(transactions: list[Transaction], name: str, instant: int) -> list[Transaction]:
    """Add a reader of everything at an instant of an accepted schedule, in a session of its own."""
    decision = judged(history_of(transactions), name)
    lists = any(o.kind >= OperationKind.APPEND for each in transactions for o in each.operations)
    state = {o.key: () if lists else 0 for each in transactions for o in each.operations}
    for event in decision.schedule[: instant % (len(decision.schedule) + 1)].tolist():
        if event % 2:
            for kind, key, value in transactions[int(decision.facts.row[event // 2])].operations:
                if kind == OperationKind.WRITE:
                    state[key] = value
                elif kind == OperationKind.APPEND:
                    state[key] = (*state[key], value)
    kind = OperationKind.READ_LIST if lists else OperationKind.READ
    session = 1 + max(each.session for each in transactions)
    reads = tuple(Operation(kind, key, value) for key, value in state.items())
    return [*transactions, Transaction(session, Outcome.COMMITTED, reads)]


@KINDS
def test_a_reader_of_an_accepted_schedule_changes_nothing(lists):
    met = 0
    for number in range(2 * FEW):
        history = numbered(number, lists=lists)
        name = ORDERED[number % len(ORDERED)]
        if not verdict(history, name):
            continue
        met += 1
        # In a serial schedule, nobody looks between begin and commit.
        instant = number * 7 - number * 7 % 2
        assert verdict(watched(history, name, instant), name), (number, name)
    assert met > 5


LARGE = {"registers": executed(1), "lists": executed(2, lists=True)}
SERIAL = {"registers": executed(3, serial=True), "lists": executed(4, lists=True, serial=True)}


@pytest.mark.parametrize("kind", LARGE)
def test_what_an_engine_executed_is_accepted_at_every_level_it_promises(kind):
    outcomes = {each.outcome for each in LARGE[kind]}
    assert len(outcomes) == 3
    assert all(judged(history_of(SERIAL[kind]), name).holds for name in NAMES)
    accepted = {name for name in NAMES if judged(history_of(LARGE[kind]), name).holds}
    assert accepted == {name for name in NAMES if "serializable" not in name}
    assert all(weak in accepted for strong, weak in STRONGER if strong in accepted)


@pytest.mark.parametrize("kind", LARGE)
@pytest.mark.parametrize("anomaly", ANOMALIES)
def test_one_anomaly_in_a_large_history_is_found_at_exactly_its_levels(anomaly, kind):
    history = history_of(with_anomaly(SERIAL[kind], anomaly, lists=kind == "lists"))
    found = [name for name in NAMES if judged(history, name).holds]
    assert found == [name for name in NAMES if accepts_with(anomaly, name)]


@pytest.mark.parametrize("kind", LARGE)
@pytest.mark.parametrize("relation", RELATIONS)
def test_changes_of_a_large_history_do_to_the_verdict_what_they_may(relation, kind):
    for name, base in (("session-si", LARGE[kind]), ("session-serializable", SERIAL[kind])):
        for anomaly in (None, "long fork"):
            lists = kind == "lists"
            history = base if anomaly is None else with_anomaly(base, anomaly, lists=lists)
            stream = Streams(5).at("relations", relation)
            after = RELATIONS[relation](history, lambda bound, stream=stream: below(stream, bound))
            assert after is not None
            if anomaly is None or relation in SAME:
                assert verdict(after, name) == (anomaly is None)
