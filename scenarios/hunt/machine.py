"""A state machine that drives a deployment step by step beside a model of snapshot isolation.

Hypothesis chooses the steps: begin, read, write, commit, roll back, and what happens to nodes and
links meanwhile. Every answer goes to the model at once; when the steps are over, time passes until
nothing is left undecided, and all properties that the variant promises are judged.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from sim.history import NONE, OperationKind, Outcome
from sim.kernel.distributions import LogNormal
from sim.kernel.faults import Crash, Partition, Pause, SessionExpiry
from sim.omid.interactive import InteractiveWorld
from sim.omid.settings import MS, Settings, Topology
from sim.omid.transaction import Transaction
from sim.omid.variants import VARIANTS
from sim.omid.world import NetworkModel, Setup
from sim.workload.types import TraceBuilder
from specs.history.properties import check
from specs.snapshot_model import NotSnapshotIsolated, SnapshotModel

CLIENTS: Final = 3
KEYS: Final = 3
_READ: Final = int(OperationKind.READ)
_LEASE_NS: Final = 60 * MS

SETTINGS: Final = Settings(
    lease_ns=_LEASE_NS,
    batch_timeout_ns=1 * MS,
    restart_ns=20 * MS,
    reconnect_ns=20 * MS,
    request_timeout_ns=30 * MS,
    store_timeout_ns=50 * MS,
    backup_start_ns=5 * MS,
    conflict_table_entries=4,
    bucket_entries=2,
    low_water_mark_period_ns=40 * MS,
    low_water_mark_lag_ns=80 * MS,
    compaction_period_ns=60 * MS,
)
"""A deployment in which everything happens soon: leases of 60 ms and a tiny conflict table."""

sessions = st.integers(0, CLIENTS - 1)
keys = st.integers(0, KEYS - 1)
lengths = st.sampled_from([5, 20, 60, 150]).map(lambda span: span * MS)


class Violated(AssertionError):
    """A property does not hold; the message is the evidence."""


class Machine(RuleBasedStateMachine):
    """One deployment under test; `variant` and `mutant` say which."""

    variant: ClassVar[str] = "omid"
    mutant: ClassVar[str | None] = None

    def __init__(self) -> None:
        super().__init__()
        empty = TraceBuilder().build(name="steps", source="a state machine")
        self.world = InteractiveWorld(
            Setup(
                seed=0,
                workload=empty,
                network=NetworkModel(latency=LogNormal(median_ns=250_000, sigma_ppm=300_000)),
                variant=self.variant,
                mutant=self.mutant,
                settings=SETTINGS,
                topology=Topology(clients=CLIENTS, regions=2, commit_table_regions=2),
            )
        )
        self.model = SnapshotModel()
        self.asked: dict[int, int] = {}
        """By session, the highest acknowledged commit when its begin left."""
        self.told: dict[int, int] = {}
        """By start timestamp, how many operations the model has heard of."""
        self.broken: NotSnapshotIsolated | None = None
        self.world.open_all(self.hear_end)
        self.world.pass_time(20 * MS)

    def ready(self, session: int) -> bool:
        """Say whether a client waits for a step."""
        return self.world.ready(session)

    @rule(session=sessions)
    def begin(self, session: int) -> None:
        """Begin, where nothing is open."""
        client: Any = self.world.clients[session]
        if self.ready(session) and client.current is None:
            self.asked[session] = self.model.acknowledged()
            self.world.begin(session)
            self.pass_time(2 * MS)

    @rule(session=sessions, key=keys)
    def read(self, session: int, key: int) -> None:
        """Read in the open transaction."""
        if self.ready(session) and self.world.open(session):
            self.world.read(session, key)
            self.pass_time(2 * MS)

    @rule(session=sessions, key=keys)
    def write(self, session: int, key: int) -> None:
        """Write in the open transaction."""
        if self.ready(session) and self.world.open(session):
            self.world.write(session, key)
            self.pass_time(2 * MS)

    @rule(session=sessions, at_once=st.booleans())
    def commit(self, session: int, at_once: bool) -> None:
        """Commit; the next step may come before the answer."""
        if self.ready(session) and self.world.open(session):
            self.world.commit(session)
            if not at_once:
                self.pass_time(5 * MS)

    @rule(session=sessions)
    def rollback(self, session: int) -> None:
        """Roll back."""
        if self.ready(session) and self.world.open(session):
            self.world.rollback(session)
            self.pass_time(1 * MS)

    @rule(span=st.sampled_from([1, 3, 10, 40, 100]))
    def wait(self, span: int) -> None:
        """Let time pass."""
        self.pass_time(span * MS)

    @rule(node=st.sampled_from(["tm.1", "tm.2", "client.0", "client.1"]), length=lengths)
    def pause(self, node: str, length: int) -> None:
        """Stall a node: a manager for more than a lease is a fail-over."""
        self.world.strike(Pause(node=node, start_ns=self.world.now, length_ns=length))

    @rule(node=st.sampled_from(["tm.1", "tm.2", "client.2", "region.0", "ct.0"]), length=lengths)
    def crash(self, node: str, length: int) -> None:
        """Crash a node for a while."""
        self.world.strike(Crash(node=node, start_ns=self.world.now, length_ns=length))

    @rule(
        ends=st.sampled_from(
            [
                ("tm.*", "ct.*"),
                ("tm.1", "coordinator"),
                ("tm.2", "coordinator"),
                ("client.0", "region.1"),
                ("client.0", "ct.*"),
                ("tm.1", "client.*"),
            ]
        ),
        length=lengths,
        mode=st.sampled_from(["hold", "drop"]),
    )
    def cut(self, ends: tuple[str, str], length: int, mode: str) -> None:
        """Hold or lose what one side sends to the other."""
        self.world.strike(
            Partition(
                sources=(ends[0],),
                targets=(ends[1],),
                start_ns=self.world.now,
                length_ns=length,
                one_way=True,
                mode=mode,
            )
        )

    @precondition(lambda self: self.world.now > 50 * MS)
    @rule(node=st.sampled_from(["tm.1", "tm.2", "client.1"]))
    def expire(self, node: str) -> None:
        """Let a session at the coordinator expire."""
        self.world.strike(SessionExpiry(node=node, start_ns=self.world.now))

    def pass_time(self, span_ns: int) -> None:
        """Let time pass, and tell the model what the clients were told."""
        self.world.pass_time(span_ns)
        for session in range(CLIENTS):
            transaction = self.world.open(session)
            if transaction is not None:
                self.hear(session, transaction)
        if self.broken is not None:
            raise self.broken

    def hear(self, session: int, transaction: Transaction) -> None:
        """Tell the model of a begin and of operations that it has not heard of."""
        start = transaction.start
        if start not in self.told:
            self.model.began(start, after=self.asked[session])
            self.told[start] = 0
        operations = transaction.operations
        for kind, key, _, writer, _ in operations[self.told[start] :]:
            if kind == _READ:
                self.model.read(start, key, writer)
            else:
                self.model.wrote(start, key)
        self.told[start] = len(operations)

    def hear_end(
        self, session: int, transaction: Transaction, outcome: Outcome, commit: int
    ) -> None:
        """Tell the model of an outcome; what it says is raised when the step is over."""
        if transaction.start == NONE or self.broken is not None:
            return
        try:
            self.hear(session, transaction)
            if outcome == Outcome.COMMITTED:
                self.model.committed(transaction.start, commit)
            elif outcome == Outcome.ABORTED:
                self.model.aborted(transaction.start)
        except NotSnapshotIsolated as broken:
            self.broken = broken

    def teardown(self) -> None:
        """Let everything come to rest, then judge the run by every property of the variant."""
        if self.broken is not None:
            return
        self.pass_time(12 * _LEASE_NS)
        outcome = self.world.outcome()
        promised = [name for name in VARIANTS[self.variant].properties if name != "bank_sum"]
        for verdict in check(outcome.history, outcome.oracle, promised):
            if not verdict.holds:
                told = verdict.evidence.sentence if verdict.evidence else "no evidence"
                raise Violated(f"{verdict.property}: {told}")
