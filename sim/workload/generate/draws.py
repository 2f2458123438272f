"""Blocks of random integers from one named stream.

A generator draws a whole column at once: one call on the stream a block instead of one a number,
so that a million transactions take a second. The numbers are those of the stream in order, 64
bits each, whatever the size of the blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from sim.kernel.streams import Stream

Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

MILLION: Final = 1_000_000
"""Shares are given in parts per million."""

_BLOCK: Final = 1 << 16


class Draws:
    """Draws columns of integers from one stream."""

    __slots__ = ("_stream",)

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def words(self, count: int) -> Words:
        """Return `count` words of 64 random bits."""
        result = np.empty(count, dtype=np.uint64)
        for start in range(0, count, _BLOCK):
            size = min(_BLOCK, count - start)
            block = self._stream.getrandbits(64 * size).to_bytes(8 * size, "little")
            result[start : start + size] = np.frombuffer(block, dtype="<u8")
        return result

    def below(self, bound: int | Integers | Words, count: int) -> Integers:
        """Return `count` integers from 0 to `bound` - 1, each equally likely.

        `bound` may be a column with one bound for each number.
        """
        bounds = np.broadcast_to(np.asarray(bound).astype(np.uint64), (count,))
        # The lowest 2**64 mod bound words would make small remainders likelier: draw them again.
        excess = (~bounds + np.uint64(1)) % bounds
        words = self.words(count)
        again = np.flatnonzero(words < excess)
        while len(again):
            words[again] = self.words(len(again))
            again = again[words[again] < excess[again]]
        return (words % bounds).astype(np.int64)

    def between(self, low: int, high: int, count: int) -> Integers:
        """Return `count` integers from `low` to `high`, both included."""
        return self.below(high - low + 1, count) + low

    def chance(self, share_ppm: int, count: int) -> npt.NDArray[np.bool_]:
        """Return `count` decisions, each true in `share_ppm` of a million cases."""
        return self.below(MILLION, count) < share_ppm

    def pick(self, shares: Sequence[int], count: int) -> Integers:
        """Return `count` indices into `shares`, each as likely as its share of their sum."""
        bounds = np.cumsum(np.array(shares, dtype=np.int64))
        return np.searchsorted(bounds, self.below(int(bounds[-1]), count), side="right")

    def subsets(self, size: int, count: int) -> Integers:
        """Return `count` rows, each the numbers 0 to `size` - 1 in random order."""
        words = self.words(size * count).reshape(count, size)
        return np.argsort(words, axis=1, kind="stable")
