"""Which seeds a call runs: one, a row of them, and a shard's share of that."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from scenarios.errors import UsageError
from scenarios.schema.base import SEED_MAX

_MODULUS = SEED_MAX + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeds:
    """`count` seeds from `first` on, modulo 2**64, and the share of them that is run."""

    first: int
    count: int
    shard: int = 0
    shards: int = 1

    def all(self) -> Sequence[int]:
        """Return the seeds in order."""
        share = range(self.shard, self.count, self.shards)
        if self.first + self.count <= _MODULUS:
            return range(self.first + self.shard, self.first + self.count, self.shards)
        return [(self.first + place) % _MODULUS for place in share]


def choose_seeds(
    *, file_seed: int, seed: int | None, repeat: int | None, seeds: str | None, shard: str | None
) -> Seeds:
    """Return the seeds that the options mean; a file's seed counts unless one is given."""
    if seeds is not None and (seed is not None or repeat is not None):
        raise UsageError("--seeds A:B stands for --seed and --repeat: give one or the other")
    first, count = seed if seed is not None else file_seed, 1 if repeat is None else repeat
    if seeds is not None:
        first, count = parse_range(seeds)
    number, of = parse_shard(shard) if shard is not None else (0, 1)
    return Seeds(first=first, count=count, shard=number, shards=of)


def parse_seed(text: str) -> int:
    """Read an unsigned 64-bit seed."""
    if not re.fullmatch(r"[0-9][0-9_]*", text) or int(text) > SEED_MAX:
        raise UsageError(f'"{text}" is not a seed: write a whole number from 0 to 2**64 - 1')
    return int(text)


def parse_range(text: str) -> tuple[int, int]:
    """Read `A:B` as the first seed and how many there are; B itself is not run."""
    low, colon, high = text.partition(":")
    if not colon:
        raise UsageError(f'--seeds: "{text}" is not a row of seeds: write A:B, like 0:100')
    if high == str(_MODULUS):
        first, last = parse_seed(low), _MODULUS
    else:
        first, last = parse_seed(low), parse_seed(high)
    if last <= first:
        raise UsageError(f"--seeds: {text} has no seed: B is not run, and must be above A")
    return first, last - first


def parse_shard(text: str) -> tuple[int, int]:
    """Read `I/N`: share I of N, counted from 0."""
    match = re.fullmatch(r"([0-9]+)/([0-9]+)", text)
    if match is None or int(match[1]) >= int(match[2]):
        raise UsageError(f'--shard: "{text}" is no share: write I/N with I from 0 to N - 1')
    return int(match[1]), int(match[2])
