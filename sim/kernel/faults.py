"""Gather all faults, and the timeline that lets them happen, under one name.

`Fault` is any of them. `sim.kernel.node_faults` and `sim.kernel.link_faults` define them,
`sim.kernel.timeline` makes them happen, `sim.kernel.nemesis` draws them by chance.
"""

from sim.kernel.link_faults import Delay, Duplicate, LinkFault, Loss, Partition, Reorder
from sim.kernel.node_faults import (
    ClockDrift,
    ClockStep,
    Compaction,
    Crash,
    Hold,
    NodeFault,
    Pause,
    SessionExpiry,
    Slow,
)
from sim.kernel.timeline import Fault, FaultTimeline, FaultWindow, UnhandledFault, UnknownNode

__all__ = [
    "KINDS",
    "ClockDrift",
    "ClockStep",
    "Compaction",
    "Crash",
    "Delay",
    "Duplicate",
    "Fault",
    "FaultTimeline",
    "FaultWindow",
    "Hold",
    "LinkFault",
    "Loss",
    "NodeFault",
    "Partition",
    "Pause",
    "Reorder",
    "SessionExpiry",
    "Slow",
    "UnhandledFault",
    "UnknownNode",
]

KINDS: dict[str, type[Fault]] = {
    fault.kind: fault
    for fault in (
        Crash,
        Pause,
        Hold,
        Slow,
        ClockStep,
        ClockDrift,
        SessionExpiry,
        Compaction,
        Partition,
        Loss,
        Duplicate,
        Reorder,
        Delay,
    )
}
"""Every fault by its kind."""
