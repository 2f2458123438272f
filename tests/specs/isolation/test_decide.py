"""The checker agrees with every execution, at every level, and what it accepts replays."""

import sys
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.history import Outcome
from tests.specs.isolation.judging import NAMES, STRONGER, explained, judged
from tests.specs.isolation.oracle import APPEND, READ_LIST, Operation, Transaction, history_of
from tests.specs.isolation.small import histories

DONE = Outcome.COMMITTED
LARGE = 20_000


def agrees(transactions: list[Transaction], counts: Counter[tuple[str, bool]], initial: bool):
    """Compare the verdicts of all levels, with one another too."""
    history = history_of(transactions, has_initial=initial)
    accepted = {}
    for name in NAMES:
        accepted[name] = judged(history, name).holds
        assert accepted[name] == explained(transactions, name, has_initial=initial), name
        counts[name, accepted[name]] += 1
    for stronger, weaker in STRONGER:
        assert not accepted[stronger] or accepted[weaker], (stronger, weaker)


def compare(count: int, *, lists: bool, transactions_max: int) -> Counter[tuple[str, bool]]:
    """Compare checker and oracle on so many histories; return the verdicts by level."""
    counts: Counter[tuple[str, bool]] = Counter()

    @settings(max_examples=count, derandomize=True, database=None, deadline=None)
    @given(
        transactions=histories(lists=lists, transactions_max=transactions_max),
        initial=st.sampled_from([True] * 7 + [lists]),
    )
    def on_one(transactions: list[Transaction], initial: bool) -> None:
        agrees(transactions, counts, initial)

    on_one()
    return counts


@pytest.mark.parametrize("lists", [False, True], ids=["registers", "lists"])
def test_checker_agrees_with_every_execution(lists):
    counts = compare(200, lists=lists, transactions_max=5)
    for name in NAMES:
        assert min(counts[name, True], counts[name, False]) > 20, name


@pytest.mark.oracle
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("lists", [False, True], ids=["registers", "lists"])
def test_checker_agrees_with_every_execution_of_many_histories(lists, capsys):
    counts = compare(LARGE, lists=lists, transactions_max=6)
    with capsys.disabled():
        lines = [f"{name:22}{counts[name, True]:8}{counts[name, False]:8}\n" for name in NAMES]
        kind = "lists" if lists else "registers"
        sys.stdout.write(f"\n{kind}: accepted and rejected, by level\n{''.join(lines)}")
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
