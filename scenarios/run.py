"""One run, from a resolved scenario to a record: simulate, judge, compare with what is expected."""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from scenarios.digest import run_digest
from scenarios.execute import Execution, Observer, execute
from scenarios.judge import Judgement, expectations, judge, verdict_rows
from scenarios.record import BUG, HOLDS, UNDECIDED, VIOLATED, Expectation, Record
from scenarios.resolve import Resolved
from scenarios.schema.expect import Expect
from sim.omid.mutants import MUTANTS
from sim.omid.world import Outcome

REFERENCE: Final = "omid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A run that is over, with everything that files and pictures are made of."""

    resolved: Resolved
    record: Record
    outcome: Outcome | None = None
    judgement: Judgement | None = None
    limit: str = ""
    lasting: tuple[str, ...] = ()
    """The faults that had not ended where nothing moved any more."""
    events: Sequence[dict[str, Any]] = ()
    """The trace as rows, when the run was traced."""
    bug: str = ""
    """The traceback, when Bulkhead itself failed."""


def run(
    resolved: Resolved,
    *,
    tracing: bool = False,
    wall_s: float | None = None,
    observe: Observer | None = None,
) -> Finished:
    """Run a resolved scenario and judge it; our own failures are part of the result."""
    started = time.monotonic()
    try:
        execution = execute(resolved, tracing=tracing, wall_s=wall_s, observe=observe)
        if execution.outcome is None:
            return _stopped(resolved, execution)
        return _judged(resolved, execution, execution.outcome, observe)
    except Exception:  # noqa: BLE001  # whatever it is, it is our bug, and a capsule repeats it
        wall = time.monotonic() - started
        return Finished(
            resolved=resolved,
            record=blank_record(resolved, outcome=BUG, wall_s=wall),
            bug=traceback.format_exc(),
        )


def wall_limit_s(resolved: Resolved, timeout_ns: int | None) -> float | None:
    """Return the wall limit of a run in seconds: the call's, else the scenario's."""
    limit_ns = timeout_ns if timeout_ns is not None else resolved.scenario.limits.wall
    return None if limit_ns is None else limit_ns / 1e9


def blank_record(resolved: Resolved, *, outcome: str, wall_s: float = 0.0) -> Record:
    """Return the record of a run that came to no verdict."""
    scenario = resolved.scenario
    actual = UNDECIDED if outcome == UNDECIDED else "Bulkhead failed"
    return Record(
        scenario=resolved.name,
        system=scenario.system,
        variant=scenario.variant,
        mutant=scenario.mutant,
        outcome=outcome,
        seed=scenario.seed,
        workload=resolved.workload(),
        expectations=(Expectation(name="run", expected="a verdict", actual=actual, met=False),),
        marks={},
        metrics={},
        wall_s=round(wall_s, 6),
    )


def _stopped(resolved: Resolved, execution: Execution) -> Finished:
    return Finished(
        resolved=resolved,
        record=blank_record(resolved, outcome=UNDECIDED, wall_s=execution.wall_s),
        limit=execution.limit,
        lasting=execution.lasting,
    )


def _judged(
    resolved: Resolved, execution: Execution, outcome: Outcome, observe: Observer | None
) -> Finished:
    scenario = resolved.scenario
    judgement = judge(scenario, outcome, observe=observe)
    complete = not execution.limit
    word = VIOLATED if judgement.violated else HOLDS if complete else UNDECIDED
    trace = outcome.trace
    events = [] if trace is None else list(trace.rows())
    record = Record(
        scenario=resolved.name,
        system=scenario.system,
        variant=scenario.variant,
        mutant=scenario.mutant,
        outcome=word,
        seed=scenario.seed,
        digest=run_digest(resolved, outcome),
        workload=resolved.workload(),
        trace_digest=None if trace is None else trace.digest(events),
        verdicts=verdict_rows(judgement.verdicts),
        expectations=expectations(
            scenario,
            judgement,
            outcome.metrics,
            complete=complete,
            reason=_reason(resolved, judgement),
        ),
        marks=judgement.marks,
        metrics=outcome.metrics,
        simulated_s=outcome.simulated_ns / 1e9,
        wall_s=round(execution.wall_s, 6),
    )
    return Finished(
        resolved=resolved,
        record=record,
        outcome=outcome,
        judgement=judgement,
        limit=execution.limit,
        events=events,
    )


def _reason(resolved: Resolved, judgement: Judgement) -> str | None:
    """Return the mechanism whose lack is the reason of the expected violation, or None.

    A mutant lacks the mechanism that it is registered for, another variant the one that the
    scenario names. That this is the reason is put to the test: with the mechanism back in its
    place (the variant of the mutant, or the reference for a variant) the same scenario with the
    same seed must hold. Where nothing is missing, the faults are what defeats the mechanism, and
    the register of mechanisms is all there is to go by.
    """
    scenario = resolved.scenario
    named = scenario.expect.mechanism
    expected = {k for k, value in scenario.expect.properties.items() if value == VIOLATED}
    if named is None or not expected & set(judgement.violated):
        return None
    lacking = MUTANTS[scenario.mutant].mechanism if scenario.mutant else named
    if scenario.mutant is None and scenario.variant == REFERENCE:
        return named
    variant = scenario.variant if scenario.mutant else REFERENCE
    whole = scenario.model_copy(update={"variant": variant, "mutant": None, "expect": Expect()})
    control = Resolved(scenario=whole, name=resolved.name, trace=resolved.trace)
    execution = execute(control)
    if execution.outcome is None or expected & set(judge(whole, execution.outcome).violated):
        return None
    return lacking
