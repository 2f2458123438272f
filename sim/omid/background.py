"""Load from everybody else: transactions that begin and commit at the manager, and no more.

VLDB'18, section 5.1: the measured client is a small part of the load; generators keep the manager
busy with begins and commits of their own keys. Here a generator sends, once a tick, how many of
each arrived in it, and the manager serves them as one piece of work.

What is exact: the numbers in each tick (two Poisson streams, for a stream of begins that is
delayed by whatever it takes is again one of commits), the processor time, the timestamps, places
in batches, and commit-table rows. What is not: all arrivals of a tick come together at its end,
so a tick has to be short beside the times that are looked at. What is left out: the generators'
keys are nobody else's, so they are neither certified nor written, and no commit-table row of
theirs is ever read, so history and oracle log know nothing of them; only gaps between timestamps
show.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.kernel.distributions import SLOTS
from sim.kernel.node import Node
from sim.kernel.rpc import Call, Sleep
from sim.omid.messages import MANAGER

if TYPE_CHECKING:
    from sim.kernel.core import Kernel
    from sim.omid.coordinator import Coordinator
    from sim.omid.manager import Manager
    from sim.omid.settings import Settings

PPM = 1_000_000
MINUTE_NS = 60_000_000_000
LOOK_NS = 50_000_000
"""How often the generators look who serves."""
_DRAW_BITS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundLoad:
    """How many transactions there are beside those of the workload, and what they write."""

    per_minute: int
    """Transactions that begin, and that commit, in a minute."""
    write_sets: tuple[int, ...] = (0, PPM)
    """Share of write sets by number of keys, from 0, in ppm; none is answered without a batch."""
    tick_ns: int = 20_000
    """How long arrivals are gathered."""

    def __post_init__(self) -> None:
        """Refuse shares that do not add up."""
        if sum(self.write_sets) != PPM or min(self.write_sets) < 0:
            raise ValueError(f"the shares of write sets add up to {sum(self.write_sets)} ppm")


class Bulk(NamedTuple):
    """What arrived in one tick; `rows` of the commits write `keys` keys, the others nothing."""

    begins: int
    commits: int
    rows: int
    keys: int


class Background(Node):
    """The generators of the background."""

    def __init__(
        self,
        kernel: Kernel,
        name: str,
        *,
        load: BackgroundLoad,
        settings: Settings,
        coordinator: Coordinator,
        managers: dict[str, Manager],
    ) -> None:
        super().__init__(kernel, name)
        self.tick_ns = load.tick_ns
        self.settings = settings
        self.coordinator = coordinator
        self.managers = managers
        self.manager: Manager | None = None
        self.begun = 0
        self.committed = 0
        self._least, self._counts = poisson(load.per_minute * load.tick_ns, MINUTE_NS)
        self._sizes = _size_table(load.write_sets)
        self._begins = kernel.streams.at("background", "begins").getrandbits
        self._commits = kernel.streams.at("background", "commits").getrandbits
        self._keys = kernel.streams.at("background", "keys").getrandbits

    def start(self) -> None:
        """Begin to send."""
        self.run(self.follow_manager())
        self.timer(self.tick_ns, self.on_tick)

    def on_restart(self) -> None:
        """Go on."""
        self.start()

    def follow_manager(self) -> Generator[Any, Any, None]:
        """Look again and again who serves."""
        coordinator, tick_ns = self.coordinator, self.tick_ns
        timeout_ns = self.settings.store_timeout_ns
        while True:
            seen = yield Call(coordinator, coordinator.on_read, MANAGER, timeout_ns, retry=True)
            self.manager = None if seen.data is None else self.managers[seen.data.name]
            yield Sleep(LOOK_NS if self.manager else tick_ns)

    def on_tick(self, _: object) -> None:
        """Send what arrived since the last tick."""
        self.timer(self.tick_ns, self.on_tick)
        manager = self.manager
        if manager is None:
            return
        least, counts, draw, sizes = self._least, self._counts, self._keys, self._sizes
        begins = least + bisect_right(counts, self._begins(_DRAW_BITS))
        commits = least + bisect_right(counts, self._commits(_DRAW_BITS))
        written = [sizes[draw(12)] for _ in range(commits)]
        self.begun += begins
        self.committed += commits
        bulk = Bulk(begins, commits, commits - written.count(0), sum(written))
        self.send(manager, _arrive, (manager, bulk))


class Desk:
    """The part of a manager that serves the background."""

    def __init__(self, manager: Manager) -> None:
        self.manager = manager

    def take(self, bulk: Bulk) -> None:
        """Let the bulk wait for the processor like any request."""
        manager = self.manager
        if manager.serving:
            manager.admit(self.serve, bulk, bulk.keys, bulk.begins + bulk.commits)

    def serve(self, bulk: Bulk) -> None:
        """Issue the timestamps and let begins and commits take their places in the batches.

        A commit without keys is answered at once, as nothing has to be written.
        """
        manager = self.manager
        if manager.serving and manager.may_accept_commits():
            manager.timestamps.skip(bulk.begins + bulk.rows)
            manager.pipeline.absorb(bulk.begins + bulk.rows, bulk.rows)


def _arrive(message: tuple[Manager, Bulk]) -> None:
    """Hand a bulk over in the manager's present life."""
    manager, bulk = message
    manager.desk.take(bulk)


def poisson(numerator: int, denominator: int) -> tuple[int, list[int]]:
    """Return a smallest count and 32-bit thresholds of a Poisson law with a rational mean.

    The count is the smallest one plus the number of thresholds at or below a 32-bit draw. What
    is rarer than one in 2**32 is cut off.
    """
    mode = numerator // denominator
    weights, lowest = [1 << 64], mode
    count, weight = mode, 1 << 64
    while weight and count:
        weight = weight * count * denominator // numerator
        count -= 1
        weights.insert(0, weight)
        lowest = count
    count, weight = mode, 1 << 64
    while weight:
        count += 1
        weight = weight * numerator // (denominator * count)
        weights.append(weight)
    total, running = sum(weights), 0
    thresholds = []
    for weight in weights:
        running += weight
        thresholds.append((running << _DRAW_BITS) // total)
    below = bisect_right(thresholds, 0)
    inside = [each for each in thresholds[below:] if each < 1 << _DRAW_BITS]
    return lowest + below, inside


def _size_table(shares: tuple[int, ...]) -> tuple[int, ...]:
    """Return the number of keys in each of 4096 equal slots."""
    table: list[int] = []
    running = 0
    for size, share in enumerate(shares):
        running += share
        table += [size] * (SLOTS * running // PPM - len(table))
    return tuple(table)
