"""The `[[nemesis]]` tables: faults that the seed draws before the run begins."""

from __future__ import annotations

from typing import Final, Literal, Self

from pydantic import Field, model_validator

from scenarios.schema.base import Duration, Length, Percent, Share, Table
from sim.kernel.nemesis import Nemesis

Kind = Literal[
    "crash",
    "pause",
    "hold",
    "slow",
    "clock_step",
    "clock_drift",
    "session_expiry",
    "compaction",
    "partition",
    "loss",
    "duplicate",
    "reorder",
    "delay",
]
_MS: Final = 1_000_000


class AnyNemesis(Table):
    """A number of faults of one kind, each drawn anew for every seed."""

    kind: Kind = Field(description="the kind of fault")
    nodes: tuple[str, ...] = Field(min_length=1, description='who may be hit, like ["tm.*"]')
    targets: tuple[str, ...] = Field(
        default=("*",), min_length=1, description="for links: where the messages go"
    )
    count_min: int = Field(default=0, ge=0, description="at least so many faults")
    count_max: int = Field(default=1, ge=0, le=1000, description="at most so many")
    per_s: int | None = Field(
        default=None, ge=1, description="instead of a count: faults a simulated second"
    )
    start: Duration = Field(default=0, description="they begin at the earliest then")
    end: Length = Field(description="they begin at the latest then")
    length_min: Length = Field(default=_MS, description="the shortest lasts so long")
    length_max: Length = Field(default=100 * _MS, description="the longest")
    points: tuple[str, ...] = Field(
        default=(), description="crashes, pauses and holds begin at one of these points instead"
    )
    hit_max: int = Field(default=8, ge=1, description="at the latest passage of the point")
    share_max: Share = Field(default=200_000, description="for links and drifts: at most so much")
    percent_max: Percent = Field(default=1_000, description="for slow: time that work takes")
    by_max: Length = Field(default=10_000 * _MS, description="for clock steps: the widest")
    forever: Percent = Field(default=20, description="of the crashes, how many for good")

    @model_validator(mode="after")
    def _accepted(self) -> Self:
        self.nemesis()
        return self

    def nemesis(self) -> Nemesis:
        """Return the kernel's nemesis; raises ValueError when it can draw nothing."""
        return Nemesis(
            kind=self.kind,
            nodes=self.nodes,
            targets=self.targets,
            count_min=self.count_min,
            count_max=self.count_max,
            per_s=self.per_s,
            start_ns=self.start,
            end_ns=self.end,
            length_min_ns=self.length_min,
            length_max_ns=self.length_max,
            points=self.points,
            hit_max=self.hit_max,
            ppm_max=self.share_max,
            percent_max=self.percent_max,
            by_max_ns=self.by_max,
            forever_percent=self.forever,
        )
