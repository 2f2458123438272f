"""A small run as plain lists, for definitions that loop over everything."""

from dataclasses import dataclass
from itertools import pairwise

from sim.history import NONE, TOMBSTONE, OperationKind, OracleKind, Outcome, RowState


@dataclass
class Row:
    at: int
    kind: OracleKind
    at_ns: int
    node: int
    start: int
    key: int
    timestamp: int
    extra: int


@dataclass
class Operation:
    read: bool
    key: int
    value: int
    version: int
    at_ns: int


@dataclass
class Transaction:
    outcome: Outcome
    start: int
    commit: int
    invoked_ns: int
    finished_ns: int
    operations: list


class Run:
    """A small run as lists, with the few notions that several properties share."""

    def __init__(self, history, oracle):
        self.conserved = history.conserved
        self.initial = history.initial_value
        columns = (oracle.kind, oracle.at_ns, oracle.node, oracle.transaction, oracle.key)
        columns += (oracle.timestamp, oracle.extra)
        self.rows = [
            Row(at, OracleKind(values[0]), *values[1:])
            for at, values in enumerate(zip(*(column.tolist() for column in columns), strict=True))
        ]
        columns = (history.kind, history.key, history.value, history.version, history.at_ns)
        operations = [
            Operation(kind == OperationKind.READ, *rest)
            for kind, *rest in zip(*(column.tolist() for column in columns), strict=True)
        ]
        columns = (history.outcome, history.start_timestamp, history.commit_timestamp)
        columns += (history.invoked_ns, history.finished_ns)
        parts = [operations[first:last] for first, last in pairwise(history.first.tolist())]
        self.transactions = [
            Transaction(Outcome(outcome), *rest, part)
            for (outcome, *rest), part in zip(
                zip(*(column.tolist() for column in columns), strict=True), parts, strict=True
            )
        ]
        self.starts = {row.start for row in self.rows} | {t.start for t in self.transactions}
        self.starts |= {row.extra for row in self.of(OracleKind.RESOLVED)}
        self.starts -= {NONE}

    def of(self, *kinds):
        return [row for row in self.rows if row.kind in kinds]

    def decision(self, start):
        """The row that decided a transaction."""
        mutations = self.of(OracleKind.COMMIT_TABLE_PUT, OracleKind.COMMIT_TABLE_INVALIDATED)
        for row in mutations:
            if row.start == start != NONE and row.extra == RowState.ABSENT:
                return row
        return None

    def commit(self, start):
        row = self.decision(start)
        return row.timestamp if row and row.kind == OracleKind.COMMIT_TABLE_PUT else NONE

    def committed(self):
        return [start for start in sorted(self.starts) if self.commit(start) != NONE]

    def keys_of(self, start):
        """What a transaction wrote: cells, and what a committed one says it wrote."""
        keys = {row.key for row in self.of(OracleKind.CELL_PUT) if row.start == start}
        if self.commit(start) != NONE:
            for transaction in self.transactions:
                if transaction.start == start:
                    keys |= {op.key for op in transaction.operations if not op.read}
        return keys - {NONE}

    def versions(self, key):
        """Committed writers of a key, in commit order (then by start)."""
        writers = [start for start in self.committed() if key in self.keys_of(start)]
        return sorted(writers, key=lambda start: (self.commit(start), start))

    def is_tombstone(self, key, start):
        puts = [row for row in self.of(OracleKind.CELL_PUT) if (row.start, row.key) == (start, key)]
        return bool(puts) and puts[-1].extra == TOMBSTONE

    def first_drop(self, key, start):
        """The first row that took a version away."""
        for row in self.of(OracleKind.CELL_REMOVED, OracleKind.CELL_COLLECTED):
            if (row.start, row.key) == (start, key):
                return row
        return None

    def forgotten(self, key, start):
        """The row that rightly forgot a committed tombstone: nothing older was left."""
        drop = self.first_drop(key, start)
        if not self.is_tombstone(key, start) or drop is None:
            return None
        versions = self.versions(key)
        older = [self.first_drop(key, other) for other in versions[: versions.index(start)]]
        gone = all(row is not None and row.at < drop.at for row in older)
        below = drop.kind == OracleKind.CELL_COLLECTED and self.commit(start) <= drop.extra
        return drop if gone and below else None

    def next_commit(self, key, start):
        versions = self.versions(key)
        after = versions[versions.index(start) + 1 :]
        return self.commit(after[0]) if after else None

    def incarnation(self, row):
        """Who acted: the node, and the last epoch that it had begun."""
        epochs = [e.at for e in self.of(OracleKind.EPOCH_STARTED) if e.node == row.node]
        return row.node, max((at for at in epochs if at <= row.at), default=-1)

    def readers(self):
        return [
            (t, at, op) for t in self.transactions for at, op in enumerate(t.operations) if op.read
        ]


def own_write_before(transaction, at):
    """The last own write of the key that operation `at` touches, before it."""
    key = transaction.operations[at].key
    writes = [op for op in transaction.operations[:at] if not op.read and op.key == key]
    return writes[-1] if writes else None


def is_committed(run, transaction):
    """Whether a transaction committed, for its client or for good."""
    return transaction.outcome == Outcome.COMMITTED or run.commit(transaction.start) != NONE


def is_doomed(run, transaction, operation):
    """Whether the low water mark forbade the transaction to commit, and it did not."""
    marks = run.of(OracleKind.LOW_WATER_MARK_PERSISTED)
    mark = max((m.timestamp for m in marks if m.at_ns <= operation.at_ns), default=NONE)
    return NONE < transaction.start <= mark and not is_committed(run, transaction)
