"""One run of an Omid deployment: build it, let time pass, hand over what was recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sim.history import History, OracleBuilder, OracleLog
from sim.kernel.census import Census
from sim.kernel.core import Kernel
from sim.kernel.distributions import Distribution
from sim.kernel.faults import Fault, FaultTimeline, FaultWindow
from sim.kernel.network import LinkModel, Network
from sim.kernel.streams import Streams
from sim.kernel.trace import Trace
from sim.omid.background import Background, BackgroundLoad
from sim.omid.cleaner import Cleaner
from sim.omid.client import Client
from sim.omid.collector import CompactingRegion
from sim.omid.coordinator import Coordinator
from sim.omid.manager import Manager
from sim.omid.measures import measure
from sim.omid.mutants import MUTANTS
from sim.omid.settings import Settings, Topology
from sim.omid.state import final_state
from sim.omid.store import CommitTableRegion, Store
from sim.omid.variant import build_roles
from sim.omid.variants import VARIANTS
from sim.omid.workload import Workload
from sim.workload.types import TransactionTrace

POINTS: Final[dict[str, tuple[str, ...]]] = {
    "tm": (
        "lease.acquired",
        "epoch.allocated",
        "commit.accepted",
        "flush.checked",
        "flush.durable",
        "reply.released",
    ),
    "client": (
        "begin.done",
        "get.tentative",
        "get.absent",
        "get.undecided",
        "get.invalidated",
        "commit.ready",
        "commit.certified",
        "commit.locked",
        "fast.read",
        "commit.acknowledged",
        "complete.fields",
    ),
    "region": ("get.tentative", "get.undecided", "get.invalidated", "collect.dropping"),
    "cleaner": ("get.tentative", "get.undecided", "get.invalidated"),
}
"""Where a fault can stop a node, by the first part of the node's name."""


def points_of(node: str) -> tuple[str, ...]:
    """Return the points that a node passes, by the first part of its name."""
    return POINTS.get(node.partition(".")[0], ())


