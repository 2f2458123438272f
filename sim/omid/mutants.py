"""Mutants: Omid with one mechanism taken out or broken.

Each is a mix-in of a few lines on one role. A check that no mutant can fail proves nothing, so
every property has one here that breaks it.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from sim.history import NONE, AbortReason, OracleKind
from sim.kernel.rpc import Call
from sim.omid.messages import Begun, Row

if TYPE_CHECKING:
    from sim.omid.client import Client as _Client
    from sim.omid.collector import CompactingRegion as _Region
    from sim.omid.conflict_table import ConflictTable as _ConflictTable
    from sim.omid.manager import Manager as _Manager
    from sim.omid.pipeline import Batch
    from sim.omid.pipeline import Pipeline as _Pipeline
    from sim.omid.timestamps import Timestamps as _Timestamps
else:
    # A mix-in inherits from its role for the type checker only: at run time it goes on top of
    # whichever class the variant has for the role.
    _Client = _ConflictTable = _Manager = _Pipeline = _Region = _Timestamps = object


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One planted bug: `number` is its place in the catalogue of Omid mutants."""

    name: str
    number: int
    mechanism: str
    property: str
    mixins: Mapping[str, type[Any]]
    variants: tuple[str, ...] = ("omid",)
    benign: bool = False
    summary: str = ""


class _NoInvalidation(_Client):
    def force_decision(self, version: int) -> Generator[Any, Any, Row | None]:  # type: ignore[override]  # the mutant's point
        """Look again instead of forcing a decision."""
        row: Row | None = yield self.store.get_row(version)
        return row

    def follow(self, row: Row | None, key: int, version: int) -> Generator[Any, Any, int]:
        """Fall back to the re-read when there is still no row."""
        if row is None:
            return (yield from self.reread(key, version))
        return (yield from super().follow(row, key, version))


class _NoRereadAfterInvalidation(_Client):
    def reread_after_invalidation(self, key: int, version: int) -> Generator[Any, Any, int]:
        """Believe the invalid mark."""
        yield from ()
        return NONE


class _NoReread(_Client):
    def reread(self, key: int, version: int) -> Generator[Any, Any, int]:
        """Take an absent row for an aborted transaction."""
        yield from ()
        return NONE


class _CompletionOrderReversed(_Client):
    def complete(self, start: int, keys: Sequence[int], commit: int) -> Generator[Any, Any, None]:
        """Remove the row first."""
        yield self.store.remove_row(start)
        yield from self.write_commit_fields(start, keys, commit)


class _NoLeasePostcheck(_Pipeline):
    def lease_postcheck(self, batch: Batch) -> None:
        """Answer whatever happened during the put."""
        self.finish(batch)


class _NoLeasePrecheck(_Pipeline):
    def lease_precheck(self, batch: Batch) -> bool:
        """Write whatever was accepted."""
        return True


class _NoReplyOrder(_Pipeline):
    def release(self, batch: Batch) -> None:
        """Answer each batch as soon as it is durable."""
        self.reply(batch)


class _LeaseWaitHalved(_Manager):
    def lease_wait_ns(self) -> int:
        """Wait half as long as the holder may believe."""
        return super().lease_wait_ns() // 2


class _NoEpochAbort(_Manager):
    def first_low_water_mark(self) -> int:
        """Accept whoever began at an older manager."""
        return NONE


class _NoBeginBarrier(_Manager):
    def answer_begin(self, call: Call, start: int) -> None:
        """Answer at once, whatever is still on its way to the commit table."""
        epoch = self.timestamps.epoch
        self.oracle.add(
            OracleKind.BEGIN_REPLIED, self.kernel.now, self.number, start, timestamp=epoch
        )
        call.reply(Begun(start, epoch))


class _NoLowWaterMarkAfterFlush(_Manager):
    def publish_low_water_mark(self, mark: int) -> None:
        """Persist the mark while commits below it are still in the pipeline."""
        self.persist_low_water_mark(mark)


class _NoEpochAdvance(_Timestamps):
    def epoch_base(self, bound: int) -> int:
        """Start again inside the range of the manager before."""
        return max(0, bound - self.range)


class _OverflowEvictsNewest(_ConflictTable):
    def make_room(self, bucket: dict[int, int], start: int) -> AbortReason | None:
        """Evict the newest entry and abort nobody."""
        del bucket[max(bucket, key=bucket.__getitem__)]
        return None


class _NoLeaseCommitCheck(_Manager):
    def may_accept_commits(self) -> bool:
        """Accept commits with or without a lease."""
        return True


class _NoLeaseBeginCheck(_Pipeline):
    def lease_precheck(self, batch: Batch) -> bool:
        """Let batches without commits pass."""
        return not batch.commits or super().lease_precheck(batch)

    def lease_postcheck(self, batch: Batch) -> None:
        """Answer begins with or without a lease."""
        if batch.commits:
            super().lease_postcheck(batch)
        else:
            self.finish(batch)


