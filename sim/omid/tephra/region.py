"""The store of Tephra: its regions hide the versions that a transaction may not see.

Apache Phoenix-Tephra, TransactionVisibilityFilter: the filter runs in the region server, with the
list that the transaction got at its begin.
"""

from __future__ import annotations

from collections.abc import Container
from typing import cast

from sim.kernel.rpc import Call
from sim.omid.logged.region import MaskingRegion
from sim.omid.store import Store


class FilteringRegion(MaskingRegion):
    """A region that answers with one version at most."""

    def on_get_visible(self, call: Call) -> None:
        """Return the newest version that a transaction may see, or None."""
        key, start, excluded = call.body
        found = None
        for record in self.cells.get(key, ()):
            if record.version == start or (
                record.version < start and record.version not in excluded
            ):
                found = record
                break
        self.answer(call, found, self.service_ns)


class FilteringStore(Store):
    """A store whose regions filter."""

    def get_visible(self, key: int, start: int, excluded: Container[int]) -> Call:
        """Read the version of a key that a transaction may see."""
        region = cast(FilteringRegion, self.region(key))
        body = (key, start, excluded)
        return Call(region, region.on_get_visible, body, self.timeout_ns, retry=True)
