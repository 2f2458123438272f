"""The checker agrees with every execution, at every level, and what it accepts replays."""

import sys
from collections import Counter
from itertools import cycle

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from sim.history import Outcome
from tests.specs.isolation.judging import NAMES, STRONGER, explained, judged
from tests.specs.isolation.oracle import APPEND, READ_LIST, Operation, Transaction, history_of
from tests.specs.isolation.small import histories

DONE = Outcome.COMMITTED
LARGE, CHUNK = 10_000, 500
"""How many histories of each kind a campaign looks at, and after how many it says how far it is."""

KINDS = pytest.mark.parametrize("lists", [False, True], ids=["registers", "lists"])

Counts = Counter[tuple[str, bool]]
"""How many histories each level accepted and rejected."""


def agrees(
    transactions: list[Transaction],
    names: list[str],
    counts: Counts,
    initial: bool,
):
    """Compare the verdicts at some levels, with one another too."""
    history = history_of(transactions, has_initial=initial)
    accepted = {}
    for name in names:
        accepted[name] = judged(history, name).holds
        assert accepted[name] == explained(transactions, name, has_initial=initial), name
        counts[name, accepted[name]] += 1
    for stronger, weaker in STRONGER:
        assert not accepted.get(stronger) or accepted.get(weaker, True), (stronger, weaker)


def compare(count: int, counts: Counts, *, number: int, lists: bool, most: int, levels: int):
    """Compare checker and oracle on so many histories, and count the verdicts by level.

    Of the levels, so many are looked at for each history, in turn.
    """
    turn = cycle(range(0, len(NAMES) * levels, levels))

    @seed(number)
    @settings(max_examples=count, database=None, deadline=None)
    @given(
        transactions=histories(lists=lists, transactions_max=most),
        initial=st.sampled_from([True] * 7 + [lists]),
    )
    def on_one(transactions: list[Transaction], initial: bool) -> None:
        first = next(turn)
        names = [NAMES[(first + place) % len(NAMES)] for place in range(levels)]
        agrees(transactions, names, counts, initial)

    on_one()


@KINDS
def test_checker_agrees_with_every_execution(lists):
    counts = Counts()
    compare(150, counts, number=0, lists=lists, most=5, levels=3)
    for name in NAMES:
        assert min(counts[name, True], counts[name, False]) >= 3, name


@pytest.mark.oracle
@pytest.mark.timeout(7200)
@KINDS
def test_checker_agrees_with_every_execution_of_many_histories(lists, capsys):
    counts = Counts()
    for number in range(1, 1 + LARGE // CHUNK):
        compare(CHUNK, counts, number=number, lists=lists, most=6, levels=len(NAMES))
        with capsys.disabled():
            lines = [f"{name:22}{counts[name, True]:8}{counts[name, False]:8}\n" for name in NAMES]
            what = f"{number * CHUNK} histories of {'lists' if lists else 'registers'}"
            sys.stdout.write(f"\n{what}: accepted and rejected\n{''.join(lines)}")
            sys.stdout.flush()
    assert all(counts[name, True] + counts[name, False] >= LARGE for name in NAMES)


def txn(*operations, session=0, outcome=DONE):
    return Transaction(session, outcome, tuple(operations))


def append(key, value):
    return Operation(APPEND, key, value)


def see(key, *values):
    return Operation(READ_LIST, key, values)


DIRTY = [
    txn(append(0, 1), append(1, 1)),
    txn(append(0, 2), append(1, 2), session=1),
    txn(see(0, 1, 2), session=2),
    txn(see(1, 2, 1), session=3),
]
MISSED = [txn(append(0, 1)), txn(append(0, 2), session=1), txn(see(0, 1), session=1)]
AGAIN = [txn(append(0, 1)), txn(see(0), see(0, 1), session=1)]


@pytest.mark.parametrize(
    ("transactions", "accepted"),
    [(DIRTY, []), (MISSED, ["read-committed"]), (AGAIN, ["read-committed"])],
    ids=["writers in two orders", "an append of the session missed", "two reads, two lists"],
)
def test_lists_at_weak_levels_show_the_order_of_their_writers(transactions, accepted):
    weak = ["read-committed", "read-atomic", "causal", "session-si"]
    found = [name for name in weak if judged(history_of(transactions), name).holds]
    assert found == accepted == [name for name in weak if explained(transactions, name)]
