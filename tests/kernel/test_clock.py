"""Local clocks drift by exact ratios, stay continuous, and step in wall time only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.clock import Clock

S = 1_000_000_000


def test_drift_is_an_exact_ratio():
    fast = Clock(ppm=200)
    assert fast.monotonic_ns(10 * S) == 10 * S + 2_000_000
    slow = Clock(ppm=-200)
    assert slow.monotonic_ns(10 * S) == 10 * S - 2_000_000


def test_changes_of_drift_keep_local_time_continuous():
    clock = Clock()
    clock.set_drift(10 * S, 100_000)
    assert clock.monotonic_ns(10 * S) == 10 * S
    assert clock.monotonic_ns(20 * S) == 21 * S
    clock.set_drift(20 * S, -100_000)
    assert clock.monotonic_ns(20 * S) == 21 * S
    assert clock.monotonic_ns(30 * S) == 30 * S


def test_parts_of_nanoseconds_are_not_lost_at_changes_of_drift():
    clock = Clock()
    for i in range(1_000):
        clock.set_drift(i * 7, 500_000)
    assert clock.monotonic_ns(7_000) == 10_500


def test_steps_move_the_wall_clock_only():
    clock = Clock(offset_ns=5)
    clock.step(S, -3 * S)
    assert clock.monotonic_ns(2 * S) == 2 * S
    assert clock.wall_ns(2 * S) == 5 - S
    clock.step(2 * S, 4 * S)
    assert clock.wall_ns(2 * S) == 5 + 3 * S


@given(
    st.integers(-999_999, 999_999), st.integers(0, 10**12), st.integers(0, 10**12), st.integers()
)
def test_true_delay_is_the_shortest_that_lets_the_local_time_pass(ppm, now, local, seed):
    clock = Clock()
    clock.set_drift(now // 2, ppm)
    delay = clock.true_delay(local, now)
    begin = clock.monotonic_ns(now)
    assert clock.monotonic_ns(now + delay) - begin >= local
    assert delay == 0 or clock.monotonic_ns(now + delay - 1) - begin < local


def test_durations_on_a_true_clock_are_true():
    assert Clock().true_delay(17, 12345) == 17


@pytest.mark.parametrize("ppm", [-1_000_000, 1_000_000, 5_000_000])
def test_clocks_that_stand_still_or_double_are_refused(ppm):
    with pytest.raises(ValueError, match="is not between"):
        Clock(ppm=ppm)
