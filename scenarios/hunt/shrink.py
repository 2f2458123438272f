"""Shrink a scenario that violates a property: fewer faults, fewer transactions, shorter ones.

First delta debugging (Zeller and Hildebrandt, TSE 2002) over the faults, which are plain data,
then over the transactions of a script, then over their steps; last each fault is tried in its
simpler versions, and instants are rounded. Every attempt is a whole run with the same seed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from scenarios.errors import UsageError
from scenarios.execute import execute
from scenarios.hunt.deployment import sessions_of
from scenarios.judge import judge
from scenarios.load import Source
from scenarios.resolve import resolve
from scenarios.schema.faults import table_of
from scenarios.schema.scenario import Scenario
from scenarios.schema.workload import Generated, Script
from scenarios.units import duration, duration_text

_Item = TypeVar("_Item")
_RUNS_MAX: Final = 400
_INSTANT: Final = re.compile(r"\b(at|until) ([0-9.]+[a-z]+)")


def violated_by(scenario: Scenario) -> tuple[str, ...]:
    """Return the properties that a run of a scenario violates; none when it cannot run."""
    try:
        resolved = resolve(Source(scenario=scenario, name="shrinking", folder=Path()))
    except UsageError:
        return ()
    outcome = execute(resolved, wall_s=60).outcome
    return () if outcome is None else judge(resolved.scenario, outcome).violated


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunk:
    """A scenario that still violates the property, and how many runs it took to get there."""

    scenario: Scenario
    property: str
    runs: int


def shrink(scenario: Scenario, property_name: str, *, runs_max: int = _RUNS_MAX) -> Shrunk:
    """Return the smallest scenario found that violates the property as the given one does."""
    shrinker = _Shrinker(scenario, property_name, runs_max)
    shrinker.shrink()
    return Shrunk(scenario=shrinker.best, property=property_name, runs=shrinker.runs)


def ddmin(items: Sequence[_Item], fails: Callable[[list[_Item]], bool]) -> list[_Item]:
    """Return a part of the items with which it still fails, and without any one of which not.

    `fails` is asked about parts of `items`, which fail as a whole.
    """
    left = list(items)
    if left and fails([]):
        return []
    pieces = 2
    while len(left) >= 2:
        size = -(-len(left) // pieces)
        starts = range(0, len(left), size)
        for start in starts:
            without = left[:start] + left[start + size :]
            if without and fails(without):
                left, pieces = without, max(pieces - 1, 2)
                break
        else:
            if size == 1:
                break
            pieces = min(2 * pieces, len(left))
    return left


class _Shrinker:
    """The best scenario so far, and the runs that are left."""

    def __init__(self, scenario: Scenario, property_name: str, runs_max: int) -> None:
        self.best = scenario
        self.property = property_name
        self.runs_max = runs_max
        self.runs = 0

    def shrink(self) -> None:
        """Make the scenario smaller, in order of what helps a reader most."""
        self._fewer_faults()
        self._fewer_transactions()
        if isinstance(self.best.workload, Script):
            self._fewer_steps()
            self._fewer_faults()
            self._round_instants()
        self._simpler_faults()

    def _try(self, update: dict[str, Any]) -> bool:
        """Keep a change when the property is still violated."""
        if self.runs >= self.runs_max:
            return False
        self.runs += 1
        changed = self.best.model_copy(update=update)
        if self.property not in violated_by(changed):
            return False
        self.best = changed
        return True

    def _fewer_faults(self) -> None:
        ddmin(list(self.best.faults), lambda faults: self._try({"faults": tuple(faults)}))

    def _simpler_faults(self) -> None:
        """Try the simpler versions of each fault until none of them will do."""
        for place in range(len(self.best.faults)):
            while any(self._try({"faults": each}) for each in self._simpler(place)):
                pass

    def _simpler(self, place: int) -> Iterator[tuple[Any, ...]]:
        faults = self.best.faults
        for simpler in faults[place].fault().narrow():
            yield (*faults[:place], table_of(simpler), *faults[place + 1 :])

    def _fewer_transactions(self) -> None:
        workload = self.best.workload
        if isinstance(workload, Generated):
            count = workload.transactions
            while count > 1 and self._try(
                {"workload": workload.model_copy(update={"transactions": count // 2})}
            ):
                count //= 2
            return
        sessions = sessions_of(self.best)
        every = [(s, row) for s, session in enumerate(sessions) for row in range(len(session))]
        ddmin(every, lambda kept: self._try_script(_only(sessions, kept)))

    def _fewer_steps(self) -> None:
        for session, row in [
            (session, row)
            for session, texts in enumerate(sessions_of(self.best))
            for row in range(len(texts))
        ]:
            text = sessions_of(self.best)[session][row]
            head, steps = _parts(text)
            ddmin(steps, self._with_steps(session, row, head))

    def _with_steps(self, session: int, row: int, head: str) -> Callable[[list[str]], bool]:
        """Return a test of what is left when one transaction has only these steps."""

        def fails(steps: list[str]) -> bool:
            if not steps:
                return False
            changed = [list(each) for each in sessions_of(self.best)]
            changed[session][row] = head + ", ".join(steps)
            return self._try_script(changed)

        return fails

    def _round_instants(self) -> None:
        for unit_ns in (1_000_000, 100_000, 10_000):
            rounded = [
                [_INSTANT.sub(_rounder(unit_ns), text) for text in session]
                for session in sessions_of(self.best)
            ]
            if self._try_script(rounded):
                return

    def _try_script(self, sessions: Sequence[Sequence[str]]) -> bool:
        trimmed = [tuple(session) for session in sessions]
        if not any(trimmed):
            return False
        try:
            workload = Script(kind="script", sessions=tuple(trimmed))
        except ValueError:
            return False
        return self._try({"workload": workload})


def _only(sessions: Sequence[Sequence[str]], kept: list[tuple[int, int]]) -> list[list[str]]:
    """Return the sessions with only some of their transactions."""
    return [
        [text for row, text in enumerate(session) if (number, row) in kept]
        for number, session in enumerate(sessions)
    ]


def _parts(text: str) -> tuple[str, list[str]]:
    """Return the instant of a transaction, as it stands before its steps, and the steps."""
    head, colon, body = text.partition(": ") if text.startswith("at ") else ("", "", text)
    return head + colon, [part.strip() for part in body.split(",")]


def _rounder(unit_ns: int) -> Callable[[re.Match[str]], str]:
    def rounded(found: re.Match[str]) -> str:
        return f"{found[1]} {duration_text(duration(found[2]) // unit_ns * unit_ns)}"

    return rounded
