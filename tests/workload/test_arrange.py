import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.workload.arrange import clients_in_turn, dense_clients
from sim.workload.types import Access, TraceBuilder
from tests.workload.conftest import two_transfers


def trace_of(clients):
    """A trace in which transaction i reads the keys 10 i, 10 i + 1, ... (i mod 3 of them)."""
    builder = TraceBuilder()
    for row, client in enumerate(clients):
        builder.add(
            client,
            [(Access.READ, 10 * row + place, 0) for place in range(row % 3)],
            arrival_ns=row,
            rollback=row % 2 == 1,
            fence=row % 3 == 1,
        )
    return builder.build(name="t", source="s")


def programs(trace):
    """What each client runs, in order."""
    result = {}
    for row, client in enumerate(trace.client.tolist()):
        keys = trace.key[trace.first[row] : trace.first[row + 1]].tolist()
        rollback = trace.rollback is not None and bool(trace.rollback[row])
        fence = trace.fence is not None and bool(trace.fence[row])
        result.setdefault(client, []).append((keys, int(trace.arrival_ns[row]), rollback, fence))
    return result


def test_clients_in_turn_deals_round_after_round():
    arranged = clients_in_turn(trace_of([0, 0, 0, 1, 2, 2]))
    assert arranged.client.tolist() == [0, 1, 2, 0, 2, 0]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=20))
def test_clients_in_turn_leaves_the_program_of_every_client_as_it_was(clients):
    trace = trace_of(clients)
    arranged = clients_in_turn(trace)
    assert programs(arranged) == programs(trace)
    assert arranged.operations == trace.operations


@given(st.lists(st.sampled_from((0, 3, 10, 2**31 - 1)), min_size=1, max_size=12))
def test_dense_clients_closes_gaps_and_keeps_the_order_of_clients(clients):
    dense = dense_clients(trace_of_sparse(clients))
    numbers = sorted(set(clients))
    assert dense.client.tolist() == [numbers.index(client) for client in clients]
    assert dense.clients == len(numbers)


def trace_of_sparse(clients):
    trace = TraceBuilder()
    for client in clients:
        trace.add(client, [])
    return trace.build(name="t", source="s")


def test_renumbering_is_noted_and_a_dense_trace_is_left_alone():
    trace = two_transfers()
    assert dense_clients(trace) is trace
    note = dense_clients(trace_of_sparse([4, 9])).notes[-1]
    assert note == "clients 4 to 9 are numbered 0 to 1"


def test_the_head_of_a_trace_in_turn_holds_all_its_clients():
    arranged = clients_in_turn(trace_of([0] * 50 + [1] * 50 + [2] * 50))
    assert np.unique(arranged.head(3).client).tolist() == [0, 1, 2]
