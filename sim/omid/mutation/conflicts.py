"""Mutants of conflict detection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sim.history import NONE, AbortReason
from sim.omid.mutation.mutant import Mutant

if TYPE_CHECKING:
    from sim.omid.client import Client as _Client
    from sim.omid.conflict_table import ConflictTable as _ConflictTable
    from sim.omid.manager import Manager as _Manager
    from sim.omid.transaction import Transaction
else:
    # A mix-in inherits from its role for the type checker only: at run time it goes on top of
    # whichever class the variant has for the role.
    _Client = _ConflictTable = _Manager = object

_COPY_KEYS: Final = 8
"""A stale copy of the conflict table serves the checks of this many keys."""


class _CertificationStale(_ConflictTable):
    checked = 0

    def enter(self, key_hash: int, *, start: int, commit: int) -> AbortReason | None:
        """Check a copy of the table, and enter into the table itself."""
        if self.checked % _COPY_KEYS == 0:
            self.copy = {
                key: last for bucket in self._buckets.values() for key, last in bucket.items()
            }
        self.checked += 1
        if self.copy.get(key_hash, NONE) > start:
            return AbortReason.CONFLICT
        return super().enter(key_hash, start=commit, commit=commit)


class _OverflowEvictsNewest(_ConflictTable):
    def make_room(self, bucket: dict[int, int], start: int) -> AbortReason | None:
        """Evict the newest entry and abort nobody."""
        del bucket[max(bucket, key=bucket.__getitem__)]
        return None


class _LowWaterMarkBoundStrict(_Manager):
    def below_low_water_mark(self, start: int) -> bool:
        """Let who began exactly at the mark commit."""
        return start < self.low_water_mark


class _NoBucketLatch(_ConflictTable):
    late: tuple[int, int] | None = None

    def enter(self, key_hash: int, *, start: int, commit: int) -> AbortReason | None:
        """Check before the key that was checked last is entered, as a second thread may."""
        reason = self.check(self.bucket(key_hash), key_hash, start=start)
        if self.late is not None:
            self.bucket(self.late[0])[self.late[0]] = self.late[1]
        self.late = (key_hash, commit) if reason is None else None
        return reason


class _ConflictBoundCommitTimestamp(_ConflictTable):
    def enter(self, key_hash: int, *, start: int, commit: int) -> AbortReason | None:
        """Look for writes after the own commit timestamp; there are none."""
        return super().enter(key_hash, start=commit, commit=commit)


class _NoWholeWriteSet(_Client):
    def write_set(self, transaction: Transaction) -> tuple[int, ...]:
        """Leave out the key that was written last."""
        return super().write_set(transaction)[:-1]


class _ResidualEntriesRestored(_ConflictTable):
    undo: dict[int, int | None] = {}  # noqa: RUF012  # replaced, never changed

    def certify(self, *, start: int, commit: int, hashes: Sequence[int]) -> AbortReason | None:
        """Put back what stood in the table before an abort, once the next request is through."""
        before = {key: self.bucket(key).get(key) for key in hashes}
        reason = super().certify(start=start, commit=commit, hashes=hashes)
        undo, self.undo = self.undo, before if reason is not None else {}
        for key, last in undo.items():
            if last is None:
                self.bucket(key).pop(key, None)
            else:
                self.bucket(key)[key] = last
        return reason


MUTANTS: Final[tuple[Mutant, ...]] = (
    Mutant(
        name="certification_stale",
        number=30,
        mechanism="certification",
        property="first_committer_wins",
        mixins={"conflict_table": _CertificationStale},
        summary="write sets are certified against an old copy of the conflict table",
    ),
    Mutant(
        name="overflow_abort_evicts_newest",
        number=42,
        mechanism="overflow_abort",
        property="first_committer_wins",
        mixins={"conflict_table": _OverflowEvictsNewest},
        summary="a full bucket forgets its newest entry and aborts nobody",
    ),
    Mutant(
        name="low_water_mark_bound_strict",
        number=43,
        mechanism="low_water_mark_bound",
        property="low_water_mark_safe",
        mixins={"manager": _LowWaterMarkBoundStrict},
        summary="a transaction that began exactly at the low water mark may commit",
    ),
    Mutant(
        name="no_bucket_latch",
        number=44,
        mechanism="bucket_latch",
        property="first_committer_wins",
        mixins={"conflict_table": _NoBucketLatch},
        summary="a second transaction is checked between the check and the entry of a key",
    ),
    Mutant(
        name="conflict_bound_commit_timestamp",
        number=45,
        mechanism="conflict_bound",
        property="first_committer_wins",
        mixins={"conflict_table": _ConflictBoundCommitTimestamp},
        summary="the last write of a key is compared with the own commit timestamp",
    ),
    Mutant(
        name="no_whole_write_set",
        number=46,
        mechanism="whole_write_set",
        property="first_committer_wins",
        mixins={"client": _NoWholeWriteSet},
        summary="one key of the write set is not certified",
    ),
    Mutant(
        name="residual_entries_restored",
        number=47,
        mechanism="residual_entries",
        property="first_committer_wins",
        mixins={"conflict_table": _ResidualEntriesRestored},
        summary="an abort puts back old entries over newer ones of other transactions",
    ),
)
