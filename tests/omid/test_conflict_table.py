"""The conflict table refuses every transaction that a bigger table would have refused."""

from hypothesis import given
from hypothesis import strategies as st

from sim.history import AbortReason
from sim.omid.conflict_table import ConflictTable
from sim.omid.messages import hash64
from sim.omid.mutants import MUTANTS


def table(entries: int, bucket_entries: int) -> ConflictTable:
    return ConflictTable(entries=entries, bucket_entries=bucket_entries)


def test_a_write_after_the_snapshot_is_a_conflict() -> None:
    conflicts = table(64, 4)
    assert conflicts.certify(start=1, commit=3, hashes=[hash64(7)]) is None
    assert conflicts.certify(start=2, commit=4, hashes=[hash64(7)]) is AbortReason.CONFLICT
    assert conflicts.certify(start=5, commit=6, hashes=[hash64(7)]) is None


def test_a_full_bucket_aborts_who_is_older_than_all_its_entries() -> None:
    conflicts = table(2, 2)
    assert conflicts.certify(start=4, commit=10, hashes=[hash64(1)]) is None
    assert conflicts.certify(start=5, commit=11, hashes=[hash64(2)]) is None
    assert conflicts.certify(start=6, commit=12, hashes=[hash64(3)]) is AbortReason.OVERFLOW
    assert conflicts.certify(start=10, commit=13, hashes=[hash64(3)]) is None


def test_what_was_entered_before_a_later_key_aborts_stays_entered() -> None:
    conflicts = table(64, 4)
    conflicts.certify(start=1, commit=5, hashes=[hash64(2)])
    assert conflicts.certify(start=3, commit=6, hashes=[hash64(1), hash64(2)]) is not None
    assert conflicts.certify(start=4, commit=7, hashes=[hash64(1)]) is AbortReason.CONFLICT


transactions = st.lists(
    st.tuples(st.integers(1, 12), st.sets(st.integers(0, 5), min_size=1, max_size=3)), max_size=40
)


def missed_conflicts(small: ConflictTable, requests: list[tuple[int, set[int]]]) -> int:
    """Count commits that the table accepts although a key was committed after the start."""
    last: dict[int, int] = {}
    missed = 0
    clock = 0
    for lag, keys in requests:
        clock += 2
        start = max(1, clock - lag)
        hashes = [hash64(key) for key in sorted(keys)]
        if small.certify(start=start, commit=clock, hashes=hashes) is None:
            missed += any(last.get(key, 0) > start for key in keys)
            last |= dict.fromkeys(keys, clock)
    return missed


@given(transactions)
def test_a_small_table_misses_no_conflict(requests: list[tuple[int, set[int]]]) -> None:
    assert missed_conflicts(table(2, 2), requests) == 0


def test_evicting_the_newest_entry_misses_one() -> None:
    mixin = MUTANTS["overflow_abort_evicts_newest"].mixins["conflict_table"]
    broken = type("Broken", (mixin, ConflictTable), {})(entries=2, bucket_entries=2)
    requests = [(1, {0}), (1, {1}), (1, {2}), (7, {1})]
    assert missed_conflicts(broken, requests) == 1
