"""The case under judgement: a run with the derived columns that several properties share.

Everything here is computed when it is first asked for, in a few vectorised passes, and kept:
row lists by kind, dense numbers for transactions and keys, final outcomes, the cells that were
written, the committed versions of every key in commit order. Columns of row and transaction
numbers are 32 bits wide; a million transactions with ten million rows fit in a few hundred MiB.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from sim.history import NONE, History, Integers, OperationKind, OracleKind, OracleLog, Outcome
from specs.history.cells import Cells, find_cells
from specs.history.final import FinalOutcomes, final_outcomes
from specs.history.numbering import Flags, Numbering, Numbers, first_rows
from specs.history.program import Program, read_program
from specs.history.tombstones import find_forgotten, find_tombstones
from specs.history.versions import Versions, order_versions


class Case:
    """A history and an oracle log, with what can be derived from them."""

    def __init__(self, history: History, oracle: OracleLog) -> None:
        self.history = history
        self.oracle = oracle

    @cached_property
    def _by_kind(self) -> tuple[Numbers, Integers]:
        order = np.argsort(self.oracle.kind, kind="stable").astype(np.int32)
        ends = np.cumsum(np.bincount(self.oracle.kind, minlength=max(OracleKind) + 1))
        return order, np.concatenate([np.zeros(1, dtype=np.int64), ends])

    def rows(self, *kinds: OracleKind) -> Numbers:
        """Return the oracle rows of these kinds, in order of effect."""
        order, ends = self._by_kind
        parts = [order[ends[kind] : ends[kind + 1]] for kind in kinds]
        return parts[0] if len(parts) == 1 else np.sort(np.concatenate(parts), kind="stable")

    @cached_property
    def outcomes(self) -> FinalOutcomes:
        """Final outcomes of all transactions."""
        return final_outcomes(self.history, self.oracle)

    @property
    def starts(self) -> Integers:
        """Start timestamps of all transactions, ascending; their places are their numbers."""
        return self.outcomes.starts.values

    def start_of(self, number: int) -> int:
        """Return the start timestamp of a transaction number."""
        return int(self.starts[number])

    @cached_property
    def row_numbers(self) -> Numbers:
        """Transaction number of every oracle row, -1 where it names none."""
        return self.outcomes.starts.of(self.oracle.transaction)

    @cached_property
    def history_numbers(self) -> Numbers:
        """Transaction number of every history transaction, -1 for those that never began."""
        return self.outcomes.starts.of(self.history.start_timestamp)

    @cached_property
    def history_places(self) -> Numbers:
        """History transaction of every transaction number, -1 where the history has none."""
        places = np.full(len(self.starts), -1, dtype=np.int32)
        known = np.flatnonzero(self.history_numbers >= 0).astype(np.int32)
        places[self.history_numbers[known]] = known
        return places

    @cached_property
    def owner(self) -> Numbers:
        """History transaction of every operation."""
        count = self.history.transactions
        return np.repeat(np.arange(count, dtype=np.int32), np.diff(self.history.first))

    @cached_property
    def keys(self) -> Numbering:
        """Dense numbers for the keys of all operations and cells."""
        return Numbering(self.history.key, self.oracle.key)

    @cached_property
    def operation_keys(self) -> Numbers:
        """Key number of every operation."""
        return self.keys.of(self.history.key)

    @cached_property
    def program(self) -> Program:
        """How the operations of each transaction on one key follow each other."""
        return read_program(self)

    @cached_property
    def cells(self) -> Cells:
        """Every (transaction, key) that was written, with the rows of its life."""
        return find_cells(self)

    @cached_property
    def versions(self) -> Versions:
        """Committed versions of every key, in commit order."""
        return order_versions(self)

    @cached_property
    def tombstones(self) -> Flags:
        """Tell which cells are tombstones."""
        return find_tombstones(self)

    def is_deletion(self, operation: int) -> bool:
        """Say whether an operation, a write, made a tombstone."""
        number = self.history_numbers[self.owner[operation : operation + 1]]
        place = self.cells.places(number, self.operation_keys[operation : operation + 1])
        return bool(place[0] >= 0 and self.tombstones[place[0]])

    @cached_property
    def forgotten(self) -> Numbers:
        """Row that rightly forgot each committed version, a tombstone; `NEVER` for none."""
        return find_forgotten(self)

    @cached_property
    def has_writes(self) -> Flags:
        """Tell which history transactions wrote something."""
        writes = np.flatnonzero(self.history.kind == OperationKind.WRITE)
        flags = np.zeros(self.history.transactions, dtype=np.bool_)
        flags[self.owner[writes]] = True
        return flags

    @cached_property
    def history_commits(self) -> Integers:
        """Final commit timestamp of every history transaction, or `NONE`."""
        return self.outcomes.commit_of(self.history.start_timestamp)

    @cached_property
    def reader_committed(self) -> Flags:
        """Tell which history transactions committed, for their client or for good."""
        committed = self.history.outcome == Outcome.COMMITTED
        flags: Flags = committed | (self.history_commits != NONE)
        return flags

    @cached_property
    def issued(self) -> Numbers:
        """Row that issued the final commit timestamp of every transaction, -1 for none."""
        rows = self.rows(OracleKind.COMMIT_ISSUED)
        numbers = self.row_numbers[rows]
        rows, numbers = rows[numbers >= 0], numbers[numbers >= 0]
        final = self.oracle.timestamp[rows] == self.outcomes.commit[numbers]
        return first_rows(numbers[final], rows[final], size=len(self.starts), none=-1)

    @cached_property
    def started(self) -> Numbers:
        """Row that issued the start timestamp of every transaction, -1 for none."""
        rows = self.rows(OracleKind.START_ISSUED)
        numbers = self.row_numbers[rows]
        known = numbers >= 0
        return first_rows(numbers[known], rows[known], size=len(self.starts), none=-1)
