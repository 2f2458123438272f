"""The trace tells every message and fault in order, and changes nothing."""

from dataclasses import dataclass
from typing import NamedTuple

import pytest

from sim.kernel.distributions import LogNormal, ParetoTail
from sim.kernel.faults import Crash, Duplicate, Loss, Partition, Pause
from sim.kernel.network import LinkModel
from sim.kernel.trace import Deliver, Drop, FaultEvent, Note, Send
from tests.kernel.worlds import HOP, MS, US, S, World

KEYS = ["at_ns", "kind", "node", "peer", "name", "message", "detail"]


def told(world, *keys):
    return [tuple(row[key] for key in keys) for row in world.trace.rows()]


def traced(**options):
    return World(tracing=True, **options)


def test_call_leaves_four_events_with_names_and_bodies():
    world = traced()
    a, b = world["a"], world["b"]
    a.call(b, b.on_work, 5 * US, a.on_note)
    world.run()
    events = [
        Send(0, 0, "a", "b", "work", {"value": 5 * US}),
        Deliver(HOP, 0, "a", "b", "work", {"value": 5 * US}),
        Send(HOP + 5 * US, 1, "b", "a", "work reply", {"value": "done"}),
        Deliver(2 * HOP + 5 * US, 1, "b", "a", "work reply", {"value": "done"}),
    ]
    assert world.trace.events == events
    assert list(world.trace) == events
    assert len(world.trace) == 4


def test_rows_are_plain_dicts_with_stable_keys():
    world = traced(faults=[Pause(node="a", start_ns=MS, length_ns=MS)])
    world.send("a", "b", "x")
    world["a"].note("hello", answer=42)
    world.run()
    rows = list(world.trace.rows())
    assert all(list(row) == KEYS for row in rows)
    assert told(world, "kind", "node", "peer", "name", "message") == [
        ("send", "a", "b", "note", 0),
        ("note", "a", "", "hello", -1),
        ("deliver", "b", "a", "note", 0),
        ("fault", "a", "", "pause", -1),
        ("fault", "a", "", "resume", -1),
    ]
    assert rows[1]["detail"] == {"answer": 42}
    kinds = [type(event) for event in world.trace.events]
    assert kinds == [Send, Note, Deliver, FaultEvent, FaultEvent]


def test_bodies_become_plain_values():
    @dataclass(frozen=True, slots=True)
    class Put:
        key: int
        cells: tuple[int, ...]

    class Pair(NamedTuple):
        left: str
        right: object

    world = traced()
    for body in (Put(1, (2, 3)), Pair("x", object()), None, (1, True, None), "text"):
        world.send("a", "b", body)
    world.run()
    details = [row["detail"] for row in world.trace.rows() if row["kind"] == "send"]
    assert details == [
        {"key": 1, "cells": [2, 3]},
        {"left": "x", "right": "object"},
        {},
        {"value": [1, True, None]},
        {"value": "text"},
    ]


def test_losses_name_their_reasons():
    faults = [
        Partition(sources=("a",), targets=("b",), start_ns=1 * MS, length_ns=MS),
        Loss(source="a", target="b", start_ns=3 * MS, length_ns=MS, ppm=1_000_000),
        Crash(node="b", start_ns=5 * MS, length_ns=MS),
    ]
    world = traced(faults=faults)
    for at_ns in (MS + 1, 3 * MS + 1, 5 * MS - 1, 5 * MS + 1):
        world.send_at(at_ns, "a", "b", at_ns)
    world.run()
    drops = [event for event in world.trace.events if isinstance(event, Drop)]
    assert [(drop.at_ns, drop.message, drop.detail["reason"]) for drop in drops] == [
        (MS + 1, 0, "partition"),
        (3 * MS + 1, 1, "loss"),
        (5 * MS - 1 + HOP, 2, "node down"),
        (5 * MS + 1 + HOP, 3, "node down"),
    ]
    names = [name for kind, name in told(world, "kind", "name") if kind == "fault"]
    assert names == ["partition", "partition ends", "loss", "loss ends", "crash", "restart"]


def test_message_that_waits_in_a_pause_is_delivered_at_the_resumption():
    world = traced(faults=[Pause(node="b", start_ns=MS, length_ns=5 * MS)])
    world.send_at(2 * MS, "a", "b", "waits")
    world.run()
    assert [(e.at_ns, type(e).__name__) for e in world.trace.events] == [
        (MS, "FaultEvent"),
        (2 * MS, "Send"),
        (6 * MS, "FaultEvent"),
        (6 * MS, "Deliver"),
    ]


