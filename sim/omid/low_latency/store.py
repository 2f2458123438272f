"""The commit table of Omid LL: a commit is put where no invalid mark stands, by its own client.

VLDB'18, algorithm 2. The row of a transaction is a register that is written once, by a
check-and-mutate either way: its client puts the commit, a reader the invalid mark. What the
table answers to the client is the acknowledgement of the commit.
"""

from __future__ import annotations

from typing import cast

from sim.history import AbortReason, OracleKind
from sim.kernel.rpc import Call
from sim.omid.messages import Row
from sim.omid.store import CommitTableRegion, Store


class ConditionalTable(CommitTableRegion):
    """One region of a commit table that clients write."""

    def on_check_and_put(self, call: Call) -> None:
        """Put a commit if no row is there; return the row that was."""
        start, commit = call.body
        before = self.rows.get(start)
        self.log(OracleKind.COMMIT_TABLE_PUT, start, timestamp=commit)
        before = self.put_commit(start, commit, before)
        self._acknowledge(start, commit, before)
        self.answer(call, before, self.mutate_ns)

    def put_commit(self, start: int, commit: int, before: Row | None) -> Row | None:
        """Put the commit, or return the row that is in its way.

        Mechanism `conditional_commit_put`.
        """
        if before is None:
            self.rows[start] = Row(commit, False)
        return before

    def on_scan_committed(self, call: Call) -> None:
        """Return the start timestamps at or below a timestamp whose rows nobody needs."""
        bound = call.body
        rows = self.rows.items()
        found = [start for start, row in rows if start <= bound and self.is_needless(row)]
        self.answer(call, found, self.service_ns)

    def is_needless(self, row: Row) -> bool:
        """Say whether the row of a transaction whose cells are all settled may go.

        An invalid mark stays for good: the client that it forbids to commit may be on its way.
        Mechanism `invalid_mark_permanence`.
        """
        return not row.invalid

    def _acknowledge(self, start: int, commit: int, before: Row | None) -> None:
        now_ns, number = self.kernel.now, self.number
        if before is None or not before.invalid:
            self.oracle.add(OracleKind.COMMIT_REPLIED, now_ns, number, start, timestamp=commit)
        else:
            self.oracle.add(
                OracleKind.ABORT_REPLIED,
                now_ns,
                number,
                start,
                extra=AbortReason.READ_FORCED,
            )


class ConditionalStore(Store):
    """A store whose commit table takes commits from clients."""

    def put_commit(self, start: int, commit: int) -> Call:
        """Put a commit if the transaction has no row; the answer is the row before."""
        table = cast(ConditionalTable, self.table(start))
        return Call(table, table.on_check_and_put, (start, commit), self.timeout_ns, retry=True)
