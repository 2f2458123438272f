"""Which key an operation asks for: the request distributions of YCSB.

zipfian    key k is the (k + 1)-th most popular one
scrambled  the same law, but popular keys are spread over the key space by a hash
latest     the same law, counted back from the newest key
uniform    every key is equally popular

The key space may grow: `visible[i]` says how many keys exist for operation `i`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from sim.workload.generate.draws import Draws, Integers
from sim.workload.generate.zipf import zipf_ranks

_FNV_OFFSET: Final = 0xCBF29CE484222325
_FNV_PRIME: Final = 0x100000001B3
_REDRAWS_MAX: Final = 16


def draw_keys(distribution: str, draws: Draws, visible: Integers, *, theta_ppm: int) -> Integers:
    """Draw a key below `visible[i]` for each operation `i`."""
    if not len(visible):
        return np.zeros(0, dtype=np.int64)
    return DISTRIBUTIONS[distribution](draws, visible, theta_ppm)


def fnv1a(numbers: Integers) -> npt.NDArray[np.uint64]:
    """Hash each number with 64-bit FNV-1a over its eight bytes, lowest byte first."""
    rest = numbers.astype(np.uint64)
    result = np.full(len(rest), _FNV_OFFSET, dtype=np.uint64)
    for _ in range(8):
        result = (result ^ (rest & np.uint64(0xFF))) * np.uint64(_FNV_PRIME)
        rest >>= np.uint64(8)
    return result


def _uniform(draws: Draws, visible: Integers, theta_ppm: int) -> Integers:
    del theta_ppm  # every distribution is called alike
    return draws.below(visible, len(visible))


def _zipfian(draws: Draws, visible: Integers, theta_ppm: int) -> Integers:
    return zipf_ranks(draws, visible, len(visible), theta_ppm=theta_ppm)


def _latest(draws: Draws, visible: Integers, theta_ppm: int) -> Integers:
    return visible - 1 - zipf_ranks(draws, visible, len(visible), theta_ppm=theta_ppm)


def _scrambled(draws: Draws, visible: Integers, theta_ppm: int) -> Integers:
    # A popular key must stay where it is while the space grows. So the hash spreads over the
    # space that there will be at the end, and keys that do not exist yet are drawn again.
    final = int(visible.max())
    result = np.zeros(len(visible), dtype=np.int64)
    again = np.arange(len(visible), dtype=np.int64)
    for _ in range(_REDRAWS_MAX):
        ranks = zipf_ranks(draws, final, len(again), theta_ppm=theta_ppm)
        result[again] = (fnv1a(ranks) % np.uint64(final)).astype(np.int64)
        again = again[result[again] >= visible[again]]
        if not len(again):
            return result
    # In a space that starts tiny, perhaps no rank hashes to a key that exists.
    result[again] = draws.below(visible[again], len(again))
    return result


DISTRIBUTIONS: Final[dict[str, Callable[[Draws, Integers, int], Integers]]] = {
    "uniform": _uniform,
    "zipfian": _zipfian,
    "scrambled": _scrambled,
    "latest": _latest,
}
"""Every request distribution by name."""
