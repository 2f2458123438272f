"""Changed histories: judged as every execution judges them, and not all alike."""

from itertools import product

import pytest
from hypothesis import assume, given, seed, settings

from sim.history import NONE, Outcome
from sim.kernel.streams import Streams, below
from specs.history.isolation.decide import decide
from specs.history.isolation.facts import UnsupportedHistory
from specs.history.isolation.levels import LEVELS
from specs.history.isolation.stamped import MalformedTimestamps
from specs.history.isolation.timestamps import check_timestamps
from tests.specs.isolation import stamped
from tests.specs.isolation.judging import NAMES, explained, judged
from tests.specs.isolation.mutations import MUTATIONS, duplicate_value
from tests.specs.isolation.oracle import history_of
from tests.specs.isolation.small import numbered
from tests.specs.isolation.stamped_small import timed

ENOUGH, MANY = 6, 1000
TRIES_MAX = 30_000
KINDS = pytest.mark.parametrize("lists", [False, True], ids=["registers", "lists"])
LEVEL = "session-si"


def changed(mutation, lists, wanted=ENOUGH):
    """Yield accepted histories after a change, each with the number it has."""
    found = 0
    for number in range(TRIES_MAX):
        history = numbered(number, lists=lists)
        stream = Streams(number).at("mutations", mutation.__name__)
        after = mutation(history, lambda bound, stream=stream: below(stream, bound))
        if after is None or after == history or not explained(history, LEVEL):
            continue
        yield number, after
        found += 1
        if found >= wanted:
            return


def verdicts(mutation, lists, wanted=ENOUGH):
    """Return the verdicts on changed histories at one level; at all, they are the oracle's."""
    found = set()
    count = 0
    for number, after in changed(mutation, lists, MANY * 3):
        history = history_of(after)
        others = [NAMES[(3 * number + place) % len(NAMES)] for place in range(3)]
        for name in {*others, LEVEL} if count < wanted else [LEVEL]:
            verdict = judged(history, name).holds
            assert verdict == explained(after, name), (number, name)
            if name == LEVEL:
                found.add(verdict)
        count += 1
        if count >= wanted and found >= MUTATIONS[mutation]:
            break
    assert count >= wanted
    return found


@KINDS
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.__name__)
def test_a_changed_history_is_judged_as_every_execution_judges_it(mutation, lists):
    assert verdicts(mutation, lists) == MUTATIONS[mutation]


@pytest.mark.oracle
@pytest.mark.timeout(7200)
@KINDS
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.__name__)
def test_many_changed_histories_are_judged_as_every_execution_judges_them(mutation, lists):
    assert verdicts(mutation, lists, MANY) == MUTATIONS[mutation]


@KINDS
def test_a_value_written_twice_is_unsupported(lists):
    for _, after in changed(duplicate_value, lists):
        for name in NAMES:
            with pytest.raises(UnsupportedHistory, match=r"names no writer"):
                decide(history_of(after), LEVELS[name])


def shift_start(transactions, row, by):
    return {row: transactions[row]._replace(start=max(transactions[row].start + by, 0))}


def shift_commit(transactions, row, by):
    return {row: transactions[row]._replace(commit=max(transactions[row].commit + by, 0))}


def invert_commits(transactions, row, by):
    other = (row + by) % len(transactions)
    one, two = transactions[row], transactions[other]
    return {row: one._replace(commit=two.commit), other: two._replace(commit=one.commit)}


def equal_timestamps(transactions, row, by):
    other = transactions[(row + by) % len(transactions)]
    return {row: transactions[row]._replace(start=other.start, commit=other.commit)}


@KINDS
@pytest.mark.parametrize(
    "change",
    [shift_start, shift_commit, invert_commits, equal_timestamps],
    ids=lambda e: e.__name__,
)
def test_changed_timestamps_are_judged_as_a_replay_judges_them(change, lists):
    level, found = LEVELS["session-si-timestamps"], set()

    @seed(1)
    @settings(max_examples=15, database=None, deadline=None)
    @given(transactions=timed(lists=lists))
    def agrees(transactions):
        transactions = [
            each._replace(commit=each.start if each.commit == NONE else each.commit)
            for each in transactions
        ]
        counted = [each for each in transactions if each.outcome == Outcome.COMMITTED]
        assume(not stamped.malformed(counted) and not stamped.broken(counted, sessions=True))
        for row, by in product(range(len(transactions)), (-4, -1, 1, 2, 5)):
            after = list(transactions)
            for place, each in change(transactions, row, by).items():
                after[place] = each
            found.add(timestamps_verdict(after, level))

    agrees()
    assert found == {True, False, "malformed"}


def timestamps_verdict(transactions, level):
    """Return the verdict of a replay, which is the checker's, too."""
    counted = [each for each in transactions if each.outcome == Outcome.COMMITTED]
    history = stamped.history_of(transactions)
    if stamped.malformed(counted):
        with pytest.raises(MalformedTimestamps):
            check_timestamps(history, level)
        return "malformed"
    holds = not stamped.broken(counted, sessions=True)
    assert check_timestamps(history, level).holds == holds
    return holds
