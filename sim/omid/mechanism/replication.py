"""Mechanisms of managers that tell clients what they may see: Omid1 and Tephra."""

from __future__ import annotations

from typing import Final

from sim.omid.mechanism.register import Mechanism

_ICDE14: Final = "Gómez Ferro et al., ICDE'14"

MECHANISMS: Final[tuple[Mechanism, ...]] = (
    Mechanism(
        name="metadata_delta",
        properties=("snapshot_reads",),
        source=_ICDE14,
        summary="a begin brings every commit since the client's last begin",
    ),
    Mechanism(
        name="commit_confirmation",
        properties=("no_aborted_reads", "snapshot_reads", "stable_resolution"),
        source=f"{_ICDE14}, which leaves it open",
        summary="a reader asks whether a commit that was on its way to the log became durable",
    ),
    Mechanism(
        name="uncommitted_abort",
        properties=("no_aborted_reads", "snapshot_reads"),
        source=_ICDE14,
        summary="who has not committed when the mark passes its start is aborted, and all know",
    ),
)
