"""The workload on which Omid was measured in 2018 (Shacham et al., PVLDB 11(12), section 5.1).

A transaction accesses distinct keys, each by a read or a write. Keys follow Zipf 0.8 over 23
million, sizes Zipf 0.99 cut at 10. The paper says that 63 % of the transactions access at most
three keys and 3 % access ten: those are the figures of YCSB's sampler, which draws nearly by the
law (that has 62.3 % and 3.5 %). Sizes are the sampler's, then; keys follow the law itself.

The mix `brwc` makes a fifth of the transactions a read, then a write of one key: what the paper
runs as begin, read, write and commit in one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.kernel.streams import Streams
from sim.workload.generate.columns import Rows, in_turn, rows_of
from sim.workload.generate.draws import MILLION, Draws, Integers
from sim.workload.generate.settings import (
    KEYS_MAX,
    SettingError,
    check_name,
    check_range,
    check_share,
    check_size,
)
from sim.workload.generate.zipf import THETA_MIN_PPM
from sim.workload.generate.zipf_blocks import THETA_MAX_PPM, block_ranks
from sim.workload.types import Access, TransactionTrace

SIZES_PPM: Final = (
    338_283,
    170_318,
    123_054,
    87_611,
    68_130,
    55_779,
    47_240,
    40_980,
    36_193,
    32_412,
)
"""Share of the sizes 1 to 10: YCSB's ZipfianGenerator over ten items with theta 0.99.

Of a uniform u in [0, 1) it makes rank 0 below 1 / zeta, rank 1 below (1 + 2**-theta) / zeta, else
floor(10 * (eta * u - eta + 1)**(1 / (1 - theta))) (Gray et al., SIGMOD 1994).
"""

SIZE_MAX: Final = 1000
KEYS_A_SIZE: Final = 8
"""As many keys must there be for each key of a transaction, so that distinct ones are found."""

MIXES: Final[dict[str, int]] = {
    "random": 0,
    "brwc": 200_000,
    "single_read": 0,
    "single_write": 0,
    "single_brwc": MILLION,
}
"""Share of the transactions of each mix that read, then write one key."""

_SINGLE: Final = ("single_read", "single_write", "single_brwc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vldb18:
    """Generates the workload; `size` fixes how many keys a random transaction accesses.

    `writes_ppm` is the share of writes among the accesses of the mixes `random` and `brwc`.
    """

    transactions: int
    clients: int
    mix: str = "random"
    size: int | None = None
    keys: int = 23_000_000
    theta_ppm: int = 800_000
    writes_ppm: int = 500_000

    def __post_init__(self) -> None:
        """Refuse settings that make no workload."""
        check_size(transactions=self.transactions, clients=self.clients)
        check_name("mix", self.mix, MIXES)
        if self.size is not None:
            if self.mix in _SINGLE:
                raise SettingError("size", self.size, f"none, for mix {self.mix} has one key each")
            check_range("size", self.size, 1, SIZE_MAX)
        check_range("keys", self.keys, KEYS_A_SIZE * self._widest(), KEYS_MAX)
        check_range("theta_ppm", self.theta_ppm, THETA_MIN_PPM, THETA_MAX_PPM)
        check_share("writes_ppm", self.writes_ppm)

    def generate(self, streams: Streams) -> TransactionTrace:
        """Return the workload that these streams draw."""
        updating = Draws(streams.at("workload", "vldb18", "role")).chance(
            MIXES[self.mix], self.transactions
        )
        sizes = self._draw_sizes(Draws(streams.at("workload", "vldb18", "size")))
        accessed = rows_of(np.where(updating, 1, sizes))
        keys = self._draw_keys(Draws(streams.at("workload", "vldb18", "key")), accessed)

        # A read-then-write has one key and two operations.
        rows = rows_of(np.where(updating, 2, sizes))
        update = updating[rows.owner]
        writes = Draws(streams.at("workload", "vldb18", "kind")).chance(
            self._writes_ppm(), len(rows.owner)
        )
        writing = np.where(update, rows.place == 1, writes)
        place = np.where(update, 0, rows.place)
        return TransactionTrace(
            name=f"vldb18-{self.mix.replace('_', '-')}",
            source="the workload of Omid's evaluation, PVLDB 11(12), section 5.1, built in",
            client=in_turn(transactions=self.transactions, clients=self.clients),
            first=rows.first,
            kind=np.where(writing, Access.WRITE, Access.READ).astype(np.int8),
            key=keys[accessed.first[rows.owner] + place],
            amount=np.zeros(len(rows.owner), dtype=np.int64),
            notes=self._notes(),
        )

    def _widest(self) -> int:
        return 1 if self.mix in _SINGLE else self.size or len(SIZES_PPM)

    def _writes_ppm(self) -> int:
        return {"single_read": 0, "single_write": MILLION}.get(self.mix, self.writes_ppm)

    def _draw_sizes(self, draws: Draws) -> Integers:
        if self.mix in _SINGLE or self.size is not None:
            return np.full(self.transactions, self.size or 1, dtype=np.int64)
        return draws.pick(SIZES_PPM, self.transactions) + 1

    def _draw_keys(self, draws: Draws, rows: Rows) -> Integers:
        """Draw a key for each row; those that a transaction has already are drawn again."""
        keys = np.zeros(len(rows.owner), dtype=np.int64)
        again = np.arange(len(keys), dtype=np.int64)
        while len(again):
            keys[again] = block_ranks(draws, self.keys, len(again), theta_ppm=self.theta_ppm)
            order = np.lexsort((rows.place, keys, rows.owner))
            owner, key = rows.owner[order], keys[order]
            twice = (owner[1:] == owner[:-1]) & (key[1:] == key[:-1])
            again = np.sort(order[1:][twice])
        return keys

    def _notes(self) -> tuple[str, ...]:
        notes = [f"{self.keys:,} keys; key 0 is the hottest"]
        if self.mix == "brwc":
            notes.append("a fifth of the transactions read, then write one key")
        if self.mix not in _SINGLE and self.size is None:
            notes.append("sizes 1 to 10 as YCSB's Zipf sampler with theta 0.99 draws them")
        return tuple(notes)
