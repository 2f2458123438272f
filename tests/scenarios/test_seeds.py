"""Which seeds a call runs."""

import pytest

from scenarios.errors import UsageError
from scenarios.seeds import Seeds, choose_seeds, parse_range, parse_seed, parse_shard

LARGEST = 2**64 - 1


def chosen(**options):
    given = {"file_seed": 5, "seed": None, "repeat": None, "seeds": None, "shard": None}
    return list(choose_seeds(**{**given, **options}).all())


def test_seed_of_the_file_counts_unless_one_is_given():
    assert chosen() == [5]
    assert chosen(seed=9) == [9]
    assert chosen(repeat=3) == [5, 6, 7]


def test_repeat_from_a_seed_is_the_same_as_a_row_of_seeds():
    assert chosen(seed=40, repeat=4) == chosen(seeds="40:44") == [40, 41, 42, 43]


def test_seeds_wrap_around_at_64_bits():
    assert chosen(seed=LARGEST, repeat=3) == [LARGEST, 0, 1]
    assert chosen(seeds=f"{LARGEST}:{LARGEST + 1}") == [LARGEST]


def test_shards_share_the_seeds_without_overlap():
    shares = [chosen(seeds="10:21", shard=f"{i}/3") for i in range(3)]
    assert shares == [[10, 13, 16, 19], [11, 14, 17, 20], [12, 15, 18]]
    wrapped = [chosen(seed=LARGEST, repeat=5, shard=f"{i}/2") for i in range(2)]
    assert wrapped == [[LARGEST, 1, 3], [0, 2]]


def test_a_million_seeds_take_no_memory():
    assert isinstance(Seeds(first=0, count=10**12).all(), range)


@pytest.mark.parametrize("text", ["", "-1", "x", "1.5", "0x10", str(2**64)])
def test_what_is_no_seed_is_refused(text):
    with pytest.raises(UsageError, match="is not a seed"):
        parse_seed(text)


@pytest.mark.parametrize("text", ["5", "5:5", "6:5", ":", "a:b"])
def test_what_is_no_row_of_seeds_is_refused(text):
    with pytest.raises(UsageError):
        parse_range(text)


@pytest.mark.parametrize("text", ["1", "2/2", "-1/2", "0/0", "a/b"])
def test_what_is_no_share_is_refused(text):
    with pytest.raises(UsageError, match="is no share"):
        parse_shard(text)


def test_two_ways_to_say_the_seeds_are_refused():
    with pytest.raises(UsageError, match="give one or the other"):
        chosen(seeds="0:3", repeat=2)
