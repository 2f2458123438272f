"""Mutants of conflict detection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sim.history import AbortReason
from sim.omid.mutation.mutant import Mutant

if TYPE_CHECKING:
    from sim.omid.conflict_table import ConflictTable as _ConflictTable
else:
    # A mix-in inherits from its role for the type checker only: at run time it goes on top of
    # whichever class the variant has for the role.
    _ConflictTable = object


class _OverflowEvictsNewest(_ConflictTable):
    def make_room(self, bucket: dict[int, int], start: int) -> AbortReason | None:
        """Evict the newest entry and abort nobody."""
        del bucket[max(bucket, key=bucket.__getitem__)]
        return None


MUTANTS: Final[tuple[Mutant, ...]] = (
    Mutant(
        name="overflow_abort_evicts_newest",
        number=42,
        mechanism="overflow_abort",
        property="first_committer_wins",
        mixins={"conflict_table": _OverflowEvictsNewest},
        summary="a full bucket forgets its newest entry and aborts nobody",
    ),
)
