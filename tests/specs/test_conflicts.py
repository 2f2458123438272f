"""Write-write conflicts: first committer wins, and accepted commits have none."""

import pytest

from sim.history import RowState
from tests.specs.ledger import Ledger


def two_writers(*, second_start, second_key=0, effective=(True, True)):
    """T10 commits at 12; another writer, maybe concurrent, is accepted at 25."""
    run = Ledger()
    run.epoch(1)
    run.begin(10)
    run.begin(second_start, session=1)
    run.write(10, 0)
    run.write(second_start, second_key)
    for start, commit, takes_effect in ((10, 12, effective[0]), (second_start, 25, effective[1])):
        run.accept(start, commit)
        if takes_effect:
            run.put(start, commit)
        else:
            run.invalidate(start)
            run.put(start, commit, before=RowState.INVALID)
    return run


def test_two_concurrent_committers_of_one_key_are_named():
    verdict = two_writers(second_start=11).judge("first_committer_wins")
    assert verdict.premise == 1
    assert verdict.evidence.transactions == (10, 11)
    assert verdict.evidence.keys == (0,)
    assert verdict.evidence.timestamps == (10, 12, 11, 25)
    assert verdict.evidence.sentence == (
        "T10 and T11 were concurrent and wrote key 0, and both committed: T10 at 12, T11 at 25."
    )


@pytest.mark.parametrize(
    ("second_start", "second_key", "effective"),
    [(20, 0, (True, True)), (11, 1, (True, True)), (11, 0, (True, False)), (11, 0, (False, True))],
)
def test_committers_one_after_the_other_or_of_other_keys_are_right(
    second_start, second_key, effective
):
    run = two_writers(second_start=second_start, second_key=second_key, effective=effective)
    assert run.judge("first_committer_wins").holds


def test_overlap_is_found_among_many_versions():
    run = Ledger()
    for start in range(10, 100, 10):
        run.writer(start, start + 5, [0, 1])
    run.begin(57)
    run.write(57, 1)
    run.commit(57, 68, [1])
    verdict = run.judge("first_committer_wins")
    assert verdict.evidence.transactions == (60, 57)
    assert verdict.evidence.keys == (1,)


@pytest.mark.parametrize("effective", [True, False])
def test_a_commit_accepted_over_a_newer_version_is_named_even_without_effect(effective):
    run = two_writers(second_start=11, effective=(True, effective))
    verdict = run.judge("conflict_detection_sound")
    assert verdict.premise == 1
    assert verdict.evidence.transactions == (10, 11)
    assert verdict.evidence.keys == (0,)
    assert verdict.evidence.timestamps == (10, 12, 11, 25)


@pytest.mark.parametrize(
    ("second_start", "second_key", "effective"),
    [(20, 0, (True, True)), (11, 1, (True, True)), (11, 0, (False, True))],
)
def test_a_commit_accepted_without_a_conflict_is_right(second_start, second_key, effective):
    run = two_writers(second_start=second_start, second_key=second_key, effective=effective)
    assert run.judge("conflict_detection_sound").holds


def test_a_commit_accepted_twice_does_not_conflict_with_itself():
    run = two_writers(second_start=20)
    run.accept(20, 27)
    assert run.judge("conflict_detection_sound").holds
