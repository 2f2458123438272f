"""Let a state machine hunt for so many seconds, and say what it found."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from scenarios.hunt.machine import Machine, Violated
from specs.snapshot_model import NotSnapshotIsolated

_ROUND: Final = 50
"""Examples between two looks at the clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunt:
    """What a hunt came to."""

    variant: str
    mutant: str | None
    examples: int
    seconds: float
    found: str
    """What is wrong, in a sentence; empty when nothing was found."""
    steps: str = ""
    """The steps that lead there, as Hypothesis tells them."""


def hunt(
    *,
    variant: str = "omid",
    mutant: str | None = None,
    seconds: float,
    first_seed: int = 0,
    steps: int = 60,
    shrink: bool = False,
) -> Hunt:
    """Run the state machine until it finds something or its time is up.

    Time decides only how many examples are made; each is made from `first_seed` on, in order.
    """
    begun = time.monotonic()
    made = 0

    class Counted(Machine):
        """The machine, counted."""

        def __init__(self) -> None:
            nonlocal made
            made += 1
            super().__init__()

    Counted.variant, Counted.mutant = variant, mutant
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    options = settings(
        max_examples=_ROUND,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
    )
    found = told = ""
    number = first_seed
    while not found and time.monotonic() - begun < seconds:
        try:
            run_state_machine_as_test(seed(number)(Counted), settings=options)
        except (NotSnapshotIsolated, Violated) as wrong:
            found = str(wrong)
            told = "\n".join(getattr(wrong, "__notes__", ()))
        number += 1
    return Hunt(
        variant=variant,
        mutant=mutant,
        examples=made,
        seconds=time.monotonic() - begun,
        found=found,
        steps=told,
    )
