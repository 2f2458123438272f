"""A small hot-spot mix that hunts faults: few keys, wide transactions, every access pattern.

Readers read several keys and then the first one again: half a commit, an aborted write and a
snapshot that moves all show. Writers write several keys blindly, updaters read several keys and
write the same ones. Some writers and updaters may roll back, so that tentative versions are
there to be read by mistake.

Transactions of one key may be part of it: reads, blind writes, and reads with a write. A variant
with a fast path runs them there, but for those that roll back or delete.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.kernel.streams import Streams
from sim.workload.generate.columns import in_turn, rows_of
from sim.workload.generate.draws import MILLION, Draws
from sim.workload.generate.settings import SettingError, check_range, check_share, check_size
from sim.workload.types import Access, TransactionTrace

_READER, _WRITER = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Generates transactions of 2 to `width_max` distinct keys out of `keys` hot ones.

    `width_max` is at most `keys`, and all of them unless given. What `readers_ppm` and
    `writers_ppm` leave of a million are updaters. `rollbacks_ppm` is the share of writers and
    updaters that roll back, `deletes_ppm` the share of writes that delete instead, `singles_ppm`
    the share of all transactions that have one key.
    """

    transactions: int
    clients: int
    keys: int = 4
    width_max: int | None = None
    readers_ppm: int = 400_000
    writers_ppm: int = 300_000
    rollbacks_ppm: int = 50_000
    deletes_ppm: int = 0
    singles_ppm: int = 0

    def __post_init__(self) -> None:
        """Refuse settings that make no workload."""
        check_size(transactions=self.transactions, clients=self.clients)
        check_range("keys", self.keys, 2, 64)
        if self.width_max is not None:
            check_range("width_max", self.width_max, 2, self.keys)
        check_share("readers_ppm", self.readers_ppm)
        check_share("rollbacks_ppm", self.rollbacks_ppm)
        check_share("deletes_ppm", self.deletes_ppm)
        check_share("singles_ppm", self.singles_ppm)
        if not 0 <= self.writers_ppm <= MILLION - self.readers_ppm:
            raise SettingError(
                "writers_ppm",
                self.writers_ppm,
                f"0 to what readers_ppm leaves of a million, {MILLION - self.readers_ppm:,}",
            )

    def generate(self, streams: Streams) -> TransactionTrace:
        """Return the workload that these streams draw."""
        updaters_ppm = MILLION - self.readers_ppm - self.writers_ppm
        role = Draws(streams.at("workload", "mix", "role")).pick(
            (self.readers_ppm, self.writers_ppm, updaters_ppm), self.transactions
        )
        order = Draws(streams.at("workload", "mix", "key")).subsets(self.keys, self.transactions)
        width = Draws(streams.at("workload", "mix", "width")).between(
            2, self.width_max or self.keys, self.transactions
        )
        single = Draws(streams.at("workload", "mix", "single")).chance(
            self.singles_ppm, self.transactions
        )
        width = np.where(single, 1, width)
        rollback = Draws(streams.at("workload", "mix", "rollback")).chance(
            self.rollbacks_ppm, self.transactions
        )
        rollback &= role != _READER

        # Reader: every key, then the first again, unless it is the only one. Writer: every key.
        # Updater: every key twice.
        rows = rows_of(np.choose(role, (width + ~single, width, 2 * width)))
        second_round = rows.place >= width[rows.owner]
        acting = role[rows.owner]
        writing = (acting == _WRITER) | ((acting != _READER) & second_round)
        deleting = Draws(streams.at("workload", "mix", "delete")).chance(
            self.deletes_ppm, len(rows.owner)
        )
        kind = np.where(writing, np.where(deleting, Access.DELETE, Access.WRITE), Access.READ)
        return TransactionTrace(
            name="mix",
            source=f"hot-spot mix over {self.keys} keys, built in",
            client=in_turn(transactions=self.transactions, clients=self.clients),
            first=rows.first,
            kind=kind.astype(np.int8),
            key=order[rows.owner, rows.place % width[rows.owner]],
            amount=np.zeros(len(rows.owner), dtype=np.int64),
            rollback=rollback if rollback.any() else None,
            notes=("readers read their first key twice; updaters read keys, then write them",),
        )
