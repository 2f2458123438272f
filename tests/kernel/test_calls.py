"""Calls are answered once, time out lazily, are repeated on demand, and die with their caller."""

import gc

import pytest

from sim.kernel.faults import Duplicate, Partition
from sim.kernel.rpc import Call, Gather, NoReply, Reach, Sleep, Wait
from tests.kernel.worlds import HOP, MS, US, World


def ask(world, handler="on_echo", body="question", **options):
    return world["a"].call(
        world["b"], getattr(world["b"], handler), body, world["a"].on_note, **options
    )


def test_reply_comes_back_after_two_hops_and_the_work():
    world = World()
    ask(world)
    ask(world, "on_work", 5 * US)
    world.run()
    assert world["a"].log == [(2 * HOP, "question"), (2 * HOP + 5 * US, "done")]


def test_call_makes_two_entries_and_no_timer_of_its_own():
    world = World()
    for _ in range(100):
        ask(world, timeout_ns=MS)
        world.run(world.kernel.now + 2 * HOP)
    # One watchdog wakes about once a time-out, whatever the number of calls.
    wakes_max = 100 * 2 * HOP // (MS - 2 * HOP) + 1
    assert 200 < world.kernel.events <= 200 + wakes_max


def test_unanswered_call_times_out_at_its_deadline():
    world = World()
    told = []
    call = ask(
        world,
        "on_mute",
        timeout_ns=3 * MS,
        on_timeout=lambda c: told.append((world.kernel.now, c)),
    )
    world.run()
    assert told == [(3 * MS, call)]
    assert world["a"].log == []


def test_calls_of_one_duration_time_out_each_at_its_own_deadline():
    world = World()
    kernel, told = world.kernel, []

    def begin(handler):
        ask(world, handler, timeout_ns=MS, on_timeout=lambda _: told.append(kernel.now))

    handlers = ["on_mute", "on_echo", "on_mute", "on_echo", "on_echo", "on_mute"]
    for number, handler in enumerate(handlers):
        kernel.post(number * 300 * US, kernel.world, begin, handler)
    world.run()
    assert told == [MS, MS + 600 * US, MS + 1500 * US]
    assert len(world["a"].log) == 3


def test_late_reply_is_ignored():
    world = World()
    told = []
    ask(world, "on_work", 5 * MS, timeout_ns=MS, on_timeout=told.append)
    world.run()
    assert len(told) == 1
    assert world["a"].log == []


def test_first_of_two_replies_wins():
    world = World()

    def twice(call):
        call.reply("first")
        call.reply("second")

    world["a"].call(world["b"], twice, None, world["a"].on_note)
    world.run()
    assert world["a"].seen == ["first"]


def test_duplicate_request_is_served_twice_and_answered_once():
    always = Duplicate(source="a", target="b", start_ns=0, length_ns=MS, ppm=1_000_000)
    world = World(faults=[always])
    world.kernel.post(US, world.kernel.world, lambda _: ask(world), None)
    world.run()
    assert world["b"].asked == [1, 1]
    assert world["a"].seen == ["question"]


def test_retry_sends_again_until_a_reply_comes():
    cut = Partition(sources=("a",), targets=("b",), start_ns=0, length_ns=5 * MS)
    world = World(faults=[cut])
    world.kernel.post(
        US, world.kernel.world, lambda _: ask(world, timeout_ns=2 * MS, retry=True), 0
    )
    world.run()
    assert world["b"].asked == [4]
    assert world["a"].log == [(6 * MS + US + 2 * HOP, "question")]


def test_attempt_in_flight_does_not_change_when_the_call_is_repeated():
    world = World()
    ask(world, "on_work", 1 * MS, timeout_ns=HOP // 2, retry=True)
    world.run()
    assert world["b"].asked[:3] == [1, 2, 3]
    assert world["a"].seen == ["done"]


def test_reply_to_an_earlier_life_is_ignored():
    for exposed in (False, True):
        world = World()
        if exposed:
            world.network.expose(world["b"])
        ask(world)
        world["a"].crash()
        world["a"].restart()
        world.run()
        assert world["b"].asked == [1]
        assert world["a"].log == []


def test_time_outs_die_with_the_caller():
    world = World()
    told = []
    ask(world, "on_mute", timeout_ns=MS, on_timeout=told.append)
    ask(world, "on_mute", timeout_ns=MS, retry=True)
    world["a"].crash()
    world["a"].restart()
    world.run()
    assert told == []
    assert world["b"].asked == [1, 1]


def test_time_outs_are_measured_by_the_local_clock():
    world = World()
    told = []
    world["a"].set_drift(-500_000)
    for _ in range(3):
        ask(world, "on_mute", timeout_ns=MS, on_timeout=lambda _: told.append(world.kernel.now))
        world.run(world.kernel.now + HOP)
    world.run()
    assert told == [2 * MS, 2 * MS + HOP, 2 * MS + 2 * HOP]


def test_change_of_drift_reaches_the_next_time_out():
    world = World()
    a, told = world["a"], []
    options = {"timeout_ns": MS, "on_timeout": lambda _: told.append(world.kernel.now)}
    ask(world, **options)
    world.run(2 * HOP)
    a.set_drift(-500_000)
    ask(world, "on_mute", **options)
    world.run()
    assert a.seen == ["question"]
    assert told == [2 * HOP + 2 * MS]


@pytest.mark.parametrize("stop", ["crash", "pause"])
def test_node_that_stops_at_a_time_out_does_not_hear_of_the_next(stop):
    world = World()
    a, told = world["a"], []

    def on_timeout(_):
        told.append(world.kernel.now)
        if len(told) == 1:
            getattr(a, stop)()

    for _ in range(3):
        ask(world, "on_mute", timeout_ns=MS, on_timeout=on_timeout)
    world.run(2 * MS)
    assert told == [MS]
    a.resume()
    a.restart()
    world.run()
    assert told == ([MS] if stop == "crash" else [MS, 2 * MS, 2 * MS])


def test_cancelled_call_is_silent():
    world = World()
    told = []
    ask(world).cancel()
    ask(world, "on_mute", timeout_ns=MS, on_timeout=told.append).cancel()
    world.run()
    assert (world["a"].log, told) == ([], [])


def test_source_and_target_of_a_call_are_known_to_the_server():
    world = World()
    seen = []
    world["a"].call(world["b"], lambda call: seen.append((call.source, call.target)), None, print)
    world.run()
    assert seen == [(world["a"], world["b"])]


def test_time_out_of_nothing_is_refused():
    with pytest.raises(ValueError, match="a time-out of 0 ns is not positive"):
        ask(World(), timeout_ns=0)


# Scripts


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
