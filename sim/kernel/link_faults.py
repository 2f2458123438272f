"""Name what the world can do to links, as plain data.

They act on messages that leave while they last; what is on its way already still arrives. They
check, describe and narrow themselves like the faults of nodes. When several act on one link, the
strongest of each kind wins.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import ClassVar, Protocol, TypeVar

from sim.kernel.fault_parts import (
    PPM,
    check,
    check_instant,
    check_length,
    check_share,
    matches_any,
    narrow_window,
    spell,
    tell_window,
)

__all__ = ["Delay", "Duplicate", "LinkFault", "Loss", "Partition", "Reorder"]


class LinkState(Protocol):
    """What faults change about a link."""

    blocked: bool
    held: bool
    loss_ppm: int
    duplicate_ppm: int
    reorder_ppm: int
    reorder_ns: int
    delay_ppm: int
    delay_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """Cut the links between two groups of nodes, in both directions or in one.

    Mode "drop" loses what is sent meanwhile; mode "hold" delivers it in order at the end.
    """

    kind: ClassVar[str] = "partition"
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    start_ns: int
    length_ns: int
    one_way: bool = False
    mode: str = "drop"

    def __post_init__(self) -> None:
        check_instant(self.start_ns)
        check_length(self.length_ns)
        check(self.mode in ("drop", "hold"), f'the mode is "drop" or "hold", not {self.mode!r}')
        check(bool(self.sources), "a partition needs sources")
        check(bool(self.targets), "a partition needs targets")

    @property
    def globs(self) -> tuple[str, ...]:
        """All patterns of node names."""
        return (*self.sources, *self.targets)

    def touches(self, source: str, target: str) -> bool:
        """Return True when the link from source to target is cut; no node is cut off itself."""
        if source == target:
            return False
        if matches_any(source, self.sources) and matches_any(target, self.targets):
            return True
        back = matches_any(target, self.sources) and matches_any(source, self.targets)
        return back and not self.one_way

    def worsen(self, link: LinkState) -> None:
        """Act on a link."""
        if self.mode == "hold":
            link.held = True
        else:
            link.blocked = True

    def narrow(self) -> Iterator["Partition"]:
        """Yield simpler versions for the shrinker, simplest first."""
        for sources in _without_one(self.sources):
            yield replace(self, sources=sources)
        for targets in _without_one(self.targets):
            yield replace(self, targets=targets)
        if not self.one_way:
            yield replace(self, one_way=True)
        yield from narrow_window(self)

    def describe(self) -> str:
        """Say in English what happens."""
        way = "to" if self.one_way else "to and from"
        end = "are lost" if self.mode == "drop" else "wait"
        ends = f"{', '.join(self.sources)} {way} {', '.join(self.targets)}"
        return f"messages from {ends} {end} {tell_window(self)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Share:
    """Hold what the faults have in common that strike a share of the messages of a link."""

    source: str
    target: str
    start_ns: int
    length_ns: int
    ppm: int = PPM

    def __post_init__(self) -> None:
        check_instant(self.start_ns)
        check_length(self.length_ns)
        check_share(self.ppm)

    @property
    def globs(self) -> tuple[str, ...]:
        """All patterns of node names."""
        return (self.source, self.target)

    def touches(self, source: str, target: str) -> bool:
        """Return True when the link from source to target meets the fault."""
        return fnmatchcase(source, self.source) and fnmatchcase(target, self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss(_Share):
    """Lose a share of the messages."""

    kind: ClassVar[str] = "loss"

    def worsen(self, link: LinkState) -> None:
        """Act on a link."""
        link.loss_ppm = max(link.loss_ppm, self.ppm)

    def narrow(self) -> Iterator["Loss"]:
        """Yield simpler versions for the shrinker, simplest first."""
        return _narrow_share(self)

    def describe(self) -> str:
        """Say in English what happens."""
        return _tell_share(self, "are lost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate(_Share):
    """Deliver a share of the messages twice, each copy with its own latency."""

    kind: ClassVar[str] = "duplicate"

    def worsen(self, link: LinkState) -> None:
        """Act on a link."""
        link.duplicate_ppm = max(link.duplicate_ppm, self.ppm)

    def narrow(self) -> Iterator["Duplicate"]:
        """Yield simpler versions for the shrinker, simplest first."""
        return _narrow_share(self)

    def describe(self) -> str:
        """Say in English what happens."""
        return _tell_share(self, "arrive twice")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Late(_Share):
    """Hold what the faults have in common that make messages late."""

    delay_ns: int

    def __post_init__(self) -> None:
        # Slotted dataclasses are made anew, so the short form of super() finds the wrong class.
        _Share.__post_init__(self)
        check(self.delay_ns > 0, f"a delay of {self.delay_ns} ns is not positive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reorder(_Late):
    """Delay a share of the messages by up to `delay_ns`, so that later ones overtake them.

    A link that keeps its order keeps it; there the later ones are late too.
    """

    kind: ClassVar[str] = "reorder"

    def worsen(self, link: LinkState) -> None:
        """Act on a link."""
        link.reorder_ppm = max(link.reorder_ppm, self.ppm)
        link.reorder_ns = max(link.reorder_ns, self.delay_ns)

    def narrow(self) -> Iterator["Reorder"]:
        """Yield simpler versions for the shrinker, simplest first."""
        return _narrow_share(self)

    def describe(self) -> str:
        """Say in English what happens."""
        return _tell_share(self, f"are up to {spell(self.delay_ns)} late")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay(_Late):
    """Delay a share of the messages (all of them by default) by `delay_ns`."""

    kind: ClassVar[str] = "delay"

    def worsen(self, link: LinkState) -> None:
        """Act on a link."""
        link.delay_ppm = max(link.delay_ppm, self.ppm)
        link.delay_ns = max(link.delay_ns, self.delay_ns)

    def narrow(self) -> Iterator["Delay"]:
        """Yield simpler versions for the shrinker, simplest first."""
        return _narrow_share(self)

    def describe(self) -> str:
        """Say in English what happens."""
        return _tell_share(self, f"are {spell(self.delay_ns)} late")


LinkFault = Partition | Loss | Duplicate | Reorder | Delay
"""What acts on links."""

_AnyShare = TypeVar("_AnyShare", bound=_Share)


def _narrow_share(fault: _AnyShare) -> Iterator[_AnyShare]:
    yield from narrow_window(fault)
    if fault.ppm > 1:
        yield replace(fault, ppm=fault.ppm // 2)


def _tell_share(fault: _Share, happens: str) -> str:
    share = f"{fault.ppm // 10_000}.{fault.ppm % 10_000:04}".rstrip("0").rstrip(".")
    ends = f"from {fault.source} to {fault.target}"
    return f"{share}% of the messages {ends} {happens} {tell_window(fault)}"


def _without_one(group: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the group without each of its members, never an empty one."""
    if len(group) > 1:
        for i in range(len(group)):
            yield group[:i] + group[i + 1 :]
