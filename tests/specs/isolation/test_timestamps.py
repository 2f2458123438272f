"""The checker by timestamps agrees with a replay, rule by rule."""

import pytest
from hypothesis import assume, event, given, settings

from specs.history.isolation.levels import LEVELS
from specs.history.isolation.timestamps import TimestampVerdict, check_timestamps
from tests.specs.isolation.stamped import Stamped, broken, explained, history_of, malformed
from tests.specs.isolation.stamped_small import timed

NAMES = ["si-timestamps", "session-si-timestamps"]


def judged(transactions: list[Stamped], name: str) -> TimestampVerdict:
    return check_timestamps(history_of(transactions), LEVELS[name])


def faults(verdict: TimestampVerdict) -> set[tuple[str, int, int]]:
    """Return what the replay would call the violations, but for conflicts."""
    first = verdict.history.first
    found = set()
    for each in verdict.violations:
        if each.kind == "session":
            found.add(("session", each.transactions[1], 0))
        elif each.kind in ("int", "ext"):
            row = each.transactions[0]
            found.add((each.kind, row, each.operations[0] - int(first[row])))
    return found


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lists", [False, True])
def test_checker_agrees_with_a_replay(name: str, lists: bool) -> None:
    @settings(max_examples=300, deadline=None)
    @given(transactions=timed(lists=lists))
    def agrees(transactions: list[Stamped]) -> None:
        counted = [each for each in transactions if each.outcome == 1]
        assume(not malformed(counted))
        sessions = LEVELS[name].sessions
        replayed = broken(counted, sessions=sessions)
        verdict = judged(transactions, name)
        rows = [row for row, each in enumerate(transactions) if each.outcome == 1]
        renamed = {(kind, rows[row], place) for kind, row, place in replayed}
        event(" ".join(sorted({kind for kind, _, _ in replayed})))
        plain = {each for each in renamed if each[0] in ("int", "ext")}
        assert {each for each in faults(verdict) if each[0] != "session"} == plain
        assert {each.kind for each in verdict.violations} == {kind for kind, _, _ in replayed}
        assert verdict.holds == (not replayed)

    agrees()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lists", [False, True])
@pytest.mark.parametrize("lost", [False, True])
def test_unknown_outcomes_are_judged_as_all_possibilities(
    name: str, lists: bool, lost: bool
) -> None:
    @settings(max_examples=150, deadline=None)
    @given(transactions=timed(lists=lists, unknown=True, lost=lost, transactions_max=4))
    def agrees(transactions: list[Stamped]) -> None:
        assume(not malformed([each for each in transactions if each.outcome != 2]))
        holds = explained(transactions, sessions=LEVELS[name].sessions)
        event(f"holds {holds}")
        assert judged(transactions, name).holds == holds

    agrees()
