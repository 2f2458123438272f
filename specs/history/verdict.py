"""Verdicts: whether a property holds of a run, and the evidence when it does not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, SupportsInt

LINES_MAX: Final = 14
"""A story and its sentence together fit into 15 lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What contradicts a property, as numbers for programs and as a story for people."""

    sentence: str
    """What went wrong, in one sentence."""
    lines: tuple[str, ...] = ()
    """The story, one event a line, in order; at most `LINES_MAX`."""
    transactions: tuple[int, ...] = ()
    """Start timestamps of the transactions involved, the main one first."""
    keys: tuple[int, ...] = ()
    timestamps: tuple[int, ...] = ()
    events: tuple[int, ...] = ()
    """Rows of the `OracleLog` that the story tells, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The judgement of one property over one run."""

    property: str
    holds: bool
    premise: int
    """How often the situation arose in which the property could have been broken."""
    evidence: Evidence | None = None


def kept(name: str, *, premise: int) -> Verdict:
    """Return the verdict of a property that holds."""
    return Verdict(property=name, holds=True, premise=int(premise))


def broken(name: str, *, premise: int, evidence: Evidence) -> Verdict:
    """Return the verdict of a property that does not hold, for the reason given."""
    return Verdict(property=name, holds=False, premise=int(premise), evidence=evidence)


def whole_numbers(values: Iterable[SupportsInt]) -> tuple[int, ...]:
    """Return plain integers in the given order, each once."""
    return tuple(dict.fromkeys(int(value) for value in values))
