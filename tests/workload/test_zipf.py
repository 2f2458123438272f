import numpy as np
import pytest

from sim.kernel.streams import Streams
from sim.workload.generate.draws import Draws
from sim.workload.generate.zipf import cumulative_weights, zipf_ranks


def exact_law(ranks: int, theta: float) -> np.ndarray:
    weights = np.arange(1, ranks + 1, dtype=np.float64) ** -theta
    return weights / weights.sum()


@pytest.mark.parametrize("theta_ppm", [10_000, 500_000, 800_000, 990_000, 1_000_000, 2_500_000])
@pytest.mark.parametrize("ranks", [1, 2, 3, 97, 20_000])
def test_the_integer_law_is_the_power_law(ranks, theta_ppm):
    law = cumulative_weights(ranks, theta_ppm=theta_ppm)
    shares = np.diff(law, prepend=np.uint64(0)).astype(np.float64) / float(law[-1])
    exact = exact_law(ranks, theta_ppm / 1e6)
    # 31 bits a prime factor; the smallest weights of a steep law have fewer bits to spare.
    assert np.allclose(shares, exact, rtol=1e-7, atol=1e-15)


def test_the_law_of_the_harmonic_series_is_right_to_the_last_bit():
    law = cumulative_weights(5, theta_ppm=1_000_000)
    one = 1 << 56
    assert law.tolist() == np.cumsum([one, one // 2, one // 3, one // 4, one // 5]).tolist()


def test_a_flat_law_over_many_ranks_does_not_overflow():
    law = cumulative_weights(300_000, theta_ppm=10_000)
    assert np.all(np.diff(law.astype(np.float64)) > 0)
    assert int(law[-1]) < 2**63


@pytest.mark.parametrize("theta_ppm", [500_000, 990_000])
def test_drawn_ranks_follow_the_law(theta_ppm):
    ranks, count = 100, 200_000
    drawn = zipf_ranks(Draws(Streams(3).at("test", "zipf")), ranks, count, theta_ppm=theta_ppm)
    expected = exact_law(ranks, theta_ppm / 1e6) * count
    found = np.bincount(drawn, minlength=ranks)
    # Chi-square with 99 degrees of freedom: mean 99, deviation 14.1; 170 is one in 100,000.
    assert float(((found - expected) ** 2 / expected).sum()) < 170


def test_a_growing_space_is_drawn_by_the_law_of_its_present_size():
    count = 60_000
    sizes = np.repeat(np.array([2, 10, 50]), count // 3)
    drawn = zipf_ranks(Draws(Streams(4).at("test", "zipf")), sizes, count, theta_ppm=990_000)
    assert np.all(drawn < sizes)
    for size in (2, 10, 50):
        expected = exact_law(size, 0.99)[0] * (count // 3)
        found = int((drawn[sizes == size] == 0).sum())
        assert abs(found - expected) < 5 * expected**0.5
