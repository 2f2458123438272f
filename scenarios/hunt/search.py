"""Let Hypothesis hunt for so many examples or seconds, shrink what it finds, and say so."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from scenarios.hunt.fast_path import FastPathMachine
from scenarios.hunt.machine import Machine, Violated
from scenarios.hunt.shrink import shrink, violated_by
from scenarios.hunt.whole import whole_scenarios
from scenarios.schema.scenario import Scenario
from sim.omid.variants import VARIANTS
from specs.snapshot_model import NotSnapshotIsolated

How = Literal["steps", "scenarios"]
_ROUND: Final = 50
"""Examples between two looks at the clock; Hypothesis makes others when it is to make fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunt:
    """What a hunt came to."""

    variant: str
    mutant: str | None
    how: How
    examples: int
    seconds: float
    found: str
    """What is wrong, in a sentence; empty when nothing was found."""
    properties: tuple[str, ...] = ()
    """What the scenario violates when it is run."""
    scenario: Scenario | None = None
    """The scenario that shows it, as small as it got."""
    runs: int = 0
    """Runs that shrinking took."""


@dataclass(slots=True)
class _Round:
    """One round of examples: how many were made, and what was wrong in the last of them."""

    examples: int = 0
    found: str = ""
    scenario: Scenario | None = field(default=None)


def hunt(
    *,
    variant: str = "omid",
    mutant: str | None = None,
    how: How = "steps",
    seconds: float | None = None,
    examples: int | None = None,
    first_seed: int = 0,
    shrinking: bool = True,
    watch: Callable[[int], None] | None = None,
) -> Hunt:
    """Try examples until something is found, or the seconds or the examples are used up.

    Examples are made in rounds of fifty from `first_seed` on, and a round is always finished: so
    seconds and examples decide only how many rounds there are. What is found is written as a
    scenario and, with `shrinking`, made smaller.
    """
    begun = time.monotonic()
    attempt = _steps if how == "steps" else _scenarios
    made, last = 0, _Round()
    number = first_seed
    while not last.found and _goes_on(begun, seconds, made, examples):
        last = attempt(variant, mutant, number)
        made += last.examples
        number += 1
        if watch is not None:
            watch(made)
    result = Hunt(
        variant=variant,
        mutant=mutant,
        how=how,
        examples=made,
        seconds=time.monotonic() - begun,
        found=last.found,
    )
    return _explained(result, last.scenario, shrinking=shrinking) if last.found else result


def _goes_on(begun: float, seconds: float | None, made: int, examples: int | None) -> bool:
    if examples is not None and made >= examples:
        return False
    return seconds is None or time.monotonic() - begun < seconds


def _explained(found: Hunt, scenario: Scenario | None, *, shrinking: bool) -> Hunt:
    """Return the hunt with a scenario that shows what was found, where one does."""
    violated = violated_by(scenario) if scenario is not None else ()
    if scenario is None or not violated:
        return found
    if not shrinking:
        return replace(found, scenario=scenario, properties=violated)
    shrunk = shrink(scenario, violated[0])
    return replace(
        found,
        scenario=shrunk.scenario,
        properties=violated_by(shrunk.scenario),
        runs=shrunk.runs,
    )


def _options(**more: Any) -> settings:
    return settings(
        max_examples=_ROUND,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
        **more,
    )


def _steps(variant: str, mutant: str | None, number: int) -> _Round:
    """Let the state machine make some examples."""
    result = _Round()

    machine = FastPathMachine if VARIANTS[variant].local_sequence else Machine

    class Counted(machine):  # type: ignore[misc, valid-type]  # either is a class
        """The machine, counted."""

        def __init__(self) -> None:
            result.examples += 1
            super().__init__()

    Counted.variant, Counted.mutant = variant, mutant
    options = _options(stateful_step_count=60)
    try:
        run_state_machine_as_test(seed(number)(Counted), settings=options)
    except (NotSnapshotIsolated, Violated) as wrong:
        result.found, result.scenario = str(wrong), Counted.scenario
    return result


def _scenarios(variant: str, mutant: str | None, number: int) -> _Round:
    """Run some whole scenarios."""
    result = _Round()

    @seed(number)
    @_options()
    @given(scenario=whole_scenarios(variant=variant, mutant=mutant))
    def attempt(scenario: Scenario) -> None:
        result.examples += 1
        violated = violated_by(scenario)
        if violated:
            result.scenario = scenario
            raise Violated(f"{', '.join(violated)} violated")

    try:
        attempt()
    except Violated as wrong:
        result.found = str(wrong)
    return result
