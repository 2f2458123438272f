"""The `[omid]` and `[topology]` tables, made from the settings of the simulator.

A duration `lease_ns` of the simulator is the key `lease` of the file, with a unit; every other
setting keeps its name. So the file can say whatever the simulator can, and nothing else.
"""

from __future__ import annotations

import ast
import inspect
from dataclasses import fields
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field, create_model

from scenarios.schema.base import Duration, Length, Table
from sim.omid.settings import Settings, Topology

_MAY_BE_ZERO: Final = {
    "apache_exit_ns",
    "apache_handover_ns",
    "backup_start_ns",
    "batch_timeout_ns",
    "cleaner_period_ns",
    "commit_table_batch_ns",
    "commit_table_mutate_ns",
    "commit_table_put_ns",
    "commit_table_row_ns",
    "commit_table_service_ns",
    "compaction_period_ns",
    "invalidation_wait_ns",
    "low_water_mark_lag_ns",
    "low_water_mark_period_ns",
    "manager_key_ns",
    "manager_service_ns",
    "payload_entry_ns",
    "region_mutate_ns",
    "region_put_ns",
    "region_service_ns",
    "replay_entry_ns",
    "restart_ns",
    "lease_guard_percent",
    "drift_bound_ppm",
    "store_spread_ppm",
    "request_retries",
}
_CHOICES: Final[dict[str, Any]] = {
    "completion": Literal["sync", "async"],
    "prewrites": Literal["together", "one_by_one"],
    "read_only_commit": Literal["store", "manager"],
    "timestamp_type": Literal["incremental", "world_time"],
}
_COUNT_MAX: Final = 2**40
_AT_MOST: Final = {"sequence_bits": 24}


def _table(name: str, source: type[Any], doc: str) -> type[Table]:
    """Return the table of a settings dataclass."""
    told = _field_docs(source)
    columns: dict[str, Any] = {}
    for field in fields(source):
        low = 0 if field.name in _MAY_BE_ZERO else 1
        about: dict[str, Any] = {
            "default": field.default,
            "description": told.get(field.name, _counted(field.name)),
        }
        if field.name in _CHOICES:
            kind = _CHOICES[field.name]
        elif field.name.endswith("_ns"):
            kind = Length if low else Duration
        else:
            kind = int
            about |= {"ge": low, "le": _AT_MOST.get(field.name, _COUNT_MAX)}
        columns[field.name.removesuffix("_ns")] = (kind, Field(**about))
    return create_model(name, __base__=Table, __doc__=doc, **columns)


def _counted(name: str) -> str:
    return f"how many {name.replace('_', ' ')}"


def _field_docs(source: type[Any]) -> dict[str, str]:
    """Return the docstring under each field of a dataclass, for editors."""
    tree = ast.parse(inspect.getsource(source))
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    told = {}
    for field, text in pairwise(body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=doc)):
                told[name] = " ".join(str(doc).split())
    return told


if TYPE_CHECKING:

    class OmidTable(Table):
        """Constants of the protocol."""

    class TopologyTable(Table):
        """How many nodes of each role there are."""

        clients: int = 8
        managers: int = 2
        regions: int = 4
        commit_table_regions: int = 2

else:
    OmidTable = _table("OmidTable", Settings, "Constants of the protocol; defaults are the code's.")
    TopologyTable = _table("TopologyTable", Topology, "How many nodes of each role there are.")


def settings_of(table: Table) -> Settings:
    """Return the simulator's settings that an `[omid]` table states."""
    return _build(Settings, table)


def topology_of(table: Table) -> Topology:
    """Return the simulator's topology that a `[topology]` table states."""
    return _build(Topology, table)


def _build(source: type[Any], table: Table) -> Any:
    names = [field.name for field in fields(source)]
    return source(**{name: getattr(table, name.removesuffix("_ns")) for name in names})
