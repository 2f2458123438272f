"""The `[expect]` table: what must hold, what must be violated and why, what must be seen.

Every property of the variant is expected to hold without being named. A key is a property
(`snapshot_reads = "violated"`) or a metric with bounds (`recovery = { max = "4s" }`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
)

from scenarios import units
from scenarios.schema.base import Table

Judgement = Literal["holds", "violated"]


def _limit(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | str | None):
        raise ValueError(f'{value!r} is no bound: write a whole number, or a duration like "4s"')
    if isinstance(value, str):
        units.duration(value)
    return value


Limit = Annotated[
    Any,
    BeforeValidator(_limit),
    WithJsonSchema({"type": ["integer", "string"], "examples": ["4s", 10]}),
]


class Bound(Table):
    """Bounds of a metric: a count, or a duration with its unit."""

    min: Limit | None = Field(default=None, description="the least that is accepted")
    max: Limit | None = Field(default=None, description="the most that is accepted")

    def limits(self) -> tuple[int | None, int | None]:
        """Return both bounds as the metric counts: a number, or nanoseconds."""
        low, high = (
            units.duration(value) if isinstance(value, str) else value
            for value in (self.min, self.max)
        )
        return low, high


def _kind_of(value: object) -> str:
    return "bound" if isinstance(value, dict | Bound) else "judgement"


Entry = Annotated[
    Annotated[Judgement, Tag("judgement")] | Annotated[Bound, Tag("bound")],
    Discriminator(_kind_of),
]


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
    __pydantic_extra__: dict[str, Entry] = Field(init=False)

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
