"""Latency in scenario files: a plain duration, or a law with its numbers.

latency = "200us"
latency = { kind = "log_normal", median = "200us", sigma = 0.4 }
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_serializer

from scenarios import units
from scenarios.schema.base import Duration, Length, Ratio, Share, Table
from sim.kernel import distributions as laws


class Constant(Table):
    """Takes the same time always."""

    kind: Literal["constant"] = "constant"
    time: Duration = Field(description="how long it takes")

    @model_serializer
    def short_form(self) -> str:
        """Write the plain duration."""
        return units.duration_text(self.time)

    def law(self) -> laws.Distribution:
        """Return the distribution that the kernel draws from."""
        return laws.Constant(self.time)


class Uniform(Table):
    """Takes any time between two bounds, each equally likely."""

    kind: Literal["uniform"]
    low: Duration = Field(description="the shortest time")
    high: Duration = Field(description="the longest time")

    def law(self) -> laws.Distribution:
        """Return the distribution that the kernel draws from."""
        return laws.Uniform(low_ns=self.low, high_ns=self.high)


class LogNormal(Table):
    """Takes a time whose logarithm is normal, the usual shape of a remote call."""

    kind: Literal["log_normal"]
    median: Length = Field(description="half of all calls are faster")
    sigma: Ratio = Field(description="standard deviation of the logarithm, like 0.4")

    def law(self) -> laws.Distribution:
        """Return the distribution that the kernel draws from."""
        return laws.LogNormal(median_ns=self.median, sigma_ppm=self.sigma)


class Exponential(Table):
    """Takes at least a minimum, and beyond it a memoryless time."""

    kind: Literal["exponential"]
    mean: Length = Field(description="the mean of the whole")
    minimum: Duration = Field(default=0, description="the shortest time")

    def law(self) -> laws.Distribution:
        """Return the distribution that the kernel draws from."""
        return laws.Exponential(mean_ns=self.mean, minimum_ns=self.minimum)


class Empirical(Table):
    """Takes a measured time, given by quantiles with straight lines between them."""

    kind: Literal["empirical"]
    points: tuple[tuple[Share, Duration], ...] = Field(
        min_length=1, description='pairs like ["50%", "180us"], rising'
    )

    def law(self) -> laws.Distribution:
        """Return the distribution that the kernel draws from."""
        return laws.Empirical(self.points)


class ParetoTail(Table):
    """Follows another law up to a share of all cases, and a heavy tail beyond it."""

    kind: Literal["pareto_tail"]
    body: Latency = Field(description="the law of the usual cases")
    alpha: Ratio = Field(description="exponent of the tail; small is heavy")
    beyond: Share = Field(default=990_000, description="where the tail begins")

    def law(self) -> laws.Distribution:
        """Return the distribution that the kernel draws from."""
        return laws.ParetoTail(body=self.body.law(), alpha_ppm=self.alpha, from_ppm=self.beyond)


def _short_form(value: Any) -> Any:
    """Let a plain duration stand for the constant law."""
    return {"kind": "constant", "time": value} if isinstance(value, str) else value


Law = Annotated[
    Constant | Uniform | LogNormal | Exponential | Empirical | ParetoTail,
    Field(discriminator="kind"),
]
Latency = Annotated[Law, BeforeValidator(_short_form, json_schema_input_type=str | Law)]

ParetoTail.model_rebuild()
