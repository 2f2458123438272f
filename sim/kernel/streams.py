"""Draw chance from named streams, the only source of randomness of a simulated world.

A stream is keyed by the seed, a purpose and a place, and by nothing else. Removing one event
therefore leaves the draws of all others untouched, which is what lets a failing case shrink.
Simulated code calls `getrandbits` and the helpers below; it never asks a stream for a float,
because the mathematics library may differ between machines.
"""

from collections.abc import Sequence
from random import Random as Stream
from typing import TypeVar

__all__ = ["Stream", "Streams", "below", "between", "chance", "pick"]

Item = TypeVar("Item")


class Streams:
    """Hand out one stream for each purpose and place of a run."""

    __slots__ = ("_open", "seed")

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._open: dict[str, Stream] = {}

    def at(self, purpose: str, *place: str) -> Stream:
        """Return the stream of this purpose and place, always the same object for the same key."""
        key = f"{purpose}/{'>'.join(place)}"
        stream = self._open.get(key)
        if stream is None:
            # Seeding by text goes through SHA-512 and does not depend on the hash seed.
            stream = self._open[key] = Stream(f"{self.seed}/{key}")
        return stream


def below(stream: Stream, bound: int) -> int:
    """Draw an integer from 0 to bound - 1, each equally likely."""
    assert bound > 0, "nothing lies below zero"
    bits = bound.bit_length()
    value = stream.getrandbits(bits)
    while value >= bound:
        value = stream.getrandbits(bits)
    return value


def between(stream: Stream, low: int, high: int) -> int:
    """Draw an integer from low to high, both included."""
    return low + below(stream, high - low + 1)


def chance(stream: Stream, numerator: int, denominator: int) -> bool:
    """Return True in numerator of denominator cases."""
    return below(stream, denominator) < numerator


def pick(stream: Stream, items: Sequence[Item]) -> Item:
    """Draw one item, each equally likely."""
    return items[below(stream, len(items))]
