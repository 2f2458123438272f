"""Queues wait as long as queueing theory says: M/M/1, M/D/1, M/M/c and Little's law."""

import math

import pytest

from sim.kernel.distributions import Constant, Exponential, sample
from sim.kernel.rpc import Sleep
from sim.kernel.station import Station
from sim.kernel.streams import Streams
from tests.kernel.worlds import Peer, World

MEAN = 100_000
RHO_PERCENT = 80
GAP = Exponential(mean_ns=MEAN * 100 // RHO_PERCENT)
CUSTOMERS = 400_000


def mean_wait(service, *, servers=1, gap=GAP, seed=1):
    """Return the mean wait, in mean services, of customers at a station."""
    streams, station = Streams(seed), Station(servers)
    gaps, services = streams.at("gaps"), streams.at("services")
    now_ns = waited_ns = 0
    for _ in range(CUSTOMERS):
        now_ns += sample(gap, gaps)
        service_ns = sample(service, services)
        waited_ns += station.admit(now_ns, service_ns) - service_ns
    return waited_ns / CUSTOMERS / MEAN


def test_mm1_waits_rho_over_one_minus_rho():
    # Wq = rho / (1 - rho) = 4 services; tables end at 9 means, which takes off under 1 %.
    assert mean_wait(Exponential(mean_ns=MEAN)) == pytest.approx(4.0, rel=0.04)


def test_md1_waits_half_as_long():
    assert mean_wait(Constant(MEAN)) == pytest.approx(2.0, rel=0.03)


def test_three_servers_wait_as_erlang_says():
    servers, load = 3, 3 * RHO_PERCENT / 100
    gap = Exponential(mean_ns=MEAN * 100 // RHO_PERCENT // servers)
    last = load**servers / math.factorial(servers) / (1 - load / servers)
    some = sum(load**k / math.factorial(k) for k in range(servers))
    expected = last / (some + last) / (servers - load)
    service = Exponential(mean_ns=MEAN)
    assert mean_wait(service, servers=servers, gap=gap) == pytest.approx(expected, rel=0.05)


def test_station_serves_in_order_and_says_how_long_it_takes():
    station = Station()
    assert [station.admit(now_ns, 10) for now_ns in (0, 5, 8, 100)] == [10, 15, 22, 10]
    assert (station.backlog_ns(105), station.backlog_ns(200)) == (5, 0)
    station.reset()
    assert station.admit(101, 10) == 10


def test_two_servers_work_side_by_side():
    station = Station(2)
    assert [station.admit(0, 10) for _ in range(5)] == [10, 10, 20, 20, 30]
    assert station.backlog_ns(5) == 15
    station.reset()
    assert station.admit(7, 10) == 10


def test_station_without_servers_is_refused():
    with pytest.raises(ValueError, match="a station needs at least one server, not 0"):
        Station(0)


class Server(Peer):
    """Serves through a station, with services drawn from its own stream."""

    def __init__(self, kernel, name, service):
        super().__init__(kernel, name)
        self.station = Station()
        self.service = service
        self.stream = kernel.streams.at("services", name)
        self.inside = 0
        self.inside_ns = 0
        self.changed_ns = 0
        self.waited_ns = 0

    def count(self, change):
        """Integrate the number of customers inside over time."""
        now_ns = self.kernel.now
        self.inside_ns += self.inside * (now_ns - self.changed_ns)
        self.inside, self.changed_ns = self.inside + change, now_ns

    def on_serve(self, call):
        self.count(1)
        service_ns = sample(self.service, self.stream)
        stay_ns = self.station.admit(self.kernel.now, service_ns)
        self.waited_ns += stay_ns - service_ns
        self.timer(stay_ns, self.on_leave)
        call.reply(None, stay_ns)

    def on_leave(self, _):
        self.count(-1)


def through_messages(service, customers=40_000):
    """Let one client send customers over the network, not waiting for them."""
    world = World("c", seed=2, latency=Constant(1_000))
    server = Server(world.kernel, "s", service)
    client, stays = world["c"], []

    def arrivals():
        stream = world.kernel.streams.at("gaps")
        for _ in range(customers):
            yield Sleep(sample(GAP, stream))
            begin_ns = world.kernel.now
            client.call(
                server,
                server.on_serve,
                None,
                lambda _, begin_ns=begin_ns: stays.append(world.kernel.now - begin_ns - 2_000),
            )

    client.run(arrivals())
    world.run()
    assert len(stays) == customers
    return world, server, stays


@pytest.mark.parametrize(
    ("service", "waits"),
    [(Exponential(mean_ns=MEAN), 4.0), (Constant(MEAN), 2.0)],
    ids=["M/M/1", "M/D/1"],
)
def test_real_messages_wait_as_long(service, waits):
    _, server, stays = through_messages(service)
    assert server.waited_ns / len(stays) / MEAN == pytest.approx(waits, rel=0.1)


def test_littles_law_holds_exactly():
    world, server, stays = through_messages(Exponential(mean_ns=MEAN), 10_000)
    server.count(0)
    # L = lambda * W over a busy period is an identity: both sides are the same area.
    assert server.inside_ns == sum(stays)
    assert server.inside == 0
    assert server.inside_ns / world.kernel.now == pytest.approx(4.0, rel=0.25)
