"""Timestamps with room between them: a global part and a local sequence.

VLDB'18, algorithm 4. The manager counts in steps of two to the power of `sequence_bits`; the
versions between two of its timestamps belong to the fast path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.omid.timestamps import Timestamps

if TYPE_CHECKING:
    from sim.omid.manager import Manager


class GlobalTimestamps(Timestamps):
    """Timestamps whose local part is 0."""

    def __init__(self, manager: Manager) -> None:
        super().__init__(manager)
        self.step = 1 << manager.settings.sequence_bits
        self.range *= self.step
        self.refill *= self.step
