"""Variants of Omid: which class plays which role.

A variant maps every role to a class and overrides only what differs; a mutant puts a mix-in on
top of a role. No protocol code asks which variant or mutant it belongs to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from sim.omid.as_printed import AsPrintedClient, AsPrintedManager, AsPrintedPipeline
from sim.omid.cleaner import Cleaner
from sim.omid.client import Client
from sim.omid.collector import CompactingRegion
from sim.omid.conflict_table import ConflictTable
from sim.omid.coordinator import Coordinator
from sim.omid.lease import Lease
from sim.omid.manager import Manager
from sim.omid.pipeline import Pipeline
from sim.omid.store import CommitTableRegion
from sim.omid.timestamps import Timestamps

Roles = Mapping[str, type[Any]]

PROPERTIES: Final = (
    "timestamps_unique",
    "one_commit_timestamp",
    "acknowledged_commits_durable",
    "snapshot_reads",
    "stable_resolution",
    "first_committer_wins",
    "decided_at_begin",
    "commit_fields_agree",
    "completion_before_removal",
    "invalid_never_acknowledged",
    "needed_versions_kept",
    "low_water_mark_safe",
    "one_lease_holder",
    "conflict_detection_sound",
    "frozen_snapshot",
    "no_aborted_reads",
    "no_intermediate_reads",
    "own_writes",
    "real_time_order",
    "bank_sum",
)
"""The properties that Omid promises: snapshot isolation and what it stands on."""

_MANAGER_PARTS: Final = ("conflict_table", "lease", "pipeline", "timestamps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to build Omid."""

    name: str
    summary: str
    source: str
    roles: Roles
    properties: tuple[str, ...] = PROPERTIES


_REFERENCE: Final[dict[str, type[Any]]] = {
    "manager": Manager,
    "pipeline": Pipeline,
    "conflict_table": ConflictTable,
    "timestamps": Timestamps,
    "lease": Lease,
    "client": Client,
    "region": CompactingRegion,
    "commit_table": CommitTableRegion,
    "cleaner": Cleaner,
    "coordinator": Coordinator,
}

VARIANTS: Final[Mapping[str, Variant]] = MappingProxyType(
    {
        variant.name: variant
        for variant in (
            Variant(
                name="omid",
                summary="the reference: FAST'17 and what its printed algorithms leave open",
                source="Shacham et al., FAST'17; re-read of Bortnikov et al., VLDB'18",
                roles=MappingProxyType(_REFERENCE),
            ),
            Variant(
                name="omid-as-printed",
                summary="algorithm 3 to the letter: no re-read after an invalidation",
                source="Shacham et al., FAST'17, algorithm 3",
                roles=MappingProxyType(
                    _REFERENCE
                    | {
                        "manager": AsPrintedManager,
                        "pipeline": AsPrintedPipeline,
                        "client": AsPrintedClient,
                    }
                ),
            ),
        )
    }
)


def build_roles(variant: Variant, mixins: Roles = MappingProxyType({})) -> dict[str, type[Any]]:
    """Return the class of every role, with a mutant's mix-ins on top."""
    roles = dict(variant.roles)
    for role, mixin in mixins.items():
        base = roles[role]
        roles[role] = type(base.__name__, (mixin, base), {})
    manager = roles["manager"]
    parts = {f"{part}_type": roles[part] for part in _MANAGER_PARTS}
    roles["manager"] = type(manager.__name__, (manager,), parts)
    return roles
