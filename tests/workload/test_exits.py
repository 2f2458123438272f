"""Exits of virtual machines come out as events with their time, CPU, domain and kind."""

import struct

import numpy as np
import pytest

from sim.workload.exits import UNKNOWN, ExitEvent, exit_trace
from sim.workload.load import load_exits
from sim.workload.readers.errors import TraceFileError
from sim.workload.types import TraceError
from tests.workload.recordings import KVM, XEN, xen_npz


def rows(trace):
    columns = (trace.time_ns, trace.cpu, trace.domain, trace.vcpu, trace.kind, trace.address)
    table = zip(*(column.tolist() for column in columns), strict=True)
    return [(*row[:4], trace.kinds[row[4]], row[5]) for row in table]


@pytest.mark.parametrize("content", [XEN, xen_npz()], ids=["binary", "npz"])
def test_xen_events_belong_to_the_virtual_cpu_that_was_switched_to(content, saved):
    assert rows(load_exits(saved(content))) == [
        (0, 3, 14, 9, "switch", 0),
        (1, 3, 14, 9, "exit.vmcall", 0xF00000ABC),
        (1, 3, 14, 9, "hypercall", 24),
        (2, 3, 14, 9, "entry", 0),
    ]


def test_buffers_of_several_cpus_are_sorted_by_time(saved):
    change = struct.pack("<2I", 0x1001F003, 4)
    swapped = XEN[:12] + XEN[40:] + change + XEN[12:40]
    trace = load_exits(saved(swapped))
    assert trace.cpu.tolist() == [4, 3, 3, 3]
    assert np.all(np.diff(trace.time_ns) >= 0)


def test_counts_of_kvm_are_spread_evenly_over_their_window(saved):
    other = KVM + b"\n# ./kvmexit.py -p 7 -v 0\nKVM_EXIT_REASON COUNT\n^CHLT 1\n"
    assert rows(load_exits(saved(other))) == [
        (500_000_000, UNKNOWN, 7, 8, "exit.msr_write", 0),
        (1_000_000_000, UNKNOWN, 7, 8, "exit.hlt", 0),
        (1_500_000_000, UNKNOWN, 7, 8, "exit.msr_write", 0),
        (2_500_000_000, UNKNOWN, 7, UNKNOWN, "exit.hlt", 0),
    ]


def test_rows_of_one_kind_are_found(saved):
    trace = load_exits(saved(KVM))
    assert trace.of_kind("exit.msr_write").tolist() == [0, 2]
    assert trace.of_kind("exit.none").tolist() == []


def test_a_file_without_exits_is_refused(saved):
    with pytest.raises(TraceFileError, match="exits are recorded as kvmexit, xentrace, xen_npz"):
        load_exits(saved(b"1\n2\n"))


def test_events_out_of_order_are_refused():
    events = [ExitEvent(5, 0, 1, 0, "entry"), ExitEvent(4, 0, 1, 0, "entry")]
    with pytest.raises(TraceError, match="not in order of time"):
        exit_trace(events, name="t", source="s")
