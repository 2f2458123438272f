"""Scripts wait for replies, sleeps, points and wake-ups, and end with their node."""

import gc

import pytest

from sim.kernel.faults import Partition
from sim.kernel.rpc import Call, Gather, NoReply, Reach, Sleep, Wait
from tests.kernel.worlds import HOP, MS, US, World


def run(world, script, **options):
    return world["a"].run(script, **options)


def test_script_gets_replies_as_values_and_its_result_is_kept():
    world = World()
    a, b = world["a"], world["b"]

    def script():
        first = yield Call(b, b.on_echo, 1)
        second = yield Call(b, b.on_echo, first + 1)
        yield Sleep(MS)
        return first + second

    running = run(world, script(), on_done=a.on_note)
    world.run()
    assert (running.done, running.value) == (True, 3)
    assert a.log == [(4 * HOP + MS, 3)]


def test_script_hears_of_a_time_out_as_an_exception():
    world = World()
    b = world["b"]

    def script():
        try:
            yield Call(b, b.on_mute, None, MS)
        except NoReply as silence:
            return str(silence), world.kernel.now

    running = run(world, script())
    world.run()
    assert running.value == ("no reply from b within 1000000 ns", MS)


def test_exceptions_of_scripts_are_not_lost():
    world = World()
    b = world["b"]

    def script():
        yield Call(b, b.on_echo)
        raise LookupError("a bug")

    run(world, script())
    with pytest.raises(LookupError, match="a bug"):
        world.run()


def test_gather_returns_replies_in_the_order_of_the_calls():
    world = World()
    b = world["b"]

    def script():
        slow, quick = Call(b, b.on_work, 5 * MS), Call(b, b.on_echo, "quick")
        replies = yield Gather((slow, quick))
        nothing = yield Gather(())
        return replies, nothing, world.kernel.now

    running = run(world, script())
    world.run()
    assert running.value == (["done", "quick"], [], 2 * HOP + 5 * MS)


def test_gather_raises_once_when_calls_time_out():
    world = World()
    b = world["b"]
    silences = []

    def script():
        try:
            yield Gather([Call(b, b.on_mute, n, MS) for n in range(3)])
        except NoReply as silence:
            silences.append(silence.call.body)
        yield Sleep(10 * MS)
        return "alive"

    running = run(world, script())
    world.run()
    assert silences == [0]
    assert running.value == "alive"


def test_gather_retries_the_calls_that_ask_for_it():
    cut = Partition(sources=("a",), targets=("b",), start_ns=0, length_ns=5 * MS)
    world = World(("a", "b", "c"), faults=[cut])
    b, c = world["b"], world["c"]

    def script():
        yield Sleep(US)
        return (yield Gather([Call(b, b.on_echo, 1, MS, True), Call(c, c.on_echo, 2, MS)]))

    running = run(world, script())
    world.run()
    assert running.value == [1, 2]
    assert (b.asked, c.asked) == ([6], [1])


def test_crash_closes_scripts():
    world = World()
    a, b = world["a"], world["b"]
    closed = []

    def script(request):
        try:
            yield request
        finally:
            closed.append(type(request).__name__)

    requests = [Call(b, b.on_echo), Sleep(MS), Wait(), Gather([Call(b, b.on_echo)])]
    scripts = [run(world, script(request)) for request in requests]
    a.crash()
    a.restart()
    assert closed == ["Call", "Sleep", "Wait", "Gather"]
    assert all(script.done for script in scripts)
    world.run()


def test_interrupt_raises_in_the_script_and_forgets_what_it_waited_for():
    world = World()
    b = world["b"]
    slow = [Call(b, b.on_work, MS), Sleep(MS), Wait(), Gather([Call(b, b.on_work, MS)])]

    def script(request):
        try:
            yield request
        except InterruptedError:
            got = yield Call(b, b.on_work, 5 * MS)
            return got, world.kernel.now

    for request in slow:
        begin_ns = world.kernel.now
        running = run(world, script(request))
        world.run(begin_ns + 10 * US)
        running.interrupt(InterruptedError())
        assert running.wake() is False
        world.run()
        assert running.value == ("done", begin_ns + 10 * US + 2 * HOP + 5 * MS)


def test_wake_resumes_a_waiting_script_and_only_that():
    world = World()
    b = world["b"]

    def script():
        value = yield Wait()
        yield Call(b, b.on_echo)
        return value

    running = run(world, script())
    assert running.wake("good morning") is True
    assert running.wake("again") is False
    world.run()
    assert running.value == "good morning"


def test_script_that_never_waits_is_done_at_once():
    world = World()

    def script():
        return 7
        yield

    done = []
    running = run(world, script(), on_done=done.append)
    assert (running.done, done) == (True, [7])


def test_ten_thousand_points_in_a_row_do_not_nest():
    world = World()

    def script():
        for _ in range(10_000):
            yield Reach("p")
        return "through"

    assert run(world, script()).value == "through"


def test_finished_scripts_and_calls_leave_nothing_for_the_collector():
    world = World()
    b = world["b"]

    def script():
        yield Call(b, b.on_echo, 1, MS)
        yield Gather([Call(b, b.on_echo, n, MS, True) for n in range(3)])
        try:
            yield Gather([Call(b, b.on_mute, n, MS) for n in range(3)])
        except NoReply:
            yield Sleep(MS)

    gc.collect()
    gc.disable()
    try:
        for _ in range(50):
            run(world, script())
        world.run()
        assert gc.collect() == 0
    finally:
        gc.enable()
