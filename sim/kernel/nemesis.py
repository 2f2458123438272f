"""Draw faults by chance, as data, before anything runs.

A nemesis says which kind of fault may strike where, how often and how hard. `materialise` turns
it into plain faults that are then armed, written down, shrunk and replayed like any other. All
durations and instants are drawn to whole microseconds, so that they read well in a file. The
number of faults is drawn too, from zero on unless told otherwise: runs shall differ in kind, not
only in degree.
"""

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass

from sim.kernel.fault_parts import PPM, check, check_instant, matches_any
from sim.kernel.faults import (
    KINDS,
    ClockDrift,
    ClockStep,
    Compaction,
    Crash,
    Delay,
    Duplicate,
    Fault,
    Hold,
    Loss,
    Partition,
    Pause,
    Reorder,
    SessionExpiry,
    Slow,
)
from sim.kernel.streams import Stream, Streams, below, between, pick

__all__ = ["Nemesis", "materialise"]

US = 1_000
MS = 1_000_000
S = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Nemesis:
    """Say what kind of fault strikes which nodes, how often and how hard.

    `nodes` are globs: the node that suffers, or the sources of a fault of links, whose `targets`
    are globs too. The number of faults lies between `count_min` and `count_max`; with `per_s`,
    a rate, it is drawn around rate times window instead. `end_ns` None means the end of the run.
    With `points`, crashes, pauses and holds begin at one of them, at a hit up to `hit_max`.
    """

    kind: str
    nodes: tuple[str, ...]
    targets: tuple[str, ...] = ("*",)
    count_min: int = 0
    count_max: int = 1
    per_s: int | None = None
    length_min_ns: int = MS
    length_max_ns: int = 10 * S
    start_ns: int = 0
    end_ns: int | None = None
    points: tuple[str, ...] = ()
    hit_max: int = 8
    ppm_max: int = PPM // 5
    percent_max: int = 1_000
    by_max_ns: int = 10 * S
    forever_percent: int = 20
    """Share of the crashes without a restart."""

    def __post_init__(self) -> None:
        check(self.kind in KINDS, f"unknown kind of fault {self.kind!r}")
        check(bool(self.nodes), "a nemesis needs nodes")
        check(0 <= self.count_min <= self.count_max, "count_min is negative or above count_max")
        check(self.per_s is None or self.per_s > 0, "a rate is positive")
        check(
            US <= self.length_min_ns <= self.length_max_ns,
            "length_min_ns is below 1 us or above length_max_ns",
        )
        check_instant(self.start_ns)
        check(self.end_ns is None or self.end_ns > self.start_ns, "the window is empty")
        check(self.hit_max >= 1, "hit_max is below 1")
        check(0 < self.ppm_max < PPM, "ppm_max is not in 1 to 999_999")
        check(self.percent_max > 100, "percent_max is not above 100")
        check(self.by_max_ns >= US, "by_max_ns is below 1 us")
        check(0 <= self.forever_percent <= 100, "forever_percent is not in 0 to 100")
        check(self.kind != "hold" or bool(self.points), "a hold needs points")


def materialise(
    nemeses: Sequence[Nemesis],
    streams: Streams,
    node_names: Iterable[str],
    duration_ns: int,
    *,
    points_of: Callable[[str], Container[str]] | None = None,
) -> tuple[Fault, ...]:
    """Draw the faults of all nemeses, each from a stream of its own, sorted by their begin.

    `points_of` says which points a node passes; a fault at a point strikes only whoever passes
    it. A nemesis whose globs match no node, or none that passes a point, raises ValueError.
    """
    names = tuple(node_names)
    faults: list[Fault] = []
    for number, nemesis in enumerate(nemeses):
        stream = streams.at("nemesis", str(number), nemesis.kind)
        end_ns = duration_ns if nemesis.end_ns is None else min(nemesis.end_ns, duration_ns)
        window_ns = end_ns - nemesis.start_ns
        check(window_ns >= US, f"the window of nemesis {number} begins behind the end of the run")
        draw = _Draw(nemesis, stream, names, window_ns, points_of)
        faults.extend(draw.fault() for _ in range(draw.count()))
    return tuple(sorted(faults, key=_begin))


def _begin(fault: Fault) -> int:
    """Return when a fault begins; those that wait at a point come first."""
    return getattr(fault, "start_ns", None) or 0


