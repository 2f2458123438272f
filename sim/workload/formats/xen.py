"""Events of a Xen host: the binary that `xentrace` writes, and the same decoded as npz.

A record of the binary is a word (28 bits of event, 3 of how many words follow, 1 for a time
stamp), the time stamp, and the words. Buffers of the CPUs alternate, each behind a record that
names its CPU; a record without a time stamp has that of its CPU's last one. Events are sorted by
time, so their columns are held in memory, 45 bytes an event. The npz has the columns tsc, cpu,
event, n_extra and extra, sorted already. Numbers are those of Xen's public/trace.h.

Which virtual CPU an event belongs to follows from the last switch of the scheduler on its CPU.
Of transactions: what happens under one virtual CPU from a VM exit to its next VM entry is one.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import numpy as np

from sim.workload.exits import UNKNOWN, ExitEvent
from sim.workload.formats.request import Format, Request
from sim.workload.readers.columns import Columns
from sim.workload.readers.errors import TraceFileError
from sim.workload.types import Access

EXIT_REASONS: Final = {
    0: "exception",
    1: "external_interrupt",
    7: "interrupt_window",
    10: "cpuid",
    12: "hlt",
    18: "vmcall",
    28: "cr_access",
    30: "io_instruction",
    31: "msr_read",
    32: "msr_write",
    40: "pause_instruction",
    44: "apic_access",
    45: "eoi_induced",
    48: "ept_violation",
    49: "ept_misconfig",
    52: "preemption_timer",
}
"""Names of the basic exit reasons of VMX (Intel SDM, volume 3, appendix C)."""

ENTRY: Final = "entry"
HANDLERS: Final = {
    0x82004: "inject",
    0x8200E: "cpuid",
    0x8200F: "interrupt",
    0x82012: "hypercall",
    0x82013: "hlt",
    0x82016: "port_read",
    0x82020: "interrupt_window",
    0x82021: "page_fault",
    0x82216: "port_write",
}
"""What the hypervisor does between an exit and an entry."""
_WRITING: Final = frozenset({"inject", "hypercall", "page_fault", "port_write"})

CYCLES_A_US: Final = 2_400
"""The recording does not tell its clock; this is a usual one."""

_SWITCH, _VM_ENTRY, _VM_EXIT = 0x2800A, 0x81001, 0x81102
_CPU_CHANGE: Final = 0x1F003
_EXTRA_MAX: Final = 7
_CPUS_MAX: Final = 4096
_CUT: Final = "the file was cut short or is no xentrace recording"


class _Record(NamedTuple):
    tsc: int
    cpu: int
    event: int
    extra: tuple[int, ...]


def binary_events(file: BinaryIO, path: Path) -> Iterator[ExitEvent]:
    """Yield the events of a binary recording in order of time."""
    return _events(_sorted(file, path))


def npz_events(_: BinaryIO, path: Path) -> Iterator[ExitEvent]:
    """Yield the events of decoded columns."""
    return _events(_decoded(path))


def _sorted(file: BinaryIO, path: Path) -> Iterator[_Record]:
    """Yield the records of a binary by time, those of one instant in the order of the file."""
    tsc, cpu, event, first, extra = array("Q"), array("H"), array("I"), array("Q"), array("I")
    for record in _records(file, path):
        tsc.append(record.tsc)
        cpu.append(record.cpu)
        event.append(record.event)
        first.append(len(extra))
        extra.extend(record.extra)
    first.append(len(extra))
    for row in np.argsort(np.array(tsc, dtype=np.uint64), kind="stable").tolist():
        words = tuple(extra[first[row] : first[row + 1]])
        yield _Record(tsc[row], cpu[row], event[row], words)


def _records(file: BinaryIO, path: Path) -> Iterator[_Record]:
    """Yield the records of a binary in the order of the file."""
    place, cpu, last = 0, None, dict[int, int]()

    def words(count: int) -> tuple[int, ...]:
        nonlocal place
        raw = file.read(4 * count)
        if len(raw) != 4 * count:
            raise TraceFileError(path, f"a record breaks off at byte {place + len(raw)}", _CUT)
        place += len(raw)
        return struct.unpack(f"<{count}I", raw)

    while raw := file.read(4):
        if len(raw) != 4:
            raise TraceFileError(path, f"a record breaks off at byte {place + len(raw)}", _CUT)
        (head,) = struct.unpack("<I", raw)
        place += 4
        stamp = words(2) if head >> 31 else ()
        event, extra = head & 0x0FFFFFFF, words(head >> 28 & _EXTRA_MAX)
        if event == _CPU_CHANGE:
            if not extra or extra[0] >= _CPUS_MAX:
                found = f"a CPU change before byte {place} names no CPU below {_CPUS_MAX}"
                raise TraceFileError(path, found, _CUT)
            cpu = extra[0]
            continue
        if cpu is None:
            found = f"the first record is event {event:#x}, not a CPU change ({_CPU_CHANGE:#x})"
            raise TraceFileError(path, found, _CUT)
        if stamp:
            last[cpu] = stamp[0] | stamp[1] << 32
        yield _Record(last.get(cpu, 0), cpu, event, extra)


def _decoded(path: Path) -> Iterator[_Record]:
    with Columns(path) as columns:
        columns.expect(("tsc", "cpu", "event", "n_extra", "extra"))
        tsc = columns.integers("tsc", low=0)
        cpu = columns.integers("cpu", low=0, high=_CPUS_MAX)
        event = columns.integers("event", low=0)
        used = columns.integers("n_extra", low=0, high=_EXTRA_MAX)
        extra = columns.within("extra", columns.array("extra"), low=0, high=(1 << 32) - 1)
    if extra.shape != (len(tsc), _EXTRA_MAX):
        mend = f"expected {len(tsc)} rows of {_EXTRA_MAX} words"
        raise TraceFileError(path, f"shape {extra.shape}", mend, column="extra")
    for name, column in (("cpu", cpu), ("event", event), ("n_extra", used)):
        if len(column) != len(tsc):
            mend = f"column tsc has {len(tsc)}"
            raise TraceFileError(path, f"{len(column)} rows", mend, column=name)
    if len(tsc) and np.any(np.diff(tsc) < 0):
        raise TraceFileError(path, "times go back", "events stand in order of time", column="tsc")
    for row in range(len(tsc)):
        words = tuple(extra[row, : used[row]].tolist())
        yield _Record(int(tsc[row]), int(cpu[row]), int(event[row]), words)


def _events(records: Iterator[_Record]) -> Iterator[ExitEvent]:
    running: dict[int, tuple[int, int]] = {}
    start = None
    for record in records:
        start = record.tsc if start is None else start
        if record.event == _SWITCH and len(record.extra) >= 4:
            running[record.cpu] = (record.extra[2], record.extra[3])
        domain, vcpu = running.get(record.cpu, (UNKNOWN, UNKNOWN))
        kind, address = _meaning(record)
        time_ns = (record.tsc - start) * 1000 // CYCLES_A_US
        yield ExitEvent(time_ns, record.cpu, domain, vcpu, kind, address)


def _meaning(record: _Record) -> tuple[str, int]:
    """Return the kind of a record, and what it is about."""
    event, extra = record.event, (*record.extra, 0, 0, 0)
    if event == _VM_EXIT:
        reason = extra[0] & 0xFFFF
        return f"exit.{EXIT_REASONS.get(reason, reason)}", extra[1] | extra[2] << 32
    if event == _VM_ENTRY:
        return ENTRY, 0
    if event == _SWITCH:
        return "switch", 0
    if event in HANDLERS:
        high = extra[1] << 32 if HANDLERS[event] == "page_fault" else 0
        return HANDLERS[event], extra[0] | high
    return f"{event:#x}", 0


def requests_of(events: Iterator[ExitEvent]) -> Iterator[Request]:
    """Turn events into requests: an exit, what is done about it, and the entry that ends it."""
    handling: dict[tuple[int, int], bool] = {}
    for event in events:
        client = (event.domain, event.vcpu)
        if event.kind.startswith("exit."):
            handling[client] = True
            yield Request(event.kind, Access.READ, client, event.time_ns)
        elif not handling.get(client):
            continue
        elif event.kind == ENTRY:
            handling[client] = False
            yield Request(("vcpu", *client), Access.WRITE, client, event.time_ns, ends=True)
        elif event.kind in HANDLERS.values():
            about = event.address >> 12 if event.kind == "page_fault" else event.address
            access = Access.WRITE if event.kind in _WRITING else Access.READ
            yield Request((event.kind, about), access, client, event.time_ns)


def _binary_requests(file: BinaryIO, path: Path) -> Iterator[Request]:
    return requests_of(binary_events(file, path))


def _npz_requests(file: BinaryIO, path: Path) -> Iterator[Request]:
    return requests_of(npz_events(file, path))


def _looks_binary(head: bytes) -> bool:
    return len(head) >= 4 and struct.unpack("<I", head[:4])[0] & 0x0FFFFFFF == _CPU_CHANGE


_WORDS: Final = (
    "what happens under one virtual CPU from a VM exit to its next VM entry is a transaction: "
    "the exit reads its reason; injections, hypercalls, page faults and port writes write what "
    "they are about, other events read it; the entry writes the virtual CPU; a microsecond is "
    f"taken for {CYCLES_A_US:,} cycles"
)

FORMATS: Final = (
    Format(
        name="xentrace",
        summary="events of a Xen host as xentrace wrote them",
        words=_WORDS,
        requests=_binary_requests,
        looks=_looks_binary,
        timed=True,
        clients=True,
        kinds=True,
        bounded=True,
    ),
    Format(
        name="xen_npz",
        summary="events of a Xen host, decoded",
        words=_WORDS,
        requests=_npz_requests,
        looks=lambda head: head.startswith(b"PK") and b"tsc.npy" in head[:64],
        timed=True,
        clients=True,
        kinds=True,
        bounded=True,
    ),
)
"""The formats of this family."""
