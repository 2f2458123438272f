"""Mutants of resolution: tentative versions and lost answers."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final

from sim.history import NONE
from sim.omid.messages import Begun, Row
from sim.omid.mutation.mutant import Mutant

if TYPE_CHECKING:
    from sim.omid.client import Client as _Client
    from sim.omid.store import CommitTableRegion as _CommitTable
else:
    # A mix-in inherits from its role for the type checker only: at run time it goes on top of
    # whichever class the variant has for the role.
    _Client = _CommitTable = object


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


class _InvalidationUnconditional(_CommitTable):
    def mark_invalid(self, start: int, before: Row | None) -> Row | None:
        """Put the mark beside whatever is there; such a put has nothing to answer."""
        self.rows[start] = Row(NONE if before is None else before.commit, True)
        return None


class _NoInvalidMarkDominance(_Client):
    def is_commit(self, row: Row) -> bool:
        """Look at the commit first."""
        return row.commit != NONE


class _NoEpochFreshness(_Client):
    epoch_known = 0

    def epoch_of(self, begun: Begun) -> int:
        """Use the epoch that was known before this answer came."""
        known, self.epoch_known = self.epoch_known, super().epoch_of(begun)
        return known


class _NoReread(_Client):
    def reread(self, key: int, version: int) -> Generator[Any, Any, int]:
        """Take an absent row for an aborted transaction."""
        yield from ()
        return NONE


class _HealingWrongTimestamp(_Client):
    def heal(self, key: int, version: int, commit: int) -> None:
        """Fill in the writer's start timestamp for its commit timestamp."""
        super().heal(key, version, version)


MUTANTS: Final[tuple[Mutant, ...]] = (
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
        also=(56,),
        mechanism="reread_after_invalidation",
        property="snapshot_reads",
        mixins={"client": _NoRereadAfterInvalidation},
        variants=("omid", "omid-ll", "omid-fp"),
        summary="a reader believes its invalid mark although the writer had completed",
    ),
    Mutant(
        name="invalidation_unconditional",
        number=3,
        mechanism="invalidation",
        property="snapshot_reads",
        mixins={"commit_table": _InvalidationUnconditional},
        summary="an invalid mark is put whether or not the commit is there already",
    ),
    Mutant(
        name="no_invalid_mark_dominance",
        number=4,
        mechanism="invalid_mark_dominance",
        property="stable_resolution",
        mixins={"client": _NoInvalidMarkDominance},
        summary="a reader prefers the commit beside an invalid mark",
    ),
    Mutant(
        name="no_epoch_freshness",
        number=18,
        mechanism="epoch_freshness",
        property="snapshot_reads",
        mixins={"client": _NoEpochFreshness},
        summary="a client reads with the epoch of its begin before this one",
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
)
