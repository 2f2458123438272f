"""Describe durations by 4096 integer quantiles, so that one draw is one table look-up.

`table()[stream.getrandbits(12)]` samples any of them. Entry i is the quantile in the middle of
slot i, at (2i + 1) / 8192, in nanoseconds. A table therefore cuts the tail behind its last slot;
`ParetoTail` hands that slot on to a further draw (`sample`, and every link of the network, do it).
All tables come from integer mathematics and are equal on every machine.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from sim.kernel import fixed
from sim.kernel.normal_table import standard_normal
from sim.kernel.streams import Stream

__all__ = [
    "SLOTS",
    "Constant",
    "Distribution",
    "Empirical",
    "Exponential",
    "LogNormal",
    "ParetoTail",
    "Uniform",
    "sample",
    "spread_factors",
]

SLOTS = 4096
PPM = 1_000_000


class Distribution(Protocol):
    """Give the quantile table of a duration."""

    def table(self) -> tuple[int, ...]:
        """Return the 4096 mid-slot quantiles in nanoseconds."""
        ...

    def average_ns(self) -> int:
        """Return the mean of the table, rounded to the nearest nanosecond."""
        ...

    def beyond(self) -> "Distribution | None":
        """Return the law of the table's last slot, or None when the table is all there is."""
        ...


def sample(law: Distribution, stream: Stream) -> int:
    """Draw one duration in nanoseconds, following the tail as far as the draws lead."""
    slot = stream.getrandbits(12)
    if slot == SLOTS - 1 and (tail := law.beyond()) is not None:
        return sample(tail, stream)
    return law.table()[slot]


