"""Omid FP as a variant: its roles, and what it promises."""

from __future__ import annotations

from typing import Final

from sim.omid.fast_path.client import FastPathClient
from sim.omid.fast_path.region import FastPathRegion
from sim.omid.fast_path.store import FastPathStore
from sim.omid.fast_path.timestamps import GlobalTimestamps
from sim.omid.low_latency.manager import ImmediateReplies, LowLatencyManager
from sim.omid.low_latency.store import ConditionalTable
from sim.omid.low_latency.variant import LOW_LATENCY_PROPERTIES
from sim.omid.variant import Variant, roles_with

GENERALISED: Final = (
    "generalized_snapshot_reads",
    "key_order",
    "fast_path_versions_ascend",
)
"""What holds of the fast path, where the order of commits and that of real time part.

A fast-path transaction may be ordered before regular ones that had committed when it began, so
`real_time_order` and `frozen_snapshot` do not judge it. All that has a start timestamp of the
manager keeps snapshot isolation as Omid LL has it, fast-path writes included in what it reads.
"""

VARIANT: Final = Variant(
    name="omid-fp",
    summary="Omid FP: single-key transactions commit in their region, all others as in Omid LL",
    source="Shacham et al., VLDB'18, algorithm 4",
    roles=roles_with(
        manager=LowLatencyManager,
        pipeline=ImmediateReplies,
        timestamps=GlobalTimestamps,
        client=FastPathClient,
        region=FastPathRegion,
        commit_table=ConditionalTable,
        store=FastPathStore,
    ),
    properties=(*LOW_LATENCY_PROPERTIES, *GENERALISED),
    fences=True,
    local_sequence=True,
)
