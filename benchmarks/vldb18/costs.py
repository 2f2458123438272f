"""The costs of the primitives: one file, read into the settings of the simulator."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sim.kernel.distributions import LogNormal
from sim.omid.settings import Settings, Topology
from sim.omid.world import NetworkModel

FILE: Final = Path(__file__).parents[1] / "vldb18_costs.toml"

MS: Final = 1_000_000
US: Final = 1_000
_NS: Final = {"ms": MS, "us": US}
_HEAD: Final = """\
# Costs of the primitives: one table for every experiment, none tuned to one of them.
# origin: fitted (by `omid_vldb18.py --fit`, which rewrites these), code (Apache Phoenix-Omid or
# HBase), paper (PVLDB 11(12), section 5.1), assumed (nobody says; see the sensitivity table).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Primitive:
    """One cost: its value, and where that comes from."""

    name: str
    value: float
    unit: str
    origin: str
    source: str


@dataclass(frozen=True, slots=True)
class Costs:
    """All primitives by name, and how a client of the two-phase variant locks its keys."""

    primitives: Mapping[str, Primitive]
    prewrites: str = "one_by_one"

    def __getitem__(self, name: str) -> float:
        return self.primitives[name].value

    def ns(self, name: str) -> int:
        """Return a duration in nanoseconds."""
        primitive = self.primitives[name]
        return round(primitive.value * _NS[primitive.unit])

    def with_values(self, values: Mapping[str, float]) -> Costs:
        """Return the costs with other values of some primitives."""
        changed = {
            name: replace(primitive, value=values.get(name, primitive.value))
            for name, primitive in self.primitives.items()
        }
        return replace(self, primitives=changed)

    def scaled(self, name: str, factor: float) -> Costs:
        """Return the costs with one primitive larger or smaller."""
        return self.with_values({name: self[name] * factor})

    def network(self) -> NetworkModel:
        """Return the law of every message, of the mean that the table gives."""
        sigma = self["network_spread"]
        median_ns = round(self.ns("network") * math.exp(-sigma * sigma / 2))
        return NetworkModel(latency=LogNormal(median_ns=median_ns, sigma_ppm=round(sigma * 1e6)))

    def topology(self, clients: int) -> Topology:
        """Return the nodes: one manager, and as many servers for the data as for the table."""
        servers = round(self["servers"])
        return Topology(clients=clients, managers=1, regions=servers, commit_table_regions=servers)

    def settings(self) -> Settings:
        """Return what the simulator is told."""
        get_ns, table_ns = self.ns("region_get"), self.ns("table_get")
        return Settings(
            completion="async",
            read_only_commit="manager",
            prewrites=self.prewrites,
            commit_table_writers=round(self["writers"]),
            batch_entries=round(self["batch_limit"]),
            batch_timeout_ns=self.ns("batch_timeout"),
            manager_service_ns=self.ns("manager_request"),
            manager_key_ns=self.ns("manager_key"),
            region_service_ns=get_ns,
            region_put_ns=max(0, self.ns("region_put") - get_ns),
            region_mutate_ns=max(0, self.ns("region_mutate") - get_ns),
            region_threads=round(self["threads"]),
            commit_table_service_ns=table_ns,
            commit_table_put_ns=max(0, self.ns("region_put") - table_ns),
            commit_table_mutate_ns=max(0, self.ns("table_mutate") - table_ns),
            commit_table_batch_ns=max(0, self.ns("table_batch") - table_ns),
            commit_table_row_ns=self.ns("table_row"),
            store_spread_ppm=round(self["store_spread"] * 1e6),
            # Nobody stalls for timestamps at half a million transactions a second.
            timestamp_range=100_000_000,
            timestamp_refill=10_000_000,
        )


def read(file: Path = FILE) -> Costs:
    """Read the table."""
    rows = tomllib.loads(file.read_text())["primitives"]
    return Costs({row["name"]: Primitive(**row) for row in rows})


def write(costs: Costs, file: Path = FILE) -> None:
    """Write the table again, fitted values to four digits."""
    parts = [_HEAD]
    for primitive in costs.primitives.values():
        value = float(f"{primitive.value:.4g}")
        parts.append(
            "[[primitives]]\n"
            f'name = "{primitive.name}"\n'
            f"value = {int(value) if value == int(value) else value}\n"
            f'unit = "{primitive.unit}"\n'
            f'origin = "{primitive.origin}"\n'
            f'source = "{primitive.source}"\n'
        )
    file.write_text("\n".join(parts))
