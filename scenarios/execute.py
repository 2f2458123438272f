"""Let a world run: in slices, so that somebody can watch, and a limit can stop it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from scenarios.resolve import Resolved
from sim.omid.world import Outcome, World

_SLICE: Final = 10_000
_STILL_NS: Final = 3600 * 10**9


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


class _Stillness:
    """Notices that a world goes on for ever without getting anywhere."""

    def __init__(self, world: World) -> None:
        self._world = world
        arrival_ns = world.setup.workload.arrival_ns
        self._last_arrival_ns = 0 if arrival_ns is None else int(arrival_ns.max())
        self._ended = 0
        self._since_ns = 0

    def lasts(self) -> bool:
        """Say whether the last transaction ended too long ago."""
        world = self._world
        ended, _ = world.progress()
        if ended != self._ended:
            self._ended, self._since_ns = ended, world.now
        since_ns = max(self._since_ns, self._last_arrival_ns) + world.setup.think_ns
        return world.now - since_ns > _STILL_NS


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """A run that came to its end, or the limit that stopped it: "events", "wall" or "still".

    "still" is a run in which no transaction ended for an hour of simulated time, think time and
    arrivals apart: nobody is left who would answer. Where the wall limit or stillness stopped a
    run is an accident of the slices, so it has no outcome.
    """

    outcome: Outcome | None
    limit: str
    wall_s: float
    lasting: tuple[str, ...] = ()
    """The faults that had not ended where nothing moved any more."""


def execute(
    resolved: Resolved,
    *,
    tracing: bool = False,
    counting: bool = False,
    wall_s: float | None = None,
    observe: Observer | None = None,
) -> Execution:
    """Run a resolved scenario; `observe` is told now and then how far it is."""
    started = time.monotonic()
    events_max = resolved.scenario.limits.events_max
    world = World(resolved.setup(tracing=tracing, counting=counting))
    stillness = _Stillness(world)
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
        spent_s = time.monotonic() - started
        if stillness.lasts():
            lasting = tuple(
                dict.fromkeys(
                    window.fault.describe()
                    for window in world.timeline.windows
                    if window.end_ns is None
                )
            )
            return Execution(outcome=None, limit="still", wall_s=spent_s, lasting=lasting)
        if wall_s is not None and spent_s > wall_s:
            return Execution(outcome=None, limit="wall", wall_s=spent_s)
    outcome = world.outcome()
    return Execution(outcome=outcome, limit=limit, wall_s=time.monotonic() - started)
