"""What variants share that collect nothing: no low water mark, so nothing falls below it.

Versions stay for good, and every snapshot with them. Compaction and the cleaner of the reference
work below the mark, so they find nothing to do.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

from sim.history import NONE
from sim.omid.client import Client
from sim.omid.manager import Manager
from sim.omid.transaction import Transaction

VACUOUS: Final = ("needed_versions_kept", "low_water_mark_safe")
"""The properties of collection, about which a run without it says nothing."""


class UncollectedManager(Manager):
    """A manager that never has a low water mark."""

    def first_low_water_mark(self) -> int:
        """Start without a mark."""
        return NONE

    def raise_low_water_mark(self) -> Generator[Any, Any, None]:
        """Leave the mark where it is, whatever the settings say."""
        yield from ()


class UncollectedClient(Client):
    """A client whose snapshots last."""

    def snapshot_collected(self, transaction: Transaction) -> Generator[Any, Any, bool]:
        """Say no without asking the store."""
        yield from ()
        return False