class _HealingWrongTimestamp(_Client):
    def heal(self, key: int, version: int, commit: int) -> None:
        """Fill in the writer's start timestamp for its commit timestamp."""
        super().heal(key, version, version)


class _NoFlushBeforeCommit(_Client):
    def write(self, put: Call) -> Generator[Any, Any, None]:
        """Go on while the write is on its way."""
        self.tell(put)
        yield from ()


class _CollectionOrderByStart(_Region):
    def drop_old(self, key: int, mark: int) -> None:
        """Keep the version with the newest start timestamp at or below the mark."""
        old = [
            record for record in self.cells[key] if record.commit != NONE and record.version <= mark
        ]
        for record in old[1:]:
            self.collect(key, record.version, mark)


MUTANTS: Final[Mapping[str, Mutant]] = MappingProxyType(
    {
        mutant.name: mutant
        for mutant in (
            Mutant(
                name="no_invalidation",
                number=1,
                mechanism="invalidation",
                property="snapshot_reads",
                mixins={"client": _NoInvalidation},
                summary="readers do not invalidate what an older manager left undecided",
            ),
            Mutant(
                name="no_reread_after_invalidation",
                number=2,
                mechanism="reread_after_invalidation",
                property="snapshot_reads",
                mixins={"client": _NoRereadAfterInvalidation},
                summary="a reader believes its invalid mark although the writer had completed",
            ),
            Mutant(
                name="no_lease_postcheck",
                number=5,
                mechanism="lease_postcheck",
                property="invalid_never_acknowledged",
                mixins={"pipeline": _NoLeasePostcheck},
                summary="a manager acknowledges commits without looking at its lease again",
            ),
            Mutant(
                name="lease_wait_halved",
                number=9,
                mechanism="lease_wait",
                property="one_lease_holder",
                mixins={"manager": _LeaseWaitHalved},
                summary="a backup waits only half a lease before it takes over",
            ),
            Mutant(
                name="no_lease_commit_check",
                number=10,
                mechanism="lease_commit_check",
                property="frozen_snapshot",
                mixins={"manager": _NoLeaseCommitCheck, "pipeline": _NoLeasePrecheck},
                summary="a manager accepts commits although its lease has run out",
            ),
            Mutant(
                name="no_epoch_advance",
                number=13,
                mechanism="epoch_advance",
                property="timestamps_unique",
                mixins={"timestamps": _NoEpochAdvance},
                summary="a new manager does not start above the timestamps of the old one",
            ),
            Mutant(
                name="no_epoch_abort",
                number=16,
                mechanism="epoch_abort",
                property="first_committer_wins",
                mixins={"manager": _NoEpochAbort},
                summary="a new manager accepts transactions that began before its epoch",
            ),
            Mutant(
                name="no_lease_begin_check",
                number=20,
                mechanism="lease_begin_check",
                property="real_time_order",
                mixins={"pipeline": _NoLeaseBeginCheck},
                summary="a deposed manager goes on handing out start timestamps",
            ),
            Mutant(
                name="no_begin_barrier",
                number=26,
                mechanism="begin_barrier",
                property="decided_at_begin",
                mixins={"manager": _NoBeginBarrier},
                summary="a begin does not wait for pending commits",
            ),
            Mutant(
                name="no_reply_order",
                number=28,
                mechanism="reply_order",
                property="decided_at_begin",
                mixins={"pipeline": _NoReplyOrder},
                summary="the replies of a later batch overtake an earlier one",
            ),
            Mutant(
                name="completion_order_reversed",
                number=33,
                mechanism="completion_order",
                property="completion_before_removal",
                mixins={"client": _CompletionOrderReversed},
                summary="the commit-table row goes before the commit fields are written",
            ),
            Mutant(
                name="no_reread",
                number=35,
                mechanism="reread",
                property="snapshot_reads",
                mixins={"client": _NoReread},
                summary="a missing commit-table row counts as aborted without a second look",
            ),
            Mutant(
                name="healing_wrong_timestamp",
                number=36,
                mechanism="healing",
                property="commit_fields_agree",
                mixins={"client": _HealingWrongTimestamp},
                summary="a healing reader fills in the start timestamp",
            ),
            Mutant(
                name="no_flush_before_commit",
                number=41,
                mechanism="flush_before_commit",
                property="no_intermediate_reads",
                mixins={"client": _NoFlushBeforeCommit},
                summary="a client asks to commit while its writes are on their way",
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
                name="no_low_water_mark_after_flush",
                number=48,
                mechanism="low_water_mark_after_flush",
                property="low_water_mark_safe",
                mixins={"manager": _NoLowWaterMarkAfterFlush},
                summary="the low water mark is persisted while commits below it are in flight",
            ),
            Mutant(
                name="collection_order_by_start",
                number=51,
                mechanism="collection_order",
                property="needed_versions_kept",
                mixins={"region": _CollectionOrderByStart},
                summary="compaction keeps the newest version by start timestamp",
            ),
        )
    }
)
