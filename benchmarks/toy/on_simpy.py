"""The toy transaction as SimPy's documentation teaches it: processes, stores, `reply | timeout`."""

from collections.abc import Generator
from random import Random  # noqa: TID251  # the yardstick stands outside the kernel
from typing import Any

import simpy

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

Steps = Generator[simpy.Event, Any, Any]


class Network:
    """Carry each message by a process of its own into the inbox of its target."""

    def __init__(self, env: simpy.Environment, seed: int) -> None:
        self.env = env
        self.table = LATENCY.table()
        self.bits = Random(seed).getrandbits  # noqa: S311  # reproducible on purpose
        self.cut = set()

    def send(self, source: Any, target: Any, message: tuple[Any, ...]) -> None:
        """Send a message."""
        self.env.process(self.carry(source, target, message))

    def carry(self, source: Any, target: Any, message: tuple[Any, ...]) -> Steps:
        """Bring a request to an inbox."""
        if (source.name, target.name) in self.cut:
            return
        yield self.env.timeout(self.table[self.bits(12)])
        yield target.inbox.put(message)

    def answer(self, source: Any, target: Any, reply: simpy.Event, value: Any) -> None:
        """Send a reply."""
        self.env.process(self.carry_back(source, target, reply, value))

    def carry_back(self, source: Any, target: Any, reply: simpy.Event, value: Any) -> Steps:
        """Bring a reply to the one who waits."""
        if (source.name, target.name) in self.cut:
            return
        yield self.env.timeout(self.table[self.bits(12)])
        reply.succeed(value)


class Server:
    """Serve an inbox, one request at a time."""

    def __init__(self, env: simpy.Environment, network: Network, name: str) -> None:
        self.env = env
        self.network = network
        self.name = name
        self.inbox = simpy.Store(env)
        env.process(self.serve())

    def serve(self) -> Steps:
        """Return how long until this piece of work is done."""
        while True:
            source, reply, kind, body = yield self.inbox.get()
            yield from self.handle(source, reply, kind, body)


class Manager(Server):
    """Start and commit timestamps, conflicts, batches."""

    def __init__(self, env: simpy.Environment, network: Network) -> None:
        super().__init__(env, network, "tm")
        self.last_ts = 0
        self.writers = {}
        self.commits = simpy.Store(env)
        self.committed = self.aborted = 0
        env.process(self.write())

    def handle(self, source: Any, reply: simpy.Event, kind: str, body: Any) -> Steps:
        """Serve one request."""
        if kind == "begin":
            yield self.env.timeout(BEGIN_NS)
            self.last_ts += 1
            self.network.answer(self, source, reply, self.last_ts)
            return
        yield self.env.timeout(COMMIT_NS)
        start, key = body
        if self.writers.get(key, 0) > start:
            self.aborted += 1
            self.network.answer(self, source, reply, None)
            return
        self.last_ts += 1
        self.writers[key] = self.last_ts
        yield self.commits.put((source, reply, self.last_ts))

    def write(self) -> Steps:
        """Make batches durable."""
        while True:
            batch = [(yield self.commits.get())]
            flush = self.env.timeout(FLUSH_NS)
            while len(batch) < BATCH_MAX:
                more = self.commits.get()
                yield more | flush
                if not more.triggered:
                    more.cancel()
                    break
                batch.append(more.value)
            self.env.process(self.persist(batch))

    def persist(self, batch: list[Any]) -> Steps:
        """Write one batch and answer it."""
        yield self.env.timeout(WRITE_NS)
        self.committed += len(batch)
        for source, reply, commit in batch:
            self.network.answer(self, source, reply, commit)


class Region(Server):
    """Cells and commit fields."""

    def __init__(self, env: simpy.Environment, network: Network, number: int) -> None:
        super().__init__(env, network, f"region.{number}")
        self.cells = {}
        self.fields = {}

    def handle(self, source: Any, reply: simpy.Event, kind: str, body: Any) -> Steps:
        """Serve one request."""
        yield self.env.timeout(REGION_NS)
        value = None
        if kind == "get":
            value = self.cells.get(body, 0)
        elif kind == "put":
            self.cells[body[0]] = body[1]
        else:
            self.fields[body[0]] = body[1]
        self.network.answer(self, source, reply, value)


class Client:
    """A closed loop of transactions."""

    def __init__(self, env: simpy.Environment, network: Network, number: int) -> None:
        self.env = env
        self.network = network
        self.name = f"client.{number}"

    def ask(self, target: Any, kind: str, body: Any) -> Steps:
        """Send a request and wait for its reply or the time-out."""
        reply = self.env.event()
        self.network.send(self, target, (self, reply, kind, body))
        answered = yield reply | self.env.timeout(TIMEOUT_NS)
        assert reply in answered, "nothing is lost in this world"
        return reply.value

    def transactions(self, manager: Manager, regions: list[Region], left: int) -> Steps:
        """Run transactions one after the other."""
        bits = self.network.bits
        for _ in range(left):
            start = yield from self.ask(manager, "begin", None)
            key = bits(20) % KEYS
            yield from self.ask(regions[key % REGIONS], "get", key)
            key = bits(20) % KEYS
            region = regions[key % REGIONS]
            yield from self.ask(region, "put", (key, start))
            commit = yield from self.ask(manager, "commit", (start, key))
            yield from self.ask(region, "complete", (key, commit))


def run(seed: int, transactions: int) -> Result:
    """Run the closed loops to their end."""
    env = simpy.Environment()
    network = Network(env, seed)
    manager = Manager(env, network)
    regions = [Region(env, network, number) for number in range(REGIONS)]
    loops = [
        env.process(
            Client(env, network, number).transactions(manager, regions, transactions // CLIENTS)
        )
        for number in range(CLIENTS)
    ]
    env.run(until=env.all_of(loops))
    return Result(
        committed=manager.committed,
        aborted=manager.aborted,
        simulated_ns=env.now,
        events=next(env._eid) - len(env._queue),
    )
