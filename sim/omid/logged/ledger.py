"""The replicated log of a manager: entries in order, and a fence against deposed writers.

It stands for BookKeeper in Omid1 (Gómez Ferro et al., ICDE'14) and for the write-ahead log on
HDFS in Tephra, and takes the place of the commit table: region 0 is the log, the others idle. An
entry is durable when all before it are. A new manager fences the log before it reads it: nothing
that the manager before has still on its way is taken in any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sim.kernel.rpc import Call
from sim.omid.store import CommitTableRegion

if TYPE_CHECKING:
    from sim.history import OracleBuilder
    from sim.kernel.core import Kernel
    from sim.omid.settings import Settings


class Log(NamedTuple):
    """What a new manager reads: a snapshot, how many records it covers, the records after it."""

    snapshot: Any
    covered: int
    records: tuple[Any, ...]


class Append(NamedTuple):
    """One entry: its place among those of the epoch, its records, and how many nobody reads."""

    epoch: int
    place: int
    records: tuple[Any, ...]
    others: int


class Ledger(CommitTableRegion):
    """Records in order; each writer of an epoch numbers its entries from 1."""

    def __init__(
        self, kernel: Kernel, name: str, number: int, oracle: OracleBuilder, settings: Settings
    ) -> None:
        super().__init__(kernel, name, number, oracle, settings)
        self.epoch = 0
        self.records: list[Any] = []
        self.covered = 0
        self.snapshot: Any = None
        self.following = 1
        self.early: dict[int, Append] = {}
        self.waiting: dict[int, Call] = {}

    def on_append(self, call: Call) -> None:
        """Take an entry in when its turn comes; the answer is False behind a fence."""
        entry: Append = call.body
        if entry.epoch != self.epoch:
            self.answer(call, False, self.service_ns)
        elif entry.place < self.following:
            self.answer(call, True, self.service_ns)
        else:
            self.early[entry.place] = entry
            self.waiting[entry.place] = call
            self.take_in_turn()

    def take_in_turn(self) -> None:
        """Take in and confirm every entry that no gap is before."""
        while self.following in self.early:
            entry = self.early.pop(self.following)
            for record in entry.records:
                self.records.append(record)
                self.on_durable(record)
            size = len(entry.records) + entry.others
            call = self.waiting.pop(self.following)
            self.answer(call, True, self.batch_ns + self.row_ns * size)
            self.following += 1

    def on_durable(self, record: Any) -> None:
        """Note that a record is durable; a variant logs what that decides."""

    def on_fence(self, call: Call) -> None:
        """Close the log for all older epochs and return it; None when a newer one was here."""
        epoch = call.body
        if epoch < self.epoch:
            self.answer(call, None, self.service_ns)
            return
        if epoch > self.epoch:
            self.epoch = epoch
            self.following = 1
            self.early.clear()
            self.waiting.clear()
        log = Log(self.snapshot, self.covered, tuple(self.records))
        self.answer(call, log, self.service_ns)

    def on_save(self, call: Call) -> None:
        """Keep a snapshot in place of the records that it covers."""
        saved: Log = call.body.log
        if call.body.epoch == self.epoch and saved.covered > self.covered:
            del self.records[: saved.covered - self.covered]
            self.covered = saved.covered
            self.snapshot = saved.snapshot
        self.answer(call, True, self.service_ns)
