"""The toy transaction on our kernel, as a system under test would be written.

Clients are scripts whose calls time out; nodes can crash, pause and drift at any time. What is
recorded is chosen in steps: nothing; the trace events of every hop and the history rows of every
transaction; and the rows of an oracle log too, seven a transaction.
"""

from collections.abc import Generator
from typing import Any

from sim.history import HistoryBuilder, OperationKind, OracleBuilder, OracleKind, Outcome
from sim.kernel.core import Kernel
from sim.kernel.network import Network
from sim.kernel.node import Node
from sim.kernel.rpc import Call
from sim.kernel.station import Station
from sim.kernel.streams import Streams
from sim.kernel.trace import Trace
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

READ, WRITE = int(OperationKind.READ), int(OperationKind.WRITE)
COMMITTED, ABORTED = int(Outcome.COMMITTED), int(Outcome.ABORTED)
START_ISSUED, BEGIN_REPLIED = int(OracleKind.START_ISSUED), int(OracleKind.BEGIN_REPLIED)
COMMIT_ISSUED, COMMIT_REPLIED = int(OracleKind.COMMIT_ISSUED), int(OracleKind.COMMIT_REPLIED)
COMMIT_REFUSED, ROW_PUT = int(OracleKind.COMMIT_REFUSED), int(OracleKind.COMMIT_TABLE_PUT)
CELL_PUT, FIELD_PUT = int(OracleKind.CELL_PUT), int(OracleKind.COMMIT_FIELD_PUT)


class Manager(Node):
    """Start and commit timestamps, conflicts, batches."""

    def __init__(self, kernel: Kernel, oracle: OracleBuilder | None) -> None:
        super().__init__(kernel, "tm")
        self.last_ts = 0
        self.cpu = Station()
        self.writers: dict[int, int] = {}
        self.batch: list[tuple[Call, int]] = []
        self.oracle = oracle
        self.committed = self.aborted = 0

    def on_begin(self, call: Call) -> None:
        """Give out a start timestamp."""
        self.last_ts = start = self.last_ts + 1
        now_ns = self.kernel.now
        if self.oracle is not None:
            self.oracle.add(START_ISSUED, now_ns, 0, start, timestamp=start)
            self.oracle.add(BEGIN_REPLIED, now_ns, 0, start, timestamp=0)
        call.reply(start, self.cpu.admit(now_ns, BEGIN_NS))

    def on_commit(self, call: Call) -> None:
        """Certify a transaction and put it into a batch."""
        start, key = call.body
        now_ns = self.kernel.now
        work_ns = self.cpu.admit(now_ns, COMMIT_NS)
        if self.writers.get(key, 0) > start:
            self.aborted += 1
            if self.oracle is not None:
                self.oracle.add(COMMIT_REFUSED, now_ns, 0, start, key)
            call.reply(None, work_ns)
            return
        self.last_ts = commit = self.last_ts + 1
        self.writers[key] = commit
        if self.oracle is not None:
            self.oracle.add(COMMIT_ISSUED, now_ns, 0, start, timestamp=commit)
        batch = self.batch
        batch.append((call, commit))
        if len(batch) == 1:
            self.timer(FLUSH_NS, self.on_flush, batch)
        elif len(batch) == BATCH_MAX:
            self.write()

    def on_flush(self, batch: list[tuple[Call, int]]) -> None:
        """Write a batch that did not fill in time."""
        if batch is self.batch and batch:
            self.write()

    def write(self) -> None:
        """Make a batch durable."""
        batch, self.batch = self.batch, []
        self.timer(WRITE_NS, self.on_written, batch)

    def on_written(self, batch: list[tuple[Call, int]]) -> None:
        """Answer a durable batch."""
        self.committed += len(batch)
        oracle, now_ns = self.oracle, self.kernel.now
        for call, commit in batch:
            if oracle is not None:
                oracle.add(ROW_PUT, now_ns, 0, call.body[0], timestamp=commit, extra=0)
                oracle.add(COMMIT_REPLIED, now_ns, 0, call.body[0], timestamp=commit)
            call.reply(commit)


