"""Share what faults have in common: checks, simpler versions, and English for instants."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

__all__ = [
    "PPM",
    "check",
    "check_begin",
    "check_instant",
    "check_length",
    "check_share",
    "matches_any",
    "narrow_begin",
    "narrow_start",
    "narrow_window",
    "nth",
    "rounder",
    "shorter",
    "spell",
    "tell_begin",
    "tell_window",
]

PPM = 1_000_000

UNITS = (("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1))


def spell(ns: int) -> str:
    """Write a duration exactly, in the largest unit that it fills."""
    unit, size = next(((unit, size) for unit, size in UNITS if ns >= size), UNITS[-1])
    whole, rest = divmod(ns, size)
    return (
        f"{whole}.{rest:0{len(str(size)) - 1}}".rstrip("0").rstrip(".") + f" {unit}"
        if rest
        else f"{whole} {unit}"
    )


def check(condition: bool, message: str) -> None:
    """Raise ValueError unless the condition holds."""
    if not condition:
        raise ValueError(message)


def check_instant(ns: int) -> None:
    """Refuse an instant before the beginning."""
    check(ns >= 0, f"an instant of {ns} ns is negative")


def check_length(ns: int) -> None:
    """Refuse a length of nothing or less."""
    check(ns > 0, f"a length of {ns} ns is not positive")


def check_share(ppm: int) -> None:
    """Refuse a share of nothing, or of more than all."""
    check(0 < ppm <= PPM, f"a share of {ppm} ppm is not in 1 to 1_000_000")


def check_begin(fault: Any) -> None:
    """Refuse a fault that begins neither at an instant nor at a point, or at both."""
    check(
        (fault.start_ns is None) != (fault.point is None),
        f"a {fault.kind} begins at start_ns or at a point, one of the two",
    )
    if fault.start_ns is not None:
        check_instant(fault.start_ns)
    check(fault.hit >= 1, f"hit {fault.hit} of a point is below 1")


def matches_any(name: str, globs: Iterable[str]) -> bool:
    """Return True when one of the globs matches the name."""
    return any(fnmatchcase(name, glob) for glob in globs)


def rounder(ns: int) -> Iterator[int]:
    """Yield rounder instants that are not later, the roundest first."""
    last = ns
    for size in (10**9, 10**8, 10**7, 10**6, 10**3):
        rounded = ns // size * size
        if rounded != ns and rounded != last:
            yield rounded
            last = rounded


def shorter(ns: int) -> Iterator[int]:
    """Yield shorter lengths, the simplest first, down to a millisecond."""
    last = ns
    for length in (10**6, ns // 8, ns // 2, *(ns // size * size for size in (10**9, 10**8, 10**6))):
        if 10**6 <= length < ns and length != last:
            yield length
            last = length


def narrow_start(fault: Any) -> Iterator[Any]:
    """Yield the fault at rounder instants."""
    for start_ns in rounder(fault.start_ns):
        yield replace(fault, start_ns=start_ns)


def narrow_begin(fault: Any) -> Iterator[Any]:
    """Yield the fault at rounder instants, or at earlier passages of its point."""
    if fault.start_ns is None:
        for hit in range(1, min(fault.hit, 8)):
            yield replace(fault, hit=hit)
        if fault.hit > 8:
            yield replace(fault, hit=fault.hit // 2)
    else:
        yield from narrow_start(fault)


def narrow_window(fault: Any) -> Iterator[Any]:
    """Yield the fault for shorter lengths and from rounder instants."""
    for length_ns in shorter(fault.length_ns):
        yield replace(fault, length_ns=length_ns)
    yield from narrow_start(fault)


def nth(hit: int) -> str:
    """Say which passage of a point is meant, nothing for the first."""
    return "" if hit == 1 else f" (passage {hit})"


def tell_begin(fault: Any) -> str:
    """Say when a fault of a node begins."""
    if fault.start_ns is None:
        return f"at {fault.point}{nth(fault.hit)}"
    return f"at {spell(fault.start_ns)}"


def tell_window(fault: Any) -> str:
    """Say from when to when a fault acts."""
    return f"from {spell(fault.start_ns)} to {spell(fault.start_ns + fault.length_ns)}"
