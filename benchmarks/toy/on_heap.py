"""The toy transaction on `heapq` and callbacks alone: the limit of what Python can do.

No nodes, no clocks, no faults beyond a link that may be cut, one stream of chance for all, and
one lazy watchdog for each client.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from random import Random  # noqa: TID251  # the yardstick stands outside the kernel
from typing import Any

from toy.model import (
    BATCH_MAX,
    BEGIN_NS,
    CLIENTS,
    COMMIT_NS,
    FLUSH_NS,
    KEYS,
    LATENCY,
    REGION_NS,
    REGIONS,
    TIMEOUT_NS,
    WRITE_NS,
    Result,
)

Handler = Callable[[Any], None]


class World:
    """The heap, the time, chance."""

    __slots__ = ("bits", "events", "now", "queue", "table", "tie")

    def __init__(self, seed: int) -> None:
        self.now = 0
        self.queue: list[Any] = []
        self.tie = count().__next__
        self.table = LATENCY.table()
        self.bits = Random(seed).getrandbits  # noqa: S311  # reproducible on purpose
        self.events = 0

    def post(self, delay_ns: int, handler: Handler, argument: Any) -> None:
        """Call a handler after a delay."""
        heappush(self.queue, (self.now + delay_ns, self.tie(), handler, argument))

    def run(self) -> None:
        """Run until nothing is left."""
        queue, pop, events = self.queue, heappop, 0
        while queue:
            self.now, _, handler, argument = pop(queue)
            handler(argument)
            events += 1
        self.events = events


class Link:
    """One direction between two machines."""

    __slots__ = ("up", "world")

    def __init__(self, world: World) -> None:
        self.world = world
        self.up = True

    def send(self, handler: Handler, argument: Any, extra_ns: int = 0) -> None:
        """Send a message."""
        if self.up:
            world = self.world
            heappush(
                world.queue,
                (
                    world.now + extra_ns + world.table[world.bits(12)],
                    world.tie(),
                    handler,
                    argument,
                ),
            )


class Manager:
    """Start and commit timestamps, conflicts, batches."""

    __slots__ = ("aborted", "batch", "committed", "free_ns", "last_ts", "links", "world", "writers")

    def __init__(self, world: World) -> None:
        self.world = world
        self.last_ts = 0
        self.free_ns = 0
        self.writers: dict[int, int] = {}
        self.batch: list[Any] = []
        self.links: dict[str, Link] = {}
        self.committed = self.aborted = 0

    def serve(self, service_ns: int) -> int:
        """Return how long until this piece of work is done."""
        now = self.world.now
        free = self.free_ns
        if free < now:
            free = now
        self.free_ns = free = free + service_ns
        return free - now

    def on_begin(self, client: "Client") -> None:
        """Give out a start timestamp."""
        self.last_ts = start = self.last_ts + 1
        self.links[client.name].send(client.on_begun, start, self.serve(BEGIN_NS))

    def on_commit(self, message: tuple[Any, ...]) -> None:
        """Certify a transaction and put it into a batch."""
        client, start, key = message
        work = self.serve(COMMIT_NS)
        if self.writers.get(key, 0) > start:
            self.aborted += 1
            self.links[client.name].send(client.on_committed, None, work)
            return
        self.last_ts = commit = self.last_ts + 1
        self.writers[key] = commit
        batch = self.batch
        batch.append((client, commit))
        if len(batch) == 1:
            self.world.post(FLUSH_NS, self.on_flush, batch)
        elif len(batch) == BATCH_MAX:
            self.write()

    def on_flush(self, batch: list[Any]) -> None:
        """Write a batch that did not fill in time."""
        if batch is self.batch and batch:
            self.write()

    def write(self) -> None:
        """Make batches durable."""
        batch, self.batch = self.batch, []
        self.world.post(WRITE_NS, self.on_written, batch)

    def on_written(self, batch: list[Any]) -> None:
        """Answer a durable batch."""
        self.committed += len(batch)
        for client, commit in batch:
            self.links[client.name].send(client.on_committed, commit)


class Region:
    """Cells and commit fields."""

    __slots__ = ("cells", "fields", "free_ns", "links", "world")

    def __init__(self, world: World) -> None:
        self.world = world
        self.cells: dict[int, int] = {}
        self.fields: dict[int, Any] = {}
        self.free_ns = 0
        self.links: dict[str, Link] = {}

    def serve(self) -> int:
        """Return how long until this piece of work is done."""
        now = self.world.now
        free = self.free_ns
        if free < now:
            free = now
        self.free_ns = free = free + REGION_NS
        return free - now

    def on_get(self, message: tuple[Any, ...]) -> None:
        """Read a cell."""
        client, key = message
        self.links[client.name].send(client.on_got, self.cells.get(key, 0), self.serve())

    def on_put(self, message: tuple[Any, ...]) -> None:
        """Write a cell."""
        client, key, start = message
        self.cells[key] = start
        self.links[client.name].send(client.on_put_done, None, self.serve())

    def on_complete(self, message: tuple[Any, ...]) -> None:
        """Fill a commit field."""
        client, key, commit = message
        self.fields[key] = commit
        self.links[client.name].send(client.on_completed, None, self.serve())


class Client:
    """A closed loop of transactions as a chain of callbacks."""

    __slots__ = (
        "bits",
        "deadline_ns",
        "done",
        "key",
        "left",
        "links",
        "manager",
        "name",
        "regions",
        "start",
        "world",
    )

    def __init__(
        self, world: World, name: str, manager: Manager, regions: list[Region], left: int
    ) -> None:
        self.world = world
        self.name = name
        self.manager = manager
        self.regions = regions
        self.left = left
        self.deadline_ns = None
        self.links = [Link(world) for _ in range(REGIONS + 1)]
        self.bits = world.bits
        manager.links[name] = Link(world)
        for region in regions:
            region.links[name] = Link(world)

    def begin(self, _: Any) -> None:
        """Start the loop and its watchdog."""
        self.done = False
        self.deadline_ns = self.world.now + TIMEOUT_NS
        self.world.post(TIMEOUT_NS, self.on_watch, None)
        self.next()

    def next(self) -> None:
        """Start a transaction."""
        self.deadline_ns = self.world.now + TIMEOUT_NS
        self.links[REGIONS].send(self.manager.on_begin, self)

    def on_watch(self, _: Any) -> None:
        """Look whether the present request is overdue."""
        left_ns = self.deadline_ns - self.world.now
        if not self.done:
            assert left_ns > 0, "nothing is lost in this world"
            self.world.post(left_ns, self.on_watch, None)

    def on_begun(self, start: int) -> None:
        """Read a cell."""
        self.start = start
        key = self.bits(20) % KEYS
        self.deadline_ns = self.world.now + TIMEOUT_NS
        number = key % REGIONS
        self.links[number].send(self.regions[number].on_get, (self, key))

    def on_got(self, _: Any) -> None:
        """Write a cell."""
        self.key = key = self.bits(20) % KEYS
        self.deadline_ns = self.world.now + TIMEOUT_NS
        number = key % REGIONS
        self.links[number].send(self.regions[number].on_put, (self, key, self.start))

    def on_put_done(self, _: Any) -> None:
        """Ask for the commit."""
        self.deadline_ns = self.world.now + TIMEOUT_NS
        self.links[REGIONS].send(self.manager.on_commit, (self, self.start, self.key))

    def on_committed(self, commit: int | None) -> None:
        """Fill the commit field."""
        key = self.key
        self.deadline_ns = self.world.now + TIMEOUT_NS
        number = key % REGIONS
        self.links[number].send(self.regions[number].on_complete, (self, key, commit))

    def on_completed(self, _: Any) -> None:
        """Go on with the next transaction."""
        self.left -= 1
        if self.left:
            self.next()
        else:
            self.done = True


def run(seed: int, transactions: int) -> Result:
    """Run the closed loops to their end."""
    world = World(seed)
    manager = Manager(world)
    regions = [Region(world) for _ in range(REGIONS)]
    for number in range(CLIENTS):
        name = f"client.{number}"
        client = Client(world, name, manager, regions, transactions // CLIENTS)
        world.post(0, client.begin, None)
    world.run()
    return Result(
        committed=manager.committed,
        aborted=manager.aborted,
        simulated_ns=world.now,
        events=world.events,
    )
