"""Omid1 as a variant: its roles, and what it promises."""

from __future__ import annotations

from typing import Final

from sim.omid.omid1.client import ReplicatedClient, VersionRegion
from sim.omid.omid1.oracle import StatusLedger, StatusOracle, StatusPipeline
from sim.omid.omid1.table import LastCommits
from sim.omid.uncollected import VACUOUS
from sim.omid.variant import PROPERTIES, Variant, roles_with

NOT_PROMISED: Final = (
    "decided_at_begin",
    "commit_fields_agree",
    "completion_before_removal",
    "invalid_never_acknowledged",
    *VACUOUS,
)
"""What does not apply.

No begin waits for the log: its answer names the commits on their way there, and readers ask for
those. There are no commit fields, no rows to remove, and no invalid marks.
"""

VARIANT: Final = Variant(
    name="omid1",
    summary="Omid1: commits in memory, in a log, and replicated to every client",
    source="Gómez Ferro et al., ICDE'14",
    roles=roles_with(
        manager=StatusOracle,
        pipeline=StatusPipeline,
        conflict_table=LastCommits,
        client=ReplicatedClient,
        region=VersionRegion,
        commit_table=StatusLedger,
    ),
    properties=tuple(name for name in PROPERTIES if name not in NOT_PROMISED),
)
