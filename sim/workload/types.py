"""The workload trace: the one door through which transactions enter a simulator.

A trace says what clients want to do, never what happens to them: which client runs which
transactions in which order, and the operations of each. Generators, readers of recorded traces
and neural models all end here.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from sim.history import Conserved

Integers = npt.NDArray[np.int64]


class Access(IntEnum):
    """What one operation of a workload trace asks for."""

    READ = 0
    """Read the key."""
    WRITE = 1
    """Write a value that no other write of the run writes."""
    ADD = 2
    """Read the key, then write what was read plus `amount`."""
    DELETE = 3
    """Write a tombstone: the key reads as at the start until somebody writes it again."""
    CHECKPOINT = 4
    """Set what follows apart from what came before; the key says nothing."""
    UNTIL = 5
    """Wait until the instant `amount`, in nanoseconds, unless it is past; the key is 0."""


class TraceError(ValueError):
    """A workload trace contradicts itself; the message says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionTrace:
    """Transactions of several clients, columnar.

    Operation rows of transaction `i` are `first[i]:first[i + 1]`, in program order. Transactions
    of one client run one after the other in row order. `arrival_ns[i]`, where given, is the
    earliest instant at which transaction `i` may begin. A transaction with `rollback[i]` rolls
    back where others commit. One with `fence[i]` begins as a fence: no transaction that began
    before it and still has to commit may do so.
    """

    name: str
    source: str
    client: npt.NDArray[np.int32]
    first: Integers
    kind: npt.NDArray[np.int8]
    key: Integers
    amount: Integers
    arrival_ns: Integers | None = None
    rollback: npt.NDArray[np.bool_] | None = None
    fence: npt.NDArray[np.bool_] | None = None
    initial_value: int = 0
    conserved: Conserved | None = None
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Refuse a trace whose columns do not fit together."""
        transactions, operations = len(self.client), len(self.kind)
        if len(self.first) != transactions + 1:
            raise TraceError(f"{transactions} transactions but {len(self.first)} offsets")
        if transactions and (self.first[0] != 0 or np.any(np.diff(self.first) < 0)):
            raise TraceError("operation offsets do not ascend from 0")
        if self.first[-1] != operations:
            raise TraceError(f"offsets end at {self.first[-1]}, operations at {operations}")
        for column in ("key", "amount"):
            if len(getattr(self, column)) != operations:
                raise TraceError(f"column {column} has another length than column kind")
        for column in ("arrival_ns", "rollback", "fence"):
            values = getattr(self, column)
            if values is not None and len(values) != transactions:
                raise TraceError(f"column {column} has another length than column client")
        if operations and (
            self.key.min() < 0 or self.kind.min() < 0 or self.kind.max() > max(Access)
        ):
            raise TraceError("a key is negative or an access kind is unknown")
        if transactions and self.client.min() < 0:
            raise TraceError("a client number is negative")

    @property
    def transactions(self) -> int:
        """Count the transactions."""
        return len(self.client)

    @property
    def operations(self) -> int:
        """Count the operations."""
        return len(self.kind)

    @property
    def clients(self) -> int:
        """Count the clients: one more than the highest client number."""
        return int(self.client.max()) + 1 if len(self.client) else 0

    def checkpoints_max(self) -> int:
        """Return how many checkpoints the transaction with the most of them has."""
        before = np.append(0, np.cumsum(self.kind == Access.CHECKPOINT))
        return int(np.diff(before[self.first]).max(initial=0))

    def of_client(self, client: int) -> Integers:
        """Return the transaction rows of one client, in program order."""
        return np.flatnonzero(self.client == client)

    def head(self, transactions: int) -> TransactionTrace:
        """Return the trace of the first `transactions` rows."""
        if transactions >= self.transactions:
            return self
        operations = int(self.first[transactions])
        return TransactionTrace(
            name=self.name,
            source=self.source,
            client=self.client[:transactions],
            first=self.first[: transactions + 1],
            kind=self.kind[:operations],
            key=self.key[:operations],
            amount=self.amount[:operations],
            arrival_ns=None if self.arrival_ns is None else self.arrival_ns[:transactions],
            rollback=None if self.rollback is None else self.rollback[:transactions],
            fence=None if self.fence is None else self.fence[:transactions],
            initial_value=self.initial_value,
            conserved=self.conserved,
            notes=self.notes,
        )


class TraceBuilder:
    """Builds a `TransactionTrace` one transaction at a time, for streamed readers."""

    __slots__ = ("_amount", "_arrival", "_client", "_fence", "_first", "_key", "_kind", "_rollback")

    def __init__(self) -> None:
        self._client = array("i")
        self._first = array("q", [0])
        self._kind = array("b")
        self._key = array("q")
        self._amount = array("q")
        self._arrival = array("q")
        self._rollback = array("b")
        self._fence = array("b")

    def add(
        self,
        client: int,
        operations: Iterable[tuple[int, int, int]],
        *,
        arrival_ns: int | None = None,
        rollback: bool = False,
        fence: bool = False,
    ) -> None:
        """Append one transaction; an operation is (access kind, key, amount)."""
        for kind, key, amount in operations:
            self._kind.append(kind)
            self._key.append(key)
            self._amount.append(amount)
        self._client.append(client)
        self._first.append(len(self._kind))
        self._rollback.append(rollback)
        self._fence.append(fence)
        if arrival_ns is not None:
            self._arrival.append(arrival_ns)

    def build(
        self,
        *,
        name: str,
        source: str,
        initial_value: int = 0,
        conserved: Conserved | None = None,
        notes: tuple[str, ...] = (),
    ) -> TransactionTrace:
        """Return the trace; arrivals must have been given for every transaction or for none."""
        rollback = np.array(self._rollback, dtype=np.bool_)
        fence = np.array(self._fence, dtype=np.bool_)
        return TransactionTrace(
            name=name,
            source=source,
            client=np.array(self._client, dtype=np.int32),
            first=np.array(self._first, dtype=np.int64),
            kind=np.array(self._kind, dtype=np.int8),
            key=np.array(self._key, dtype=np.int64),
            amount=np.array(self._amount, dtype=np.int64),
            arrival_ns=np.array(self._arrival, dtype=np.int64) if self._arrival else None,
            rollback=rollback if rollback.any() else None,
            fence=fence if fence.any() else None,
            initial_value=initial_value,
            conserved=conserved,
            notes=notes,
        )
