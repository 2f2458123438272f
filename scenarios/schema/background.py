"""The `[background]` table: everybody else's transactions, which only begin and commit."""

from __future__ import annotations

from pydantic import Field, model_validator

from scenarios.schema.base import Length, Rate, Share, Table
from sim.omid.background import BackgroundLoad


class BackgroundTable(Table):
    """Load on the manager beside that of the workload, as from generators of their own."""

    rate: Rate = Field(ge=1, description='transactions that begin and commit, like "100000/s"')
    write_sets: tuple[Share, ...] = Field(
        default=(0, 1_000_000),
        min_length=1,
        description='share of write sets by number of keys, from 0 keys: ["20%", "80%"]',
    )
    tick: Length = Field(
        default=20_000, description="how long arrivals are gathered and then served as one"
    )

    @model_validator(mode="after")
    def _adds_up(self) -> BackgroundTable:
        self.load()
        return self

    def load(self) -> BackgroundLoad:
        """Return what the simulator needs; raises ValueError when the shares do not add up."""
        return BackgroundLoad(per_minute=self.rate, write_sets=self.write_sets, tick_ns=self.tick)