def node_names(topology: Topology, *, background: bool = False) -> tuple[str, ...]:
    """Return the names of all nodes of a deployment, in node-number order."""
    return (
        "coordinator",
        *(f"tm.{number + 1}" for number in range(topology.managers)),
        *(f"region.{number}" for number in range(topology.regions)),
        *(f"ct.{number}" for number in range(topology.commit_table_regions)),
        "cleaner",
        *(f"client.{number}" for number in range(topology.clients)),
        *(("background",) if background else ()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkModel:
    """Latency of every link, with overrides for some."""

    latency: Distribution
    links: tuple[LinkModel, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Everything that decides a run."""

    seed: int
    workload: TransactionTrace
    network: NetworkModel
    variant: str = "omid"
    mutant: str | None = None
    settings: Settings = field(default_factory=Settings)
    topology: Topology = field(default_factory=Topology)
    background: BackgroundLoad | None = None
    faults: tuple[Fault, ...] = ()
    think_ns: int = 0
    duration_ns: int | None = None
    settle_ns: int = 0
    tracing: bool = False
    counting: bool = False
    """Count the messages of a run that is not traced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run leaves: both views of it, its trace, its counts, its final state."""

    history: History
    oracle: OracleLog
    reasons: npt.NDArray[np.int8]
    """The `AbortReason` of every transaction of the history as its client knows it, else 0."""
    trace: Trace | None
    messages: Mapping[tuple[str, str], int] | None
    """Messages by sender and receiver, where they were counted."""
    fault_windows: tuple[FaultWindow, ...]
    metrics: dict[str, int]
    final_state: dict[str, Any]
    simulated_ns: int
    events: int
    limit: str
    """Empty when all sessions ended; else "time" or "events"."""


class World:
    """A deployment and its simulated time."""

    def __init__(self, setup: Setup) -> None:
        if setup.workload.clients > setup.topology.clients:
            raise ValueError(
                f"the workload has {setup.workload.clients} clients,"
                f" the topology {setup.topology.clients}"
            )
        self.setup = setup
        self.roles = self._roles()
        self.trace = Trace() if setup.tracing else None
        self.census = Census() if setup.counting and not setup.tracing else None
        recorder = self.census if self.trace is None else self.trace
        self.kernel = Kernel(Streams(setup.seed), recorder)
        self.network = Network(self.kernel, setup.network.latency, setup.network.links)
        self.oracle = OracleBuilder()
        self.node_names = node_names(setup.topology, background=setup.background is not None)
        self._number = {name: number for number, name in enumerate(self.node_names)}
        self.workload = Workload(
            setup.workload,
            sessions=setup.topology.clients,
            think_ns=setup.think_ns,
            on_rest=self._on_rest,
        )
        self._limit = ""
        self._build()
        self._arm()
        starting: tuple[Any, ...] = (
            *self.regions,
            self.managers[0],
            self.cleaner,
            *self.clients,
            *self.background,
        )
        for node in starting:
            node.start()
        for backup in self.managers[1:]:
            backup.timer(self.setup.settings.backup_start_ns, _start, backup)

    def _roles(self) -> dict[str, type[Any]]:
        mutant = MUTANTS[self.setup.mutant] if self.setup.mutant else None
        return build_roles(VARIANTS[self.setup.variant], mutant.mixins if mutant else {})

    def _build(self) -> None:
        setup, kernel, oracle, roles = self.setup, self.kernel, self.oracle, self.roles
        settings, topology, number = setup.settings, setup.topology, self._number
        self.coordinator: Coordinator = roles["coordinator"](kernel, "coordinator", settings)
        self.regions: list[CompactingRegion] = [
            roles["region"](kernel, name, number[name], oracle, settings)
            for name in (f"region.{n}" for n in range(topology.regions))
        ]
        self.tables: list[CommitTableRegion] = [
            roles["commit_table"](kernel, name, number[name], oracle, settings)
            for name in (f"ct.{n}" for n in range(topology.commit_table_regions))
        ]
        self.store: Store = roles["store"](self.regions, self.tables, settings.store_timeout_ns)
        for region in self.regions:
            region.store = self.store
        shared = {
            "oracle": oracle,
            "settings": settings,
            "store": self.store,
            "coordinator": self.coordinator,
        }
        self.managers: list[Manager] = [
            roles["manager"](kernel, name, number=number[name], on_halt=self._on_halt, **shared)
            for name in (f"tm.{n + 1}" for n in range(topology.managers))
        ]
        self.cleaner: Cleaner = roles["cleaner"](
            kernel, "cleaner", settings=settings, store=self.store
        )
        managers = {manager.name: manager for manager in self.managers}
        for region in self.regions:
            region.coordinator = self.coordinator
            region.managers = managers
        self.clients: list[Client] = [
            roles["client"](
                kernel,
                f"client.{session}",
                number=number[f"client.{session}"],
                session=session,
                managers=managers,
                workload=self.workload,
                **shared,
            )
            for session in range(topology.clients)
        ]

        self.background = [
            Background(
                kernel,
                "background",
                load=load,
                settings=settings,
                coordinator=self.coordinator,
                managers=managers,
            )
            for load in (setup.background,)
            if load is not None
        ]

    def _arm(self) -> None:
        self.timeline = FaultTimeline().arm(
            self.kernel,
            self.network,
            self.setup.faults,
            handlers=self.fault_handlers(),
        )

    def fault_handlers(self) -> dict[str, Callable[[str], Any]]:
        """Return who sees to the faults that the kernel only announces, by their kind."""
        return {"session_expiry": self.coordinator.expire, "compaction": self._compact}

    def _compact(self, name: str) -> None:
        """Let a region compact; other nodes have nothing to compact."""
        for region in self.regions:
            if region.name == name:
                region.compact_soon()

    def _on_halt(self, manager: Manager) -> None:
        """Let a halted manager come back as a backup, as a supervisor would."""
        self.kernel.post(self.setup.settings.restart_ns, self.kernel.world, self._restart, manager)

    def _restart(self, manager: Manager) -> None:
        manager.restart()

    def _on_rest(self) -> None:
        """End the run when no session has work that its client will ever do.

        Those who work in the background have the settling time for a last look around.
        """
        # A crash is entered in the timeline after the client has noticed it.
        self.kernel.post(0, self.kernel.world, self._end_if_done, None)

    def _end_if_done(self, _: object) -> None:
        left = [self.clients[session] for session in self.workload.working()]
        if all(self.timeline.gone(client.name) for client in left):
            self.kernel.post(self.setup.settle_ns, self.kernel.world, self._stop, None)

    def _stop(self, _: object) -> None:
        self.kernel.stop()

    @property
    def now(self) -> int:
        """The true simulated time in nanoseconds."""
        return self.kernel.now

    def progress(self) -> tuple[int, int]:
        """Return how many transactions have ended, of how many."""
        return self.workload.ended, self.setup.workload.transactions

    def run(self, until_ns: int | None = None, events_max: int | None = None) -> str:
        """Let time pass; return "" when the run is over, else "time" or "events".

        Call it again to go on. A run is over when every session has done its transactions, or
        at the duration of its setup.
        """
        end_ns = self.setup.duration_ns
        target_ns = min((ns for ns in (end_ns, until_ns) if ns is not None), default=None)
        left = None if events_max is None else max(0, events_max - self.kernel.events)
        why = self.kernel.run_until(target_ns, events_max=left)
        if why in {"stopped", "idle"} or (why == "time" and self.kernel.now == end_ns):
            self._limit = "" if why == "stopped" else "time"
            return ""
        self._limit = why
        return why

    def outcome(self) -> Outcome:
        """Return everything recorded; transactions under way end unknown."""
        self.workload.abandon_all()
        clients = self.setup.topology.clients
        history = self.workload.history.build(
            session_names=tuple(f"client.{session}" for session in range(clients)),
            initial_value=self.workload.initial_value,
            conserved=self.setup.workload.conserved,
        )
        oracle = self.oracle.build(node_names=self.node_names)
        return Outcome(
            history=history,
            oracle=oracle,
            reasons=self.workload.reason_rows(),
            trace=self.trace,
            messages=None if self.census is None else self.census.messages,
            fault_windows=tuple(self.timeline.windows),
            metrics=measure(self, history, oracle),
            final_state=final_state(self),
            simulated_ns=self.kernel.now,
            events=self.kernel.events,
            limit=self._limit,
        )


def _start(manager: Manager) -> None:
    manager.start()
