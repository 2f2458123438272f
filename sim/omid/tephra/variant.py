"""Tephra as a variant: its roles, and what it promises."""

from __future__ import annotations

from typing import Final

from sim.omid.tephra.changes import ChangeSets
from sim.omid.tephra.client import ListClient
from sim.omid.tephra.manager import ListManager
from sim.omid.tephra.pipeline import EditLedger, EditPipeline
from sim.omid.tephra.region import FilteringRegion, FilteringStore
from sim.omid.uncollected import VACUOUS
from sim.omid.variant import PROPERTIES, Variant, roles_with

NOT_PROMISED: Final = (
    "stable_resolution",
    "commit_fields_agree",
    "completion_before_removal",
    *VACUOUS,
)
"""What does not apply.

No reader decides anything: its list is fixed at begin. There are no commit fields, and no rows
to remove. All else holds as in Omid. In particular the change sets are exact: those are dropped
that committed before everybody in progress began, and a transaction that is not in progress
cannot commit, so `first_committer_wins` needs no mark. A begin waits for the log, and so for every
smaller commit (`decided_at_begin`); an invalid transaction is never acknowledged, for the edits
that invalidate and commit exclude each other in one log (`invalid_never_acknowledged`).
"""

VARIANT: Final = Variant(
    name="tephra",
    summary="Tephra: a write-ahead log, an exclude list at begin, a commit in two steps",
    source="Apache Phoenix-Tephra, TransactionManager and TransactionContext",
    roles=roles_with(
        manager=ListManager,
        pipeline=EditPipeline,
        conflict_table=ChangeSets,
        client=ListClient,
        region=FilteringRegion,
        commit_table=EditLedger,
        store=FilteringStore,
    ),
    properties=tuple(name for name in PROPERTIES if name not in NOT_PROMISED),
)
