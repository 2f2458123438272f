"""The variant `omid-apache`: what the code of Apache Phoenix-Omid does, as far as it was read.

It promises what the reference promises. Where it does not keep it, a scenario `hazard-f...` shows
how: a hypothesis about code that was read, tried out in this model and never on the code itself.
"""

from __future__ import annotations

from typing import Final

from sim.omid.apache.checkpoints import CHECKPOINTS_MAX
from sim.omid.apache.client import ApacheClient
from sim.omid.apache.compactor import ScanningRegion
from sim.omid.apache.conflict_table import LongCache
from sim.omid.apache.manager import ApacheManager
from sim.omid.apache.pipeline import ApachePipeline
from sim.omid.apache.store import BucketStore
from sim.omid.apache.timestamps import ApacheTimestamps
from sim.omid.variant import Variant, roles_with

VARIANT: Final = Variant(
    name="omid-apache",
    summary="what the Apache code does, hazards included",
    source="Apache Phoenix-Omid, tso-server, transaction-client, hbase-client, hbase-coprocessor",
    roles=roles_with(
        client=ApacheClient,
        manager=ApacheManager,
        pipeline=ApachePipeline,
        conflict_table=LongCache,
        timestamps=ApacheTimestamps,
        store=BucketStore,
        region=ScanningRegion,
    ),
    fences=True,
    checkpoints_max=CHECKPOINTS_MAX,
)
