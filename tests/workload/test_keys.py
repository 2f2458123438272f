import numpy as np
import pytest

from sim.kernel.streams import Streams
from sim.workload.generate.draws import Draws
from sim.workload.generate.keys import DISTRIBUTIONS, draw_keys, fnv1a
from sim.workload.generate.zipf import cumulative_weights


def drawn(distribution: str, visible: np.ndarray) -> np.ndarray:
    source = Draws(Streams(5).at("test", distribution))
    return draw_keys(distribution, source, visible, theta_ppm=990_000)


def fnv1a_of_bytes(text: bytes) -> int:
    """FNV-1a as its authors describe it, a byte at a time."""
    result = 0xCBF29CE484222325
    for byte in text:
        result = (result ^ byte) * 0x100000001B3 % 2**64
    return result


def test_the_hash_is_fnv1a_over_eight_bytes():
    # The authors' own test vectors hold for the byte form ...
    assert fnv1a_of_bytes(b"a") == 0xAF63DC4C8601EC8C
    assert fnv1a_of_bytes(b"foobar") == 0x85944171F73967E8
    # ... and ours is the byte form.
    numbers = np.array([0, 1, 255, 256, 2**40 + 7, 2**62])
    expected = [fnv1a_of_bytes(int(number).to_bytes(8, "little")) for number in numbers]
    assert fnv1a(numbers).tolist() == expected


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_no_operation_asks_for_a_key_that_is_not_there_yet(distribution):
    visible = np.sort(Draws(Streams(6).at("test")).between(1, 500, 20_000))
    keys = drawn(distribution, visible)
    assert np.all((keys >= 0) & (keys < visible))


def test_zipfian_keys_are_popular_from_the_first_key_down_and_latest_from_the_last():
    visible = np.full(50_000, 1000)
    forward = np.bincount(drawn("zipfian", visible), minlength=1000)
    backward = np.bincount(drawn("latest", visible), minlength=1000)
    assert forward.argmax() == 0
    assert backward.argmax() == 999
    assert forward[:10].sum() > 5 * forward[500:510].sum()
    assert backward[990:].sum() > 5 * backward[490:500].sum()


def test_scrambled_keys_follow_the_law_at_hashed_places():
    counts = np.bincount(drawn("scrambled", np.full(50_000, 1000)), minlength=1000)
    law = cumulative_weights(1000, theta_ppm=990_000)
    weights = np.diff(law, prepend=np.uint64(0)).astype(np.float64) / float(law[-1])
    places = (fnv1a(np.arange(1000)) % np.uint64(1000)).astype(np.int64)
    expected = np.bincount(places, weights=weights, minlength=1000) * 50_000
    # Keys that no rank hashes to are never asked for; all others within five deviations.
    assert np.all(np.abs(counts - expected) <= 5 * np.sqrt(expected))
    assert counts.argmax() == places[0]


def test_a_scrambled_key_stays_popular_while_the_space_grows():
    visible = np.repeat(np.array([400, 450, 500]), 10_000)
    keys = drawn("scrambled", visible)
    # Compared among the keys that exist all the time; a newer one may become hot when it comes.
    hottest = [int(np.bincount(keys[visible == size])[:400].argmax()) for size in (400, 450, 500)]
    assert hottest[0] == hottest[1] == hottest[2]


def test_scrambled_keys_in_a_space_that_starts_tiny_are_still_drawn():
    visible = np.repeat(np.array([1, 2, 5000]), 1000)
    keys = drawn("scrambled", visible)
    assert np.all(keys < visible)


def test_uniform_keys_are_all_equally_popular():
    counts = np.bincount(drawn("uniform", np.full(100_000, 50)), minlength=50)
    assert counts.min() > 2000 - 5 * 45
    assert counts.max() < 2000 + 5 * 45
