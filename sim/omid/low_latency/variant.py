"""Omid LL as a variant: its roles, and what it promises."""

from __future__ import annotations

from typing import Final

from sim.omid.low_latency.client import LowLatencyClient
from sim.omid.low_latency.manager import ImmediateReplies, LowLatencyManager
from sim.omid.low_latency.store import ConditionalStore, ConditionalTable
from sim.omid.variant import PROPERTIES, Variant, roles_with

NOT_PROMISED: Final = ("decided_at_begin", "low_water_mark_safe")
"""What Omid LL gives up.

No begin waits for the commit table: a smaller commit may land after it, and readers that meet
the tentative version decide. And a client may put a commit that was accepted before the low
water mark passed its start, after the mark is persisted: compaction and the cleaner force the
decision of what they meet, so nothing that was dropped can commit (`acknowledged_commits_durable`
and `snapshot_reads` would show it).
"""

LOW_LATENCY_PROPERTIES: Final = tuple(name for name in PROPERTIES if name not in NOT_PROMISED)

VARIANT: Final = Variant(
    name="omid-ll",
    summary="Omid LL: clients write the commit table, readers force aborts",
    source="Shacham et al., VLDB'18, algorithms 2 and 3",
    roles=roles_with(
        manager=LowLatencyManager,
        pipeline=ImmediateReplies,
        client=LowLatencyClient,
        commit_table=ConditionalTable,
        store=ConditionalStore,
    ),
    properties=LOW_LATENCY_PROPERTIES,
    fences=True,
)
