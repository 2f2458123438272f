"""Columnar histories and oracle logs: what clients saw, and what really happened.

A `History` is the clients' view of a run: sessions, transactions and operations with their
outcomes. An `OracleLog` is the view from inside: every timestamp issued, every mutation of the
commit table, of a commit field and of a cell, every reply, lease span, low water mark and
collected version, in the order in which it took effect. Both are columns of integers, so a
million transactions fit in memory and a checker is a few vectorised passes.

Simulators fill them through the two builders on every run; files from elsewhere become a
`History` through `specs.history.formats`. Nothing here judges.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]

Labels = npt.NDArray[Any]
"""What a file calls its keys or values: numbers or texts, by the number that stands for each."""

NONE: Final = -1
"""Stands for an absent timestamp, key, version or instant in every column."""
NIL: Final = -(1 << 63)
"""Stands for "no value" in the column of values: what a key holds that nobody has written."""


class Outcome(IntEnum):
    """How a transaction ended, as far as its client knows."""

    COMMITTED = 1
    ABORTED = 2
    UNKNOWN = 3


class OperationKind(IntEnum):
    """What one operation of a transaction did."""

    READ = 0
    WRITE = 1
    APPEND = 2
    """One element was put at the end of a list; `value` is the element."""
    READ_LIST = 3
    """A whole list was read; its elements are in `History.elements`."""


class OracleKind(IntEnum):
    """What one row of an `OracleLog` records; the columns that it uses are named here.

    `transaction` is always a start timestamp; columns that a kind does not name hold `NONE`.
    """

    START_ISSUED = 1
    """A manager allocated a start timestamp (`transaction`, `timestamp`)."""
    COMMIT_ISSUED = 2
    """A manager accepted a commit and gave it `timestamp`."""
    COMMIT_REFUSED = 3
    """A manager refused a commit; `extra` is an `AbortReason`, `key` the key when it is known."""
    COMMIT_TABLE_PUT = 4
    """A commit-table row got commit `timestamp`; `extra` is the `RowState` before."""
    COMMIT_TABLE_INVALIDATED = 5
    """A put-if-absent of the invalid mark; it took effect when `extra`, the `RowState` before,
    is `RowState.ABSENT`."""
    COMMIT_TABLE_REMOVED = 6
    """A commit-table row was removed; `extra` is the `RowState` before."""
    CELL_PUT = 7
    """A tentative version of `key` was written by `transaction`; `extra` is `TOMBSTONE` when it
    now is one, else `NONE`."""
    CELL_REMOVED = 8
    """The version of `key` written by `transaction` was removed (rollback)."""
    COMMIT_FIELD_PUT = 9
    """The commit field of (`key`, version `transaction`) became `timestamp`; `extra` is a
    `FieldWriter`."""
    BEGIN_REPLIED = 10
    """A manager released a begin reply; `timestamp` is the manager's epoch."""
    COMMIT_REPLIED = 11
    """A manager released a commit reply with commit `timestamp`."""
    ABORT_REPLIED = 12
    """A manager released an abort reply; `extra` is an `AbortReason`."""
    LEASE_HELD = 13
    """A manager acquired or renewed the lease: it believes in it until the true instant
    `timestamp`; `extra` is the lease's version."""
    LEASE_RELEASED = 14
    """A manager stopped believing in its lease (halt or crash)."""
    EPOCH_STARTED = 15
    """A manager began to serve; `timestamp` is its epoch, the bound of all earlier ones."""
    LOW_WATER_MARK_PERSISTED = 16
    """The low water mark in the store became `timestamp`."""
    CELL_COLLECTED = 17
    """Compaction dropped (`key`, version `transaction`) committed at `timestamp` (`NONE` when
    it never committed) under low water mark `extra`."""
    RESOLVED = 18
    """Reader `transaction` resolved the tentative version `extra` of `key` to commit
    `timestamp`, or to "not in my snapshot, not committed" (`NONE`)."""
    OUTCOME_RESOLVED = 19
    """A client settled its own unknown outcome: commit `timestamp`, or `NONE` for aborted."""


class RowState(IntEnum):
    """State of a commit-table row; the invalid mark dominates a commit beside it."""

    ABSENT = 0
    COMMITTED = 1
    INVALID = 2


TOMBSTONE: Final = 1
"""Marks the `CELL_PUT` of a tombstone."""


