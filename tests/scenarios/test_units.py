"""Quantities with units become whole numbers, exactly, and what is none is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios import units


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("250ms", 250_000_000),
        ("1.5s", 1_500_000_000),
        ("0s", 0),
        ("3 ns", 3),
        ("7us", 7_000),
        ("7µs", 7_000),
        ("2min", 120_000_000_000),
        ("1h", 3_600_000_000_000),
        ("0.000000001s", 1),
    ],
)
def test_duration_is_exact(text, nanoseconds):
    assert units.duration(text) == nanoseconds


@pytest.mark.parametrize("text", ["", "5", "s", "1 fortnight", "1e3s", "0x1s", "1..5s", "1_000s"])
def test_what_is_no_duration_is_refused_with_the_accepted_units(text):
    with pytest.raises(ValueError, match=r"ns, us, µs, ms, s, min or h"):
        units.duration(text)


@pytest.mark.parametrize("value", [5, 5.0, True, None, ["5s"]])
def test_number_without_unit_is_refused(value):
    with pytest.raises(ValueError, match="has no unit"):
        units.duration(value)


def test_negative_duration_is_refused_where_time_only_goes_on():
    with pytest.raises(ValueError, match=r'"-5s" is negative'):
        units.duration("-5s")
    assert units.duration("-5s", signed=True) == -5_000_000_000


@pytest.mark.parametrize("text", ["0.5ns", "99999999999999999999s"])
def test_duration_that_is_no_whole_nanosecond_of_64_bits_is_refused(text):
    with pytest.raises(ValueError, match="no whole number of ns"):
        units.duration(text)


@pytest.mark.parametrize(
    ("read", "text", "number"),
    [
        (units.size, "16KiB", 16384),
        (units.size, "3B", 3),
        (units.share, "0.5%", 5000),
        (units.share, "100%", 1_000_000),
        (units.share, "7ppm", 7),
        (units.percent, "25%", 25),
        (units.rate, "2/s", 120),
        (units.rate, "3/min", 3),
    ],
)
def test_other_quantities_are_exact(read, text, number):
    assert read(text) == number


@given(st.integers(-(2**62), 2**62))
def test_every_duration_is_written_so_that_it_is_read_back(nanoseconds):
    assert units.duration(units.duration_text(nanoseconds), signed=True) == nanoseconds


@given(st.integers(0, 10**9))
def test_every_share_size_and_rate_is_written_so_that_it_is_read_back(number):
    assert units.share(units.share_text(number)) == number
    assert units.size(units.size_text(number)) == number
    assert units.percent(units.percent_text(number)) == number
    assert units.rate(units.rate_text(number)) == number


def test_durations_are_written_in_the_largest_unit_that_is_exact():
    assert units.duration_text(90_000_000_000) == "90s"
    assert units.duration_text(120_000_000_000) == "2min"
    assert units.duration_text(1_500_000) == "1500us"
