"""Every law gives the quantiles that it declares, in its table and in its draws."""

import math
import re
from bisect import bisect_left, bisect_right
from itertools import pairwise
from statistics import NormalDist

import pytest

from sim.kernel.distributions import (
    SLOTS,
    Constant,
    Empirical,
    Exponential,
    LogNormal,
    ParetoTail,
    Uniform,
    sample,
)
from sim.kernel.streams import Streams

US = 1_000
QUANTILES = [0.01, 0.5, 0.9, 0.99, 0.999]
DRAWS = 200_000

POINTS = ((0, 50 * US), (500_000, 200 * US), (900_000, 500 * US), (990_000, 2_000 * US))
POINTS += ((999_000, 9_000 * US), (1_000_000, 20_000 * US))

LAWS = {
    "constant": Constant(70 * US),
    "uniform": Uniform(low_ns=10 * US, high_ns=300 * US),
    "log-normal": LogNormal(median_ns=200 * US, sigma_ppm=400_000),
    "exponential": Exponential(mean_ns=500 * US, minimum_ns=100 * US),
    "empirical": Empirical(POINTS),
    "pareto tail": ParetoTail(
        body=LogNormal(median_ns=200 * US, sigma_ppm=400_000),
        alpha_ppm=2_000_000,
        from_ppm=950_000,
    ),
}


def empirical(q):
    for (low, low_ns), (high, high_ns) in pairwise(POINTS):
        if low <= q * 1e6 <= high:
            return low_ns + (high_ns - low_ns) * (q * 1e6 - low) / (high - low)
    raise AssertionError(q)


def log_normal(q):
    return 200 * US * math.exp(0.4 * NormalDist().inv_cdf(q))


def pareto_tail(q):
    return log_normal(q) if q < 0.95 else log_normal(0.95) * ((1 - 0.95) / (1 - q)) ** 0.5


DECLARED = {
    "constant": lambda q: 70 * US,
    "uniform": lambda q: 10 * US + q * 290 * US,
    "log-normal": log_normal,
    "exponential": lambda q: 100 * US - 400 * US * math.log(1 - q),
    "empirical": empirical,
    "pareto tail": pareto_tail,
}


def assert_quantile(values, q, declared, tolerance):
    """Check that a share q of the sorted values lies below the declared quantile."""
    below, up_to = bisect_left(values, declared), bisect_right(values, declared)
    assert below / len(values) <= q + tolerance
    assert up_to / len(values) >= q - tolerance


@pytest.mark.parametrize("q", QUANTILES)
@pytest.mark.parametrize("name", LAWS)
def test_table_holds_the_declared_quantiles_to_one_slot(name, q):
    assert_quantile(LAWS[name].table(), q, DECLARED[name](q), 1 / SLOTS)


@pytest.mark.parametrize("name", LAWS)
def test_draws_follow_the_declared_quantiles(name):
    stream = Streams(5).at("latency")
    draws = sorted(sample(LAWS[name], stream) for _ in range(DRAWS))
    for q in QUANTILES:
        four_sigma = 4 * math.sqrt(q * (1 - q) / DRAWS)
        assert_quantile(draws, q, DECLARED[name](q), 1 / SLOTS / 2 + four_sigma)


@pytest.mark.parametrize("name", LAWS)
def test_table_has_4096_rising_integers(name):
    table = LAWS[name].table()
    assert len(table) == SLOTS
    assert list(table) == sorted(table)
    assert all(type(value) is int for value in table)


@pytest.mark.parametrize("share", POINTS[1:-1])
def test_empirical_law_goes_through_its_points(share):
    ppm, ns = share
    table = LAWS["empirical"].table()
    slot = ppm * SLOTS // 1_000_000
    assert table[slot - 1] <= ns <= table[slot + 1]


def test_empirical_law_is_flat_outside_its_points():
    law = Empirical(((100_000, 5), (900_000, 9)))
    assert law.table()[0] == law.table()[400] == 5
    assert law.table()[-1] == law.table()[3_700] == 9
    assert Empirical(((500_000, 7),)).table() == Constant(7).table()


def test_means_of_tables():
    assert Constant(5).average_ns() == 5
    assert Uniform(low_ns=10, high_ns=1_000).average_ns() == pytest.approx(505, abs=1)
    assert LAWS["exponential"].average_ns() == pytest.approx(500 * US, rel=2e-4)
    mean = 200 * US * math.exp(0.08)
    assert LAWS["log-normal"].average_ns() == pytest.approx(mean, rel=2e-3)


def test_tail_goes_on_behind_the_table():
    law = LAWS["pareto tail"]
    stream = Streams(5).at("latency")
    draws = [sample(law, stream) for _ in range(DRAWS)]
    last = law.table()[-1]
    beyond = sorted(draw for draw in draws if draw > last)
    # Half of the last slot lies beyond its middle, and a quarter of those beyond twice as far.
    assert len(beyond) == pytest.approx(DRAWS / SLOTS / 2, rel=0.5)
    assert beyond[-1] > 2 * last


def test_equal_laws_share_one_table():
    assert (
        LogNormal(median_ns=9, sigma_ppm=1).table() is LogNormal(median_ns=9, sigma_ppm=1).table()
    )


@pytest.mark.parametrize(
    ("law", "message"),
    [
        (lambda: Constant(-1), "a constant duration of -1 ns is negative"),
        (lambda: Uniform(low_ns=-1, high_ns=2), "a low bound of -1 ns is negative"),
        (lambda: Uniform(low_ns=3, high_ns=2), "low bound 3 ns above 2 ns"),
        (lambda: LogNormal(median_ns=-3, sigma_ppm=1), "a median of -3 ns is negative"),
        (lambda: LogNormal(median_ns=3, sigma_ppm=-1), "sigma of -1 ppm is not in 0 to 10"),
        (lambda: Exponential(mean_ns=3, minimum_ns=4), "minimum 4 ns above the mean 3 ns"),
        (lambda: Empirical(()), "an empirical law needs at least one point"),
        (lambda: Empirical(((5, 1), (5, 2))), "shares [5, 5] do not rise"),
        (lambda: Empirical(((5, 3), (6, 2))), "times [3, 2] fall"),
        (lambda: Empirical(((5, 3), (1_000_001, 4))), "are not in 0 to 1000000 ppm"),
        (lambda: ParetoTail(body=Constant(1), alpha_ppm=5), "alpha of 5 ppm is below 0.1"),
        (
            lambda: ParetoTail(body=Constant(1), alpha_ppm=10**6, from_ppm=10**6),
            "a tail from 1000000 ppm is not in 1 to 999999",
        ),
    ],
)
def test_impossible_laws_are_refused(law, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        law()