class Region(Node):
    """Cells and commit fields."""

    def __init__(self, kernel: Kernel, number: int, oracle: OracleBuilder | None) -> None:
        super().__init__(kernel, f"region.{number}")
        self.number = number
        self.cells: dict[int, int] = {}
        self.fields: dict[int, int] = {}
        self.station = Station()
        self.oracle = oracle

    def on_get(self, call: Call) -> None:
        """Read a cell."""
        work_ns = self.station.admit(self.kernel.now, REGION_NS)
        call.reply(self.cells.get(call.body, 0), work_ns)

    def on_put(self, call: Call) -> None:
        """Write a cell."""
        key, start = call.body
        self.cells[key] = start
        now_ns = self.kernel.now
        if self.oracle is not None:
            self.oracle.add(CELL_PUT, now_ns, self.number, start, key)
        call.reply(None, self.station.admit(now_ns, REGION_NS))

    def on_complete(self, call: Call) -> None:
        """Fill a commit field."""
        key, commit = call.body
        self.fields[key] = commit
        now_ns = self.kernel.now
        if self.oracle is not None and commit is not None:
            self.oracle.add(FIELD_PUT, now_ns, self.number, self.cells[key], key, commit)
        call.reply(None, self.station.admit(now_ns, REGION_NS))


class Client(Node):
    """A closed loop of transactions."""

    def __init__(
        self,
        kernel: Kernel,
        number: int,
        manager: Manager,
        regions: list[Region],
        history: HistoryBuilder | None,
    ) -> None:
        super().__init__(kernel, f"client.{number}")
        self.number = number
        self.manager = manager
        self.regions = regions
        self.history = history
        self.bits = kernel.streams.at("keys", self.name).getrandbits

    def transactions(self, left: int) -> Generator[Any, Any, None]:
        """Run transactions one after the other."""
        manager, regions, bits, kernel = self.manager, self.regions, self.bits, self.kernel
        for _ in range(left):
            asked_ns = kernel.now
            start = yield Call(manager, manager.on_begin, None, TIMEOUT_NS)
            begun_ns = kernel.now
            read = bits(20) % KEYS
            region = regions[read % REGIONS]
            version = yield Call(region, region.on_get, read, TIMEOUT_NS)
            read_ns = kernel.now
            key = bits(20) % KEYS
            region = regions[key % REGIONS]
            yield Call(region, region.on_put, (key, start), TIMEOUT_NS)
            put_ns = kernel.now
            commit = yield Call(manager, manager.on_commit, (start, key), TIMEOUT_NS)
            done_ns = kernel.now
            yield Call(region, region.on_complete, (key, commit), TIMEOUT_NS)
            if self.history is not None:
                self.record(
                    (start, commit, asked_ns, begun_ns, put_ns, done_ns),
                    ((READ, read, version, version, read_ns), (WRITE, key, start, start, put_ns)),
                )

    def record(self, told: tuple[Any, ...], operations: tuple[Any, ...]) -> None:
        """Append one transaction to the history."""
        start, commit, asked_ns, begun_ns, put_ns, done_ns = told
        outcome = ABORTED if commit is None else COMMITTED
        ended = commit or -1
        assert self.history is not None, "nothing to record in"
        self.history.add(
            (self.number, outcome, start, ended, asked_ns, begun_ns, put_ns, done_ns),
            operations,
        )


def run(
    seed: int, transactions: int, *, trace: bool = False, history: bool = False, log: bool = False
) -> Result:
    """Run the closed loops to their end."""
    kernel = Kernel(Streams(seed), Trace() if trace else None)
    oracle = OracleBuilder() if log else None
    rows = HistoryBuilder() if history else None
    Network(kernel, LATENCY)
    manager = Manager(kernel, oracle)
    regions = [Region(kernel, number, oracle) for number in range(REGIONS)]
    for number in range(CLIENTS):
        client = Client(kernel, number, manager, regions, rows)
        client.run(client.transactions(transactions // CLIENTS))
    kernel.run_until()
    return Result(
        committed=manager.committed,
        aborted=manager.aborted,
        simulated_ns=kernel.now,
        events=kernel.events,
    )
