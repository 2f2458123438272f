from collections import Counter

import numpy as np
import pytest

from sim.kernel.streams import Stream, Streams
from sim.workload.generate.draws import Draws


def draws(seed: int = 1) -> Draws:
    return Draws(Streams(seed).at("test", "draws"))


class Fixed(Stream):
    """Gives words that a test wrote down."""

    def __init__(self, *words: int) -> None:
        super().__init__(0)
        self.words = list(words)

    def getrandbits(self, k: int, /) -> int:
        count = k // 64
        taken, self.words = self.words[:count], self.words[count:]
        return sum(word << (64 * place) for place, word in enumerate(taken))


def test_a_block_holds_the_numbers_of_the_stream_in_order():
    stream = Streams(1).at("test", "draws")
    one_by_one = [stream.getrandbits(64) for _ in range(70_000)]
    assert draws().words(70_000).tolist() == one_by_one


def test_blocks_of_any_size_give_the_same_numbers():
    whole, parts = draws().words(1000), draws()
    pieces = [parts.words(size) for size in (1, 499, 0, 500)]
    assert np.array_equal(np.concatenate(pieces), whole)


def test_words_that_would_favour_small_numbers_are_drawn_again():
    # 2**64 mod 3 is 1: the word 0 is one too many.
    source = Draws(Fixed(0, 4, 0, 5))
    assert source.below(3, 2).tolist() == [2, 1]


def test_every_number_may_have_its_own_bound():
    bounds = np.arange(1, 2001)
    drawn = draws().below(bounds, 2000)
    assert drawn[0] == 0
    assert np.all((drawn >= 0) & (drawn < bounds))


@pytest.mark.parametrize("bound", [1, 2, 7, 1000, 2**40, 2**62])
def test_numbers_below_a_bound_average_half_of_it(bound):
    drawn = draws().below(bound, 40_000)
    assert drawn.min() >= 0
    assert drawn.max() < bound
    # The standard error of the mean is bound / sqrt(12 * 40,000); five of them.
    expected = (bound - 1) / 2
    assert abs(float(drawn.mean()) - expected) <= 5 * bound / 692


def test_a_share_of_nothing_never_happens_and_a_whole_share_always():
    assert not draws().chance(0, 1000).any()
    assert draws().chance(1_000_000, 1000).all()


def test_an_option_without_a_share_is_never_picked():
    picked = Counter(draws().pick((0, 300, 0, 700, 0), 10_000).tolist())
    assert set(picked) == {1, 3}
    assert abs(picked[1] - 3000) < 250


def test_subsets_are_permutations_and_each_one_comes_up():
    rows = [tuple(row) for row in draws().subsets(3, 6000).tolist()]
    counts = Counter(rows)
    assert len(counts) == 6
    assert all(sorted(row) == [0, 1, 2] for row in counts)
    assert all(abs(count - 1000) < 150 for count in counts.values())
