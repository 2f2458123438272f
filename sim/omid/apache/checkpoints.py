"""Checkpoints within a transaction, as the Apache code has them (OMID-73).

A checkpoint lets a program tell its later writes from its earlier ones. Start timestamps are
multiples of 50, and what a transaction writes after its n-th checkpoint has its start plus n for a
version. So one transaction may have several versions of one key; all of them stand for it, and
the commit table knows it by its start alone (OMID-144).

After a checkpoint a transaction of the code may read without what it wrote since; here it reads all
of its own writes, the newest first (visibility level SNAPSHOT). The log from inside, by which runs
are judged, knows transactions: versions enter it as the starts that they stand for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sim.history import NONE, FieldWriter, OracleBuilder, OracleKind
from sim.kernel.rpc import Gather
from sim.omid.apache.timestamps import STEP
from sim.omid.client import Client, Step
from sim.omid.collector import CompactingRegion
from sim.omid.resolution import Resolving
from sim.omid.transaction import Transaction

CHECKPOINTS_MAX: Final = STEP - 1
"""Checkpoints that a transaction has room for."""


def start_of(version: int) -> int:
    """Return the start timestamp of the transaction that a version stands for; NONE stays."""
    return version if version == NONE else version - version % STEP


class LogOfTransactions(OracleBuilder):
    """The log as seen by who deals in versions."""

    __slots__ = ("_log",)

    def __init__(self, log: OracleBuilder) -> None:
        self._log = log

    def add(
        self,
        kind: int,
        at_ns: int,
        node: int,
        transaction: int,
        key: int = NONE,
        timestamp: int = NONE,
        extra: int = NONE,
    ) -> None:
        """Append one row, with starts for versions."""
        if kind == OracleKind.RESOLVED:
            extra = start_of(extra)
        self._log.add(kind, at_ns, node, start_of(transaction), key, timestamp, extra)


class CheckpointClient(Client):
    """A client whose transactions have checkpoints; `later` is what they wrote after them."""

    def __init__(self, *parts: Any, oracle: OracleBuilder, **more: Any) -> None:
        super().__init__(*parts, oracle=LogOfTransactions(oracle), **more)
        self.later: dict[int, dict[int, dict[int, None]]] = {}

    def get(self, transaction: Transaction, key: int) -> Resolving:
        """Read a key; the history names the writer by its start."""
        value = yield from super().get(transaction, key)
        kind, key, value, writer, at_ns = transaction.operations[-1]
        transaction.operations[-1] = (kind, key, value, start_of(writer), at_ns)
        return value

    def put(
        self, transaction: Transaction, key: int, value: int, *, tombstone: bool = False
    ) -> Step:
        """Write a tentative version, and remember it when it is not that of the start."""
        if transaction.version != transaction.start:
            versions = self.later.setdefault(transaction.start, {})
            versions.setdefault(transaction.version, {})[key] = None
        yield from super().put(transaction, key, value, tombstone=tombstone)

    def versions(self, start: int, keys: Sequence[int]) -> Iterator[tuple[int, Sequence[int]]]:
        """Yield every version that a transaction has written, and the keys that have it."""
        yield start, keys
        for version, later in self.later.get(start, {}).items():
            yield version, tuple(later)

    def write_commit_fields(self, start: int, keys: Sequence[int], commit: int) -> Step:
        """Write the commit fields of all versions, all regions at once."""
        put = self.store.put_commit_fields
        yield Gather(
            [
                call
                for version, written in self.versions(start, keys)
                for call in put(written, version, commit, FieldWriter.WRITER)
            ]
        )
        self.later.pop(start, None)

    def rollback(self, transaction: Transaction) -> Step:
        """Remove all versions that the transaction wrote."""
        start = transaction.start
        calls = [
            call
            for version, written in self.versions(start, tuple(transaction.writes))
            for call in self.store.remove(written, version)
        ]
        self.later.pop(start, None)
        if calls:
            yield Gather(calls)

    def on_crash(self) -> None:
        """Forget what was written after checkpoints, too."""
        super().on_crash()
        self.later = {}


class CheckpointRegion(CompactingRegion):
    """A region in which several versions of a key may stand for one transaction."""

    def __init__(self, *parts: Any, **more: Any) -> None:
        super().__init__(*parts, **more)
        self.oracle = LogOfTransactions(self.oracle)

    def remove(self, key: int, version: int) -> None:
        """Remove one version; the transaction is gone with its last."""
        if not self.forget_one_of_several(key, version):
            super().remove(key, version)

    def collect(self, key: int, version: int, low_water_mark: int) -> None:
        """Drop one version in compaction; the transaction is gone with its last."""
        if not self.forget_one_of_several(key, version):
            super().collect(key, version, low_water_mark)

    def forget_one_of_several(self, key: int, version: int) -> bool:
        """Take a version away if another one stands for its transaction; say whether it does."""
        records = self.cells.get(key, [])
        mine = [each for each in records if start_of(each.version) == start_of(version)]
        gone = [each for each in mine if each.version == version]
        if len(mine) < 2 or not gone:
            return False
        records.remove(gone[0])
        return True
