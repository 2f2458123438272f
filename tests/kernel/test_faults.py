"""Faults are checked data that describe, simplify and carry out themselves."""

import re
from dataclasses import fields

import pytest

from sim.kernel.faults import (
    KINDS,
    ClockDrift,
    ClockStep,
    Compaction,
    Crash,
    Delay,
    Duplicate,
    FaultTimeline,
    Hold,
    Loss,
    Partition,
    Pause,
    Reorder,
    SessionExpiry,
    Slow,
    UnhandledFault,
    UnknownNode,
)
from tests.kernel.worlds import HOP, MS, US, Peer, S, World

LINK = {"source": "a", "target": "*", "start_ns": 1_234_567_891, "length_ns": 3 * S}
EXAMPLES = [
    (
        Crash(node="tm.1", start_ns=1_500 * MS, length_ns=300 * MS),
        "tm.1 crashes at 1.5 s and restarts 300 ms later",
    ),
    (Crash(node="tm.*", point="flush", hit=3), "tm.* crashes at flush (passage 3)"),
    (Pause(node="a", point="flush", length_ns=15 * S), "a pauses at flush for 15 s"),
    (Hold(node="a", point="p", release_ns=S), "a is held at p until it is 1 s"),
    (
        Hold(node="a", point="p", hit=2, release_ns=S, release_node="b", release_point="q"),
        "a is held at p (passage 2) until b reaches q or it is 1 s",
    ),
    (
        Slow(node="a", start_ns=0, length_ns=S, percent=400),
        "work on a takes 400% of its usual time from 0 ns to 1 s",
    ),
    (ClockStep(node="a", start_ns=S, by_ns=-5 * S), "the clock of a steps back by 5 s at 1 s"),
    (ClockStep(node="a", start_ns=S, by_ns=5 * MS), "the clock of a steps forth by 5 ms at 1 s"),
    (ClockDrift(node="a", start_ns=S, ppm=-200), "the clock of a runs 200 ppm slow from 1 s on"),
    (SessionExpiry(node="a", start_ns=S), "the session of a expires at 1 s"),
    (Compaction(node="a", start_ns=S), "a compacts at 1 s"),
    (
        Partition(sources=("a", "b"), targets=("c",), start_ns=0, length_ns=S),
        "messages from a, b to and from c are lost from 0 ns to 1 s",
    ),
    (
        Partition(
            sources=("a",), targets=("c",), start_ns=0, length_ns=S, one_way=True, mode="hold"
        ),
        "messages from a to c wait from 0 ns to 1 s",
    ),
    (
        Loss(**LINK, ppm=125_000),
        "12.5% of the messages from a to * are lost from 1.234567891 s to 4.234567891 s",
    ),
    (
        Duplicate(**LINK, ppm=1),
        "0.0001% of the messages from a to * arrive twice from 1.234567891 s to 4.234567891 s",
    ),
    (
        Reorder(**LINK, ppm=500_000, delay_ns=MS),
        "50% of the messages from a to * are up to 1 ms late from 1.234567891 s to 4.234567891 s",
    ),
    (
        Delay(**LINK, delay_ns=200 * US),
        "100% of the messages from a to * are 200 us late from 1.234567891 s to 4.234567891 s",
    ),
]


@pytest.mark.parametrize(("fault", "said"), EXAMPLES, ids=lambda x: getattr(x, "kind", ""))
def test_fault_says_what_it_does(fault, said):
    assert fault.describe() == said


def test_every_kind_has_an_example():
    assert {fault.kind for fault, _ in EXAMPLES} == set(KINDS)


def weight(fault):
    """Measure a fault; whatever `narrow` yields must weigh less, so that shrinking ends."""
    total = 0
    for field in fields(fault):
        value = getattr(fault, field.name)
        if isinstance(value, bool):
            total += not value
        elif isinstance(value, int):
            digits = str(abs(value))
            total += abs(value) if field.name != "start_ns" else len(digits.rstrip("0"))
        elif isinstance(value, tuple):
            total += 10**30 * len(value)
    return total


