"""The client of Omid FP: transactions of one key bypass the manager.

VLDB'18, algorithm 4. A read (`brc`), a blind write (`bwc`), and a read with a write of what was
read (`br`, `wc`) of one key are one or two requests to its region. All others run as in Omid LL;
their writes are refused where the fast path has committed above their snapshot.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Final

from sim.history import NONE, AbortReason, Outcome
from sim.kernel.rpc import Reach
from sim.omid.client import ACCESS_ADD, ACCESS_READ, ACCESS_WRITE, READ, WRITE, Step
from sim.omid.fast_path.messages import UNBOUNDED, PutVersion
from sim.omid.fast_path.store import FastPathStore
from sim.omid.low_latency.client import LowLatencyClient
from sim.omid.messages import Committed, Record, Refused
from sim.omid.transaction import Transaction

Access = tuple[int, int, int]
"""Access kind, key, amount."""

_SHORT: Final = (
    (ACCESS_READ,),
    (ACCESS_WRITE,),
    (ACCESS_ADD,),
    (ACCESS_READ, ACCESS_WRITE),
)


class Overtaken(Exception):
    """Tell that a write was refused: the key was committed above the snapshot."""

    def __init__(self, transaction: Transaction) -> None:
        super().__init__(transaction.start)
        self.transaction = transaction


class FastPathClient(LowLatencyClient):
    """One session of Omid FP."""

    store: FastPathStore

    def transact(self, row: int) -> Step:
        """Run one transaction of the workload trace, on the fast path where it is one."""
        workload = self.workload
        accesses = list(workload.operations(row))
        regular = workload.rolls_back(row) or workload.fences(row)
        if not regular and is_short(accesses):
            yield from self.transact_short(accesses)
            return
        yield from self.perform(super().transact(row))

    def perform(self, steps: Step) -> Step:
        """Do steps of a transaction, and roll it back where a write of it is refused."""
        try:
            yield from steps
        except Overtaken as overtaken:
            transaction = overtaken.transaction
            yield from self.rollback(transaction)
            self.conclude(transaction, Outcome.ABORTED, NONE, AbortReason.CONFLICT)

    def put(
        self, transaction: Transaction, key: int, value: int, *, tombstone: bool = False
    ) -> Step:
        """Write a tentative version into the store; end the transaction where that is refused."""
        start, place = transaction.start, len(transaction.operations)
        # A rollback removes it also where an earlier try got in and only the answer was lost.
        transaction.writes[key] = value
        put = self.store.put(key, start, value, place, tombstone=tombstone)
        if (yield from self.write(put)) is False:
            raise Overtaken(transaction)
        transaction.operations.append((WRITE, key, value, start, self.kernel.now))

    # The fast path

    def transact_short(self, accesses: Sequence[Access]) -> Step:
        """Run a transaction of one key: it begins, and commits, at its region."""
        transaction = Transaction(self.kernel.now)
        transaction.begun_ns = self.kernel.now
        self.workload.begin(self.session, transaction)
        first, key, amount = accesses[0]
        value = self.workload.unique_value() if accesses[-1][0] == ACCESS_WRITE else NONE
        answer: Committed | Refused | None = None
        if first == ACCESS_WRITE:
            answer = yield from self.put_version(transaction, key, value, bound=UNBOUNDED)
        else:
            found, version = yield from self.get_committed(transaction, key)
            if first == ACCESS_ADD:
                value = found + amount
            if first == ACCESS_ADD or len(accesses) > 1:
                if self.armed:
                    yield Reach("fast.read")
                answer = yield from self.put_version(transaction, key, value, bound=version)
        transaction.committing_ns = self.kernel.now
        if isinstance(answer, Refused):
            reason = AbortReason(answer.reason)
            self.conclude(transaction, Outcome.ABORTED, NONE, reason)
        else:
            self.conclude(transaction, Outcome.COMMITTED, transaction.start)

    def get_committed(
        self, transaction: Transaction, key: int
    ) -> Generator[Any, Any, tuple[int, int]]:
        """Read the newest complete version of a key (`brc`, `br`): value and version."""
        record: Record | None = yield self.store.get_committed(key)
        found, version = self.workload.initial_value, NONE
        if record is not None:
            found, version = record.value, record.version
        transaction.operations.append((READ, key, found, version, self.kernel.now))
        return found, version

    def put_version(
        self, transaction: Transaction, key: int, value: int, *, bound: int
    ) -> Generator[Any, Any, Committed | Refused]:
        """Write and commit (`bwc`, `wc`); the version is start and commit timestamp in one."""
        self.serial += 1
        request = PutVersion(self.name, self.serial, key, value, bound)
        answer: Committed | Refused = yield self.store.put_version(request)
        if isinstance(answer, Committed):
            transaction.start = answer.commit
            transaction.operations.append((WRITE, key, value, answer.commit, self.kernel.now))
        return answer


def is_short(accesses: Sequence[Access]) -> bool:
    """Say whether a transaction is one that the fast path can run: one key, and no more to it."""
    kinds = tuple(kind for kind, _, _ in accesses)
    return kinds in _SHORT and accesses[0][1] == accesses[-1][1]
