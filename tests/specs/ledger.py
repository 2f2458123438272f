"""A small language for runs written by hand: what clients did, and what took effect inside.

Every call takes one microsecond. `begin`, `write`, `read` and `finish` make a transaction of
the history and the rows that belong to it; the other calls add single rows to the oracle log.
"""

from sim.history import (
    NONE,
    TOMBSTONE,
    Conserved,
    FieldWriter,
    HistoryBuilder,
    OperationKind,
    OracleBuilder,
    OracleKind,
    Outcome,
    RowState,
)
from specs.history.properties import check

NODES = ("tm.1", "tm.2", "region.0", "ct.0", "client.0", "client.1", "client.2")


class Ledger:
    def __init__(self):
        self.now = 0
        self.oracle = OracleBuilder()
        self.rows = 0
        self.open = {}
        self.ended = []
        self.written = {}
        self.conserved = None

    def row(self, kind, node="tm.1", start=NONE, *, key=NONE, timestamp=NONE, extra=NONE):
        """Add one row; return its number."""
        self.now += 1000
        self.oracle.add(kind, self.now, NODES.index(node), start, key, timestamp, extra)
        self.rows += 1
        return self.rows - 1

    def epoch(self, epoch, node="tm.1"):
        return self.row(OracleKind.EPOCH_STARTED, node, timestamp=epoch)

    def invoke(self, session=0):
        """Let a client ask to begin; give the result to `begin`."""
        self.now += 1000
        return {"session": session, "invoked": self.now}

    def begin(self, start, *, session=0, node="tm.1", epoch=1, invoked=None):
        asked = invoked or self.invoke(session)
        self.row(OracleKind.START_ISSUED, node, start, timestamp=start)
        row = self.row(OracleKind.BEGIN_REPLIED, node, start, timestamp=epoch)
        self.open[start] = asked | {"begun": self.now, "operations": []}
        return row

    def write(self, start, key, value=None, *, cell=True):
        """Let a client write, and the cell arrive at once unless told otherwise."""
        value = start * 1000 + key if value is None else value
        row = self.cell(start, key) if cell else None
        self.now += 1000
        operation = (OperationKind.WRITE, key, value, start, self.now)
        self.open[start]["operations"].append(operation)
        self.written[start, key] = value
        return row

    def read(self, start, key, version=NONE, value=None):
        self.now += 1000
        if value is None:
            value = self.written.get((version, key), 0)
        self.open[start]["operations"].append((OperationKind.READ, key, value, version, self.now))

    def finish(self, start, outcome=Outcome.COMMITTED, commit=NONE):
        self.now += 1000
        transaction = self.open.pop(start)
        row = (
            transaction["session"],
            outcome,
            start,
            commit,
            transaction["invoked"],
            transaction["begun"],
            self.now,
            self.now,
        )
        self.ended.append((row, transaction["operations"]))

    def accept(self, start, commit, node="tm.1"):
        return self.row(OracleKind.COMMIT_ISSUED, node, start, timestamp=commit)

    def put(self, start, commit, before=RowState.ABSENT):
        return self.row(OracleKind.COMMIT_TABLE_PUT, "ct.0", start, timestamp=commit, extra=before)

    def invalidate(self, start, before=RowState.ABSENT):
        return self.row(OracleKind.COMMIT_TABLE_INVALIDATED, "ct.0", start, extra=before)

    def drop_row(self, start, before=RowState.COMMITTED):
        return self.row(OracleKind.COMMIT_TABLE_REMOVED, "ct.0", start, extra=before)

    def cell(self, start, key, extra=NONE):
        return self.row(OracleKind.CELL_PUT, "region.0", start, key=key, extra=extra)

    def delete(self, start, key):
        """Let a client delete a key."""
        self.cell(start, key, TOMBSTONE)
        self.write(start, key, 0, cell=False)

    def deleter(self, start, commit, keys):
        """Run a transaction that deletes some keys, from begin to commit, undisturbed."""
        self.begin(start)
        for key in keys:
            self.delete(start, key)
        self.commit(start, commit, keys)

    def remove(self, start, key):
        return self.row(OracleKind.CELL_REMOVED, "region.0", start, key=key)

    def field(self, start, key, commit, by=FieldWriter.WRITER):
        return self.row(
            OracleKind.COMMIT_FIELD_PUT, "region.0", start, key=key, timestamp=commit, extra=by
        )

    def collect(self, start, key, commit=NONE, *, mark):
        return self.row(
            OracleKind.CELL_COLLECTED, "region.0", start, key=key, timestamp=commit, extra=mark
        )

    def mark(self, mark, node="tm.1"):
        return self.row(OracleKind.LOW_WATER_MARK_PERSISTED, node, timestamp=mark)

    def reply(self, start, commit, node="tm.1"):
        return self.row(OracleKind.COMMIT_REPLIED, node, start, timestamp=commit)

    def resolved(self, reader, writer, commit=NONE, *, key=0, node="client.0"):
        return self.row(OracleKind.RESOLVED, node, reader, key=key, timestamp=commit, extra=writer)

    def settled(self, start, commit=NONE, node="client.0"):
        return self.row(OracleKind.OUTCOME_RESOLVED, node, start, timestamp=commit)

    def lease(self, node, until):
        return self.row(OracleKind.LEASE_HELD, node, timestamp=until, extra=1)

    def release(self, node):
        return self.row(OracleKind.LEASE_RELEASED, node)

    def commit(self, start, commit, keys, *, node="tm.1"):
        """Take a transaction through the whole of a quiet commit."""
        self.accept(start, commit, node)
        self.put(start, commit)
        self.reply(start, commit, node)
        for key in keys:
            self.field(start, key, commit)
        self.drop_row(start)
        self.finish(start, commit=commit)

    def writer(self, start, commit, keys, *, session=0, node="tm.1", epoch=1):
        """Run a transaction that writes some keys, from begin to commit, undisturbed."""
        self.begin(start, session=session, node=node, epoch=epoch)
        for key in keys:
            self.write(start, key)
        self.commit(start, commit, keys, node=node)

    def reader(self, start, versions, *, session=1, node="tm.1", epoch=1):
        """Run a read-only transaction that gets these versions, by key."""
        self.begin(start, session=session, node=node, epoch=epoch)
        for key, version in versions.items():
            self.read(start, key, version)
        self.finish(start)

    def conserve(self, keys, total):
        self.conserved = Conserved(keys=keys, total=total)

    def build(self):
        """Return history and oracle log; transactions still open end unknown."""
        for start in list(self.open):
            self.finish(start, Outcome.UNKNOWN)
        history = HistoryBuilder()
        for row, operations in self.ended:
            history.add(row, operations)
        names = ("client.0", "client.1", "client.2")
        return (
            history.build(session_names=names, conserved=self.conserved),
            self.oracle.build(node_names=NODES),
        )

    def judge(self, name):
        """Return the verdict of one property over this run."""
        history, oracle = self.build()
        (verdict,) = check(history, oracle, [name])
        return verdict
