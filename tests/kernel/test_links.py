"""Links delay, lose, duplicate, reorder, block and hold messages exactly as told."""

import pytest

from sim.kernel.distributions import Constant, Exponential, LogNormal, ParetoTail, Uniform
from sim.kernel.faults import Delay, Duplicate, Loss, Partition, Reorder
from sim.kernel.network import LinkModel
from tests.kernel.worlds import HOP, MS, US, S, World

ALL = {"source": "*", "target": "*", "start_ns": 0, "length_ns": 1_000 * S}
WIDE = Uniform(low_ns=0, high_ns=10 * MS)


def flood(world, count=2_000, source="a", target="b"):
    """Send numbered messages, one a microsecond, after the faults of time 0 have begun."""
    for number in range(count):
        world.send_at(number * US + 1, source, target, number)
    world.run()
    return world[target].seen


@pytest.mark.parametrize("tracing", [False, True])
def test_latency_is_drawn_for_each_message_from_its_link_alone(tracing):
    law = LogNormal(median_ns=HOP, sigma_ppm=300_000)
    alone, crowded = (World("abc", latency=law, tracing=tracing) for _ in range(2))
    flood(crowded, source="c", target="b")
    flood(alone)
    crowded["b"].log.clear()
    begin_ns = crowded.kernel.now
    for number in range(2_000):
        crowded.send_at(begin_ns + number * US + 1, "a", "b", number)
    crowded.run()
    assert [at_ns - begin_ns for at_ns in crowded["b"].times] == alone["b"].times
    assert len(set(alone["b"].times)) > 1_900


def test_first_override_that_matches_counts():
    models = [
        LinkModel(source="a", target="c*", latency=Constant(7)),
        LinkModel(source="*", target="c", latency=Constant(9)),
    ]
    world = World("abc", overrides=models)
    for source, target in ("ac", "bc", "ab", "ca"):
        world.send(source, target, source)
    world.run()
    assert world["c"].log == [(7, "a"), (9, "b")]
    assert (world["b"].times, world["a"].times) == ([HOP], [HOP])


@pytest.mark.parametrize("tracing", [False, True])
def test_messages_overtake_each_other_unless_the_link_keeps_the_order(tracing):
    free = World(latency=WIDE, tracing=tracing)
    assert sorted(flood(free)) == list(range(2_000)) != free["b"].seen
    keeping = LinkModel(source="*", target="*", latency=WIDE, fifo=True)
    ordered = World(overrides=[keeping], tracing=tracing)
    assert flood(ordered) == list(range(2_000))
    # Keeping the order only ever delays.
    first = {number: at_ns for at_ns, number in free["b"].log}
    assert all(at_ns >= first[number] for at_ns, number in ordered["b"].log)


def test_long_tails_are_drawn_beyond_the_table():
    law = ParetoTail(body=Constant(HOP), alpha_ppm=1_000_000, from_ppm=500_000)
    world = World(latency=law)
    flood(world, 20_000)
    assert max(world["b"].times) > law.table()[-1] + 20 * MS


def test_loss_rate_is_the_declared_one():
    seen = flood(World(faults=[Loss(**ALL, ppm=100_000)]), 20_000)
    assert abs(len(seen) - 18_000) < 4 * 43


def test_loss_leaves_the_latency_of_other_messages_alone():
    law = LogNormal(median_ns=HOP, sigma_ppm=300_000)
    whole, other = World(latency=law), World(latency=law, faults=[Loss(**ALL, ppm=1)])
    assert flood(whole) == flood(other)
    assert whole["b"].times == other["b"].times


def test_share_of_duplicates_is_the_declared_one_with_own_latencies():
    world = World(latency=WIDE, faults=[Duplicate(**ALL, ppm=250_000)])
    seen = flood(world, 8_000)
    assert set(seen) == set(range(8_000))
    twice = len(seen) - 8_000
    assert abs(twice - 2_000) < 4 * 39
    assert len(set(world["b"].log)) == len(seen)


def test_reordering_delays_a_share_by_up_to_its_bound():
    world = World(faults=[Reorder(**ALL, ppm=500_000, delay_ns=MS)])
    flood(world, 8_000)
    late = [at_ns - HOP - 1 - number * US for at_ns, number in world["b"].log]
    late = [ns for ns in late if ns]
    assert abs(len(late) - 4_000) < 4 * 45
    assert max(late) <= MS
    assert max(late) > 0.99 * MS
    assert abs(sum(late) / len(late) - MS / 2) < MS / 50