class FieldWriter(IntEnum):
    """Who filled a commit field."""

    WRITER = 0
    HEALER = 1
    CLEANER = 2


class AbortReason(IntEnum):
    """Why a transaction aborted."""

    CONFLICT = 1
    OVERFLOW = 2
    LOW_WATER_MARK = 3
    EPOCH = 4
    INVALIDATED = 5
    ROLLBACK = 6
    READ_FORCED = 7
    """A reader that met the undecided transaction made it abort (Omid LL and its kin)."""
    LOCKED = 8
    """Another transaction's lock or tentative version was in the way."""
    EXPIRED = 9
    """The transaction ran longer than the system lets it."""
    SEQUENCE = 10
    """A fast-path write found no version number left below the next global timestamp."""
    FENCED = 11
    """A fence began after the transaction and before its commit request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conserved:
    """A sum over keys 0 .. `keys` - 1 that every snapshot must show."""

    keys: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Transactions and operations as the clients saw them, one row each.

    Transactions stand in the order in which they ended; operation rows of transaction `i` are
    `first[i]:first[i + 1]`, in program order. Instants are true simulated nanoseconds.
    A write's `value` is unique in the run unless the workload states otherwise; a deletion is a
    write of the initial value. A read's `version` is the start timestamp of the writer it
    returned (`NONE`: the initial value, or not known), also when that writer deleted the key; a
    write's `version` is its own transaction's start timestamp.

    What comes from elsewhere may lack timestamps, instants and versions (`NONE`), and need not be
    in the order of ends: transactions of one session stand in the order of the session. An
    operation whose answer nobody knows has no row.
    """

    session: npt.NDArray[np.int32]
    outcome: npt.NDArray[np.int8]
    start_timestamp: Integers
    commit_timestamp: Integers
    invoked_ns: Integers
    begun_ns: Integers
    committing_ns: Integers
    finished_ns: Integers
    first: Integers
    kind: npt.NDArray[np.int8]
    key: Integers
    value: Integers
    version: Integers
    at_ns: Integers
    session_names: tuple[str, ...]
    initial_value: int = 0
    conserved: Conserved | None = None
    has_initial: bool = True
    """Whether keys that nobody wrote can be read; without, whatever is read was written."""
    has_sessions: bool = True
    """Whether sessions are known; without, every transaction has one of its own."""
    element_first: Integers | None = None
    """Operation row `i` read the list `elements[element_first[i]:element_first[i + 1]]`, which is
    empty for every kind but `READ_LIST`; None where there is no list."""
    elements: Integers | None = None
    key_labels: Labels | None = None
    """What the file calls key `k`, at place `k`; None where keys are numbers from 0 up."""
    value_labels: Labels | None = None
    """What the file calls value `v`, for all values from 0 up; None where it is the number."""
    line: Integers | None = None
    """The line of the file that each operation row stands in, from 1 up."""

    @property
    def transactions(self) -> int:
        """Count the transactions."""
        return len(self.session)

    @property
    def operations(self) -> int:
        """Count the operations."""
        return len(self.kind)

    def owner(self) -> Integers:
        """Return the transaction index of every operation row."""
        return np.repeat(np.arange(self.transactions, dtype=np.int64), np.diff(self.first))


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleLog:
    """Everything that took effect inside a run, one row an effect, in order of effect."""

    kind: npt.NDArray[np.int8]
    at_ns: Integers
    node: npt.NDArray[np.int16]
    transaction: Integers
    key: Integers
    timestamp: Integers
    extra: Integers
    node_names: tuple[str, ...]

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.kind)

    def rows_of(self, *kinds: OracleKind) -> Integers:
        """Return the indices of all rows of these kinds, in order of effect."""
        return np.flatnonzero(np.isin(self.kind, [int(kind) for kind in kinds]))


TRANSACTION_COLUMNS: Final[tuple[tuple[str, type[np.signedinteger]], ...]] = (
    ("session", np.int32),
    ("outcome", np.int8),
    ("start_timestamp", np.int64),
    ("commit_timestamp", np.int64),
    ("invoked_ns", np.int64),
    ("begun_ns", np.int64),
    ("committing_ns", np.int64),
    ("finished_ns", np.int64),
)
OPERATION_COLUMNS: Final[tuple[tuple[str, type[np.signedinteger]], ...]] = (
    ("kind", np.int8),
    ("key", np.int64),
    ("value", np.int64),
    ("version", np.int64),
    ("at_ns", np.int64),
)
ORACLE_COLUMNS: Final[tuple[tuple[str, type[np.signedinteger]], ...]] = (
    ("kind", np.int8),
    ("at_ns", np.int64),
    ("node", np.int16),
    ("transaction", np.int64),
    ("key", np.int64),
    ("timestamp", np.int64),
    ("extra", np.int64),
)


