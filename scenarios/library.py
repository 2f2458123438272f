"""The scenarios that ship with Bulkhead, by name: `omid/quiet`, or `quiet` alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

SYSTEMS: Final = ("omid",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """One shipped scenario: its name, its file, and its first comment line."""

    name: str
    path: Path
    summary: str


@cache
def shipped() -> dict[str, Shipped]:
    """Return every shipped scenario by name."""
    root = Path(__file__).parent
    return {
        (name := f"{system}/{path.stem}"): Shipped(name=name, path=path, summary=_summary(path))
        for system in SYSTEMS
        for path in sorted((root / system).glob("*.toml"))
    }


def find(name: str) -> list[Shipped]:
    """Return the scenarios that a name means: one, all of a system, or none."""
    known = shipped()
    if name in known:
        return [known[name]]
    if name in SYSTEMS:
        return [entry for entry in known.values() if entry.name.startswith(f"{name}/")]
    return [entry for entry in known.values() if entry.name.split("/")[1] == name][:1]


def _summary(path: Path) -> str:
    """Return the comment that a scenario begins with, as one line."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        if not line.startswith("#:"):
            lines.append(line.removeprefix("#").strip())
    return " ".join(lines)
