"""Chance comes from streams that depend on the seed, a purpose and a place only."""

from collections import Counter

import pytest

from sim.kernel.streams import Streams, below, between, chance, pick


def test_a_stream_does_not_depend_on_the_order_in_which_streams_are_opened():
    one, other = Streams(7), Streams(7)
    other.at("loss", "b", "a").getrandbits(64)
    draws = [one.at("latency", "a", "b").getrandbits(32) for _ in range(5)]
    assert draws == [other.at("latency", "a", "b").getrandbits(32) for _ in range(5)]


def test_seed_purpose_and_place_each_make_another_stream():
    keys = [(1, "p", "a"), (2, "p", "a"), (1, "q", "a"), (1, "p", "b"), (1, "p", "a", "b")]
    draws = {Streams(seed).at(*key).getrandbits(64) for seed, *key in keys}
    assert len(draws) == len(keys)


def test_one_key_is_one_stream():
    streams = Streams(1)
    assert streams.at("p", "a") is streams.at("p", "a")


def test_first_draws_never_change():
    stream = Streams(1).at("latency", "a", "b")
    assert [stream.getrandbits(32) for _ in range(2)] == [3970155219, 934197463]


@pytest.mark.parametrize("bound", [1, 2, 3, 7, 10])
def test_below_is_uniform(bound):
    stream = Streams(3).at("test")
    draws = Counter(below(stream, bound) for _ in range(20_000))
    assert sorted(draws) == list(range(bound))
    assert all(abs(count - 20_000 / bound) < 600 for count in draws.values())


def test_between_includes_both_ends():
    stream = Streams(3).at("test")
    assert {between(stream, 5, 7) for _ in range(100)} == {5, 6, 7}


def test_chance_follows_its_odds():
    stream = Streams(3).at("test")
    assert abs(sum(chance(stream, 1, 10) for _ in range(20_000)) - 2_000) < 150
    assert not any(chance(stream, 0, 10) for _ in range(100))
    assert all(chance(stream, 10, 10) for _ in range(100))


def test_pick_reaches_every_item():
    stream = Streams(3).at("test")
    assert {pick(stream, "abc") for _ in range(100)} == set("abc")
