"""Let a world run: in slices, so that somebody can watch, and a limit can stop it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from scenarios.resolve import Resolved
from sim.omid.world import Outcome, World

_SLICE: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpse:
    """How far a run is: first it runs, then its properties are judged one by one."""

    simulated_ns: int
    finished: int
    total: int
    judged: int = 0
    violated: int = 0
    properties: int = 0

    @property
    def verdicts(self) -> str:
        """Say how the judging goes; nothing while the run goes on."""
        if not self.properties:
            return ""
        told = f"{self.judged} of {self.properties} properties judged"
        return f"{told}, {self.violated} violated" if self.violated else f"{told}, all hold"


Observer = Callable[[Glimpse], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """A run that came to its end, or the limit that stopped it: "events" or "wall".

    A run that the wall limit stopped has no outcome: where it stopped was an accident.
    """

    outcome: Outcome | None
    limit: str
    wall_s: float


def execute(
    resolved: Resolved,
    *,
    tracing: bool = False,
    wall_s: float | None = None,
    observe: Observer | None = None,
) -> Execution:
    """Run a resolved scenario; `observe` is told now and then how far it is."""
    started = time.monotonic()
    events_max = resolved.scenario.limits.events_max
    world = World(resolved.setup(tracing=tracing))
    limit = ""
    bound = 0
    while True:
        bound += _SLICE
        if events_max is not None:
            bound = min(bound, events_max)
        if world.run(events_max=bound) == "":
            break
        if bound == events_max:
            limit = "events"
            break
        if observe is not None:
            finished, total = world.progress()
            observe(Glimpse(simulated_ns=world.now, finished=finished, total=total))
        if wall_s is not None and time.monotonic() - started > wall_s:
            return Execution(outcome=None, limit="wall", wall_s=time.monotonic() - started)
    outcome = world.outcome()
    return Execution(outcome=outcome, limit=limit, wall_s=time.monotonic() - started)
