"""Nemeses are drawn into plain faults before anything runs."""

import re
from collections import Counter

import pytest

from sim.kernel.faults import KINDS, Crash
from sim.kernel.nemesis import Nemesis, materialise
from sim.kernel.streams import Streams
from tests.kernel.worlds import MS, US, S, World

NAMES = ("tm.1", "tm.2", "client.0", "client.1")


def drawn(*nemeses, seed=1, duration_ns=60 * S):
    return materialise(nemeses, Streams(seed), NAMES, duration_ns)


def of_kind(kind, **options):
    points = ("flush",) if kind == "hold" else ()
    return Nemesis(**({"kind": kind, "nodes": ("tm.*",), "points": points} | options))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_drawn_and_armed(kind):
    faults = drawn(of_kind(kind, count_min=20, count_max=20))
    assert len(faults) == 20
    assert {fault.kind for fault in faults} == {kind}
    handlers = dict.fromkeys(("session_expiry", "compaction"), lambda _: None)
    world = World(NAMES)
    world.timeline.arm(world.kernel, world.network, faults, handlers)
    for fault in faults:
        assert fault.describe()
        assert world.timeline.nodes_named(fault)
        for at_ns in (getattr(fault, "start_ns", 0), getattr(fault, "length_ns", 0)):
            assert (at_ns or 0) % US == 0


def test_same_seed_draws_the_same_and_another_seed_does_not():
    nemesis = of_kind("pause", count_min=5, count_max=9)
    assert drawn(nemesis) == drawn(nemesis) != drawn(nemesis, seed=2)


def test_taking_one_nemesis_out_leaves_those_before_it_alone():
    counts = {"count_min": 3, "count_max": 3}
    first, second = of_kind("pause", **counts), of_kind("loss", **counts)
    assert [fault for fault in drawn(first, second) if fault.kind == "pause"] == list(drawn(first))


def test_faults_lie_in_their_window_and_limits_in_the_order_of_their_begin():
    nemesis = of_kind(
        "pause",
        count_min=200,
        count_max=200,
        start_ns=10 * S,
        end_ns=20 * S,
        length_min_ns=5 * MS,
        length_max_ns=2 * S,
    )
    faults = drawn(nemesis)
    starts = [fault.start_ns for fault in faults]
    assert starts == sorted(starts)
    assert starts[0] >= 10 * S
    assert starts[-1] < 20 * S
    assert all(5 * MS <= fault.length_ns <= 2 * S for fault in faults)
    assert min(fault.length_ns for fault in faults) < 20 * MS
    assert max(fault.length_ns for fault in faults) > S


def test_counts_are_drawn_from_their_range():
    counts = Counter(len(drawn(of_kind("crash", count_max=3), seed=seed)) for seed in range(400))
    assert sorted(counts) == [0, 1, 2, 3]
    assert all(abs(count - 100) < 40 for count in counts.values())


def test_rate_gives_about_rate_times_window():
    nemesis = of_kind("pause", per_s=2)
    counts = [len(drawn(nemesis, seed=seed)) for seed in range(50)]
    assert abs(sum(counts) / 50 - 120) < 6
    assert len(set(counts)) > 10


def test_points_and_crashes_for_good():
    nemesis = of_kind("crash", points=("flush", "reply"), hit_max=3, count_min=300, count_max=300)
    faults = [fault for fault in drawn(nemesis) if isinstance(fault, Crash)]
    assert Counter(fault.point for fault in faults).keys() == {"flush", "reply"}
    assert {fault.hit for fault in faults} == {1, 2, 3}
    assert all(fault.start_ns is None for fault in faults)
    assert abs(sum(fault.length_ns is None for fault in faults) - 60) < 28


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "pauze"}, "unknown kind of fault 'pauze'"),
        ({"nodes": ()}, "a nemesis needs nodes"),
        ({"count_min": 3, "count_max": 2}, "count_min is negative or above count_max"),
        ({"per_s": 0}, "a rate is positive"),
        ({"length_min_ns": 0}, "length_min_ns is below 1 us"),
        ({"start_ns": 5, "end_ns": 5}, "the window is empty"),
        ({"ppm_max": 1_000_000}, "ppm_max is not in 1 to 999_999"),
        ({"percent_max": 100}, "percent_max is not above 100"),
        ({"kind": "hold"}, "a hold needs points"),
    ],
)
def test_impossible_nemeses_are_refused(options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Nemesis(**({"kind": "pause", "nodes": ("a",)} | options))


def test_nemesis_of_nobody_or_of_no_time_is_refused():
    with pytest.raises(ValueError, match=r"no node is called ct\.\*"):
        drawn(of_kind("pause", nodes=("ct.*",)))
    with pytest.raises(ValueError, match="begins behind the end of the run"):
        drawn(of_kind("pause", start_ns=60 * S))


def test_fault_at_a_point_strikes_only_who_passes_it():
    points = {"tm.1": ("flush",), "tm.2": ("flush",), "client.0": ("read",)}
    nemesis = Nemesis(
        kind="pause",
        nodes=("tm.*", "client.*"),
        points=("flush", "read"),
        count_min=40,
        count_max=40,
    )
    faults = materialise(
        [nemesis], Streams(5), NAMES, S, points_of=lambda name: points.get(name, ())
    )
    assert {fault.point for fault in faults} == {"flush", "read"}
    assert all(fault.point in points[fault.node] for fault in faults)
    lost = Nemesis(kind="pause", nodes=("tm.*",), points=("read",), count_min=1)
    with pytest.raises(ValueError, match="no such node has read"):
        materialise([lost], Streams(5), NAMES, S, points_of=lambda name: points.get(name, ()))
