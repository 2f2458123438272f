"""The requests that Omid FP makes of its store."""

from __future__ import annotations

from typing import cast

from sim.kernel.rpc import Call
from sim.omid.fast_path.messages import PutVersion
from sim.omid.fast_path.region import FastPathRegion
from sim.omid.low_latency.store import ConditionalStore
from sim.omid.store import CommitTableRegion


class FastPathStore(ConditionalStore):
    """A store whose regions commit single-key transactions."""

    def table(self, start: int) -> CommitTableRegion:
        """Return the commit-table region of a transaction, by the global part of its start."""
        region = cast(FastPathRegion, self.regions[0])
        return super().table(start >> region.sequence_bits)

    def put(
        self, key: int, version: int, value: int, place: int, *, tombstone: bool = False
    ) -> Call:
        """Write a tentative version unless a newer one has committed; the answer says which."""
        region = self._fast(key)
        body = (key, version, value, place, tombstone)
        return Call(region, region.on_check_and_put, body, self.timeout_ns, retry=True)

    def get_committed(self, key: int) -> Call:
        """Read the newest version of a key that is complete."""
        region = self._fast(key)
        return Call(region, region.on_get_committed, key, self.timeout_ns, retry=True)

    def put_version(self, request: PutVersion) -> Call:
        """Commit a write of one key."""
        region = self._fast(request.key)
        return Call(region, region.on_put_version, request, self.timeout_ns, retry=True)

    def _fast(self, key: int) -> FastPathRegion:
        return cast(FastPathRegion, self.region(key))
