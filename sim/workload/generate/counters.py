"""Counters: every increment must survive.

An increment adds 1 to one counter; a reader reads all of them. In the end a counter shows how
many of its increments committed, so a lost update is a difference that anyone can see.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.kernel.streams import Streams
from sim.workload.generate.columns import in_turn, rows_of
from sim.workload.generate.draws import Draws
from sim.workload.generate.settings import check_range, check_share, check_size
from sim.workload.types import Access, TransactionTrace


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """Generates increments of `counters` counters, and reads of all of them."""

    transactions: int
    clients: int
    counters: int = 4
    reads_ppm: int = 100_000

    def __post_init__(self) -> None:
        """Refuse settings that make no workload."""
        check_size(transactions=self.transactions, clients=self.clients)
        check_range("counters", self.counters, 1, 10_000)
        check_share("reads_ppm", self.reads_ppm)

    def generate(self, streams: Streams) -> TransactionTrace:
        """Return the workload that these streams draw."""
        reader = Draws(streams.at("workload", "counters", "read")).chance(
            self.reads_ppm, self.transactions
        )
        counter = Draws(streams.at("workload", "counters", "counter")).below(
            self.counters, self.transactions
        )
        rows = rows_of(np.where(reader, self.counters, 1))
        reading = reader[rows.owner]
        return TransactionTrace(
            name="counters",
            source=f"increments of {self.counters} counters, built in",
            client=in_turn(transactions=self.transactions, clients=self.clients),
            first=rows.first,
            kind=np.where(reading, Access.READ, Access.ADD).astype(np.int8),
            key=np.where(reading, rows.place, counter[rows.owner]),
            amount=np.where(reading, 0, 1),
            notes=("a counter's final value is the number of its committed increments",),
        )
