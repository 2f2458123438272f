"""YCSB's time-series workload: values of many series, one for each interval of time.

Key `t * series + s` is the value of series `s` in interval `t`. An insert writes the next new key:
interval after interval, all series of each. A read asks for one series over some consecutive
intervals, cut at the newest; an update writes one old value again. Series and intervals are
equally popular. Tags, lags, sparsity and aggregations of the original are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.kernel.streams import Streams
from sim.workload.generate.columns import in_turn, rows_of
from sim.workload.generate.draws import Draws
from sim.workload.generate.settings import KEYS_MAX, SettingError, check_range, check_size
from sim.workload.types import Access, TransactionTrace

SPAN_MAX: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSeries:
    """Generates transactions of `requests` reads, updates and inserts over `series` series.

    `span` is how many intervals a read asks for at most; `records` values exist at the start.
    """

    transactions: int
    clients: int
    name: str
    requests: int
    series: int
    records: int
    span: int
    read_ppm: int
    update_ppm: int
    insert_ppm: int

    def __post_init__(self) -> None:
        """Refuse settings that make no workload."""
        check_size(transactions=self.transactions, clients=self.clients)
        check_range("requests", self.requests, 1, 10_000)
        check_range("series", self.series, 1, KEYS_MAX)
        check_range("records", self.records, self.series, KEYS_MAX)
        check_range("span", self.span, 1, SPAN_MAX)
        if not self.read_ppm + self.update_ppm + self.insert_ppm:
            raise SettingError("read_ppm", self.read_ppm, "some share of reads or writes")

    def generate(self, streams: Streams) -> TransactionTrace:
        """Return the workload that these streams draw."""
        count = self.requests * self.transactions
        action = Draws(streams.at("workload", "series", "action")).pick(
            (self.read_ppm, self.update_ppm, self.insert_ppm), count
        )
        reads, inserts = action == 0, action == 2
        visible = self.records + np.cumsum(inserts) - inserts
        old = Draws(streams.at("workload", "series", "key")).below(visible, count)
        base = np.where(inserts, visible, old)
        # The values of the series after this one, as far as there are any.
        left = (visible - 1 - base) // self.series + 1
        length = np.where(reads, np.minimum(self.span, left), 1)
        rows = rows_of(length)
        return TransactionTrace(
            name=self.name,
            source="YCSB time-series workload",
            client=in_turn(transactions=self.transactions, clients=self.clients),
            first=rows.first[:: self.requests],
            kind=np.where(reads[rows.owner], Access.READ, Access.WRITE).astype(np.int8),
            key=base[rows.owner] + rows.place * self.series,
            amount=np.zeros(len(rows.owner), dtype=np.int64),
            notes=(
                f"a transaction is {self.requests} requests",
                f"{self.series:,} series, {self.records:,} values at the start",
                f"a read asks for at most {self.span} consecutive values of a series",
                "an insert writes the next value",
            ),
        )
