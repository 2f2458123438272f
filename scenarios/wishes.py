"""What a call of `run` wishes for: its options, checked one by one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The options of a call, checked."""

    seed: int | None = None
    repeat: int | None = None
    seeds: str | None = None
    shard: str | None = None
    workers: int = 0
    """How many processes; 0 is one for every core."""
    mutant: str | None = None
    timeout_ns: int | None = None
    fail_fast: bool = False
    trace: bool = False
    out: Path | None = None
    failures: str | None = None
    """Where the scenarios of failing runs go."""
