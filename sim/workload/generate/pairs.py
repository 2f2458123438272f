"""Pairs of keys that invite write skew.

Every transaction reads both keys of a pair and writes one of them. Two that overlap and write
different keys both commit under snapshot isolation, although no serial order explains it:
the anomaly that snapshot isolation permits, and that a serializable system must not show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.kernel.streams import Streams
from sim.workload.generate.columns import in_turn, rows_of
from sim.workload.generate.draws import Draws
from sim.workload.generate.settings import check_range, check_size
from sim.workload.types import Access, TransactionTrace


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Generates transactions over `pairs` pairs: pair p holds the keys 2p and 2p + 1."""

    transactions: int
    clients: int
    pairs: int = 1

    def __post_init__(self) -> None:
        """Refuse settings that make no workload."""
        check_size(transactions=self.transactions, clients=self.clients)
        check_range("pairs", self.pairs, 1, 1_000_000)

    def generate(self, streams: Streams) -> TransactionTrace:
        """Return the workload that these streams draw."""
        pair = Draws(streams.at("workload", "pairs", "pair")).below(self.pairs, self.transactions)
        side = Draws(streams.at("workload", "pairs", "side")).below(2, self.transactions)
        rows = rows_of(np.full(self.transactions, 3, dtype=np.int64))
        writing = rows.place == 2
        return TransactionTrace(
            name="pairs",
            source=f"write skew over {self.pairs} pairs of keys, built in",
            client=in_turn(transactions=self.transactions, clients=self.clients),
            first=rows.first,
            kind=np.where(writing, Access.WRITE, Access.READ).astype(np.int8),
            key=2 * pair[rows.owner] + np.where(writing, side[rows.owner], rows.place),
            amount=np.zeros(len(rows.owner), dtype=np.int64),
            notes=("each transaction reads both keys of a pair, then writes one of them",),
        )
