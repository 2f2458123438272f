"""Mutants of garbage collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sim.history import NONE
from sim.omid.mutation.mutant import Mutant

if TYPE_CHECKING:
    from sim.omid.collector import CompactingRegion as _Region
    from sim.omid.manager import Manager as _Manager
    from sim.omid.messages import Record
else:
    # A mix-in inherits from its role for the type checker only: at run time it goes on top of
    # whichever class the variant has for the role.
    _Manager = _Region = object


class _NoLowWaterMarkAfterFlush(_Manager):
    def publish_low_water_mark(self, mark: int) -> None:
        """Persist the mark while commits below it are still in the pipeline."""
        self.persist_low_water_mark(mark)


class _CollectionOrderByStart(_Region):
    def is_below(self, record: Record, mark: int) -> bool:
        """Compare the mark with the start timestamp."""
        return record.commit != NONE and record.version <= mark


MUTANTS: Final[tuple[Mutant, ...]] = (
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
