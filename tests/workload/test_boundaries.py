"""The rule that makes transactions of requests, and how it is said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.workload.boundaries import Rule, transactions_of
from sim.workload.formats.request import Format, Request
from sim.workload.generate.settings import SettingError
from sim.workload.types import Access

R, W = Access.READ, Access.WRITE


def form(**tells):
    given = {"name": "test", "summary": "a test", "words": "a row is a request"} | tells
    return Format(requests=lambda file, path: iter(()), **given)


def made(requests, rule=None, **tells):
    return transactions_of(requests, form(**tells), rule or Rule(), name="t", source="s")


def operations(trace):
    """Return client and keys of each transaction."""
    bounds = zip(trace.client.tolist(), trace.first[:-1], trace.first[1:], strict=True)
    return [(client, trace.key[begin:end].tolist()) for client, begin, end in bounds]


def test_requests_in_a_row_are_dealt_to_clients_in_turn():
    trace = made([Request(key) for key in "abcabde"], Rule(clients=2, requests=3))
    assert operations(trace) == [(0, [0, 1, 2]), (1, [0, 1, 3]), (0, [4])]


def test_a_recorded_client_keeps_its_requests_and_shares_a_number_modulo_the_clients():
    requests = [Request(key, R, client) for key, client in ["ax", "by", "cx", "dz", "ey"]]
    trace = made(requests, Rule(clients=2, requests=2), clients=True, kinds=True)
    assert operations(trace) == [(0, [0, 2]), (1, [1, 4]), (0, [3])]
    assert "3 recorded clients, numbered from 0 modulo 2" in trace.notes


def test_a_window_of_time_ends_a_transaction():
    requests = [Request(time, R, "x", time) for time in (1, 9, 10, 11)]
    rule = Rule(clients=1, requests=10, window_ns=10)
    trace = made(requests, rule, clients=True, kinds=True, timed=True)
    assert operations(trace) == [(0, [0, 1]), (0, [2, 3])]
    assert "a transaction is at most 10 requests of one client in a row within 10 ns" in trace.notes


def test_arrivals_are_those_recorded_but_faster():
    requests = [Request(time, R, None, time) for time in (50, 50, 80, 99)]
    trace = made(requests, Rule(requests=2, speedup=10), kinds=True, timed=True)
    assert trace.arrival_ns.tolist() == [0, 3]
    assert "transactions arrive as recorded, 10 times faster" in trace.notes


def test_a_recording_that_ends_its_transactions_keeps_them():
    requests = [Request(key, R, ends=key in "cd") for key in "abcde"]
    trace = made(requests, kinds=True, bounded=True)
    assert operations(trace) == [(0, [0, 1, 2]), (0, [3]), (0, [4])]


def test_as_many_requests_write_as_the_rule_says_where_the_recording_does_not():
    trace = made([Request(number) for number in range(40_000)], Rule(writes_ppm=300_000))
    assert abs(np.mean(trace.kind == W) - 0.3) < 0.01
    assert "30 % of the requests write, which ones follows from their number" in trace.notes
    # In no place of a transaction more than in another.
    for place in range(4):
        assert abs(np.mean(trace.kind[place::4] == W) - 0.3) < 0.02


@pytest.mark.parametrize(
    ("rule", "tells", "why"),
    [
        (
            Rule(window_ns=5),
            {},
            "window = '5 ns': expected none for the format test: it has no times",
        ),
        (Rule(speedup=5), {}, "speedup = 5: expected none for the format test: it has no times"),
        (Rule(writes_ppm=5), {"kinds": True}, "it tells reads from writes"),
        (Rule(requests=5), {"bounded": True}, "it has transactions of its own"),
        (Rule(requests=0), {}, "requests = 0: expected 1 to 10,000"),
    ],
)
def test_what_has_no_meaning_for_a_recording_is_refused(rule, tells, why):
    with pytest.raises(SettingError, match="expected") as refusal:
        made([Request(1)], rule, **tells)
    assert why in str(refusal.value)


REQUESTS = st.lists(
    st.builds(
        Request,
        key=st.integers(0, 5),
        kind=st.sampled_from((R, W)),
        client=st.integers(0, 3),
        time_ns=st.integers(0, 50),
        ends=st.just(False),
        amount=st.just(0),
    ),
    max_size=40,
)


@given(REQUESTS, st.integers(1, 5), st.integers(1, 20), st.integers(1, 4))
def test_no_request_is_lost_moved_to_another_client_or_out_of_its_order(
    requests, most, window_ns, clients
):
    rule = Rule(clients=clients, requests=most, window_ns=window_ns)
    trace = made(requests, rule, clients=True, kinds=True, timed=True)
    assert np.diff(trace.first).max(initial=0) <= most
    assert trace.operations == len(requests)
    numbers, keys = {}, {}
    for request in requests:
        numbers.setdefault(request.client, len(numbers))
        keys.setdefault(request.key, len(keys))
    # Recorded clients that share a number mix only whole transactions; alone they keep all order.
    if clients >= len(numbers):
        first_seen = [*dict.fromkeys(trace.client.tolist())]
        assert len(first_seen) == len(numbers)
        got = sorted(flat(trace, client) for client in first_seen)
        asked = sorted(
            [(int(each.kind), keys[each.key]) for each in requests if each.client == client]
            for client in numbers
        )
        assert got == asked


def flat(trace, client):
    owner = np.repeat(trace.client, np.diff(trace.first)) == client
    return list(zip(trace.kind[owner].tolist(), trace.key[owner].tolist(), strict=True))
