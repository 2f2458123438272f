"""What is known of a data set: its place, its bytes, its licence and its origin."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A data set that Bulkhead knows by name."""

    name: str
    file: str
    sha256: str
    summary: str
    licence: str
    origin: str
    made: str
    """How the file came from its origin."""
    format: str | None = None
    """The format of a file that has no mark of its own."""
    companions: tuple[tuple[str, str], ...] = ()
    """Names and SHA-256 of files that lie beside it and belong to it."""


def known(origin: str, licence: str, made: str) -> Dataset:
    """Return what all data sets of one origin share."""
    return Dataset(
        name="", file="", sha256="", summary="", licence=licence, origin=origin, made=made
    )
