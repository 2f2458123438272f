"""Draw faults by chance, before the run, as the same plain data that a person would write.

A nemesis says what kind of fault may come to which nodes, how often and for how long. It is
materialised into faults first, so a run that fails replays, and shrinks, without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sim.kernel.fault_parts import matches_any
from sim.kernel.faults import (
    ClockStep,
    Crash,
    Delay,
    Duplicate,
    Fault,
    Loss,
    Partition,
    Pause,
    Reorder,
    SessionExpiry,
    Slow,
)
from sim.kernel.streams import Stream, Streams, between, chance, pick

__all__ = ["KINDS", "Nemesis", "materialise"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Nemesis:
    """Say what may happen: `count_min` to `count_max` faults of one kind, each drawn anew.

    A fault begins between `start_ns` and `end_ns`, or, for a crash or a pause with `points`,
    when its node passes one of them for the first to `hit_max`-th time. `nodes` are globs; a
    fault of links goes from one of `nodes` to one of `targets`.
    """

    kind: str
    nodes: tuple[str, ...]
    targets: tuple[str, ...] = ("*",)
    count_min: int = 0
    count_max: int = 1
    start_ns: int = 0
    end_ns: int
    length_min_ns: int = 1
    length_max_ns: int
    points: tuple[str, ...] = ()
    hit_max: int = 20
    share_ppm: int = 1_000_000
    delay_ns: int = 1
    percent: int = 400

    def __post_init__(self) -> None:
        """Refuse a nemesis that can draw nothing."""
        if self.kind not in KINDS:
            raise ValueError(f"there is no nemesis of kind {self.kind!r}")
        if not 0 <= self.count_min <= self.count_max:
            raise ValueError(f"no count lies between {self.count_min} and {self.count_max}")
        if not 0 <= self.start_ns <= self.end_ns:
            raise ValueError(f"no instant lies between {self.start_ns} ns and {self.end_ns} ns")
        if not 0 < self.length_min_ns <= self.length_max_ns:
            raise ValueError(
                f"no length lies between {self.length_min_ns} ns and {self.length_max_ns} ns"
            )
        if self.points and self.kind not in ("crash", "pause"):
            raise ValueError(f"a {self.kind} does not begin at a point")
        if self.hit_max < 1:
            raise ValueError("points are passed for the first time at the earliest")


def materialise(
    nemeses: Sequence[Nemesis], streams: Streams, node_names: Sequence[str]
) -> tuple[Fault, ...]:
    """Draw the faults of a run; each has a stream of its own, so that none depends on another."""
    faults: list[Fault] = []
    for number, nemesis in enumerate(nemeses):
        place = ("nemesis", str(number))
        count = between(streams.at(*place, "count"), nemesis.count_min, nemesis.count_max)
        faults += [
            _draw(nemesis, streams.at(*place, str(index)), node_names) for index in range(count)
        ]
    return tuple(faults)


def _draw(nemesis: Nemesis, stream: Stream, node_names: Sequence[str]) -> Fault:
    nodes = [name for name in node_names if matches_any(name, nemesis.nodes)]
    targets = [name for name in node_names if matches_any(name, nemesis.targets)]
    if not nodes or not targets:
        raise ValueError(f"no node is named by {', '.join(nemesis.nodes)}")
    start_ns = between(stream, nemesis.start_ns, nemesis.end_ns)
    length_ns = between(stream, nemesis.length_min_ns, nemesis.length_max_ns)
    drawn = _Drawn(nemesis, stream, pick(stream, nodes), targets, start_ns, length_ns)
    return KINDS[nemesis.kind](drawn)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What every kind of fault needs."""

    nemesis: Nemesis
    stream: Stream
    node: str
    targets: list[str]
    start_ns: int
    length_ns: int

    def target(self) -> str:
        """Draw the other end of a link, which may be a whole role."""
        others = [name for name in self.targets if name != self.node]
        return pick(self.stream, others or self.targets)


def _crash(drawn: _Drawn) -> Fault:
    nemesis = drawn.nemesis
    if nemesis.points:
        return Crash(
            node=drawn.node,
            point=pick(drawn.stream, nemesis.points),
            hit=between(drawn.stream, 1, nemesis.hit_max),
            length_ns=drawn.length_ns,
        )
    return Crash(node=drawn.node, start_ns=drawn.start_ns, length_ns=drawn.length_ns)


def _pause(drawn: _Drawn) -> Fault:
    nemesis = drawn.nemesis
    if nemesis.points:
        return Pause(
            node=drawn.node,
            point=pick(drawn.stream, nemesis.points),
            hit=between(drawn.stream, 1, nemesis.hit_max),
            length_ns=drawn.length_ns,
        )
    return Pause(node=drawn.node, start_ns=drawn.start_ns, length_ns=drawn.length_ns)


def _partition(drawn: _Drawn) -> Fault:
    return Partition(
        sources=(drawn.node,),
        targets=(drawn.target(),),
        start_ns=drawn.start_ns,
        length_ns=drawn.length_ns,
        one_way=chance(drawn.stream, 1, 2),
        mode=pick(drawn.stream, ("drop", "hold")),
    )


def _slow(drawn: _Drawn) -> Fault:
    return Slow(
        node=drawn.node,
        start_ns=drawn.start_ns,
        length_ns=drawn.length_ns,
        percent=drawn.nemesis.percent,
    )


def _loss(drawn: _Drawn) -> Fault:
    return Loss(
        source=drawn.node,
        target=drawn.target(),
        start_ns=drawn.start_ns,
        length_ns=drawn.length_ns,
        ppm=drawn.nemesis.share_ppm,
    )


def _duplicate(drawn: _Drawn) -> Fault:
    return Duplicate(
        source=drawn.node,
        target=drawn.target(),
        start_ns=drawn.start_ns,
        length_ns=drawn.length_ns,
        ppm=drawn.nemesis.share_ppm,
    )


def _delay(drawn: _Drawn) -> Fault:
    return Delay(
        source=drawn.node,
        target=drawn.target(),
        start_ns=drawn.start_ns,
        length_ns=drawn.length_ns,
        ppm=drawn.nemesis.share_ppm,
        delay_ns=drawn.nemesis.delay_ns,
    )


def _reorder(drawn: _Drawn) -> Fault:
    return Reorder(
        source=drawn.node,
        target=drawn.target(),
        start_ns=drawn.start_ns,
        length_ns=drawn.length_ns,
        ppm=drawn.nemesis.share_ppm,
        delay_ns=drawn.nemesis.delay_ns,
    )


def _clock_step(drawn: _Drawn) -> Fault:
    sign = 1 if chance(drawn.stream, 1, 2) else -1
    return ClockStep(node=drawn.node, start_ns=drawn.start_ns, by_ns=sign * drawn.length_ns)


def _session_expiry(drawn: _Drawn) -> Fault:
    return SessionExpiry(node=drawn.node, start_ns=drawn.start_ns)


KINDS: Final[dict[str, Callable[[_Drawn], Fault]]] = {
    "crash": _crash,
    "pause": _pause,
    "partition": _partition,
    "slow": _slow,
    "loss": _loss,
    "duplicate": _duplicate,
    "delay": _delay,
    "reorder": _reorder,
    "clock_step": _clock_step,
    "session_expiry": _session_expiry,
}
"""Every kind of nemesis, by the kind of fault that it draws; a clock steps by its length."""
