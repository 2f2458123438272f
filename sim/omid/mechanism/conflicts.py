"""Mechanisms of conflict detection."""

from __future__ import annotations

from typing import Final

from sim.omid.mechanism.register import FAST17, Mechanism

MECHANISMS: Final[tuple[Mechanism, ...]] = (
    Mechanism(
        name="overflow_abort",
        properties=("first_committer_wins", "conflict_detection_sound"),
        source=f"{FAST17}, algorithm 2, conflictDetect",
        summary="a full bucket evicts its oldest entry, or aborts who is older than all",
    ),
)
