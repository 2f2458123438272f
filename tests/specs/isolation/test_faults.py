"""Broken checkers: what the comparison with every execution looks at shows each of them."""

import pytest

from tests.specs.isolation.faults import FAULTS, Fault
from tests.specs.isolation.judging import explained, judged
from tests.specs.isolation.oracle import history_of
from tests.specs.isolation.small import numbered

TRIES_MAX = 1000
BROKEN = (AssertionError, ArithmeticError, LookupError, TypeError, ValueError)
"""A wrong schedule fails in the replay, and some faults end in an error: they show, too."""


def right(fault: Fault, number: int) -> bool:
    """Say whether a checker judges a small history as every execution does."""
    transactions = numbered(number, lists=fault.lists)
    expected = explained(transactions, fault.level)
    try:
        return judged(history_of(transactions), fault.level).holds == expected
    except BROKEN:
        return False


def test_there_are_faults_of_every_part():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 40


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_broken_checker_is_caught(fault, monkeypatch):
    with monkeypatch.context() as patch:
        fault.plant(patch)
        numbers = range(fault.since, fault.since + TRIES_MAX)
        number = next((n for n in numbers if not right(fault, n)), None)
    assert number is not None
    assert right(fault, number)
