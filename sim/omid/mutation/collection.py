"""Mutants of garbage collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sim.history import NONE
from sim.omid.messages import INVALID
from sim.omid.mutation.mutant import Mutant

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from typing import Any

    from sim.omid.client import Client as _Client
    from sim.omid.collector import CompactingRegion as _Region
    from sim.omid.manager import Manager as _Manager
    from sim.omid.messages import Record, Row
    from sim.omid.transaction import Transaction
else:
    # A mix-in inherits from its role for the type checker only: at run time it goes on top of
    # whichever class the variant has for the role.
    _Client = _Manager = _Region = object


class _NoLowWaterMarkAfterFlush(_Manager):
    def publish_low_water_mark(self, mark: int) -> None:
        """Persist the mark while commits below it are still in the pipeline."""
        self.persist_low_water_mark(mark)


class _CollectionOrderByStart(_Region):
    def below(self, records: Sequence[Record], mark: int) -> list[Record]:
        """Compare the mark with the start timestamp."""
        return [each for each in records if each.commit != NONE and each.version <= mark]


class _NoCollectorInvalidation(_Region):
    def forces_decisions(self) -> bool:
        """Take an absent row for an aborted transaction."""
        return False


class _CollectionBoundDropsFields(_Region):
    def carry_over(self, records: list[Record], mark: int) -> list[Record]:
        """Leave the commit fields of versions above the mark behind."""
        return [
            record if record.version <= mark else record._replace(commit=NONE) for record in records
        ]


class _NoReadOnlyLowWaterMark(_Client):
    def snapshot_collected(self, transaction: Transaction) -> Generator[Any, Any, bool]:
        """Commit whatever was read."""
        yield from ()
        return False


class _TombstonesDroppedInMinor(_Region):
    def drops_tombstones(self, *, major: bool) -> bool:
        """Drop a tombstone in every compaction."""
        return True


class _NoVersionBelowMark(_Region):
    def newest_below(self, below: list[Record]) -> Record | None:
        """Keep none of them."""
        return None


class _NoFreshAbsence(_Client):
    def start(self) -> None:
        """Begin to work with nothing remembered."""
        self.absent: dict[int, None] = {}
        super().start()

    def look_up(self, version: int) -> Generator[Any, Any, Row | None]:
        """Remember who had no row, and call that aborted the next time."""
        if version in self.absent:
            return INVALID
        row = yield from super().look_up(version)
        if row is None:
            self.absent[version] = None
        return row


_COMPACTING: Final = ("omid", "omid-as-printed", "omid-ll", "omid-apache")

MUTANTS: Final[tuple[Mutant, ...]] = (
    Mutant(
        name="no_low_water_mark_after_flush",
        number=48,
        mechanism="low_water_mark_after_flush",
        property="low_water_mark_safe",
        mixins={"manager": _NoLowWaterMarkAfterFlush},
        variants=("omid", "omid-as-printed", "omid-apache"),
        summary="the low water mark is persisted while commits below it are in flight",
    ),
    Mutant(
        name="no_collector_invalidation",
        number=49,
        mechanism="collector_invalidation",
        property="low_water_mark_safe",
        mixins={"region": _NoCollectorInvalidation},
        variants=("omid", "omid-as-printed", "omid-apache"),
        summary="compaction drops what has no commit-table row, and does not invalidate it",
    ),
    Mutant(
        name="collection_bound_drops_fields",
        number=50,
        mechanism="collection_bound",
        property="snapshot_reads",
        mixins={"region": _CollectionBoundDropsFields},
        variants=_COMPACTING,
        summary="compaction drops the commit fields of versions above the low water mark",
    ),
    Mutant(
        name="collection_order_by_start",
        number=51,
        mechanism="collection_order",
        property="needed_versions_kept",
        mixins={"region": _CollectionOrderByStart},
        variants=("omid", "omid-as-printed", "omid-ll"),
        summary="compaction keeps the newest version by start timestamp",
    ),
    Mutant(
        name="no_read_only_low_water_mark",
        number=52,
        mechanism="read_only_low_water_mark",
        property="snapshot_reads",
        mixins={"client": _NoReadOnlyLowWaterMark},
        variants=("omid", "omid-as-printed", "omid-ll"),
        summary="a read-only transaction commits although its snapshot may be collected",
    ),
    Mutant(
        name="tombstones_dropped_in_minor",
        number=53,
        mechanism="tombstones",
        property="acknowledged_commits_durable",
        mixins={"region": _TombstonesDroppedInMinor},
        variants=_COMPACTING,
        summary="a minor compaction drops a tombstone, and the deleted value comes back",
    ),
    Mutant(
        name="no_version_below_mark",
        number=54,
        mechanism="version_below_mark",
        property="needed_versions_kept",
        mixins={"region": _NoVersionBelowMark},
        variants=_COMPACTING,
        summary="compaction keeps only what is above the low water mark",
    ),
    Mutant(
        name="no_fresh_absence",
        number=55,
        mechanism="fresh_absence",
        property="snapshot_reads",
        mixins={"client": _NoFreshAbsence},
        summary="a client remembers an absent commit-table row as an aborted transaction",
    ),
)
