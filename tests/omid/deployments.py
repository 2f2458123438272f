"""Small Omid deployments for tests: a workload by hand, a quiet network, short leases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.kernel.distributions import Constant, LogNormal
from sim.kernel.faults import Fault
from sim.omid.settings import MS, US, S, Settings, Topology
from sim.omid.world import NetworkModel, Outcome, Setup, World
from sim.workload.types import Access, TraceBuilder, TransactionTrace

R, W, ADD, DELETE = Access.READ, Access.WRITE, Access.ADD, Access.DELETE

QUIET = NetworkModel(latency=Constant(ns=100 * US))
NOISY = NetworkModel(latency=LogNormal(median_ns=250 * US, sigma_ppm=500_000))


def workload(*clients: Sequence[Sequence[tuple[int, int]]], **more: Any) -> TransactionTrace:
    """Build a trace: one argument a client, each a list of transactions of (access, key)."""
    builder = TraceBuilder()
    for number, transactions in enumerate(clients):
        for operations in transactions:
            builder.add(number, [(access, key, 1) for access, key in operations])
    return builder.build(name="by hand", source="test", **more)


def setup(
    trace: TransactionTrace,
    *,
    faults: Sequence[Fault] = (),
    seed: int = 1,
    network: NetworkModel = QUIET,
    settings: dict[str, Any] | None = None,
    **more: Any,
) -> Setup:
    """Describe a run with a lease of one second and batches of one millisecond."""
    chosen = {"lease_ns": 1 * S, "batch_timeout_ns": 1 * MS} | (settings or {})
    return Setup(
        seed=seed,
        workload=trace,
        network=network,
        settings=Settings(**chosen),
        topology=Topology(clients=trace.clients),
        faults=tuple(faults),
        duration_ns=120 * S,
        **more,
    )


def run(trace: TransactionTrace, **more: Any) -> Outcome:
    """Run a deployment to its end."""
    world = World(setup(trace, **more))
    assert world.run() == ""
    return world.outcome()
