"""Name what the world can do to a node or its clock, as plain data.

Every fault is checked when it is made, says in English what it does (`describe`), and offers
simpler versions of itself to a shrinker (`narrow`, simplest first). Names of nodes are globs.
A crash, a pause and a hold can begin when the node reaches a named point for the hit-th time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from sim.kernel.fault_parts import (
    PPM,
    check,
    check_begin,
    check_instant,
    check_length,
    narrow_begin,
    narrow_start,
    narrow_window,
    nth,
    rounder,
    shorter,
    spell,
    tell_begin,
    tell_window,
)

__all__ = [
    "ClockDrift",
    "ClockStep",
    "Compaction",
    "Crash",
    "Hold",
    "NodeFault",
    "Pause",
    "SessionExpiry",
    "Slow",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """Take a node down, for good when it has no length; it loses what is not on disk."""

    kind: ClassVar[str] = "crash"
    node: str
    start_ns: int | None = None
    point: str | None = None
    hit: int = 1
    length_ns: int | None = None

    def __post_init__(self) -> None:
        check_begin(self)
        if self.length_ns is not None:
            check_length(self.length_ns)

    def narrow(self) -> Iterator["Crash"]:
        """Yield simpler versions for the shrinker, simplest first."""
        for length_ns in () if self.length_ns is None else shorter(self.length_ns):
            yield replace(self, length_ns=length_ns)
        yield from narrow_begin(self)

    def describe(self) -> str:
        """Say in English what happens."""
        after = "" if self.length_ns is None else f" and restarts {spell(self.length_ns)} later"
        return f"{self.node} crashes {tell_begin(self)}{after}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Stop a node's CPU; its clock keeps running (a GC stall)."""

    kind: ClassVar[str] = "pause"
    node: str
    start_ns: int | None = None
    point: str | None = None
    hit: int = 1
    length_ns: int

    def __post_init__(self) -> None:
        check_begin(self)
        check_length(self.length_ns)

    def narrow(self) -> Iterator["Pause"]:
        """Yield simpler versions for the shrinker, simplest first."""
        for length_ns in shorter(self.length_ns):
            yield replace(self, length_ns=length_ns)
        yield from narrow_begin(self)

    def describe(self) -> str:
        """Say in English what happens."""
        return f"{self.node} pauses {tell_begin(self)} for {spell(self.length_ns)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Stop a node at a point until an instant, or until a node reaches a point meanwhile.

    With both releases the earlier one counts. A node that reached the point of release before
    the hold began does not end it.
    """

    kind: ClassVar[str] = "hold"
    node: str
    point: str
    hit: int = 1
    release_ns: int | None = None
    release_node: str | None = None
    release_point: str | None = None

    def __post_init__(self) -> None:
        check(self.hit >= 1, f"hit {self.hit} of a point is below 1")
        check(
            (self.release_node is None) == (self.release_point is None),
            "a release at a point needs both release_node and release_point",
        )
        check(
            self.release_ns is not None or self.release_point is not None,
            "a hold needs a release: release_ns, or release_node and release_point",
        )
        if self.release_ns is not None:
            check_instant(self.release_ns)

    def narrow(self) -> Iterator["Hold"]:
        """Yield simpler versions for the shrinker, simplest first."""
        for hit in range(1, min(self.hit, 8)):
            yield replace(self, hit=hit)
        for release_ns in () if self.release_ns is None else rounder(self.release_ns):
            yield replace(self, release_ns=release_ns)

    def describe(self) -> str:
        """Say in English what happens."""
        ends = []
        if self.release_point is not None:
            ends.append(f"{self.release_node} reaches {self.release_point}")
        if self.release_ns is not None:
            ends.append(f"it is {spell(self.release_ns)}")
        return f"{self.node} is held at {self.point}{nth(self.hit)} until {' or '.join(ends)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """Make the work of a node take a percentage of its usual time."""

    kind: ClassVar[str] = "slow"
    node: str
    start_ns: int
    length_ns: int
    percent: int

    def __post_init__(self) -> None:
        check_instant(self.start_ns)
        check_length(self.length_ns)
        check(self.percent >= 1, f"a time of {self.percent} percent is below 1")

    def narrow(self) -> Iterator["Slow"]:
        """Yield simpler versions for the shrinker, simplest first."""
        yield from narrow_window(self)
        if self.percent > 200:
            yield replace(self, percent=max(self.percent // 2, 200))

    def describe(self) -> str:
        """Say in English what happens."""
        return f"work on {self.node} takes {self.percent}% of its usual time {tell_window(self)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStep:
    """Move a node's time of day forth, or back when negative."""

    kind: ClassVar[str] = "clock_step"
    node: str
    start_ns: int
    by_ns: int

    def __post_init__(self) -> None:
        check_instant(self.start_ns)
        check(self.by_ns != 0, "a clock step of 0 ns does nothing")

    def narrow(self) -> Iterator["ClockStep"]:
        """Yield simpler versions for the shrinker, simplest first."""
        sign = 1 if self.by_ns > 0 else -1
        for by_ns in shorter(abs(self.by_ns)):
            yield replace(self, by_ns=sign * by_ns)
        yield from narrow_start(self)

    def describe(self) -> str:
        """Say in English what happens."""
        way, by = "forth" if self.by_ns > 0 else "back", spell(abs(self.by_ns))
        return f"the clock of {self.node} steps {way} by {by} at {spell(self.start_ns)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockDrift:
    """Let a node's clock run fast, or slow when negative, from an instant on."""

    kind: ClassVar[str] = "clock_drift"
    node: str
    start_ns: int
    ppm: int

    def __post_init__(self) -> None:
        check_instant(self.start_ns)
        check(abs(self.ppm) < PPM, f"a drift of {self.ppm} ppm is not below 1_000_000 either way")

    def narrow(self) -> Iterator["ClockDrift"]:
        """Yield simpler versions for the shrinker, simplest first."""
        if abs(self.ppm) > 1:
            yield replace(self, ppm=(1 if self.ppm > 0 else -1) * (abs(self.ppm) // 2))
        yield from narrow_start(self)

    def describe(self) -> str:
        """Say in English what happens."""
        way, start = "fast" if self.ppm >= 0 else "slow", spell(self.start_ns)
        return f"the clock of {self.node} runs {abs(self.ppm)} ppm {way} from {start} on"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionExpiry:
    """Let the coordinator lose a node's session; the system says what that means."""

    kind: ClassVar[str] = "session_expiry"
    node: str
    start_ns: int

    def __post_init__(self) -> None:
        check_instant(self.start_ns)

    def narrow(self) -> Iterator["SessionExpiry"]:
        """Yield simpler versions for the shrinker, simplest first."""
        yield from narrow_start(self)

    def describe(self) -> str:
        """Say in English what happens."""
        return f"the session of {self.node} expires at {spell(self.start_ns)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compaction:
    """Let a store's server compact out of turn; the system says what that means."""

    kind: ClassVar[str] = "compaction"
    node: str
    start_ns: int

    def __post_init__(self) -> None:
        check_instant(self.start_ns)

    def narrow(self) -> Iterator["Compaction"]:
        """Yield simpler versions for the shrinker, simplest first."""
        yield from narrow_start(self)

    def describe(self) -> str:
        """Say in English what happens."""
        return f"{self.node} compacts at {spell(self.start_ns)}"


NodeFault = Crash | Pause | Hold | Slow | ClockStep | ClockDrift | SessionExpiry | Compaction
"""What names one node, or several by a glob."""