def test_delay_spike_moves_every_message_of_its_window():
    world = World(
        faults=[Delay(source="a", target="b", start_ns=5 * US, length_ns=5 * US, delay_ns=MS)]
    )
    flood(world, 20)
    late = {number for at_ns, number in world["b"].log if at_ns - number * US > HOP + 1}
    assert late == {5, 6, 7, 8, 9}


def test_two_losses_on_a_link_act_as_the_stronger_one():
    strong, weak = Loss(**ALL, ppm=1_000_000), Loss(**ALL, ppm=1)
    for faults in ([strong, weak], [weak, strong]):
        assert flood(World(faults=faults), 50) == []


def cut(**options):
    return Partition(sources=("a",), targets=("b*",), start_ns=MS, length_ns=MS, **options)


def crossing(world):
    """Send both ways before, in and after the second millisecond."""
    for at_ns in (0, MS - 1, MS + 1, 2 * MS - 1, 2 * MS + 1):
        world.send_at(at_ns, "a", "b", at_ns)
        world.send_at(at_ns, "b", "a", at_ns)
        world.send_at(at_ns, "c", "b", at_ns)
    world.run()
    return [world[name].seen for name in "ab"]


def test_symmetric_partition_cuts_both_ways_and_spares_others():
    world = World("abc", faults=[cut()])
    to_a, to_b = crossing(world)
    open_times = [0, MS - 1, 2 * MS + 1]
    assert to_a == open_times
    assert sorted(to_b) == sorted([*open_times, 0, MS - 1, MS + 1, 2 * MS - 1, 2 * MS + 1])


def test_one_way_partition_cuts_one_way():
    world = World("abc", faults=[cut(one_way=True)])
    to_a, to_b = crossing(world)
    assert to_a == [0, MS - 1, MS + 1, 2 * MS - 1, 2 * MS + 1]
    assert len(to_b) == 8


def test_message_in_flight_survives_a_partition_that_begins_behind_it():
    world = World(faults=[cut()])
    world.send_at(MS - 1, "a", "b", "sent before")
    world.run()
    assert world["b"].log == [(MS - 1 + HOP, "sent before")]


@pytest.mark.parametrize("tracing", [False, True])
def test_holding_partition_delivers_in_order_at_its_end(tracing):
    world = World(latency=WIDE, faults=[cut(mode="hold")], tracing=tracing)
    for number in range(50):
        world.send_at(MS + 1 + number * US, "a", "b", number)
    world.run()
    assert world["b"].seen == list(range(50))
    assert min(world["b"].times) >= 2 * MS


def test_held_messages_wait_for_the_last_holding_partition_and_are_lost_to_a_dropping_one():
    longer = Partition(sources=("a",), targets=("b",), start_ns=MS, length_ns=2 * MS, mode="hold")
    world = World(faults=[cut(mode="hold"), longer])
    world.send_at(MS + 1, "a", "b", "held")
    world.run()
    assert world["b"].log == [(3 * MS + HOP, "held")]
    dropping = Partition(sources=("a",), targets=("b",), start_ns=MS, length_ns=3 * MS)
    world = World(faults=[longer, dropping])
    world.send_at(MS + 1, "a", "b", "lost")
    world.run()
    assert world["b"].log == []


def test_no_partition_cuts_a_node_off_itself():
    world = World(faults=[Partition(sources=("*",), targets=("*",), start_ns=0, length_ns=S)])
    world.send_at(1, "a", "a", "to myself")
    world.send_at(1, "a", "b", "to you")
    world.run()
    assert (world["a"].seen, world["b"].seen) == (["to myself"], [])


def test_faults_act_on_links_that_are_made_while_they_last():
    world = World("abc", faults=[Loss(**ALL, ppm=1_000_000)])
    world.run(MS)
    world.send("a", "c", "lost")
    world.run()
    assert world["c"].log == []


def test_reply_is_subject_to_the_partition_at_the_instant_when_it_leaves():
    world = World(faults=[cut()])
    world.kernel.post(1, world.kernel.world, lambda _: world.send("a", "b", "late", MS), None)
    world.run()
    assert world["b"].log == []


def test_network_without_faults_pays_for_one_entry_a_message():
    world = World(latency=Exponential(mean_ns=HOP))
    for _ in range(100):
        world.send("a", "b", "x")
    world.run()
    assert world.kernel.events == 100
