from dataclasses import replace

import numpy as np
from hypothesis import given

from sim.history import Conserved
from sim.workload.fingerprint import fingerprint
from tests.workload.conftest import traces, two_transfers


def test_names_sources_and_notes_do_not_change_a_fingerprint():
    trace = two_transfers()
    other = replace(trace, name="other", source="elsewhere", notes=())
    assert fingerprint(other) == fingerprint(trace)


def test_everything_that_a_simulator_reads_changes_a_fingerprint():
    trace = two_transfers()
    changes = (
        {"client": np.array([0, 0], dtype=np.int32)},
        {"first": np.array([0, 1, 3])},
        {"kind": np.array([0, 2, 0], dtype=np.int8)},
        {"key": np.array([3, 5, 9])},
        {"amount": np.array([0, -2, 0])},
        {"arrival_ns": np.array([10, 21])},
        {"arrival_ns": None},
        {"rollback": None},
        {"fence": np.array([True, False])},
        {"initial_value": 99},
        {"conserved": Conserved(keys=1, total=2)},
    )
    prints = [fingerprint(replace(trace, **change)) for change in changes]
    assert len({fingerprint(trace), *prints}) == len(changes) + 1


def test_rolling_nothing_back_is_the_same_as_saying_nothing():
    trace = replace(two_transfers(), rollback=None)
    explicit = replace(trace, rollback=np.zeros(2, dtype=np.bool_))
    assert fingerprint(explicit) == fingerprint(trace)


def test_no_fence_is_the_same_as_saying_nothing():
    trace = two_transfers()
    explicit = replace(trace, fence=np.zeros(2, dtype=np.bool_))
    assert fingerprint(explicit) == fingerprint(trace)


@given(traces())
def test_a_fingerprint_is_64_hexadecimal_digits_and_stays_the_same(trace):
    assert len(bytes.fromhex(fingerprint(trace))) == 32
    assert fingerprint(trace) == fingerprint(trace)
