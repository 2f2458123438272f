"""The Zipf law over ranks, in integers only.

Rank `i` (from 0) has weight (i + 1)**-theta, as a fixed-point number that is the same on every
machine. Only the weights of primes come from logarithm and exponential; the power law turns
products into products, so all other weights are products of two smaller ones. That makes a
million ranks cheap, and each weight good to 30 bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from sim.kernel import fixed
from sim.workload.generate.draws import MILLION, Draws, Integers, Words

THETA_MIN_PPM: Final = MILLION // 100
THETA_MAX_PPM: Final = 3 * MILLION

_SCALE_BITS: Final = 56


def zipf_ranks(draws: Draws, ranks: int | Integers, count: int, *, theta_ppm: int) -> Integers:
    """Draw `count` ranks from 0 to `ranks` - 1 with weights (rank + 1)**-theta.

    `ranks` may be a column: a key space that grows while it is drawn from.
    """
    law = cumulative_weights(int(np.max(ranks)), theta_ppm=theta_ppm)
    drawn = draws.below(law[np.asarray(ranks) - 1], count).astype(np.uint64)
    return np.searchsorted(law, drawn, side="right")


@lru_cache(maxsize=4)
def cumulative_weights(ranks: int, *, theta_ppm: int) -> Words:
    """Return the running sums of the first `ranks` weights, scaled alike."""
    weights = _weights(ranks, theta_ppm)
    # The sum must stay below 2**63, with room to spare; only flat laws over many ranks come near.
    bits = int((weights >> np.uint64(32)).sum() + ranks).bit_length() + 32
    weights >>= np.uint64(max(0, bits - 62))
    law: Words = np.cumsum(np.maximum(weights, np.uint64(1)), dtype=np.uint64)
    law.setflags(write=False)
    return law


def single_weights(places: Iterable[int], theta_ppm: int) -> list[int]:
    """Return place**-theta for some places from 1 up, scaled by 2**56."""
    return [_power(place, theta_ppm) for place in places]


def _weights(ranks: int, theta_ppm: int) -> Words:
    """Return i**-theta for i = 1 .. `ranks`, scaled by 2**56."""
    factor = _smallest_factors(ranks)
    weights = np.zeros(ranks + 1, dtype=np.uint64)
    weights[1] = 1 << _SCALE_BITS
    primes = np.flatnonzero(factor[2:] == 0) + 2
    for prime in primes.tolist():
        weights[prime] = _power(prime, theta_ppm)
    # Both factors of a composite in [low, 2 low) are below low: done when their turn comes.
    low = 2
    while low <= ranks:
        block = np.arange(low, min(2 * low, ranks + 1), dtype=np.int64)
        block = block[factor[block] > 0]
        smallest = factor[block]
        weights[block] = _product(weights[smallest], weights[block // smallest])
        low *= 2
    return weights[1:]


def _smallest_factors(ranks: int) -> npt.NDArray[np.int32]:
    """Return the smallest prime factor of each composite up to `ranks`, 0 for all others."""
    factor = np.zeros(ranks + 1, dtype=np.int32)
    root = 1
    while (root + 1) ** 2 <= ranks:
        root += 1
    for number in range(root, 1, -1):
        factor[number * number :: number] = number
    # Written from the largest divisor down, so the smallest one, which is prime, stands.
    return factor


def _power(base: int, theta_ppm: int) -> int:
    """Return base**-theta scaled by 2**56, to a relative precision of 2**-31."""
    whole = -(-theta_ppm // MILLION)
    # base**(whole - theta) is at least 1, so the fixed point keeps all its bits.
    grown = fixed.exp((whole * MILLION - theta_ppm) * fixed.ln(base << 32) // MILLION)
    return (grown << (_SCALE_BITS - 32)) // int(base**whole)


def _product(left: Words, right: Words) -> Words:
    """Multiply two columns scaled by 2**56 (entries up to 2**56) without overflow."""
    mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    # (left * 2**8) * right / 2**64, in four products of 32 bits.
    left = left << np.uint64(64 - _SCALE_BITS)
    left_low, left_high = left & mask, left >> half
    right_low, right_high = right & mask, right >> half
    middle = left_high * right_low + (left_low * right_low >> half)
    carry = (left_low * right_high + (middle & mask)) >> half
    result: npt.NDArray[np.uint64] = left_high * right_high + (middle >> half) + carry
    return result