@lru_cache(maxsize=16)
def spread_factors(sigma_ppm: int) -> tuple[int, ...]:
    """Return the 4096 mid-slot quantiles of a log-normal factor of mean 1, in ppm."""
    quantiles = LogNormal(median_ns=PPM, sigma_ppm=sigma_ppm).table()
    total = sum(quantiles)
    return tuple(PPM * SLOTS * quantile // total for quantile in quantiles)


class _Tabled(ABC):
    """Share what follows from the table alone."""

    __slots__ = ()

    @abstractmethod
    def table(self) -> tuple[int, ...]:
        """Return the 4096 mid-slot quantiles in nanoseconds."""

    def average_ns(self) -> int:
        """Return the mean of the table, rounded to the nearest nanosecond."""
        return (2 * sum(self.table()) + SLOTS) // (2 * SLOTS)

    def beyond(self) -> Distribution | None:
        """Return the law of the table's last slot, or None when the table is all there is."""
        return None


@dataclass(frozen=True, slots=True)
class Constant(_Tabled):
    """Take the same time always."""

    ns: int

    def __post_init__(self) -> None:
        _need(self.ns >= 0, f"a constant duration of {self.ns} ns is negative")

    @lru_cache(maxsize=256)  # noqa: B019 (keyed by value: equal laws share one table)
    def table(self) -> tuple[int, ...]:
        """Return the 4096 mid-slot quantiles in nanoseconds."""
        return (self.ns,) * SLOTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Uniform(_Tabled):
    """Take any time between two bounds, each equally likely."""

    low_ns: int
    high_ns: int

    def __post_init__(self) -> None:
        _need(self.low_ns >= 0, f"a low bound of {self.low_ns} ns is negative")
        _need(self.low_ns <= self.high_ns, f"low bound {self.low_ns} ns above {self.high_ns} ns")

    @lru_cache(maxsize=256)  # noqa: B019 (keyed by value: equal laws share one table)
    def table(self) -> tuple[int, ...]:
        """Return the 4096 mid-slot quantiles in nanoseconds."""
        width = self.high_ns - self.low_ns
        return tuple(self.low_ns + width * (2 * i + 1) // (2 * SLOTS) for i in range(SLOTS))


@dataclass(frozen=True, slots=True, kw_only=True)
class LogNormal(_Tabled):
    """Take a time whose logarithm is normal: median * exp(sigma * z), the usual shape of an RPC."""

    median_ns: int
    sigma_ppm: int

    def __post_init__(self) -> None:
        _need(self.median_ns >= 0, f"a median of {self.median_ns} ns is negative")
        _need(0 <= self.sigma_ppm <= 10 * PPM, f"sigma of {self.sigma_ppm} ppm is not in 0 to 10")

    @lru_cache(maxsize=256)  # noqa: B019 (keyed by value: equal laws share one table)
    def table(self) -> tuple[int, ...]:
        """Return the 4096 mid-slot quantiles in nanoseconds."""
        sigma, median = self.sigma_ppm, self.median_ns
        return tuple(fixed.multiply(median, fixed.exp(z * sigma // PPM)) for z in standard_normal())


@dataclass(frozen=True, slots=True, kw_only=True)
class Exponential(_Tabled):
    """Take at least a minimum, and beyond it a memoryless time; the mean is that of the whole."""

    mean_ns: int
    minimum_ns: int = 0

    def __post_init__(self) -> None:
        _need(self.minimum_ns >= 0, f"a minimum of {self.minimum_ns} ns is negative")
        _need(
            self.minimum_ns <= self.mean_ns,
            f"minimum {self.minimum_ns} ns above the mean {self.mean_ns} ns",
        )

    @lru_cache(maxsize=256)  # noqa: B019 (keyed by value: equal laws share one table)
    def table(self) -> tuple[int, ...]:
        """Return the 4096 mid-slot quantiles in nanoseconds."""
        scale = self.mean_ns - self.minimum_ns
        return tuple(
            self.minimum_ns + fixed.multiply(scale, -fixed.ln(rest)) for rest in _survivals()
        )


@dataclass(frozen=True, slots=True)
class Empirical(_Tabled):
    """Take a measured time: points of (parts per million, nanoseconds), straight lines between.

    Below the first point and above the last one the law is flat.
    """

    points: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        _need(len(self.points) > 0, "an empirical law needs at least one point")
        shares = [share for share, _ in self.points]
        times = [ns for _, ns in self.points]
        _need(min(shares) >= 0 and max(shares) <= PPM, f"shares {shares} are not in 0 to {PPM} ppm")
        _need(sorted(set(shares)) == shares, f"shares {shares} do not rise")
        _need(times[0] >= 0, f"a time of {times[0]} ns is negative")
        _need(sorted(times) == times, f"times {times} fall")

    @lru_cache(maxsize=256)  # noqa: B019 (keyed by value: equal laws share one table)
    def table(self) -> tuple[int, ...]:
        """Return the 4096 mid-slot quantiles in nanoseconds."""
        entries: list[int] = []
        points, after = self.points, 0
        for i in range(SLOTS):
            # Both sides of the comparison are in units of 1 / (8192 * 1e6).
            share = (2 * i + 1) * PPM
            while after < len(points) and points[after][0] * 2 * SLOTS <= share:
                after += 1
            entries.append(self._between(share, after))
        return tuple(entries)

    def _between(self, share: int, after: int) -> int:
        """Interpolate at a share that lies just below point number `after`."""
        if after == 0 or after == len(self.points):
            return self.points[max(after - 1, 0)][1]
        (low, low_ns), (high, high_ns) = self.points[after - 1], self.points[after]
        width = (high - low) * 2 * SLOTS
        return low_ns + (high_ns - low_ns) * (share - low * 2 * SLOTS) // width


@dataclass(frozen=True, slots=True, kw_only=True)
class ParetoTail(_Tabled):
    """Follow a body up to a share and a Pareto law of exponent alpha beyond it.

    The last slot of the table holds the middle of what lies beyond; `beyond` draws on from there.
    """

    body: Distribution
    alpha_ppm: int
    from_ppm: int = 990_000

    def __post_init__(self) -> None:
        _need(self.alpha_ppm >= PPM // 10, f"alpha of {self.alpha_ppm} ppm is below 0.1")
        _need(0 < self.from_ppm < PPM, f"a tail from {self.from_ppm} ppm is not in 1 to {PPM - 1}")

    @lru_cache(maxsize=256)  # noqa: B019 (keyed by value: equal laws share one table)
    def table(self) -> tuple[int, ...]:
        """Return the 4096 mid-slot quantiles in nanoseconds."""
        body = self.body.table()
        return tuple(
            body[i] if (2 * i + 1) * PPM < 2 * SLOTS * self.from_ppm else self._stretched(rest)
            for i, rest in enumerate(_survivals())
        )

    def beyond(self) -> Distribution:
        """Return the law of the last slot: the same tail, begun where the table ends."""
        return _Pareto(start_ns=self._stretched(fixed.ONE // SLOTS), alpha_ppm=self.alpha_ppm)

    def _stretched(self, rest: int) -> int:
        """Return the time that a share `rest` of all draws exceeds."""
        first = min(SLOTS * self.from_ppm // PPM, SLOTS - 1)
        start_ns = self.body.table()[first]
        share = fixed.from_ratio(PPM - self.from_ppm, PPM)
        return _pareto(start_ns, min(rest, share), share, self.alpha_ppm)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pareto(_Tabled):
    """Take at least a start, and x times it with probability x ** -alpha."""

    start_ns: int
    alpha_ppm: int

    @lru_cache(maxsize=256)  # noqa: B019 (keyed by value: equal laws share one table)
    def table(self) -> tuple[int, ...]:
        return tuple(
            _pareto(self.start_ns, rest, fixed.ONE, self.alpha_ppm) for rest in _survivals()
        )

    def beyond(self) -> Distribution:
        start_ns = _pareto(self.start_ns, fixed.ONE // SLOTS, fixed.ONE, self.alpha_ppm)
        return _Pareto(start_ns=start_ns, alpha_ppm=self.alpha_ppm)


def _pareto(start_ns: int, rest: int, share: int, alpha_ppm: int) -> int:
    """Return start * (share / rest) ** (1 / alpha)."""
    return fixed.multiply(
        start_ns, fixed.power(share * fixed.ONE // rest, fixed.from_ratio(PPM, alpha_ppm))
    )


@lru_cache(maxsize=1)
def _survivals() -> tuple[int, ...]:
    """Return 1 - quantile of every slot as fixed-point numbers."""
    return tuple(fixed.from_ratio(2 * (SLOTS - i) - 1, 2 * SLOTS) for i in range(SLOTS))


def _need(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)
