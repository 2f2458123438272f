"""The Zipf law over tens of millions of ranks, without a weight for each of them.

The first ranks have a weight each. The others stand in blocks so short that no weight in a block
is more than a fiftieth below its first: a block is drawn by its size times its first weight, a
rank in it evenly, and the rank is kept with the chance of its weight over the first one. What is
not kept is drawn again as a whole, so ranks come out by the law itself. Twenty-three million
ranks take half a megabyte, where a weight for each takes a gigabyte.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from sim.workload.generate.draws import MILLION, Draws, Integers, Words
from sim.workload.generate.zipf import single_weights

_HEAD: Final = 1 << 14
"""Ranks with a weight of their own."""
_BITS: Final = 30
_SHORTNESS: Final = 6
"""A block that begins at rank r holds r / 2**6 ranks."""
THETA_MAX_PPM: Final = MILLION + MILLION // 4
"""Up to here a fiftieth bounds the weights of a block, and the series below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockLaw:
    """Running sums of the weights of blocks, and where each block begins, counted from 1."""

    sums: Words
    begins: Integers
    """One more entry says where the last block ends."""


def block_ranks(draws: Draws, ranks: int, count: int, *, theta_ppm: int) -> Integers:
    """Draw `count` ranks from 0 to `ranks` - 1 with weights (rank + 1)**-theta."""
    law = block_law(ranks, theta_ppm=theta_ppm)
    result = np.zeros(count, dtype=np.int64)
    again = np.arange(count, dtype=np.int64)
    while len(again):
        drawn = draws.below(int(law.sums[-1]), len(again)).astype(np.uint64)
        block = np.searchsorted(law.sums, drawn, side="right")
        begin = law.begins[block]
        offset = draws.below(law.begins[block + 1] - begin, len(again))
        kept = draws.below(1 << _BITS, len(again)) < _falling(offset, begin, theta_ppm)
        result[again[kept]] = (begin + offset - 1)[kept]
        again = again[~kept]
    return result


@lru_cache(maxsize=4)
def block_law(ranks: int, *, theta_ppm: int) -> BlockLaw:
    """Lay out the blocks of a law."""
    begins = [*range(1, min(ranks, _HEAD) + 1)]
    begin = len(begins) + 1
    while begin <= ranks:
        begins.append(begin)
        begin += begin >> _SHORTNESS
    begins.append(ranks + 1)
    sizes = np.diff(begins).tolist()
    weights = [
        size * weight
        for size, weight in zip(sizes, single_weights(begins[:-1], theta_ppm), strict=True)
    ]
    shift = max(0, sum(weights).bit_length() - 62)
    sums = np.cumsum([max(1, weight >> shift) for weight in weights], dtype=np.uint64)
    return BlockLaw(sums=sums, begins=np.array(begins, dtype=np.int64))


def _falling(offset: Integers, begin: Integers, theta_ppm: int) -> Integers:
    """Return ((begin + offset) / begin)**-theta in units of 2**-30.

    The binomial series: offset / begin is below 2**-6, so five terms are good to 28 bits.
    """
    ratio = (offset << _BITS) // begin
    term = np.full(len(offset), 1 << _BITS, dtype=np.int64)
    total = term.copy()
    for number in range(1, 6):
        term = -((term * ratio) >> _BITS)
        term = term * (theta_ppm + (number - 1) * MILLION) // (number * MILLION)
        total += term
    return total
