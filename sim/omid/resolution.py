"""How a tentative version is decided: the one procedure of readers, writers and collectors.

FAST'17, algorithms 1 and 3, `getTentativeValue`, with the re-read of VLDB'18, section 3.2.
The commit-table row of a transaction is a register with one decision: a commit that is there
before an invalid mark, or an invalid mark that is there before a commit. Whoever meets a
tentative version reads that register, may force its decision, and then looks at the commit
field again, for the writer may have completed and removed its row in between.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from sim.history import NONE, FieldWriter
from sim.kernel.node import Node
from sim.kernel.rpc import Reach
from sim.omid.messages import INVALID, Record, Row
from sim.omid.store import Store

Resolving = Generator[Any, Any, int]
"""A script whose result is a commit timestamp, or NONE for "not committed"."""


class Resolution(Node):
    """Mix-in of every node that decides tentative versions."""

    store: Store
    field_writer = FieldWriter.HEALER
    invalidations = 0
    rereads_hit = 0
    heals = 0

    def resolve(self, key: int, version: int, *, force: bool) -> Resolving:
        """Return the commit timestamp of a tentative version, or NONE.

        With `force` an undecided transaction is invalidated, so that NONE is final.
        """
        if self.armed:
            yield Reach("get.tentative")
        row = yield from self.look_up(version)
        if row is None:
            if self.armed:
                yield Reach("get.undecided" if force else "get.absent")
            if not force:
                return (yield from self.reread(key, version))
            row = yield from self.force_decision(version)
        return (yield from self.follow(row, key, version))

    def look_up(self, version: int) -> Generator[Any, Any, Row | None]:
        """Read the commit-table row of a transaction.

        Mechanism `fresh_absence`: that there is none may change until somebody invalidates it,
        so it is never remembered.
        """
        row: Row | None = yield self.store.get_row(version)
        return row

    def follow(self, row: Row, key: int, version: int) -> Resolving:
        """Return what a row decides; an invalid mark dominates the commit beside it."""
        if not self.is_commit(row):
            return (yield from self.reread_after_invalidation(key, version))
        self.heal(key, version, row.commit)
        return row.commit

    def is_commit(self, row: Row) -> bool:
        """Say whether a row decides for commit.

        Mechanism `invalid_mark_dominance`: somebody has already called the transaction aborted.
        """
        return not row.invalid

    def reread(self, key: int, version: int) -> Resolving:
        """Look at the commit field again: the row may be gone because all is completed.

        The field is written before the row is removed, so a commit that was there at begin is
        seen by one of the two reads. Mechanism `reread`.
        """
        return (yield from self.read_commit_field(key, version))

    def force_decision(self, version: int) -> Generator[Any, Any, Row]:
        """Invalidate an undecided transaction; return the row as it stands then.

        Mechanism `invalidation`: without it the late commit of a deposed manager would split
        the snapshot between two reads.
        """
        before: Row | None = yield self.store.invalidate(version)
        if before is not None:
            return before
        self.invalidations += 1
        self.note("invalidated", transaction=version)
        if self.armed:
            yield Reach("get.invalidated")
        return INVALID

    def reread_after_invalidation(self, key: int, version: int) -> Resolving:
        """Look at the commit field after an invalid mark: it may be a false one.

        A transaction may have committed, completed and removed its row before the mark was
        put; its commit field then says so. Mechanism `reread_after_invalidation`.
        """
        commit = yield from self.read_commit_field(key, version)
        if commit != NONE:
            self.rereads_hit += 1
            # The mark is about a transaction that is complete; nobody needs the row.
            self.tell(self.store.remove_row(version))
        return commit

    def read_commit_field(self, key: int, version: int) -> Resolving:
        """Read the commit field of one version."""
        record: Record | None = yield self.store.get_version(key, version)
        return NONE if record is None else record.commit

    def in_snapshot(self, commit: int, start: int) -> bool:
        """Say whether a snapshot holds what committed at `commit`. Mechanism `snapshot_bound`."""
        return commit < start

    def heal(self, key: int, version: int, commit: int) -> None:
        """Fill the commit field for the writer, best effort. Mechanism `healing`."""
        self.heals += 1
        for call in self.store.put_commit_fields([key], version, commit, self.field_writer):
            self.tell(call)
