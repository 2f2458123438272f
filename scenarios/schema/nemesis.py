"""The `[[nemesis]]` tables: faults that the seed draws before the run begins."""

from __future__ import annotations

from typing import Final, Literal, Self

from pydantic import Field, model_validator

from scenarios.schema.base import Duration, Length, Percent, Share, Table
from sim.kernel.nemesis import Nemesis

Kind = Literal[
    "crash",
    "pause",
    "partition",
    "slow",
    "loss",
    "duplicate",
    "delay",
    "reorder",
    "clock_step",
    "session_expiry",
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
    start: Duration = Field(default=0, description="they begin at the earliest then")
    end: Length = Field(description="they begin at the latest then")
    length_min: Length = Field(default=_MS, description="the shortest lasts so long")
    length_max: Length = Field(default=100 * _MS, description="the longest")
    points: tuple[str, ...] = Field(
        default=(), description="for crash and pause: begin at one of these points instead"
    )
    hit_max: int = Field(default=20, ge=1, description="at the latest passage of the point")
    share: Share = Field(default=1_000_000, description="for links: share of the messages")
    delay: Length = Field(default=10 * _MS, description="for links: how late they are at most")
    percent: Percent = Field(default=400, description='for slow: time that work takes, "400%"')

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
            start_ns=self.start,
            end_ns=self.end,
            length_min_ns=self.length_min,
            length_max_ns=self.length_max,
            points=self.points,
            hit_max=self.hit_max,
            share_ppm=self.share,
            delay_ns=self.delay,
            percent=self.percent,
        )
