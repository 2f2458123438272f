"""Percolator as a variant: its roles, and what it promises."""

from __future__ import annotations

from typing import Final

from sim.history import AbortReason
from sim.omid.low_latency.manager import ImmediateReplies, LowLatencyManager
from sim.omid.messages import CommitRequest
from sim.omid.percolator.client import PercolatorClient
from sim.omid.percolator.locks import LockingRegion, LockStore
from sim.omid.uncollected import VACUOUS, UncollectedManager
from sim.omid.variant import PROPERTIES, Variant, roles_with

NOT_PROMISED: Final = (
    "decided_at_begin",
    "conflict_detection_sound",
    "completion_before_removal",
    *VACUOUS,
)
"""What does not apply.

No begin waits for commits on their way: a reader meets their locks. The oracle accepts every
commit, and rows that refuse it later are no fault (`first_committer_wins` judges what took
effect). Commit records are not removed.
"""


class TimestampOracle(UncollectedManager, LowLatencyManager):
    """A manager that gives out timestamps under its lease, and validates nothing."""

    def certify(self, request: CommitRequest, commit: int) -> AbortReason | None:
        """Give a commit timestamp to whoever asks; the rows have been asked before."""
        return None


VARIANT: Final = Variant(
    name="percolator",
    summary="two-phase commit over locks in the data; the manager only counts",
    source="Peng and Dabek, OSDI'10; Omid2PC of Shacham et al., VLDB'18",
    roles=roles_with(
        manager=TimestampOracle,
        pipeline=ImmediateReplies,
        client=PercolatorClient,
        region=LockingRegion,
        store=LockStore,
    ),
    properties=tuple(name for name in PROPERTIES if name not in NOT_PROMISED),
)
