"""Calls are answered once, time out lazily, are repeated on demand, and die with their caller."""

import pytest

from sim.kernel.faults import Duplicate, Partition
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
