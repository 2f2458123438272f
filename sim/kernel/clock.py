"""Keep the local time of a node as a view on the true time.

Events stay ordered by true time; a node reads its own clock only. The monotonic clock runs at
a rate of (1_000_000 + ppm) / 1_000_000 and never jumps; the wall clock is the monotonic clock
plus an offset that steps move back and forth. All arithmetic is exact: inside, local time is
counted in millionths of a nanosecond.
"""

__all__ = ["Clock"]

PPM = 1_000_000


class Clock:
    """Turn true time into local time; reads must not go back behind the last change of drift."""

    __slots__ = ("_base_fine", "_base_true_ns", "_rate", "offset_ns", "steady")

    def __init__(self, *, offset_ns: int = 0, ppm: int = 0) -> None:
        self.offset_ns = offset_ns
        self._base_true_ns = 0
        self._base_fine = 0
        self._rate = _rate(ppm)
        self.steady = ppm == 0
        """True while local durations equal true ones."""

    @property
    def ppm(self) -> int:
        """The present drift in parts per million."""
        return self._rate - PPM

    def monotonic_ns(self, true_ns: int) -> int:
        """Return the local time that no step ever moves."""
        return (self._base_fine + (true_ns - self._base_true_ns) * self._rate) // PPM

    def wall_ns(self, true_ns: int) -> int:
        """Return the local time of day, which steps move."""
        return self.monotonic_ns(true_ns) + self.offset_ns

    def set_drift(self, true_ns: int, ppm: int) -> None:
        """Run at another rate from now on; local time stays continuous."""
        rate = _rate(ppm)
        self._base_fine += (true_ns - self._base_true_ns) * self._rate
        self._base_true_ns = true_ns
        self._rate = rate
        self.steady = ppm == 0

    def step(self, true_ns: int, by_ns: int) -> None:
        """Move the wall clock forth, or back when negative; the monotonic clock does not see it."""
        assert true_ns >= self._base_true_ns, "a step in the past"
        self.offset_ns += by_ns

    def true_delay(self, local_ns: int, true_ns: int) -> int:
        """Return the shortest true duration after which at least `local_ns` passed locally."""
        if self.steady:
            return local_ns
        due_fine = (self.monotonic_ns(true_ns) + local_ns) * PPM
        due_true_ns = -((self._base_fine - due_fine) // self._rate) + self._base_true_ns
        return max(due_true_ns - true_ns, 0)


def _rate(ppm: int) -> int:
    if abs(ppm) >= PPM:
        raise ValueError(f"a drift of {ppm} ppm is not between -1_000_000 and 1_000_000")
    return PPM + ppm
