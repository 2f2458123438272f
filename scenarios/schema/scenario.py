"""A whole scenario file: one deployment, its workload, its faults, and what must hold."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from scenarios.schema.background import BackgroundTable
from scenarios.schema.base import SEED_MAX, Drift, Duration, Length, Table
from scenarios.schema.expect import Expect
from scenarios.schema.faults import AnyFault
from scenarios.schema.latency import Latency, LogNormal
from scenarios.schema.nemesis import AnyNemesis
from scenarios.schema.omid import OmidTable, TopologyTable
from scenarios.schema.workload import AnyWorkload

_USUAL_LATENCY = {"kind": "log_normal", "median": "150us", "sigma": 0.3}


class LinkTable(Table):
    """Another latency, or order, for some links."""

    source: str = Field(description="name of a node, or a pattern like client.*")
    target: str = Field(description="name of a node, or a pattern like tm.*")
    latency: Latency = Field(description="one way")
    fifo: bool = Field(default=False, description="messages never overtake each other")


class NetworkTable(Table):
    """How long messages take."""

    latency: Latency = Field(
        default=LogNormal.model_validate(_USUAL_LATENCY),
        description="one way, on every link that no other entry names",
    )
    links: tuple[LinkTable, ...] = Field(default=(), description="the first that fits counts")


class LimitsTable(Table):
    """When a run ends although its work is not done."""

    events_max: int | None = Field(default=None, ge=1, description="simulated events")
    wall: Length | None = Field(default=None, description="time on the wall")
    duration: Length | None = Field(default=None, description="simulated time")
    settle: Duration = Field(
        default=0, description="simulated time that passes after the last client is done"
    )


class Scenario(Table):
    """One run, or one for every seed, of a system under faults."""

    title: str = Field(min_length=1, description="what happens, in one line")
    system: Literal["omid"] = Field(description="the system that runs")
    variant: str = Field(default="omid", description="how the system is built")
    mutant: str | None = Field(default=None, description="the bug that is planted")
    seed: int = Field(default=0, ge=0, le=SEED_MAX, description="where all chance comes from")
    topology: TopologyTable = Field(default=TopologyTable(), description="nodes of each role")
    omid: OmidTable = Field(default=OmidTable(), description="constants of the protocol")
    network: NetworkTable = Field(default=NetworkTable(), description="latency of messages")
    workload: AnyWorkload = Field(description="what the clients want to do")
    background: BackgroundTable | None = Field(
        default=None, description="transactions of others, which begin and commit at the manager"
    )
    clocks: dict[str, Drift] = Field(
        default={}, description='rate error of local clocks, by node: "tm.1" = "200ppm"'
    )
    faults: tuple[AnyFault, ...] = Field(default=(), description="what the world does to them")
    nemesis: tuple[AnyNemesis, ...] = Field(
        default=(), description="faults that the seed draws before the run begins"
    )
    limits: LimitsTable = Field(default=LimitsTable(), description="when to stop")
    expect: Expect = Field(default=Expect(), description="what must hold, or must not")

    @field_validator("title")
    @classmethod
    def _one_line(cls, title: str) -> str:
        if len(title.splitlines()) != 1:
            raise ValueError("a title is one line")
        return title


def stated(scenario: Scenario) -> dict[str, Any]:
    """Return the scenario as nested plain values, every default written out, for TOML or JSON."""
    tables = scenario.model_dump(mode="json", exclude_none=True)
    workload = tables["workload"]
    tables["workload"] = {"kind": workload.pop("kind"), **workload}
    tables["expect"] = {name: value for name, value in tables["expect"].items() if value != []}
    return {name: value for name, value in tables.items() if value not in ({}, [])}
