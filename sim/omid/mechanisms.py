"""The register of mechanisms: the named parts of Omid that its properties rest on.

A mechanism is a method (or a setting) that can be taken out. Simulator, specifications,
scenarios and reports use these names. The register imports nothing but itself, so that
specifications may read it without loading a simulator.
"""

from __future__ import annotations

from typing import Final

from sim.omid.mechanism import (
    availability,
    collection,
    commits,
    conflicts,
    fast_path,
    low_latency,
    percolator,
    replication,
    resolution,
    retries,
)
from sim.omid.mechanism.register import Mechanism

MECHANISMS: Final[tuple[Mechanism, ...]] = (
    *availability.MECHANISMS,
    *resolution.MECHANISMS,
    *retries.MECHANISMS,
    *commits.MECHANISMS,
    *conflicts.MECHANISMS,
    *collection.MECHANISMS,
    *low_latency.MECHANISMS,
    *fast_path.MECHANISMS,
    *percolator.MECHANISMS,
    *replication.MECHANISMS,
)
