"""Whole scenarios that Hypothesis makes up: deployment, workload, and faults written out."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from scenarios.hunt.deployment import CLIENTS, KEYS, scenario_of
from scenarios.schema.scenario import Scenario
from scenarios.units import duration_text
from sim.kernel.faults import (
    ClockStep,
    Compaction,
    Crash,
    Delay,
    Fault,
    Hold,
    Loss,
    Partition,
    Pause,
    Reorder,
    SessionExpiry,
    Slow,
)
from sim.omid.settings import MS, US
from sim.omid.world import POINTS

_SPAN_NS: Final = 800 * MS
_FAULTS_MAX: Final = 8
_MANAGERS: Final = ("tm.1", "tm.2")
_CLIENTS: Final = tuple(f"client.{number}" for number in range(CLIENTS))
_STORE: Final = ("region.0", "region.1", "ct.0", "ct.1")
_STOPS: Final = tuple(
    (node, point)
    for role, nodes in (("tm", _MANAGERS), ("client", _CLIENTS))
    for node in nodes
    for point in POINTS[role]
)
_ENDS: Final = ("tm.*", "tm.1", "tm.2", "client.0", "client.*", "ct.*", "region.*", "coordinator")

_instants = st.integers(10 * MS // US, _SPAN_NS // US).map(lambda us: us * US)
_lengths = st.sampled_from([300 * US, 2 * MS, 10 * MS, 40 * MS, 70 * MS, 150 * MS])
_stopped = st.sampled_from([*_MANAGERS, *_MANAGERS, *_CLIENTS, *_STORE])
_stops = st.sampled_from(_STOPS)
_hits = st.integers(1, 12)
_ends = st.sampled_from(_ENDS)
_shares = st.sampled_from([50_000, 200_000, 600_000])


@st.composite
def _at_points(draw: st.DrawFn) -> Fault:
    """Draw a pause, a crash or a hold where a node passes a point."""
    (node, point), hit, length = draw(_stops), draw(_hits), draw(_lengths)
    match draw(st.sampled_from(["pause", "pause", "crash", "hold"])):
        case "pause":
            return Pause(node=node, point=point, hit=hit, length_ns=length)
        case "crash":
            return Crash(node=node, point=point, hit=hit, length_ns=length)
        case _:
            other, there = draw(_stops)
            return Hold(
                node=node,
                point=point,
                hit=hit,
                release_ns=_SPAN_NS,
                release_node=other,
                release_point=there,
            )


@st.composite
def _partitions(draw: st.DrawFn) -> Fault:
    """Draw a partition of some links, both ways or one."""
    return Partition(
        sources=(draw(_ends),),
        targets=(draw(_ends),),
        start_ns=draw(_instants),
        length_ns=draw(_lengths),
        one_way=draw(st.booleans()),
        mode=draw(st.sampled_from(["drop", "hold"])),
    )


def _faults() -> st.SearchStrategy[Fault]:
    """Return faults of all kinds but drift, which a lease forgives up to its bound only."""
    links = {"source": _ends, "target": _ends, "start_ns": _instants, "length_ns": _lengths}
    late = st.sampled_from([200 * US, 2 * MS, 20 * MS])
    return st.one_of(
        _at_points(),
        _partitions(),
        st.builds(Pause, node=_stopped, start_ns=_instants, length_ns=_lengths),
        st.builds(Crash, node=_stopped, start_ns=_instants, length_ns=_lengths),
        st.builds(
            Slow,
            node=_stopped,
            start_ns=_instants,
            length_ns=_lengths,
            percent=st.sampled_from([300, 2_000, 20_000]),
        ),
        st.builds(SessionExpiry, node=st.sampled_from([*_MANAGERS, *_CLIENTS]), start_ns=_instants),
        st.builds(Compaction, node=st.sampled_from(_STORE[:2]), start_ns=_instants),
        st.builds(
            ClockStep,
            node=st.sampled_from([*_MANAGERS, *_CLIENTS]),
            start_ns=_instants,
            by_ns=st.sampled_from([-500 * MS, -20 * MS, 20 * MS, 500 * MS]),
        ),
        st.builds(Loss, ppm=_shares, **links),
        st.builds(Delay, ppm=_shares, delay_ns=late, **links),
        st.builds(Reorder, ppm=_shares, delay_ns=late, **links),
    )


_keys = st.integers(0, KEYS - 1)
_steps = st.one_of(
    st.builds("read {}".format, _keys),
    st.builds("write {}".format, _keys),
    st.builds("add {}".format, _keys),
    st.builds("delete {}".format, _keys),
)


@st.composite
def _transactions(draw: st.DrawFn) -> str:
    """Draw one transaction of a script."""
    steps = draw(st.lists(_steps, min_size=1, max_size=4))
    ends = [] if draw(st.integers(0, 9)) else ["roll back"]
    return f"at {duration_text(draw(_instants))}: {', '.join([*steps, *ends])}"


def _workloads() -> st.SearchStrategy[dict[str, Any]]:
    """Return workloads over few keys: by script, or drawn from the seed."""
    session = st.lists(_transactions(), min_size=1, max_size=6).map(_in_order)
    count = st.integers(20, 150)
    think = st.sampled_from(["0s", "1ms", "5ms"])
    return st.one_of(
        st.fixed_dictionaries(
            {
                "kind": st.just("script"),
                "sessions": st.lists(session, min_size=CLIENTS, max_size=CLIENTS),
            }
        ),
        st.fixed_dictionaries(
            {
                "kind": st.just("mix"),
                "transactions": count,
                "think": think,
                "keys": st.integers(2, 6),
            }
        ),
        st.fixed_dictionaries(
            {"kind": st.sampled_from(["counters", "bank"]), "transactions": count, "think": think}
        ),
    )


def _in_order(texts: list[str]) -> list[str]:
    """Return transactions by their instants, as a session runs them."""
    from scenarios.script import parse_transaction

    return sorted(texts, key=lambda text: parse_transaction(text).at_ns or 0)


@st.composite
def whole_scenarios(draw: st.DrawFn, *, variant: str, mutant: str | None = None) -> Scenario:
    """Draw scenarios of a variant with up to eight faults, over a second of simulated time."""
    omid = draw(
        st.fixed_dictionaries(
            {
                "completion": st.sampled_from(["sync", "async"]),
                "conflict_table_entries": st.sampled_from([2, 4, 64]),
                "batch_entries": st.sampled_from([1, 4, 25]),
                "low_water_mark_period": st.sampled_from(["0s", "10ms", "40ms"]),
                "low_water_mark_lag": st.sampled_from(["0s", "20ms", "80ms"]),
                "compaction_period": st.sampled_from(["0s", "10ms", "60ms"]),
                "compaction_major_every": st.integers(1, 3),
                "cleaner_period": st.sampled_from(["0s", "30ms"]),
            }
        )
    )
    return scenario_of(
        title="A scenario that a strategy made up",
        variant=variant,
        mutant=mutant,
        seed=draw(st.integers(0, 2**16)),
        workload=draw(_workloads()),
        omid=omid,
        faults=draw(st.lists(_faults(), max_size=_FAULTS_MAX)),
        limits={"duration": "3s"},
    )