class _Draw:
    """Draw the faults of one nemesis."""

    def __init__(
        self,
        nemesis: Nemesis,
        stream: Stream,
        names: tuple[str, ...],
        window_ns: int,
        points_of: Callable[[str], Container[str]] | None,
    ) -> None:
        self._nemesis = nemesis
        self._stream = stream
        self._window_ns = window_ns
        named = tuple(name for name in names if matches_any(name, nemesis.nodes))
        self._points = {
            name: tuple(
                point for point in nemesis.points if points_of is None or point in points_of(name)
            )
            for name in named
        }
        self._sources = tuple(name for name in named if self._points[name] or not nemesis.points)
        self._targets = tuple(name for name in names if matches_any(name, nemesis.targets))
        check(bool(named), f"no node is called {' or '.join(nemesis.nodes)}")
        check(bool(self._sources), f"no such node has {' or '.join(nemesis.points)}")
        check(bool(self._targets), f"no node is called {' or '.join(nemesis.targets)}")

    def count(self) -> int:
        """Draw how many faults there are."""
        nemesis = self._nemesis
        if nemesis.per_s is None:
            return between(self._stream, nemesis.count_min, nemesis.count_max)
        # Each of a thousand slots of the window holds a fault or not: close to a Poisson law.
        chances = 1_000
        expected_ppb = nemesis.per_s * self._window_ns // chances
        full, rest = divmod(expected_ppb, S)
        return chances * full + sum(below(self._stream, S) < rest for _ in range(chances))

    def fault(self) -> Fault:
        """Draw one fault."""
        nemesis = self._nemesis
        start_ns = nemesis.start_ns + below(self._stream, self._window_ns // US) * US
        if nemesis.kind in ("crash", "pause", "hold"):
            return self._stop(start_ns)
        if nemesis.kind in ("slow", "clock_step", "clock_drift", "session_expiry", "compaction"):
            return self._disturb(start_ns, pick(self._stream, self._sources))
        if nemesis.kind == "partition":
            return self._partition(start_ns)
        return self._strike_link(start_ns)

    def _length_ns(self) -> int:
        """Draw a length; short ones are as likely as long ones by their order of magnitude."""
        low, high = self._nemesis.length_min_ns // US, self._nemesis.length_max_ns // US
        bits = between(self._stream, low.bit_length(), high.bit_length())
        length = (1 << (bits - 1)) + below(self._stream, 1 << (bits - 1))
        return min(max(length, low), high) * US

    def _stop(self, start_ns: int) -> Fault:
        nemesis, stream = self._nemesis, self._stream
        node = pick(stream, self._sources)
        length_ns = self._length_ns()
        point = pick(stream, self._points[node]) if nemesis.points else None
        hit = between(stream, 1, nemesis.hit_max) if point is not None else 1
        begin_ns = start_ns if point is None else None
        if nemesis.kind == "hold" and point is not None:
            release_ns = start_ns + length_ns
            return Hold(node=node, point=point, hit=hit, release_ns=release_ns)
        if nemesis.kind == "pause":
            return Pause(node=node, start_ns=begin_ns, point=point, hit=hit, length_ns=length_ns)
        forever = below(stream, 100) < nemesis.forever_percent
        return Crash(
            node=node,
            start_ns=begin_ns,
            point=point,
            hit=hit,
            length_ns=None if forever else length_ns,
        )

    def _disturb(self, start_ns: int, node: str) -> Fault:
        nemesis, stream = self._nemesis, self._stream
        if nemesis.kind == "slow":
            percent = between(stream, 101, nemesis.percent_max)
            length_ns = self._length_ns()
            return Slow(node=node, start_ns=start_ns, length_ns=length_ns, percent=percent)
        if nemesis.kind == "session_expiry":
            return SessionExpiry(node=node, start_ns=start_ns)
        if nemesis.kind == "compaction":
            return Compaction(node=node, start_ns=start_ns)
        sign = 1 - 2 * below(stream, 2)
        if nemesis.kind == "clock_step":
            by_ns = sign * between(stream, 1, nemesis.by_max_ns // US) * US
            return ClockStep(node=node, start_ns=start_ns, by_ns=by_ns)
        ppm = sign * between(stream, 1, nemesis.ppm_max)
        return ClockDrift(node=node, start_ns=start_ns, ppm=ppm)

    def _partition(self, start_ns: int) -> Fault:
        stream = self._stream
        node = pick(stream, self._sources)
        others = tuple(name for name in self._targets if name != node)
        alone = pick(stream, others) if others else node
        whole = below(stream, 2) == 0
        return Partition(
            sources=(node,),
            targets=self._nemesis.targets if whole else (alone,),
            start_ns=start_ns,
            length_ns=self._length_ns(),
            one_way=below(stream, 2) == 0,
            mode=pick(stream, ("drop", "hold")),
        )

    def _strike_link(self, start_ns: int) -> Fault:
        stream = self._stream
        source, target = pick(stream, self._sources), pick(stream, self._targets)
        length_ns, ppm = self._length_ns(), between(stream, 1, self._nemesis.ppm_max)
        window = {"start_ns": start_ns, "length_ns": length_ns, "ppm": ppm}
        match self._nemesis.kind:
            case "loss":
                return Loss(source=source, target=target, **window)
            case "duplicate":
                return Duplicate(source=source, target=target, **window)
            case "reorder":
                delay_ns = between(stream, 1, self._nemesis.length_min_ns // US * 10) * US
                return Reorder(source=source, target=target, delay_ns=delay_ns, **window)
            case _:
                delay_ns = between(stream, 1, self._nemesis.length_min_ns // US * 100) * US
                return Delay(source=source, target=target, delay_ns=delay_ns, **window)
