"""Mutants of resolution: tentative versions and lost answers."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final

from sim.history import NONE
from sim.omid.messages import Row
from sim.omid.mutation.mutant import Mutant

if TYPE_CHECKING:
    from sim.omid.client import Client as _Client
else:
    # A mix-in inherits from its role for the type checker only: at run time it goes on top of
    # whichever class the variant has for the role.
    _Client = object


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
        mechanism="reread_after_invalidation",
        property="snapshot_reads",
        mixins={"client": _NoRereadAfterInvalidation},
        summary="a reader believes its invalid mark although the writer had completed",
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
