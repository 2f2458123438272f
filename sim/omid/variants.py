"""Variants of Omid, by name: the reference and its relatives."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sim.omid import as_printed
from sim.omid.apache import variant as apache
from sim.omid.fast_path import variant as fast_path
from sim.omid.low_latency import variant as low_latency
from sim.omid.omid1 import variant as omid1
from sim.omid.percolator import variant as percolator
from sim.omid.tephra import variant as tephra
from sim.omid.variant import PROPERTIES, REFERENCE_ROLES, Variant

REFERENCE: Final = Variant(
    name="omid",
    summary="the reference: FAST'17 and what its printed algorithms leave open",
    source="Shacham et al., FAST'17; re-read of Shacham et al., VLDB'18",
    roles=REFERENCE_ROLES,
    properties=PROPERTIES,
    fences=True,
)

VARIANTS: Final[Mapping[str, Variant]] = MappingProxyType(
    {
        variant.name: variant
        for variant in (
            REFERENCE,
            as_printed.VARIANT,
            apache.VARIANT,
            low_latency.VARIANT,
            fast_path.VARIANT,
            percolator.VARIANT,
            omid1.VARIANT,
            tephra.VARIANT,
        )
    }
)
