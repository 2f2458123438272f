"""Means with confidence intervals over independent runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# Two-sided 95% quantiles of Student's t by degrees of freedom, from 1 on.
_T: Final = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean, and half the width of its 95% confidence interval (NaN for a single run)."""

    mean: float
    half_width: float


def student_t(freedom: int) -> float:
    """Return the two-sided 95% quantile of Student's t, to three digits."""
    if freedom < 1:
        return math.nan
    return _T[freedom - 1] if freedom <= len(_T) else 1.96 + 2.4 / freedom


def interval(values: Sequence[float]) -> Interval:
    """Return mean and interval of independent values; NaN where there is none."""
    count = len(values)
    if not count:
        return Interval(math.nan, math.nan)
    mean = math.fsum(values) / count
    if count == 1:
        return Interval(mean, math.nan)
    variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    return Interval(mean, student_t(count - 1) * math.sqrt(variance / count))
