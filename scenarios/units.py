"""Durations, sizes, shares and rates with units, as whole numbers; no float is ever involved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

DURATIONS: Final = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "min": 60 * 10**9,
    "h": 3600 * 10**9,
}
SIZES: Final = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
SHARES: Final = {"ppm": 1, "%": 10**4}
PERCENT: Final = {"%": 1}
RATES: Final = {"/min": 1, "/s": 60}

_QUANTITY: Final = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*([^\d\s.]+)")
_LARGEST: Final = 2**63 - 1


def quantity(
    value: object, units: Mapping[str, int], *, what: str, example: str, signed: bool = False
) -> int:
    """Return a quantity in the unit whose factor is 1.

    Raises ValueError with the value, and the accepted units, for anything else.
    """
    accepted = " or ".join([", ".join(list(units)[:-1]), list(units)[-1]][len(units) == 1 :])
    if not isinstance(value, str):
        raise ValueError(f'{value!r} has no unit: write {what} as text, like "{example}"')
    match = _QUANTITY.fullmatch(value.strip())
    if match is None or match[2] not in units:
        raise ValueError(f'"{value}" is not {what}: write a number with {accepted}, "{example}"')
    amount = Decimal(match[1]) * units[match[2]]
    if amount < 0 and not signed:
        raise ValueError(f'"{value}" is negative: {what} is at least 0')
    if amount != int(amount) or abs(amount) > _LARGEST:
        raise ValueError(f'"{value}" is no whole number of {next(iter(units))} within 64 bits')
    return int(amount)


def duration(value: object, *, signed: bool = False) -> int:
    """Return a length of simulated time in nanoseconds."""
    return quantity(value, DURATIONS, what="a duration", example="250ms", signed=signed)


def size(value: object) -> int:
    """Return an amount of memory in bytes."""
    return quantity(value, SIZES, what="a size", example="16KiB")


def share(value: object, *, signed: bool = False) -> int:
    """Return a share of the whole in parts per million."""
    return quantity(value, SHARES, what="a share", example="0.5%", signed=signed)


def percent(value: object) -> int:
    """Return whole percent."""
    return quantity(value, PERCENT, what="a percentage", example="25%")


def rate(value: object) -> int:
    """Return how often something happens, per minute."""
    return quantity(value, RATES, what="a rate", example="2/s")


def _shortest(amount: int, units: Mapping[str, int]) -> str:
    """Return the exact text with the largest unit that divides the amount."""
    fitting = [unit for unit, factor in units.items() if amount % factor == 0 and unit != "µs"]
    unit = max(fitting, key=units.__getitem__)
    return f"{amount // units[unit]}{unit}"


def duration_text(nanoseconds: int) -> str:
    """Return a duration as the loader reads it, exactly."""
    return "0s" if nanoseconds == 0 else _shortest(nanoseconds, DURATIONS)


def size_text(amount: int) -> str:
    """Return a size as the loader reads it, exactly."""
    return "0B" if amount == 0 else _shortest(amount, SIZES)


def share_text(ppm: int) -> str:
    """Return a share as the loader reads it, exactly."""
    return "0%" if ppm == 0 else _shortest(ppm, SHARES)


def percent_text(amount: int) -> str:
    """Return a percentage as the loader reads it."""
    return f"{amount}%"


def rate_text(per_minute: int) -> str:
    """Return a rate as the loader reads it, exactly."""
    return _shortest(per_minute, RATES)
