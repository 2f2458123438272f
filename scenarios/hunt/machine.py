"""A state machine that drives a deployment step by step beside a model of snapshot isolation.

Hypothesis chooses the steps: begin, read, write, commit, roll back, and what happens to nodes and
links meanwhile. Steps overlap: the next one comes after the answer, or long before it. Every
answer goes to the model at once; when the steps are over, time passes until nothing is left
undecided, and all properties that the variant promises are judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from scenarios.hunt.deployment import CLIENTS, KEYS, LEASE_NS, scenario_of
from scenarios.hunt.recording import Recording
from scenarios.schema.omid import settings_of, topology_of
from scenarios.schema.scenario import Scenario
from scenarios.units import duration_text
from sim.history import NONE, OperationKind, Outcome
from sim.kernel.faults import Compaction, Crash, Partition, Pause, SessionExpiry
from sim.omid.interactive import InteractiveWorld
from sim.omid.settings import MS, US
from sim.omid.transaction import Transaction
from sim.omid.variants import VARIANTS
from sim.omid.world import POINTS, NetworkModel, Setup
from sim.workload.types import TraceBuilder
from specs.history.properties import check
from specs.snapshot_model import NotSnapshotIsolated, SnapshotModel

_READ: Final = int(OperationKind.READ)
_ANSWER_NS: Final = 6 * MS
APART_NS: Final = 1 * US
"""How far a step keeps from what went before, so that a script has both in the same order."""
_REST_NS: Final = 12 * LEASE_NS

sessions = st.integers(0, CLIENTS - 1)
keys = st.integers(0, KEYS - 1)
lengths = st.sampled_from([5, 20, 70, 150]).map(lambda span: span * MS)
paces = st.sampled_from([0, 0, 0, 30, 150, 400, 900]).map(lambda span: span * US)
"""How long until the next step; 0 waits for the answer, for a while."""

timeouts = st.sampled_from([30 * MS, 300 * MS])
gaps = st.sampled_from([0, 1 * MS, 20 * MS, 100 * MS])
"""How long between two reads."""

_CLIENTS: Final = [f"client.{number}" for number in range(CLIENTS)]
_MANAGERS: Final = ["tm.1", "tm.2"]
_STOPS: Final = [
    (node, point)
    for role, nodes in (("tm", _MANAGERS), ("client", _CLIENTS))
    for node in nodes
    for point in POINTS[role]
]
_COMMITTING: Final = ("commit.ready", "commit.acknowledged", "complete.fields")
_READING: Final = ("get.tentative", "get.absent", "get.undecided", "get.invalidated")
_FLUSHING: Final = ("commit.accepted", "flush.checked", "flush.durable")
_CUTS: Final = [
    ("tm.1", "ct.*"),
    ("tm.2", "ct.*"),
    ("tm.1", "coordinator"),
    ("tm.2", "coordinator"),
    ("client.0", "region.1"),
    ("client.0", "ct.*"),
    ("client.1", "region.*"),
    ("tm.1", "client.*"),
]


class Violated(AssertionError):
    """A property does not hold; the message is the evidence."""


class Machine(RuleBasedStateMachine):
    """One deployment under test; `variant` and `mutant` say which."""

    variant: ClassVar[str] = "omid"
    mutant: ClassVar[str | None] = None
    scenario: ClassVar[Scenario | None] = None
    """The steps of the last example in which something was wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.model = SnapshotModel()
        self.asked: dict[int, int] = {}
        """By session, the highest acknowledged commit when its begin left."""
        self.told: dict[int, int] = {}
        """By start timestamp, how many operations the model has heard of."""
        self.broken: NotSnapshotIsolated | None = None

    @initialize(timeout=timeouts)
    def deploy(self, timeout: int) -> None:
        """Build the deployment; clients give a manager up early, or long after its lease."""
        omid = {"request_timeout": duration_text(timeout)}
        self.recording = Recording(variant=self.variant, mutant=self.mutant, omid=omid)
        self.world = InteractiveWorld(_setup(self.variant, self.mutant, omid))
        self.world.open_all(self.hear_end)
        self.world.pass_time(60 * MS)

    # Steps of the clients

    def ready(self, session: int) -> bool:
        """Say whether a client waits for a step."""
        return self.world.ready(session)

    def in_transaction(self, session: int) -> bool:
        """Say whether a client waits for a step of an open transaction."""
        return self.ready(session) and self.world.open(session) is not None

    def may_begin(self, session: int) -> bool:
        """Say whether a client waits for a step and has nothing open."""
        client: Any = self.world.clients[session]
        return self.ready(session) and client.current is None

    @rule(session=sessions, pace=paces)
    def begin(self, session: int, pace: int) -> None:
        """Begin, where nothing is open."""
        self.pass_time(APART_NS)
        if self.may_begin(session):
            self.asked[session] = self.model.acknowledged()
            self.recording.begin(session, self.world.now)
            self.world.begin(session)
            self.go_on(session, pace)

    @rule(session=sessions, key=keys, pace=paces)
    def read(self, session: int, key: int, pace: int) -> None:
        """Read in the open transaction."""
        self.pass_time(APART_NS)
        if self.in_transaction(session):
            self.recording.step(session, self.world.now, f"read {key}")
            self.world.read(session, key)
            self.go_on(session, pace)

    @rule(session=sessions, key=keys, pace=paces)
    def write(self, session: int, key: int, pace: int) -> None:
        """Write in the open transaction."""
        self.pass_time(APART_NS)
        if self.in_transaction(session):
            self.recording.step(session, self.world.now, f"write {key}")
            self.world.write(session, key)
            self.go_on(session, pace)

    @rule(session=sessions, pace=paces)
    def write_several(self, session: int, pace: int) -> None:
        """Begin where nothing is open, write two keys, and ask to commit."""
        self.begin(session, 0)
        self.write(session, 0, 0)
        self.write(session, 1, 0)
        self.commit(session, pace)

    @rule(session=sessions, pace=paces)
    def commit(self, session: int, pace: int) -> None:
        """Commit; the next step may come before the answer."""
        self.pass_time(APART_NS)
        if self.in_transaction(session):
            self.recording.end(session, self.world.now)
            self.world.commit(session)
            self.go_on(session, pace)

    @rule(session=sessions)
    def rollback(self, session: int) -> None:
        """Roll back."""
        self.pass_time(APART_NS)
        if self.in_transaction(session):
            self.recording.end(session, self.world.now, rollback=True)
            self.world.rollback(session)
            self.go_on(session, 0)

    @rule(session=sessions, gap=gaps)
    def read_several(self, session: int, gap: int) -> None:
        """Begin where nothing is open, read two keys with a gap between, and commit."""
        self.begin(session, 0)
        self.read(session, 0, 0)
        self.pass_time(gap)
        self.read(session, 1, 0)
        self.commit(session, 0)

    @rule(session=sessions, point=st.sampled_from(_COMMITTING), length=lengths, pace=paces)
    def stall_commit(self, session: int, point: str, length: int, pace: int) -> None:
        """Write and commit with a client that stalls on the way."""
        if self.ready(session):
            self.pause_at((f"client.{session}", point), length)
            self.write_several(session, pace)

    @rule(session=sessions, point=st.sampled_from(_READING), length=lengths, gap=gaps)
    def stall_read(self, session: int, point: str, length: int, gap: int) -> None:
        """Read with a client that stalls on the way."""
        if self.ready(session):
            self.pause_at((f"client.{session}", point), length)
            self.read_several(session, gap)

    @rule(span=st.sampled_from([300 * US, 1 * MS, 5 * MS, 30 * MS, 100 * MS]))
    def wait(self, span: int) -> None:
        """Let time pass."""
        self.pass_time(span)

    # What the world does

    @rule(node=st.sampled_from([*_MANAGERS, *_CLIENTS]), length=lengths)
    def pause(self, node: str, length: int) -> None:
        """Stall a node: a manager for more than a lease is a fail-over."""
        self.strike(Pause, node=node, length_ns=length)

    @rule(node=st.sampled_from([*_MANAGERS, "client.2", "region.0", "ct.0"]), length=lengths)
    def crash(self, node: str, length: int) -> None:
        """Crash a node for a while."""
        self.strike(Crash, node=node, length_ns=length)

    @rule(stop=st.sampled_from(_STOPS), length=lengths)
    def pause_at(self, stop: tuple[str, str], length: int) -> None:
        """Stall a node where it next passes a point."""
        node, point = stop
        hit = self.world.passages(node, point) + 1
        self.recording.faults.append(Pause(node=node, point=point, hit=hit, length_ns=length))
        self.world.strike(Pause(node=node, point=point, length_ns=length))

    @rule(stop=st.sampled_from(_STOPS), length=lengths)
    def crash_at(self, stop: tuple[str, str], length: int) -> None:
        """Crash a node where it next passes a point."""
        node, point = stop
        hit = self.world.passages(node, point) + 1
        self.recording.faults.append(Crash(node=node, point=point, hit=hit, length_ns=length))
        self.world.strike(Crash(node=node, point=point, length_ns=length))

    @rule(dies=st.booleans(), leases=st.sampled_from([2, 4]))
    def fail_over(self, dies: bool, leases: int) -> None:
        """Take the manager that serves out for longer than its lease, and wait for another."""
        node = self.world.primary()
        if node is not None:
            self.strike(Crash if dies else Pause, node=node, length_ns=leases * LEASE_NS)
            self.await_other(node)

    @rule(session=sessions, point=st.sampled_from(_FLUSHING), leases=st.sampled_from([2, 4]))
    def fail_over_in_flight(self, session: int, point: str, leases: int) -> None:
        """Stall the manager that serves with a commit in its hands, and wait for another."""
        node = self.world.primary()
        if node is not None and self.ready(session):
            self.begin(session, 0)
            self.write(session, 0, 0)
            self.write(session, 1, 0)
            if self.in_transaction(session):
                # Begins pass these points as well, so only now.
                self.pause_at((node, point), leases * LEASE_NS)
                self.commit(session, 2 * MS)
                self.await_other(node)

    def await_other(self, node: str) -> None:
        """Let time pass until another manager serves, for two leases at most."""
        end_ns = self.world.now + 2 * LEASE_NS
        while self.world.now < end_ns and self.world.primary() in (None, node):
            self.pass_time(2 * MS)

    @rule(ends=st.sampled_from(_CUTS), length=lengths, mode=st.sampled_from(["hold", "drop"]))
    def cut(self, ends: tuple[str, str], length: int, mode: str) -> None:
        """Hold or lose what one side sends to the other."""
        self.strike(
            Partition,
            sources=(ends[0],),
            targets=(ends[1],),
            length_ns=length,
            one_way=True,
            mode=mode,
        )

    @rule(node=st.sampled_from([*_MANAGERS, "client.1"]))
    def expire(self, node: str) -> None:
        """Let a session at the coordinator expire."""
        self.strike(SessionExpiry, node=node)

    @rule(node=st.sampled_from(["region.0", "region.1"]))
    def compact(self, node: str) -> None:
        """Let a region compact out of turn."""
        self.strike(Compaction, node=node)

    def strike(self, kind: Any, **what: Any) -> None:
        """Let a fault begin, and write it down."""
        self.pass_time(APART_NS)
        fault = kind(start_ns=self.world.now, **what)
        self.recording.faults.append(fault)
        self.world.strike(fault)

    # What the model hears

    def go_on(self, session: int, pace_ns: int) -> None:
        """Let time pass: a given span, or until the client has its answer."""
        if pace_ns:
            self.pass_time(pace_ns)
            return
        end_ns = self.world.now + _ANSWER_NS
        while self.world.now < end_ns and not self.ready(session):
            self.pass_time(500 * US)

    def pass_time(self, span_ns: int) -> None:
        """Let time pass, and tell the model what the clients were told."""
        self.world.pass_time(span_ns)
        for session in range(CLIENTS):
            transaction = self.world.open(session)
            if transaction is not None:
                self.hear(session, transaction)
        if self.broken is not None:
            self.keep(str(self.broken))
            raise self.broken

    def hear(self, session: int, transaction: Transaction) -> None:
        """Tell the model of a begin and of operations that it has not heard of."""
        start = transaction.start
        if start not in self.told:
            self.told[start] = 0
            self.attempt(lambda: self.model.began(start, after=self.asked[session]))
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
        self.hear(session, transaction)
        if outcome == Outcome.COMMITTED:
            self.attempt(lambda: self.model.committed(transaction.start, commit))
        elif outcome == Outcome.ABORTED:
            self.attempt(lambda: self.model.aborted(transaction.start))

    def attempt(self, tell: Any) -> None:
        """Tell the model something, and remember its first objection."""
        try:
            tell()
        except NotSnapshotIsolated as broken:
            self.broken = self.broken or broken

    def teardown(self) -> None:
        """Let everything come to rest, then judge the run by every property of the variant."""
        if self.broken is not None:
            return
        self.pass_time(_REST_NS)
        outcome = self.world.outcome()
        promised = [name for name in VARIANTS[self.variant].properties if name != "bank_sum"]
        for verdict in check(outcome.history, outcome.oracle, promised):
            if not verdict.holds:
                sentence = verdict.evidence.sentence if verdict.evidence else "no evidence"
                told = f"{verdict.property}: {sentence}"
                self.keep(told)
                raise Violated(told)

    def keep(self, told: str) -> None:
        """Keep the steps as a scenario for whoever asks later."""
        title = f"Steps of a state machine: {' '.join(told.split())}"
        end_ns = self.world.now + _REST_NS
        type(self).scenario = self.recording.scenario(title=title, end_ns=end_ns)


def _setup(variant: str, mutant: str | None, omid: Mapping[str, Any]) -> Setup:
    """Return the setup of the deployment of hunts, with nothing to do."""
    plan = scenario_of(
        title="steps",
        variant=variant,
        mutant=mutant,
        omid=omid,
        workload={"kind": "script", "sessions": [["read 0"]]},
    )
    return Setup(
        seed=plan.seed,
        workload=TraceBuilder().build(name="steps", source="a state machine"),
        network=NetworkModel(latency=plan.network.latency.law()),
        variant=variant,
        mutant=mutant,
        settings=settings_of(plan.omid),
        topology=topology_of(plan.topology),
    )
