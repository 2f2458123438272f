"""Mutants: Omid with one mechanism taken out or broken.

Each is a mix-in of a few lines on one role, in the module of its family. A check that no mutant
can fail proves nothing, so every property has one here that breaks it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sim.omid.mutation import (
    availability,
    benign,
    collection,
    commits,
    conflicts,
    fast_path,
    leases,
    low_latency,
    percolator,
    replication,
    resolution,
    retries,
)
from sim.omid.mutation.mutant import Mutant

MUTANTS: Final[Mapping[str, Mutant]] = MappingProxyType(
    {
        mutant.name: mutant
        for mutant in sorted(
            (
                *availability.MUTANTS,
                *leases.MUTANTS,
                *resolution.MUTANTS,
                *retries.MUTANTS,
                *commits.MUTANTS,
                *conflicts.MUTANTS,
                *collection.MUTANTS,
                *low_latency.MUTANTS,
                *fast_path.MUTANTS,
                *percolator.MUTANTS,
                *replication.MUTANTS,
                *benign.MUTANTS,
            ),
            key=lambda mutant: mutant.number,
        )
    }
)
