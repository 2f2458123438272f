"""The `[expect]` table: what must hold, what must be violated and why, what must be seen.

Every property of the variant is expected to hold without being named. A key is a property
(`snapshot_reads = "violated"`) or a metric with bounds (`recovery = { max = "4s" }`).
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field, field_validator

from scenarios import units
from scenarios.schema.base import Table

Judgement = Literal["holds", "violated"]


class Bound(Table):
    """Bounds of a metric: a count, or a duration with its unit."""

    min: int | str | None = Field(default=None, description="the least that is accepted")
    max: int | str | None = Field(default=None, description="the most that is accepted")

    @field_validator("min", "max")
    @classmethod
    def _readable(cls, value: int | str | None) -> int | str | None:
        if isinstance(value, str):
            units.duration(value)
        return value

    def limits(self) -> tuple[int | None, int | None]:
        """Return both bounds as the metric counts: a number, or nanoseconds."""
        low, high = (
            units.duration(value) if isinstance(value, str) else value
            for value in (self.min, self.max)
        )
        return low, high


def _name_properties(schema: dict[str, Any]) -> None:
    """Tell editors the names of all properties."""
    from specs.history.properties import PROPERTIES

    for name, known in PROPERTIES.items():
        schema["properties"][name] = {
            "enum": ["holds", "violated"],
            "default": "holds",
            "description": known.summary,
        }


class Expect(Table):
    """What a run is expected to show; further keys are properties and metrics."""

    model_config = ConfigDict(
        extra="allow", frozen=True, strict=True, json_schema_extra=_name_properties
    )
    __pydantic_extra__: dict[str, Judgement | Bound] = Field(init=False)

    marks: tuple[str, ...] = Field(default=(), description="what must be seen at least once")
    mechanism: str | None = Field(
        default=None, description="the mechanism whose lack is the reason of the violation"
    )

    @property
    def properties(self) -> dict[str, str]:
        """Return what the table says about properties, by name."""
        extra = self.__pydantic_extra__
        return {name: value for name, value in extra.items() if isinstance(value, str)}

    @property
    def metrics(self) -> dict[str, Bound]:
        """Return the bounds of metrics, by name."""
        extra = self.__pydantic_extra__
        return {name: value for name, value in extra.items() if isinstance(value, Bound)}
