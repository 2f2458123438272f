"""The published figures as points, and which of them the fit may see."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).parents[1] / "vldb18_published.toml"

PROTOCOLS: Final = ("omid", "omid-ll", "omid-fp", "percolator")
PHASES: Final = ("begin", "store", "commit")
LOW: Final = 100.0
KNEE: Final = 229.04
NEGLIGIBLE_MS: Final = 0.05
"""A published latency below this has no meaningful percentage; see `Point.comparable`."""

_FITTED_ROWS: Final = ("single_write", "single_read")


@dataclass(frozen=True, slots=True, order=True)
class Run:
    """What is run: a protocol, a mix, a load in thousands of transactions a second."""

    protocol: str
    mix: str
    load: float


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """What is looked at: one kind of transaction among those of a run; `any` is all of them."""

    protocol: str
    transaction: str
    load: float

    @property
    def run(self) -> Run:
        """The run that has it: the paper takes its kinds out of two mixes."""
        mix = "brwc" if self.transaction == "single_brwc" else "random"
        return Run(self.protocol, mix, self.load)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One published number: a quantity of a cell, or of two cells for a ratio."""

    family: str
    """curve, breakdown, speed_up or aborts."""
    figure: str
    cell: Cell
    quantity: str
    """total, begin, store, commit, ratio or aborted."""
    published: float

    @property
    def fitted(self) -> bool:
        """Whether the fit saw it: two rows of figure 5a, and one point of figure 4."""
        cell = self.cell
        if self.family == "breakdown":
            return cell.load == LOW and cell.transaction in _FITTED_ROWS
        return self.family == "curve" and cell == Cell("omid", "size_1", KNEE)

    @property
    def comparable(self) -> bool:
        """Whether an error in percent makes sense: not for a latency of nothing, or nearly so.

        Such a point counts as met when the prediction is negligible, too, and is in no mean.
        """
        return self.quantity in ("ratio", "aborted") or self.published >= NEGLIGIBLE_MS

    @property
    def needs(self) -> tuple[Cell, ...]:
        """The cells to look at for a prediction."""
        if self.quantity == "ratio":
            return (Cell("omid-ll", self.cell.transaction, self.cell.load), self.cell)
        return (self.cell,)


def aborts_at_highest_load() -> list[Point]:
    """Return the abort rates as the other reading of the paper has them; no mean counts these."""
    data = tomllib.loads(FILE.read_text())
    loads = data["loads"]
    return [
        replace(point, cell=replace(point.cell, load=loads[len(curve) - 1]))
        for point in _aborts(data)
        for curve in (data["curves"][0][point.cell.protocol],)
    ]


def points() -> list[Point]:
    """Return every published number."""
    data = tomllib.loads(FILE.read_text())
    return [*_curves(data), *_breakdowns(data), *_speed_ups(data), *_aborts(data)]


def _curves(data: dict[str, Any]) -> Iterator[Point]:
    for curve in data["curves"]:
        for protocol in PROTOCOLS:
            for load, latency_ms in zip(data["loads"], curve[protocol], strict=False):
                cell = Cell(protocol, curve["transaction"], load)
                yield Point(
                    family="curve",
                    figure=curve["figure"],
                    cell=cell,
                    quantity="total",
                    published=latency_ms,
                )


def _breakdowns(data: dict[str, Any]) -> Iterator[Point]:
    for row in data["breakdowns"]:
        for protocol in PROTOCOLS:
            for phase, latency_ms in zip(PHASES, row.get(protocol, ()), strict=False):
                cell = Cell(protocol, row["transaction"], float(row["load"]))
                yield Point(
                    family="breakdown",
                    figure=row["figure"],
                    cell=cell,
                    quantity=phase,
                    published=float(latency_ms),
                )


def _speed_ups(data: dict[str, Any]) -> Iterator[Point]:
    """Yield how many times as long Omid LL takes: + 133 % is 2.33, - 20 % is 0.8."""
    for row in data["speed_ups"]:
        for transaction, percent in row["percent"].items():
            yield Point(
                family="speed_up",
                figure=row["figure"],
                cell=Cell("omid-fp", transaction, float(row["load"])),
                quantity="ratio",
                published=1 + percent / 100,
            )


def _aborts(data: dict[str, Any]) -> Iterator[Point]:
    for protocol in PROTOCOLS:
        yield Point(
            family="aborts",
            figure=data["aborts"]["figure"],
            cell=Cell(protocol, "any", float(data["aborts"]["load"])),
            quantity="aborted",
            published=data["aborts"][protocol],
        )