def test_message_that_waits_twice_and_is_lost_in_the_end():
    faults = [
        Pause(node="b", start_ns=MS, length_ns=5 * MS),
        Crash(node="b", start_ns=4 * MS, length_ns=MS),
    ]
    world = traced(faults=faults)
    world.send_at(2 * MS, "a", "b", "waits")
    world.run()
    ends = [event for event in world.trace.events if isinstance(event, Deliver | Drop)]
    assert [(event.at_ns, event.detail) for event in ends] == [(4 * MS, {"reason": "node down"})]


def test_duplicate_and_held_messages_keep_their_number():
    faults = [
        Duplicate(source="a", target="b", start_ns=0, length_ns=MS, ppm=1_000_000),
        Partition(sources=("a",), targets=("b",), start_ns=2 * MS, length_ns=MS, mode="hold"),
    ]
    world = traced(faults=faults)
    world.send_at(1, "a", "b", "twice")
    world.send_at(2 * MS + 1, "a", "b", "held")
    world.run()
    events = [
        (kind, message, at_ns)
        for kind, message, at_ns in told(world, "kind", "message", "at_ns")
        if kind != "fault"
    ]
    assert events == [
        ("send", 0, 1),
        ("deliver", 0, 1 + HOP),
        ("deliver", 0, 1 + HOP),
        ("send", 1, 2 * MS + 1),
        ("deliver", 1, 3 * MS + HOP),
    ]


def test_what_has_not_happened_yet_is_not_told():
    world = traced()
    world.send("a", "b", "in flight")
    world.send("a", "b", "in work", MS)
    world.run(HOP - 1)
    assert told(world, "kind", "at_ns") == [("send", 0)]
    world.run(HOP)
    assert told(world, "kind", "at_ns") == [("send", 0), ("deliver", HOP)]


def test_cause_stands_before_effect_within_an_instant():
    world = World(
        "abc",
        tracing=True,
        overrides=[LinkModel(source="*", target="*", latency=LogNormal(median_ns=0, sigma_ppm=0))],
    )
    b, c = world["b"], world["c"]

    def forward(what):
        b.note("forwarding")
        b.send(c, c.on_note, what)

    world.network.link("a", "b").send(forward, "x")
    world.run()
    assert told(world, "kind", "node") == [
        ("send", "a"),
        ("deliver", "b"),
        ("note", "b"),
        ("send", "b"),
        ("deliver", "c"),
    ]


NOISY = [
    Pause(node="a", start_ns=2 * MS, length_ns=3 * MS),
    Crash(node="b", start_ns=4 * MS, length_ns=MS),
    Loss(source="*", target="*", start_ns=0, length_ns=S, ppm=100_000),
    Duplicate(source="*", target="*", start_ns=0, length_ns=S, ppm=100_000),
    Partition(sources=("a",), targets=("c",), start_ns=6 * MS, length_ns=MS, mode="hold"),
]
TAIL = ParetoTail(body=LogNormal(median_ns=HOP, sigma_ppm=500_000), alpha_ppm=1_500_000)


@pytest.mark.parametrize("faults", [(), NOISY], ids=["quiet", "noisy"])
@pytest.mark.parametrize("fifo", [False, True])
@pytest.mark.parametrize("latency", [TAIL, TAIL.body], ids=["tail", "body"])
def test_tracing_changes_nothing(faults, fifo, latency):
    def run(tracing):
        models = [LinkModel(source="*", target="*", latency=latency, fifo=fifo)]
        world = World("abc", overrides=models, faults=faults, tracing=tracing)
        kernel = world.kernel

        def ask(number):
            a, other = world["a"], world["bc"[number % 2]]
            if a.running:
                a.call(other, other.on_work, 20 * US, a.on_note, timeout_ns=MS, retry=True)

        for number in range(200):
            kernel.post(number * 50 * US, kernel.world, ask, number)
        world.run(20 * MS)
        return [world[name].log + world[name].asked for name in "abc"], kernel.events

    assert run(True) == run(False)


def test_digest_is_that_of_the_rows():
    def digest(what):
        world = traced()
        world.send("a", "b", what)
        world.run()
        return world.trace.digest()

    assert digest("x") == digest("x") != digest("y")
    assert len(digest("x")) == 64
