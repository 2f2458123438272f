"""The event loop orders entries by time and then by their making, beside ordinary SimPy events."""

import pytest
import simpy

from sim.kernel.core import Kernel
from sim.kernel.streams import Streams


@pytest.fixture
def kernel():
    return Kernel(Streams(1))


def post(kernel, delay_ns, handler, argument=None):
    kernel.post(delay_ns, kernel.world, handler, argument)


def test_entries_of_one_instant_run_in_the_order_of_their_making(kernel):
    seen = []
    for number in range(50):
        post(kernel, 10 if number % 2 else 5, seen.append, number)
    kernel.run_until()
    assert seen == [*range(0, 50, 2), *range(1, 50, 2)]


def test_nothing_to_do_is_idle(kernel):
    assert kernel.run_until() == "idle"
    assert kernel.now == 0
    assert kernel.run_until(100) == "idle"
    assert kernel.now == 100
    assert kernel.events == 0


def test_time_ends_after_the_entries_of_its_instant(kernel):
    seen = []
    for at_ns in (9, 10, 11):
        post(kernel, at_ns, seen.append, at_ns)
    post(kernel, 10, lambda _: post(kernel, 0, seen.append, "made at 10"))
    assert kernel.run_until(10) == "time"
    assert seen == [9, 10, "made at 10"]
    assert kernel.now == 10
    assert kernel.run_until() == "idle"
    assert seen[-1] == 11


def test_slices_of_time_are_the_same_run(kernel):
    def run(slices):
        kernel, seen = Kernel(Streams(1)), []

        def tick(n):
            seen.append((kernel.now, n))
            if n < 30:
                post(kernel, 7, tick, n + 1)

        post(kernel, 1, tick, 0)
        for until_ns in slices:
            kernel.run_until(until_ns)
        return seen, kernel.events

    assert run([None]) == run([*range(10, 400, 10), None])


def test_stop_ends_after_the_present_entry(kernel):
    seen = []

    def stop(_):
        kernel.stop()
        kernel.stop()
        seen.append("stopping")

    post(kernel, 5, stop)
    post(kernel, 5, seen.append, "later")
    assert kernel.run_until(100) == "stopped"
    assert seen == ["stopping"]
    assert kernel.now == 5
    assert kernel.run_until(100) == "idle"
    assert kernel.now == 100
    assert seen == ["stopping", "later"]


def test_events_are_counted_and_bounded(kernel):
    for at_ns in range(10):
        post(kernel, at_ns, lambda _: None)
    assert kernel.events == 0
    assert kernel.run_until(events_max=4) == "events"
    assert kernel.events == kernel.events == 4
    assert kernel.run_until(6, events_max=100) == "time"
    assert kernel.events == 7
    assert kernel.run_until() == "idle"
    assert kernel.events == 10


def test_stop_at_the_last_allowed_entry_counts_as_stopped(kernel):
    post(kernel, 1, lambda _: kernel.stop())
    post(kernel, 2, lambda _: None)
    assert kernel.run_until(events_max=1) == "stopped"
    assert kernel.run_until(events_max=1) == "idle"
    assert kernel.events == 2


def test_exceptions_of_handlers_leave_the_loop_and_the_world_goes_on(kernel):
    def fail(_):
        raise IndexError("a bug")

    seen = []
    post(kernel, 1, fail)
    post(kernel, 2, seen.append, "after")
    with pytest.raises(IndexError, match="a bug"):
        kernel.run_until(50)
    assert kernel.run_until() == "idle"
    assert seen == ["after"]
    assert kernel.events == 2


def test_simpy_processes_run_beside_direct_calls(kernel):
    seen = []

    def process(env):
        for _ in range(3):
            yield env.timeout(10)
            seen.append(("process", env.now))
        return "result"

    def parent(env):
        value = yield env.process(process(env))
        seen.append((value, env.now))

    kernel.process(parent(kernel))
    for at_ns in (5, 10, 15):
        post(kernel, at_ns, lambda _: seen.append(("call", kernel.now)))
    assert kernel.run_until() == "idle"
    assert seen == [
        ("call", 5),
        ("call", 10),
        ("process", 10),
        ("call", 15),
        ("process", 20),
        ("process", 30),
        ("result", 30),
    ]


def test_simpy_resources_conditions_and_interrupts_work(kernel):
    seen = []

    def user(env, resource, name):
        with resource.request() as request:
            granted = yield request | env.timeout(15)
            seen.append((env.now, name, request in granted))
            if request in granted:
                yield env.timeout(20)

    def sleeper(env):
        try:
            yield env.timeout(1_000)
        except simpy.Interrupt as interrupt:
            seen.append((env.now, interrupt.cause))

    resource = simpy.Resource(kernel, capacity=1)
    for name in "ab":
        kernel.process(user(kernel, resource, name))
    asleep = kernel.process(sleeper(kernel))
    post(kernel, 7, lambda _: asleep.interrupt("wake up"))
    kernel.run_until(100)
    assert seen == [(0, "a", True), (7, "wake up"), (15, "b", False)]


def test_own_run_of_simpy_works_too(kernel):
    seen = []

    def process(env):
        yield env.timeout(10)
        return "value"

    post(kernel, 3, seen.append, "call")
    assert kernel.run(until=kernel.process(process(kernel))) == "value"
    assert seen == ["call"]
    kernel.run(until=50)
    assert kernel.now == 50


def test_failures_of_simpy_processes_are_not_lost(kernel):
    def process(env):
        yield env.timeout(1)
        raise KeyError("a bug")

    kernel.process(process(kernel))
    with pytest.raises(KeyError, match="a bug"):
        kernel.run_until()


def test_time_is_an_integer(kernel):
    with pytest.raises(TypeError, match=r"an integer number of nanoseconds, not 0\.5"):
        kernel.timeout(0.5)


def test_the_past_is_closed(kernel):
    post(kernel, 10, lambda _: None)
    kernel.run_until()
    with pytest.raises(AssertionError, match="an entry in the past"):
        post(kernel, -1, lambda _: None)
