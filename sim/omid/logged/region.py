"""A region in which a removed version stays removed.

Where visibility rests on lists of those who did not commit, a version must not come back once its
writer is off the list. As in HBase, the tombstone of a removal masks late copies of the write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.omid.collector import CompactingRegion

if TYPE_CHECKING:
    from sim.history import OracleBuilder
    from sim.kernel.core import Kernel
    from sim.omid.settings import Settings


class MaskingRegion(CompactingRegion):
    """A region that remembers what was removed."""

    def __init__(
        self, kernel: Kernel, name: str, number: int, oracle: OracleBuilder, settings: Settings
    ) -> None:
        super().__init__(kernel, name, number, oracle, settings)
        self.removed: dict[tuple[int, int], None] = {}

    def put(self, key: int, version: int, value: int, place: int, tombstone: bool = False) -> None:
        """Write a version, unless it has been removed before."""
        if (key, version) not in self.removed:
            super().put(key, version, value, place, tombstone)

    def remove(self, key: int, version: int) -> None:
        """Remove a version for good, also one that is still on its way."""
        self.removed[key, version] = None
        super().remove(key, version)
