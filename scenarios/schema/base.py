"""What all tables of a scenario file share: strict, frozen models and quantities with units.

In the file a quantity is text with a unit; in the model it is a whole number of nanoseconds,
parts per million, percent or bytes; written out again it is text with a unit.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema

from scenarios import units


class Table(BaseModel):
    """A table of a scenario file: unknown keys are errors, and nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _text(read: Callable[[object], int], write: Callable[[int], str], example: str) -> Any:
    """Return the annotations of a quantity that is text in the file."""
    return (
        BeforeValidator(read),
        PlainSerializer(write),
        WithJsonSchema({"type": "string", "examples": [example]}),
    )


def _signed_duration(value: object) -> int:
    return units.duration(value, signed=True)


def _signed_share(value: object) -> int:
    return units.share(value, signed=True)


def _positive_duration(value: object) -> int:
    length_ns = units.duration(value)
    if length_ns == 0:
        raise ValueError(f'"{value}" is no time at all: a duration above 0 is needed here')
    return length_ns


def _ratio(value: object) -> int:
    """Read a plain number as parts per million, exactly."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is not a number, like 0.5")
    ppm = Decimal(repr(value)) * 10**6
    if ppm < 0 or ppm != int(ppm):
        raise ValueError(f"{value!r} is not a number from 0 up with at most six decimals")
    return int(ppm)


def _ratio_out(ppm: int) -> int | float:
    return ppm // 10**6 if ppm % 10**6 == 0 else ppm / 10**6


Duration = Annotated[int, *_text(units.duration, units.duration_text, "250ms")]
"""Nanoseconds, from 0 up."""
Length = Annotated[int, *_text(_positive_duration, units.duration_text, "250ms")]
"""Nanoseconds, above 0."""
Shift = Annotated[int, *_text(_signed_duration, units.duration_text, "-5s")]
"""Nanoseconds, either way."""
Share = Annotated[int, *_text(units.share, units.share_text, "0.5%")]
"""Parts per million, from 0 up."""
Drift = Annotated[int, *_text(_signed_share, units.share_text, "200ppm")]
"""Parts per million, either way."""
Percent = Annotated[int, *_text(units.percent, units.percent_text, "25%")]
"""Whole percent."""
Rate = Annotated[int, *_text(units.rate, units.rate_text, "100000/s")]
"""How many a minute."""
Ratio = Annotated[
    int,
    BeforeValidator(_ratio),
    PlainSerializer(_ratio_out),
    WithJsonSchema({"type": "number", "minimum": 0}),
]
"""A plain number in the file, parts per million in the model."""

SEED_MAX: Final = 2**64 - 1
