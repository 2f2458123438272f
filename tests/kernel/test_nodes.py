"""Nodes crash, pause, slow down and drift exactly as they say."""

import pytest

from sim.kernel.rpc import Reach, Sleep
from tests.kernel.worlds import HOP, MS, US, Peer, S, World


def test_timer_runs_after_its_local_duration():
    world = World()
    world["a"].timer(5 * MS, world["a"].on_note, "ring")
    world.run()
    assert world["a"].log == [(5 * MS, "ring")]


def test_timer_follows_the_drift_of_its_node():
    world = World()
    world["a"].set_drift(100_000)
    world["a"].timer(11 * S, world["a"].on_note, "ring")
    world.run()
    assert world["a"].times == [10 * S]


def test_timer_follows_a_drift_that_changes_while_it_waits():
    world = World()
    node = world["a"]
    node.expect_drift()
    node.timer(20 * S, node.on_note, "far")
    node.timer(5 * S, node.on_note, "near")
    world.kernel.post(10 * S, world.kernel.world, lambda _: node.set_drift(-500_000), None)
    world.kernel.post(14 * S, world.kernel.world, lambda _: node.set_drift(0), None)
    world.run()
    # Of the ten local seconds that were left, four true ones brought two.
    assert node.log == [(5 * S, "near"), (22 * S, "far")]


def test_steps_do_not_move_timers():
    world = World()
    node = world["a"]
    node.timer(5 * S, node.on_note, "ring")
    node.clock.step(0, -3 * S)
    world.run()
    assert node.times == [5 * S]
    assert (node.now_ns, node.wall_ns) == (5 * S, 2 * S)


def test_crash_loses_timers_for_good():
    world = World()
    node = world["a"]
    node.timer(5 * MS, node.on_note, "old")
    node.crash()
    node.restart()
    node.timer(5 * MS, node.on_note, "new")
    world.run()
    assert node.seen == ["new"]
    assert node.incarnation == 1


def test_messages_in_flight_survive_the_crash_of_their_sender():
    world = World()
    world.send("a", "b", "last words")
    world["a"].crash()
    world.run()
    assert world["b"].log == [(HOP, "last words")]


def test_messages_to_a_node_that_is_down_are_lost_and_later_ones_arrive():
    world = World()
    node = world["b"]
    world.send("a", "b", "lost")
    node.crash()
    world.run(10 * HOP)
    world.send("a", "b", "received")
    node.restart()
    world.run()
    assert node.log == [(11 * HOP, "received")]


def test_messages_that_arrive_after_a_restart_are_handled():
    world = World()
    node = world["b"]
    world.send("a", "b", "in flight all the while")
    node.crash()
    node.restart()
    world.run()
    assert node.seen == ["in flight all the while"]


def test_crash_and_restart_call_the_hooks_once():
    class Hooked(Peer):
        def on_crash(self):
            assert self.crashed
            self.log.append((self.kernel.now, "crash"))

        def on_restart(self):
            assert self.running
            self.log.append((self.kernel.now, "restart"))

    world = World()
    node = Hooked(world.kernel, "c")
    node.crash()
    node.crash()
    node.restart()
    node.restart()
    assert node.seen == ["crash", "restart"]


def test_pause_keeps_deliveries_and_timers_in_order_before_later_arrivals():
    world = World()
    node = world["b"]
    node.timer(3 * MS, node.on_note, "timer")
    world.send_at(1 * MS, "a", "b", "first")
    world.send_at(4 * MS, "a", "b", "second")
    # This one arrives at the very instant of the resumption.
    world.send_at(10 * MS - HOP, "a", "b", "at resumption")
    world.send_at(10 * MS, "a", "b", "later")
    node.pause()
    world.kernel.post(10 * MS, world.kernel.world, lambda _: node.resume(), None)
    world.run()
    assert node.seen == ["first", "timer", "second", "at resumption", "later"]
    assert node.times == [10 * MS] * 4 + [10 * MS + HOP]


def test_clock_runs_on_through_a_pause():
    world = World()
    node = world["a"]
    node.pause()
    assert node.paused
    world.run(5 * MS)
    world.send("a", "b", "x")
    world.run(5 * MS)
    node.resume()
    assert not node.paused
    assert world["a"].now_ns == world.kernel.now


def test_pauses_that_overlap_end_with_the_last():
    world = World()
    node = world["a"]
    node.pause()
    node.pause()
    node.resume()
    assert node.paused
    node.resume()
    assert node.running