@pytest.mark.parametrize("fault", [fault for fault, _ in EXAMPLES], ids=lambda fault: fault.kind)
def test_narrower_faults_are_simpler_and_never_the_same(fault):
    todo, seen = [fault], {fault}
    while todo and len(seen) < 2_000:
        present = todo.pop()
        for simpler in present.narrow():
            assert type(simpler) is type(fault)
            assert weight(simpler) < weight(present), (present, simpler)
            if simpler not in seen:
                seen.add(simpler)
                todo.append(simpler)
    assert len(seen) > 1 or fault.kind in {
        "crash",
        "pause",
        "hold",
        "session_expiry",
        "compaction",
    }


def test_simplest_versions_come_first():
    lengths = [pause.length_ns for pause in Pause(node="a", start_ns=0, length_ns=8 * S).narrow()]
    assert lengths == [MS, S, 4 * S]
    expiry = SessionExpiry(node="a", start_ns=1_234_567_891)
    starts = [simpler.start_ns for simpler in expiry.narrow()]
    assert starts == [S, 1_200 * MS, 1_230 * MS, 1_234 * MS, 1_234_567 * US]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Crash(node="a"), "a crash begins at start_ns or at a point, one of the two"),
        (lambda: Crash(node="a", start_ns=1, point="p"), "one of the two"),
        (lambda: Crash(node="a", start_ns=-1), "an instant of -1 ns is negative"),
        (lambda: Crash(node="a", start_ns=1, length_ns=0), "a length of 0 ns is not positive"),
        (lambda: Crash(node="a", point="p", hit=0), "hit 0 of a point is below 1"),
        (lambda: Pause(node="a", start_ns=1, length_ns=-5), "a length of -5 ns is not positive"),
        (lambda: Hold(node="a", point="p"), "a hold needs a release"),
        (lambda: Hold(node="a", point="p", release_node="b"), "both release_node and release_poi"),
        (lambda: Hold(node="a", point="p", release_ns=-1), "an instant of -1 ns is negative"),
        (
            lambda: Slow(node="a", start_ns=0, length_ns=1, percent=0),
            "a time of 0 percent is below 1",
        ),
        (lambda: ClockStep(node="a", start_ns=0, by_ns=0), "a clock step of 0 ns does nothing"),
        (lambda: ClockDrift(node="a", start_ns=0, ppm=10**6), "a drift of 1000000 ppm is not"),
        (lambda: Loss(**LINK, ppm=0), "a share of 0 ppm is not in 1 to 1_000_000"),
        (lambda: Loss(**LINK, ppm=10**6 + 1), "a share of 1000001 ppm is not in 1 to 1_000_000"),
        (lambda: Reorder(**LINK, ppm=1, delay_ns=0), "a delay of 0 ns is not positive"),
        (lambda: Delay(**LINK, ppm=0, delay_ns=1), "a share of 0 ppm is not in 1 to 1_000_000"),
        (
            lambda: Partition(sources=(), targets=("a",), start_ns=0, length_ns=1),
            "a partition needs sources",
        ),
        (
            lambda: Partition(
                sources=("a",), targets=("b",), start_ns=0, length_ns=1, mode="delay"
            ),
            'the mode is "drop" or "hold", not \'delay\'',
        ),
    ],
)
def test_impossible_faults_are_refused(make, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


# The timeline


def watched(faults, until_ns=None):
    """Run two nodes that note the state of both every half millisecond."""
    world = World(("a", "b"), faults=faults)
    states = []
    for tick in range(1, 40):
        world.kernel.post(
            tick * MS // 2,
            world.kernel.world,
            lambda _: states.append("".join("R" if n.running else "." for n in nodes)),
            None,
        )
    nodes = [world["a"], world["b"]]
    world.run(until_ns)
    return world, states


def test_crash_lasts_as_long_as_it_says():
    world, states = watched([Crash(node="a", start_ns=MS + 1, length_ns=2 * MS)])
    assert states[:8] == ["RR", "RR", ".R", ".R", ".R", ".R", "RR", "RR"]
    window = world.timeline.windows[0]
    assert (window.node, window.begin_ns, window.end_ns) == ("a", MS + 1, 3 * MS + 1)


def test_crash_without_a_length_is_for_good():
    world, states = watched([Crash(node="*", start_ns=MS + 1)])
    assert states[-1] == ".."
    assert [window.end_ns for window in world.timeline.windows] == [None, None]


def test_crashes_that_overlap_keep_the_node_down_until_the_last_ends():
    first = Crash(node="a", start_ns=MS + 1, length_ns=4 * MS)
    inner = Crash(node="a", start_ns=2 * MS, length_ns=MS)
    outer = Crash(node="a", start_ns=4 * MS + 1, length_ns=3 * MS)
    world, states = watched([first, inner, outer])
    assert [s[0] for s in states].count(".") == 12
    assert world["a"].incarnation == 1


def test_node_that_a_fault_keeps_down_is_not_restarted_by_others():
    world, _ = watched([Crash(node="a", start_ns=MS, length_ns=5 * MS)], 2 * MS)
    world["a"].restart()
    assert world["a"].crashed
    world.run()
    assert world["a"].running


def test_pause_that_a_crash_ended_does_not_resume_the_next_life_twice():
    faults = [
        Pause(node="a", start_ns=MS, length_ns=10 * MS),
        Crash(node="a", start_ns=2 * MS, length_ns=MS),
        Pause(node="a", start_ns=8 * MS, length_ns=6 * MS),
    ]
    world, states = watched(faults)
    letters = "".join(state[0] for state in states)
    assert letters[:5] == "R...."
    assert letters[6:14] == "RRRRRRRR"
    # The end of the first pause, at 11 ms, leaves the second alone.
    assert letters[16:27] == "." * 11
    assert letters[28] == "R"
    assert world["a"].running


def test_slowest_of_several_slowings_counts():
    world = World(
        faults=[
            Slow(node="a", start_ns=MS, length_ns=5 * MS, percent=200),
            Slow(node="a", start_ns=2 * MS, length_ns=MS, percent=700),
        ]
    )
    percents = []
    for until_ns in (0, MS, 2 * MS, 3 * MS, 6 * MS):
        world.run(until_ns)
        percents.append(world["a"].slow_percent)
    assert percents == [100, 200, 700, 200, 100]


def test_clock_faults_reach_the_clock():
    world = World(
        faults=[
            ClockStep(node="a", start_ns=S, by_ns=-3 * S),
            ClockDrift(node="a", start_ns=2 * S, ppm=100_000),
        ]
    )
    world.run(12 * S)
    assert world["a"].now_ns == 13 * S
    assert world["a"].wall_ns == 10 * S


def test_session_expiry_goes_to_the_handler_of_the_system():
    world, expired = World(), []
    expiry = SessionExpiry(node="*", start_ns=S)
    handlers = {"session_expiry": expired.append}
    FaultTimeline().arm(world.kernel, world.network, [expiry], handlers)
    world.run()
    assert expired == ["a", "b"]


def test_fault_without_a_handler_is_refused():
    with pytest.raises(UnhandledFault, match="this system has no session_expiry"):
        World(faults=[SessionExpiry(node="a", start_ns=S)])


@pytest.mark.parametrize(
    "fault",
    [
        Crash(node="tm.1", start_ns=0),
        Loss(source="a", target="tm.1", start_ns=0, length_ns=1, ppm=1),
        Partition(sources=("a", "tm.1"), targets=("b",), start_ns=0, length_ns=1),
        Hold(node="a", point="p", release_node="tm.1", release_point="q"),
    ],
)
def test_unknown_node_is_named_with_those_that_exist(fault):
    with pytest.raises(UnknownNode, match=f"{fault.kind} names 'tm.1'; there is a, b") as caught:
        World(faults=[fault])
    error = caught.value
    assert (error.fault, error.name, error.known) == (fault, "tm.1", ("a", "b"))


def test_timeline_knows_the_nodes_of_a_fault():
    timeline = World(("c.0", "c.1", "tm")).timeline
    assert timeline.nodes_named(Crash(node="c.*", start_ns=0)) == ("c.0", "c.1")
    cut = Partition(sources=("tm",), targets=("c.1",), start_ns=0, length_ns=1)
    assert timeline.nodes_named(cut) == ("c.1", "tm")


# Points


class Worker(Peer):
    """Passes a point with every message."""

    def on_step(self, what):
        self.on_note(f"{what}<")
        self.reach("middle", self.on_note, f"{what}>")


def steps(faults, count=4):
    world = World(())
    world.peers = {name: Worker(world.kernel, name) for name in "ab"}
    world.timeline = FaultTimeline().arm(world.kernel, world.network, faults)
    for name in "ab":
        for number in range(count):
            link = world.network.link(name, name)
            at_ns = (number + 1) * MS + (MS // 2 if name == "b" else 0)
            world.kernel.post(
                at_ns,
                world.kernel.world,
                lambda _, link=link, node=world[name], n=number: link.send(node.on_step, n),
                None,
            )
    world.run()
    return world


def test_pause_at_a_point_takes_effect_exactly_there():
    world = steps([Pause(node="a", point="middle", hit=2, length_ns=10 * MS)])
    assert world["a"].seen == ["0<", "0>", "1<", "1>", "2<", "2>", "3<", "3>"]
    begin_ns = world["a"].times[2]
    assert world["a"].times[3:] == [begin_ns + 10 * MS] * 5
    assert world["b"].times == [t + MS // 2 for t in world["a"].times[:2]] + world["b"].times[2:]


def test_crash_at_a_point_takes_effect_exactly_there():
    world = steps([Crash(node="a", point="middle", hit=2, length_ns=MS // 2)])
    assert world["a"].seen == ["0<", "0>", "1<", "2<", "2>", "3<", "3>"]
    assert world["b"].seen == ["0<", "0>", "1<", "1>", "2<", "2>", "3<", "3>"]


def test_fault_on_several_nodes_counts_the_hits_of_each():
    world = steps([Crash(node="*", point="middle", hit=3)])
    assert world["a"].seen == world["b"].seen == ["0<", "0>", "1<", "1>", "2<"]


def test_hold_ends_at_its_instant():
    world = steps([Hold(node="a", point="middle", release_ns=3_700 * US)])
    assert world["a"].log[1] == (3_700 * US, "0>")


def test_hold_ends_as_soon_as_the_other_node_reaches_the_point():
    world = steps([Hold(node="a", point="middle", hit=2, release_node="b", release_point="middle")])
    released_ns = world["b"].log[2][0]
    assert world["a"].log[3] == (released_ns, "1>")
    assert not world["b"].armed


def test_earlier_of_two_releases_counts():
    options = {"node": "a", "point": "middle", "release_node": "b", "release_point": "middle"}
    by_time = steps([Hold(**options, release_ns=1_200 * US)])
    assert by_time["a"].log[1] == (1_200 * US, "0>")
    assert not by_time["b"].armed
    by_point = steps([Hold(**options, release_ns=9 * MS)])
    assert by_point["a"].log[1][0] == by_point["b"].log[0][0]


def test_hold_of_a_node_that_crashes_meanwhile_is_over():
    faults = [
        Hold(node="a", point="middle", release_ns=5 * MS),
        Crash(node="a", start_ns=2 * MS, length_ns=MS),
        Pause(node="a", start_ns=4 * MS, length_ns=2 * MS),
    ]
    world = steps(faults)
    # Released at 5 ms, when the node is in another life and another pause.
    arrival_ns = 3 * MS + HOP
    assert world["a"].log[1:3] == [(arrival_ns, "2<"), (arrival_ns, "2>")]
    assert world["a"].log[3:] == [(6 * MS, "3<"), (6 * MS, "3>")]