class _Table:
    """Rows of integers appended one at a time, kept as compact columns."""

    __slots__ = ("_columns", "_held", "_limit", "_pack", "_rows", "count")

    def __init__(self, columns: Sequence[tuple[str, type[np.signedinteger]]]) -> None:
        self._columns = tuple(columns)
        # Packing a row at once costs a third of extending an array by it.
        self._pack = Struct(f"<{len(self._columns)}q").pack
        self._limit = 32_768 * len(self._columns) * 8
        self._rows = bytearray()
        self._held = self._empty()
        self.count = 0

    def _empty(self) -> list[npt.NDArray[np.signedinteger]]:
        return [np.empty(0, dtype=dtype) for _, dtype in self._columns]

    def _flush(self) -> None:
        width = len(self._columns)
        rows = np.frombuffer(self._rows, dtype="<i8").reshape(-1, width)
        count = self.count + len(rows)
        for i, column in enumerate(self._held):
            # In place: parts that are joined at the end would need the memory twice, and so
            # would a list that grows by a share. Nobody else holds the column.
            column.resize(count, refcheck=False)
            column[self.count :] = rows[:, i]
        self.count = count
        del rows
        del self._rows[:]

    def columns(self) -> dict[str, Any]:
        """Return every column whole; the table is empty afterwards."""
        self._flush()
        result = {name: held for (name, _), held in zip(self._columns, self._held, strict=True)}
        self._held, self.count = self._empty(), 0
        return result


Operation = tuple[int, int, int, int, int]
"""kind, key, value, version, at_ns"""


class HistoryBuilder:
    """Collects finished transactions; `build` gives the `History` and empties the builder."""

    __slots__ = ("_first", "_operations", "_transactions")

    def __init__(self) -> None:
        self._transactions = _Table(TRANSACTION_COLUMNS)
        self._operations = _Table(OPERATION_COLUMNS)
        self._first = array("q", [0])

    def add(self, row: tuple[int, ...], operations: Sequence[Operation]) -> None:
        """Append one ended transaction (a row of `TRANSACTION_COLUMNS`) and its operations."""
        table = self._transactions
        rows, pack = table._rows, table._pack
        rows += pack(*row)
        if len(rows) >= table._limit:
            table._flush()
        table = self._operations
        rows, pack = table._rows, table._pack
        for operation in operations:
            rows += pack(*operation)
        if len(rows) >= table._limit:
            table._flush()
        self._first.append(self._first[-1] + len(operations))

    def __len__(self) -> int:
        """Count the transactions so far."""
        return len(self._first) - 1

    def build(
        self,
        *,
        session_names: tuple[str, ...],
        initial_value: int = 0,
        conserved: Conserved | None = None,
    ) -> History:
        """Return the history of everything added."""
        first = np.array(self._first, dtype=np.int64)
        self._first = array("q", [0])
        columns = self._transactions.columns() | {"first": first} | self._operations.columns()
        return History(
            **columns,
            session_names=session_names,
            initial_value=initial_value,
            conserved=conserved,
        )


class OracleBuilder:
    """Collects oracle rows; `build` gives the `OracleLog` and empties the builder."""

    __slots__ = ("_limit", "_pack", "_rows", "_table")

    def __init__(self) -> None:
        self._table = _Table(ORACLE_COLUMNS)
        self._rows = self._table._rows
        self._pack = self._table._pack
        self._limit = self._table._limit

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
        """Append one row of `ORACLE_COLUMNS`; positional, for it runs on every message."""
        rows = self._rows
        rows += self._pack(kind, at_ns, node, transaction, key, timestamp, extra)
        if len(rows) >= self._limit:
            self._table._flush()

    def build(self, *, node_names: tuple[str, ...]) -> OracleLog:
        """Return the log of everything added."""
        columns = self._table.columns()
        return OracleLog(**columns, node_names=node_names)
