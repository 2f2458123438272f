"""Exits of virtual machines: what a hypervisor recorded, event by event.

An `ExitTrace` is what cost models of a hypervisor run on; formats turn the same events into the
requests of a workload trace (`sim.workload.formats.xen`, `sim.workload.formats.kvm`).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from sim.workload.types import Integers, TraceError

UNKNOWN: Final = -1
"""A CPU, domain or virtual CPU that a recording does not tell."""


class ExitEvent(NamedTuple):
    """One event: when, on which CPU, under which virtual CPU of which domain, and what.

    `address` is what the event is about, where it is about one: a guest-physical address, a
    port, an instruction pointer, the number of a call or of an interrupt.
    """

    time_ns: int
    cpu: int
    domain: int
    vcpu: int
    kind: str
    address: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitTrace:
    """Events in order of time, columnar; `kinds[kind[i]]` is what event `i` is."""

    name: str
    source: str
    time_ns: Integers
    cpu: npt.NDArray[np.int32]
    domain: Integers
    vcpu: Integers
    kind: npt.NDArray[np.int32]
    address: npt.NDArray[np.uint64]
    kinds: tuple[str, ...]
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Refuse columns that do not fit together."""
        columns = (self.cpu, self.domain, self.vcpu, self.kind, self.address)
        if any(len(column) != len(self.time_ns) for column in columns):
            raise TraceError("columns of exit events differ in length")
        if len(self.time_ns) and np.any(np.diff(self.time_ns) < 0):
            raise TraceError("exit events are not in order of time")
        if len(self.kind) and not 0 <= self.kind.min() <= self.kind.max() < len(self.kinds):
            raise TraceError("an exit event is of no known kind")

    @property
    def events(self) -> int:
        """Count the events."""
        return len(self.time_ns)

    def of_kind(self, kind: str) -> Integers:
        """Return the rows of one kind, in order of time."""
        if kind not in self.kinds:
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(self.kind == self.kinds.index(kind))


def exit_trace(
    events: Iterable[ExitEvent], *, name: str, source: str, notes: tuple[str, ...] = ()
) -> ExitTrace:
    """Return the trace of events that come in order of time."""
    time_ns, address = array("q"), array("Q")
    cpu, domain, vcpu, kind = array("i"), array("q"), array("q"), array("i")
    kinds: dict[str, int] = {}
    for event in events:
        time_ns.append(event.time_ns)
        cpu.append(event.cpu)
        domain.append(event.domain)
        vcpu.append(event.vcpu)
        kind.append(kinds.setdefault(event.kind, len(kinds)))
        address.append(event.address)
    return ExitTrace(
        name=name,
        source=source,
        time_ns=np.array(time_ns, dtype=np.int64),
        cpu=np.array(cpu, dtype=np.int32),
        domain=np.array(domain, dtype=np.int64),
        vcpu=np.array(vcpu, dtype=np.int64),
        kind=np.array(kind, dtype=np.int32),
        address=np.array(address, dtype=np.uint64),
        kinds=tuple(kinds),
        notes=notes,
    )
