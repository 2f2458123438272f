"""YCSB core workloads A to F (Cooper et al., SoCC 2010), grouped into transactions.

The benchmark knows single operations; here a transaction holds `operations_min` to
`operations_max` of them. An update writes without reading. A scan becomes reads of consecutive
keys. A read-modify-write becomes a read and a write of the same key, so that each written value
stays unique. Inserts number new keys in row order; an operation may ask for any key that an
earlier row inserts, whether or not that row's transaction has committed by then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.kernel.streams import Streams
from sim.workload.generate.columns import in_turn, rows_of
from sim.workload.generate.draws import Draws, Integers
from sim.workload.generate.keys import DISTRIBUTIONS, draw_keys
from sim.workload.generate.settings import (
    KEYS_MAX,
    SettingError,
    check_name,
    check_range,
    check_size,
)
from sim.workload.generate.zipf import THETA_MAX_PPM, THETA_MIN_PPM, zipf_ranks
from sim.workload.types import Access, TransactionTrace

OPERATIONS_MAX: Final = 10_000
SKEWED_KEYS_MAX: Final = 30_000_000
"""A law that is not uniform takes about 50 bytes and a microsecond a key, once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreMix:
    """One of the core workloads: shares of operations in parts per million."""

    summary: str
    distribution: str
    read_ppm: int = 0
    update_ppm: int = 0
    scan_ppm: int = 0
    insert_ppm: int = 0
    read_modify_write_ppm: int = 0

    @property
    def shares_ppm(self) -> tuple[int, int, int, int, int]:
        """Return the shares in the order read, update, scan, insert, read-modify-write."""
        return (
            self.read_ppm,
            self.update_ppm,
            self.scan_ppm,
            self.insert_ppm,
            self.read_modify_write_ppm,
        )


MIXES: Final[dict[str, CoreMix]] = {
    "A": CoreMix(
        summary="update heavy", distribution="zipfian", read_ppm=500_000, update_ppm=500_000
    ),
    "B": CoreMix(
        summary="read mostly", distribution="zipfian", read_ppm=950_000, update_ppm=50_000
    ),
    "C": CoreMix(summary="read only", distribution="zipfian", read_ppm=1_000_000),
    "D": CoreMix(summary="read latest", distribution="latest", read_ppm=950_000, insert_ppm=50_000),
    "E": CoreMix(
        summary="short ranges", distribution="zipfian", scan_ppm=950_000, insert_ppm=50_000
    ),
    "F": CoreMix(
        summary="read-modify-write",
        distribution="zipfian",
        read_ppm=500_000,
        read_modify_write_ppm=500_000,
    ),
}
"""The core workloads by letter."""

_SCAN, _INSERT, _READ_MODIFY_WRITE = 2, 3, 4
_KINDS: Final = (Access.READ, Access.WRITE, Access.READ, Access.WRITE, Access.READ)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ycsb:
    """Generates a YCSB core workload.

    `distribution` overrides the request distribution of the mix; `sizes` says how transaction
    sizes spread between `operations_min` and `operations_max` ("uniform" or "zipfian", small
    ones first). Records 0 to `records` - 1 exist, with the initial value, when the run begins.
    """

    transactions: int
    clients: int
    mix: str = "A"
    records: int = 1000
    operations_min: int = 1
    operations_max: int = 1
    sizes: str = "uniform"
    distribution: str | None = None
    theta_ppm: int = 990_000
    scan_length_max: int = 100

    def __post_init__(self) -> None:
        """Refuse settings that make no workload."""
        check_size(transactions=self.transactions, clients=self.clients)
        skewed = (self.distribution or self.core_mix().distribution) != "uniform"
        check_range("records", self.records, 1, SKEWED_KEYS_MAX if skewed else KEYS_MAX)
        check_range("operations_max", self.operations_max, 1, OPERATIONS_MAX)
        check_name("sizes", self.sizes, ("uniform", "zipfian"))
        check_range("theta_ppm", self.theta_ppm, THETA_MIN_PPM, THETA_MAX_PPM)
        check_range("scan_length_max", self.scan_length_max, 1, OPERATIONS_MAX)
        if not 1 <= self.operations_min <= self.operations_max:
            raise SettingError(
                "operations_min",
                self.operations_min,
                f"1 to operations_max = {self.operations_max}",
            )
        if self.distribution is not None:
            check_name("distribution", self.distribution, DISTRIBUTIONS)

    def core_mix(self) -> CoreMix:
        """Return the shares that the letter stands for."""
        check_name("mix", self.mix, MIXES)
        return MIXES[self.mix]

    def generate(self, streams: Streams) -> TransactionTrace:
        """Return the workload that these streams draw."""
        sizes = self._draw_sizes(Draws(streams.at("workload", "ycsb", "size")))
        asked = int(sizes.sum())
        action = Draws(streams.at("workload", "ycsb", "action")).pick(
            self.core_mix().shares_ppm, asked
        )
        inserts = action == _INSERT
        visible = self.records + np.cumsum(inserts) - inserts
        base = draw_keys(
            self.distribution or self.core_mix().distribution,
            Draws(streams.at("workload", "ycsb", "key")),
            visible,
            theta_ppm=self.theta_ppm,
        )
        base = np.where(inserts, visible, base)
        length = np.where(action == _READ_MODIFY_WRITE, 2, 1)
        scans = np.flatnonzero(action == _SCAN)
        reach = Draws(streams.at("workload", "ycsb", "scan")).between(
            1, self.scan_length_max, len(scans)
        )
        length[scans] = np.minimum(reach, visible[scans] - base[scans])

        rows = rows_of(length)
        kind = np.array(_KINDS, dtype=np.int8)[action][rows.owner]
        kind[(action[rows.owner] == _READ_MODIFY_WRITE) & (rows.place == 1)] = Access.WRITE
        key = base[rows.owner]
        key += np.where(action[rows.owner] == _SCAN, rows.place, 0)
        return TransactionTrace(
            name=f"ycsb-{self.mix.lower()}",
            source=f"YCSB core workload {self.mix}: {self.core_mix().summary}",
            client=in_turn(transactions=self.transactions, clients=self.clients),
            first=rows.first[rows_of(sizes).first],
            kind=kind,
            key=key,
            amount=np.zeros(len(key), dtype=np.int64),
            notes=self._notes(),
        )

    def _draw_sizes(self, draws: Draws) -> Integers:
        spread = self.operations_max - self.operations_min + 1
        if self.sizes == "zipfian":
            extra = zipf_ranks(draws, spread, self.transactions, theta_ppm=self.theta_ppm)
        else:
            extra = draws.below(spread, self.transactions)
        return self.operations_min + extra

    def _notes(self) -> tuple[str, ...]:
        mix = self.core_mix()
        notes = [f"request distribution: {self.distribution or mix.distribution}"]
        if mix.scan_ppm:
            notes.append(
                f"a scan is 1 to {self.scan_length_max} reads of consecutive keys, "
                "cut at the newest key"
            )
        if mix.insert_ppm:
            notes.append("an insert writes the next new key")
        if mix.read_modify_write_ppm:
            notes.append("a read-modify-write is a read, then a write of the same key")
        return tuple(notes)
