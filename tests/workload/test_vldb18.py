import numpy as np
import pytest

from sim.kernel.streams import Streams
from sim.workload.generate.draws import Draws
from sim.workload.generate.settings import SettingError
from sim.workload.generate.vldb18 import SIZES_PPM, Vldb18
from sim.workload.generate.zipf_blocks import block_law, block_ranks
from sim.workload.types import Access

COUNT = 100_000


def generate(**settings):
    given = {"transactions": COUNT, "clients": 7} | settings
    return Vldb18(**given).generate(Streams(5))


def ycsb_sampler(items: int, theta: float) -> list[float]:
    """Return what share of a uniform number YCSB's ZipfianGenerator turns into each rank."""
    zeta = sum(rank**-theta for rank in range(1, items + 1))
    zeta_2 = 1 + 2**-theta
    eta = (1 - (2 / items) ** (1 - theta)) / (1 - zeta_2 / zeta)
    bounds = [0, 1 / zeta, zeta_2 / zeta]
    bounds += [((rank / items) ** (1 - theta) - 1) / eta + 1 for rank in range(3, items + 1)]
    return np.diff(bounds).tolist()


def test_the_committed_sizes_are_those_of_ycsbs_sampler():
    assert sum(SIZES_PPM) == 1_000_000
    assert np.allclose(np.array(SIZES_PPM) / 1e6, ycsb_sampler(10, 0.99), rtol=0, atol=1e-6)


def test_sizes_are_as_the_paper_says():
    sizes = np.diff(generate().first)
    assert sizes.min() == 1
    assert sizes.max() == 10
    assert round(100 * np.mean(sizes <= 3)) == 63
    assert round(100 * np.mean(sizes == 10)) == 3


def test_the_hottest_of_23_million_keys_has_the_share_that_the_paper_says():
    trace = generate(mix="single_write", transactions=400_000)
    assert trace.key.max() > 20_000_000
    assert abs(np.mean(trace.key == 0) - 0.007) < 0.0005


def test_half_of_the_accesses_write_and_keys_of_a_transaction_are_distinct():
    trace = generate(keys=80, theta_ppm=1_200_000, transactions=20_000)
    assert abs(np.mean(trace.kind == Access.WRITE) - 0.5) < 0.01
    for begin, end in zip(trace.first[:-1], trace.first[1:], strict=True):
        assert len(np.unique(trace.key[begin:end])) == end - begin


def test_a_fifth_of_brwc_reads_then_writes_one_key():
    trace = generate(mix="brwc", size=5)
    sizes = np.diff(trace.first)
    assert set(sizes.tolist()) == {2, 5}
    assert abs(np.mean(sizes == 2) - 0.2) < 0.01
    first = trace.first[:-1][sizes == 2]
    assert np.all(trace.kind[first] == Access.READ)
    assert np.all(trace.kind[first + 1] == Access.WRITE)
    assert np.all(trace.key[first] == trace.key[first + 1])


@pytest.mark.parametrize(
    ("mix", "kinds"),
    [
        ("single_read", [Access.READ]),
        ("single_write", [Access.WRITE]),
        ("single_brwc", [Access.READ, Access.WRITE]),
    ],
)
def test_single_mixes_repeat_one_transaction(mix, kinds):
    trace = generate(mix=mix, transactions=50)
    assert trace.kind.tolist() == kinds * 50


@pytest.mark.parametrize("size", [1, 5, 10])
def test_a_fixed_size_is_the_size_of_all(size):
    assert set(np.diff(generate(size=size, transactions=1000).first).tolist()) == {size}


@pytest.mark.parametrize("theta_ppm", [10_000, 800_000, 1_000_000, 1_250_000])
def test_blocks_draw_by_the_law(theta_ppm):
    ranks, count, bins = 200_000, 400_000, 60
    drawn = block_ranks(Draws(Streams(3).at("test")), ranks, count, theta_ppm=theta_ppm)
    weights = np.arange(1, ranks + 1, dtype=np.float64) ** -(theta_ppm / 1e6)
    shares = np.cumsum(weights / weights.sum())
    edges = np.unique(np.searchsorted(shares, np.arange(1, bins) / bins))
    expected = np.diff(np.concatenate(([0], shares[edges], [1]))) * count
    found = np.bincount(np.searchsorted(edges, drawn, side="left"), minlength=len(expected))
    # Chi-square with at most 59 degrees of freedom; 120 is one in 300,000.
    assert float(((found - expected) ** 2 / expected).sum()) < 120


def test_blocks_cover_every_rank_once():
    law = block_law(1_000_000, theta_ppm=800_000)
    assert law.begins[0] == 1
    assert law.begins[-1] == 1_000_001
    assert np.all(np.diff(law.begins) > 0)
    assert int(law.sums[-1]) < 2**63


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mix": "brw"}, "did you mean 'brwc'?"),
        ({"mix": "single_read", "size": 5}, "mix single_read has one key each"),
        ({"keys": 79}, "keys = 79: expected 80"),
        ({"size": 0}, "size = 0: expected 1 to 1,000"),
        ({"theta_ppm": 1_300_000}, "theta_ppm = 1300000"),
    ],
)
def test_settings_that_make_no_workload_are_refused(settings, message):
    with pytest.raises(SettingError) as refusal:
        generate(**settings)
    assert message in str(refusal.value)