def test_crash_in_a_pause_loses_what_waited():
    world = World()
    node = world["b"]
    node.pause()
    world.send("a", "b", "waits")
    node.timer(HOP, node.on_note, "waits too")
    world.run()
    node.crash()
    node.restart()
    assert node.running
    world.run()
    assert node.log == []


def test_node_that_pauses_again_while_it_catches_up_keeps_the_order():
    world = World()
    node = world["b"]
    kernel = world.kernel

    def stop_again(_):
        node.on_note("one")
        node.pause()
        kernel.post(MS, kernel.world, lambda _: node.resume(), None)

    node.pause()
    world.network.link("a", "b").send(stop_again, None)
    for what in ("two", "three"):
        world.send("a", "b", what)
    world.run()
    node.resume()
    world.run()
    assert node.log == [(HOP, "one"), (HOP + MS, "two"), (HOP + MS, "three")]


def test_slow_node_takes_longer_for_its_work():
    node = World()["a"]
    assert node.work_ns(1_000) == 1_000
    node.slow_percent = 250
    assert node.work_ns(1_000) == 2_500


def test_point_passes_at_once_without_a_fault():
    node = World()["a"]
    node.reach("p", node.on_note, "on")
    assert node.log == [(0, "on")]
    assert not node.armed


def test_pause_at_a_point_stops_everything_exactly_there():
    world = World()
    node = world["b"]

    def handle(what):
        node.on_note(f"{what} before")
        node.reach("p", node.on_note, f"{what} after")

    node.arm("p", 2, lambda stopped: stopped.pause())
    for what in ("one", "two", "three"):
        world.network.link("a", "b").send(handle, what)
    world.run()
    assert node.seen == ["one before", "one after", "two before"]
    assert not node.armed
    node.resume()
    world.run()
    assert node.seen[3:] == ["two after", "three before", "three after"]


def test_crash_at_a_point_never_goes_on():
    world = World()
    node = world["a"]
    node.arm("p", 1, lambda struck: struck.crash())
    node.reach("p", node.on_note, "after")
    node.restart()
    world.run()
    assert node.log == []


def test_hits_are_counted_from_when_the_fault_was_armed():
    node = World()["a"]
    for _ in range(3):
        node.reach("p", node.on_note, "on")
    node.arm("p", 2, lambda struck: struck.pause())
    node.reach("q", node.on_note, "another point")
    node.reach("p", node.on_note, "on")
    assert node.running
    node.reach("p", node.on_note, "held")
    assert node.paused


def test_script_stops_at_a_point_and_goes_on_after_it():
    world = World()
    node = world["a"]
    node.arm("p", 2, lambda struck: struck.pause())

    def script():
        for step in range(3):
            node.on_note(step)
            yield Reach("p")
        yield Sleep(MS)
        node.on_note("end")

    node.run(script())
    world.run()
    assert node.seen == [0, 1]
    world.kernel.post(MS, world.kernel.world, lambda _: node.resume(), None)
    world.run()
    assert node.log[2:] == [(MS, 2), (2 * MS, "end")]


def test_work_in_progress_dies_with_an_exposed_node_and_waits_in_its_pauses():
    for stop, expected in (("crash", []), ("pause", [(9 * MS, "reply")])):
        world = World()
        world.network.expose(world["a"])
        world.send("a", "b", "reply", 5 * MS)
        world.run(2 * MS)
        getattr(world["a"], stop)()
        world.run(9 * MS - HOP)
        world["a"].resume()
        world["a"].restart()
        world.run()
        assert world["b"].log == expected, stop


@pytest.mark.parametrize("name", ["", "a/b", "a>b", "a*", "a b"])
def test_names_that_would_confuse_streams_or_patterns_are_refused(name):
    with pytest.raises(ValueError, match="is no name for a node"):
        Peer(World().kernel, name)


def test_names_are_unique():
    with pytest.raises(ValueError, match="there is a node 'a' already"):
        Peer(World().kernel, "a")


def test_timer_in_the_past_is_refused():
    node = World()["a"]
    with pytest.raises(AssertionError, match="a timer in the past"):
        node.timer(-1, node.on_note)


def test_paused_node_begins_its_script_at_the_resumption():
    world = World()
    node = world["a"]

    def script():
        node.on_note("begun")
        yield Sleep(US)

    node.pause()
    node.run(script())
    world.run(5 * MS)
    node.resume()
    world.run()
    assert node.log == [(5 * MS, "begun")]
