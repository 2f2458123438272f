"""What a variant is: which class plays which role, and the roles of the reference.

A variant maps every role to a class and overrides only what differs; a mutant puts a mix-in on
top of a role. No protocol code asks which variant or mutant it belongs to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from sim.omid.cleaner import Cleaner
from sim.omid.client import Client
from sim.omid.collector import CompactingRegion
from sim.omid.conflict_table import ConflictTable
from sim.omid.coordinator import Coordinator
from sim.omid.lease import Lease
from sim.omid.manager import Manager
from sim.omid.pipeline import Pipeline
from sim.omid.store import CommitTableRegion, Store
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
    fences: bool = False
    """Whether a transaction may begin as a fence."""
    checkpoints_max: int = 0
    """How many checkpoints a transaction may have."""
    local_sequence: bool = False
    """Whether regions give versions between two timestamps of the manager."""


REFERENCE_ROLES: Final[Roles] = MappingProxyType(
    {
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
        "store": Store,
    }
)


def roles_with(**roles: type[Any]) -> Roles:
    """Return the roles of the reference with some of them played by other classes."""
    unknown = set(roles) - set(REFERENCE_ROLES)
    if unknown:
        raise ValueError(f"no such role: {', '.join(sorted(unknown))}")
    return MappingProxyType({**REFERENCE_ROLES, **roles})


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
