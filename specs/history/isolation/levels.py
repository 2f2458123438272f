"""The isolation levels that a history can be checked for, and what tells them apart.

One graph serves all levels that order the writers of a key: they differ in whether begin and commit
of a transaction are one event, and in which orders are given beforehand (Cerone and Gotsman,
PODC'16; Crooks et al., PODC'17). The weaker levels need no choice of an order (Biswas and Enea,
OOPSLA'19).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Family = Literal["order", "weak", "timestamps"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One level, by what an execution must respect."""

    name: str
    title: str
    family: Family
    sessions: bool
    """Whether transactions of a session follow one another."""
    real_time: bool = False
    """Whether a transaction follows whatever had ended when it was invoked."""
    merged: bool = False
    """Whether a transaction takes effect at one instant, as serializability asks."""
    short: str = ""
    """Another name that the command line takes."""


LEVELS: Final[Mapping[str, Level]] = MappingProxyType(
    {
        level.name: level
        for level in (
            Level(
                name="session-si",
                title="strong session snapshot isolation",
                family="order",
                sessions=True,
            ),
            Level(name="si", title="snapshot isolation", family="order", sessions=False),
            Level(
                name="gsi",
                title="generalised snapshot isolation",
                family="order",
                sessions=False,
            ),
            Level(
                name="strong-si",
                title="strong snapshot isolation",
                family="order",
                sessions=True,
                real_time=True,
            ),
            Level(
                name="si-timestamps",
                title="snapshot isolation by the stated timestamps",
                family="timestamps",
                sessions=False,
            ),
            Level(
                name="session-si-timestamps",
                title="strong session snapshot isolation by the stated timestamps",
                family="timestamps",
                sessions=True,
            ),
            Level(
                name="serializable",
                title="serializability",
                family="order",
                sessions=False,
                merged=True,
                short="ser",
            ),
            Level(
                name="session-serializable",
                title="strong session serializability",
                family="order",
                sessions=True,
                merged=True,
                short="session-ser",
            ),
            Level(
                name="strict-serializable",
                title="strict serializability",
                family="order",
                sessions=True,
                real_time=True,
                merged=True,
                short="strict-ser",
            ),
            Level(
                name="causal", title="causal consistency", family="weak", sessions=True, merged=True
            ),
            Level(
                name="read-atomic",
                title="read atomicity",
                family="weak",
                sessions=True,
                merged=True,
            ),
            Level(
                name="read-committed",
                title="read committed",
                family="weak",
                sessions=True,
                merged=True,
            ),
        )
    }
)
DEFAULT: Final = "session-si"
SHORT: Final[Mapping[str, str]] = MappingProxyType(
    {level.short: level.name for level in LEVELS.values() if level.short}
)


def level_of(name: str) -> Level:
    """Return a level by its name or its short name; raises KeyError."""
    return LEVELS[SHORT.get(name, name)]
