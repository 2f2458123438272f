"""Benign mutants: Omid changed in ways that no property may mind.

They keep the checkers honest. A checker that reports one of these judges by habit, not by what
the paper promises.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from sim.history import AbortReason, FieldWriter, OracleKind
from sim.omid.mutation.mutant import Mutant

if TYPE_CHECKING:
    from sim.omid.client import Client as _Client
    from sim.omid.client import Step
    from sim.omid.collector import CompactingRegion as _Region
    from sim.omid.conflict_table import ConflictTable as _ConflictTable
    from sim.omid.lease import Lease as _Lease
    from sim.omid.manager import Manager as _Manager
    from sim.omid.store import CommitTableRegion as _CommitTable
    from sim.omid.transaction import Transaction
else:
    # A mix-in inherits from its role for the type checker only: at run time it goes on top of
    # whichever class the variant has for the role.
    _Client = _CommitTable = _ConflictTable = _Lease = _Manager = _Region = object

_REFUSED_ONE_IN: Final = 7
_MASK_32: Final = (1 << 32) - 1


class _HealingAfterRemoval(_Region):
    def __init__(self, *parts: Any, **more: Any) -> None:
        """Prepare a place for fields without versions."""
        super().__init__(*parts, **more)
        self.orphans: dict[tuple[int, int], tuple[int, FieldWriter]] = {}

    def put_commit_field(self, key: int, version: int, commit: int, writer: FieldWriter) -> None:
        """Write the field of a version that is gone, too: nobody looks for it."""
        if self.find(key, version) is not None:
            super().put_commit_field(key, version, commit, writer)
            return
        self.orphans[key, version] = (commit, writer)
        now_ns, number = self.kernel.now, self.number
        self.oracle.add(OracleKind.COMMIT_FIELD_PUT, now_ns, number, version, key, commit, writer)

    def put(self, key: int, version: int, value: int, place: int, tombstone: bool = False) -> None:
        """Let a late copy of the version find its field there."""
        super().put(key, version, value, place, tombstone)
        if (key, version) in self.orphans:
            super().put_commit_field(key, version, *self.orphans.pop((key, version)))


class _NoHealing(_Client):
    def heal(self, key: int, version: int, commit: int) -> None:
        """Leave the field to the writer."""


class _LeaseGuardLarger(_Lease):
    def __init__(self, manager: _Manager) -> None:
        """Renew when three quarters of the lease are left."""
        super().__init__(manager)
        self.guard_ns = self.period_ns * 3 // 4


class _LeaseWaitLonger(_Manager):
    def lease_wait_ns(self) -> int:
        """Wait three times as long as the holder may believe."""
        return super().lease_wait_ns() * 3


class _InvalidationLeavesOrphans(_Client):
    def complete(self, start: int, keys: Sequence[int], commit: int) -> Step:
        """Leave an invalid mark where the row was."""
        yield from super().complete(start, keys, commit)
        yield self.store.invalidate(start)

    def rollback(self, transaction: Transaction) -> Step:
        """Leave an invalid mark for versions that are gone."""
        yield from super().rollback(transaction)
        yield self.store.invalidate(transaction.start)


class _InvalidRowsStay(_CommitTable):
    def remove(self, start: int) -> None:
        """Remove commits only."""
        row = self.rows.get(start)
        if row is not None and not row.invalid:
            super().remove(start)


class _ResidualEntriesOfAll(_ConflictTable):
    def certify(self, *, start: int, commit: int, hashes: Sequence[int]) -> AbortReason | None:
        """Enter the whole write set of an aborted transaction."""
        reason = super().certify(start=start, commit=commit, hashes=hashes)
        if reason is not None:
            super().certify(start=commit, commit=commit, hashes=hashes)
        return reason


class _CertificationRefusesMore(_ConflictTable):
    requests = 0

    def certify(self, *, start: int, commit: int, hashes: Sequence[int]) -> AbortReason | None:
        """Refuse one request in seven without a reason."""
        self.requests += 1
        if self.requests % _REFUSED_ONE_IN == 0:
            return AbortReason.CONFLICT
        return super().certify(start=start, commit=commit, hashes=hashes)


class _LowWaterMarkAfterFlushLate(_Manager):
    def persist_low_water_mark(self, mark: int) -> None:
        """Write the mark into the store a while later."""
        self.timer(self.settings.low_water_mark_lag_ns, super().persist_low_water_mark, mark)


class _WholeWriteSetHash32(_Client):
    def write_set(self, transaction: Transaction) -> tuple[int, ...]:
        """Return half of each hash: keys may collide, and abort one another."""
        return tuple(key_hash & _MASK_32 for key_hash in super().write_set(transaction))


class _NoRowRemoval(_CommitTable):
    def remove(self, start: int) -> None:
        """Keep the row, and the mark, for good."""


def _benign(name: str, number: int, mechanism: str, summary: str, **mixins: type) -> Mutant:
    return Mutant(
        name=name,
        number=number,
        mechanism=mechanism,
        property="",
        mixins=mixins,
        benign=True,
        summary=summary,
    )


MUTANTS: Final[tuple[Mutant, ...]] = (
    _benign(
        "healing_after_removal",
        38,
        "healing",
        "a late heal writes the commit field of a version that is gone",
        region=_HealingAfterRemoval,
    ),
    _benign(
        "no_healing",
        70,
        "healing",
        "readers leave commit fields to the writers",
        client=_NoHealing,
    ),
    _benign(
        "lease_guard_larger",
        71,
        "lease_guard",
        "a manager renews its lease when three quarters are left of it",
        lease=_LeaseGuardLarger,
    ),
    _benign(
        "invalidation_leaves_orphans",
        72,
        "invalidation",
        "invalid marks stay, also where a transaction was completed or rolled back",
        client=_InvalidationLeavesOrphans,
        commit_table=_InvalidRowsStay,
    ),
    _benign(
        "residual_entries_of_all",
        73,
        "residual_entries",
        "an aborted transaction enters its whole write set into the conflict table",
        conflict_table=_ResidualEntriesOfAll,
    ),
    _benign(
        "certification_refuses_more",
        74,
        "certification",
        "one commit request in seven is refused without a conflict",
        conflict_table=_CertificationRefusesMore,
    ),
    _benign(
        "low_water_mark_after_flush_late",
        75,
        "low_water_mark_after_flush",
        "the low water mark is persisted long after it was raised",
        manager=_LowWaterMarkAfterFlushLate,
    ),
    _benign(
        "whole_write_set_hash32",
        76,
        "whole_write_set",
        "keys are certified by 32 bits of their hash",
        client=_WholeWriteSetHash32,
    ),
    _benign(
        "no_row_removal",
        77,
        "row_removal",
        "the commit-table rows of completed transactions stay",
        commit_table=_NoRowRemoval,
    ),
    _benign(
        "lease_wait_longer",
        78,
        "lease_wait",
        "a backup waits for three leases before it takes over",
        manager=_LeaseWaitLonger,
    ),
)
