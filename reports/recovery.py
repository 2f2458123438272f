"""Recovery times by lease length: a picture of every measured run, and a table.

Recovery runs from the instant at which the old manager was gone to the first commit that the new
one acknowledged, in simulated time. Every dot is one measured run; nobody else's numbers are in
the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from reports.figures import figure, heading, svg_of
from reports.grid import Grid
from reports.words import BLACK, BLUE, count, three_digits, wrapped
from sim.history import Integers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHARES: Final = (0.05, 0.5, 0.95)
"""The quantiles that bars and ticks show: a bar from the first to the last, a tick between."""


_COLUMNS: Final = ("least", "5%", "median", "mean", "95%", "most")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recoveries:
    """The measured recoveries under one lease; `lost` counts runs that did not recover."""

    lease_ns: int
    recovery_ns: Integers
    lost: int = 0


def recovery_grid(groups: Sequence[Recoveries]) -> Grid:
    """Return one row a lease: runs, smallest, quantiles, mean, largest, in seconds."""
    heads = ("lease (s)", "runs", "not recovered", *(f"{name} (s)" for name in _COLUMNS))
    rows = []
    for group in _ordered(groups):
        values = np.sort(group.recovery_ns)
        row = [three_digits(group.lease_ns / 1e9), count(len(values)), count(group.lost)]
        if len(values):
            low, middle, high = (_quantile(values, share) for share in SHARES)
            told = (values[0], low, middle, values.mean(), high, values[-1])
            row += [three_digits(float(value) / 1e9) for value in told]
        else:
            row += ["not run"] * 6
        rows.append(tuple(row))
    return Grid(heads=heads, rows=tuple(rows), right=frozenset(range(len(heads))))


def recovery_svg(groups: Sequence[Recoveries], *, title: str, subtitle: str) -> str:
    """Return the picture as SVG: a column of dots a lease, with quantiles beside it."""
    ordered = _ordered(groups)
    with figure(width=10, height=6.2, rows=[1]) as (made, (axes,)):
        for place, group in enumerate(ordered):
            _draw_group(axes, place, group)
        axes.set_xticks(range(len(ordered)))
        axes.set_xticklabels(
            [
                f"{three_digits(group.lease_ns / 1e9)}\n{count(len(group.recovery_ns))} runs"
                for group in ordered
            ]
        )
        axes.set_xlim(-0.6, max(len(ordered) - 0.4, 0.6))
        axes.set_ylim(bottom=0)
        axes.grid(visible=False, axis="x")
        axes.set_xlabel("lease (s, simulated)")
        axes.set_ylabel("recovery (s, simulated)")
        _legend(axes)
        made.subplots_adjust(left=0.085, right=0.975, top=0.80, bottom=0.135)
        heading(
            made,
            title="\n".join(wrapped(title, room=90)),
            subtitle="\n".join(wrapped(subtitle, room=135)),
        )
        return svg_of(made, title=title, description=_description(subtitle, ordered))


def _draw_group(axes: Axes, place: int, group: Recoveries) -> None:
    values = np.sort(group.recovery_ns) / 1e9
    if not len(values):
        axes.text(place, 0.02, "not run", ha="center", transform=axes.get_xaxis_transform())
        return
    axes.plot(
        place - 0.08 - 0.3 * spread(values),
        values,
        linestyle="none",
        marker="o",
        markersize=3.2,
        markeredgewidth=0,
        color=BLUE,
        alpha=0.55,
    )
    low, middle, high = (_quantile(values, share) for share in SHARES)
    axes.plot([place + 0.1] * 2, [low, high], color=BLACK, linewidth=2.2)
    axes.plot([place + 0.02, place + 0.18], [middle] * 2, color=BLACK, linewidth=2.6)
    axes.text(
        place + 0.21, middle, three_digits(middle), va="center", fontsize=9, fontweight="bold"
    )


def spread(values: np.ndarray) -> np.ndarray:
    """Return sideways shifts between 0 and 1 that keep dots of like height apart.

    They follow a fixed low-discrepancy sequence, so a picture of equal numbers is equal.
    """
    return (np.arange(len(values)) * 0.6180339887498949) % 1.0


def _legend(axes: Axes) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], marker="o", linestyle="none", color=BLUE, markersize=4, label="one run"),
        Line2D([], [], color=BLACK, linewidth=2.2, label="5% to 95% of the runs, median"),
    ]
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, fontsize=9)


def _quantile(ordered: np.ndarray, share: float) -> float:
    """Return the quantile of sorted values by nearest rank."""
    return float(ordered[max(int(np.ceil(share * len(ordered))) - 1, 0)])


def _ordered(groups: Sequence[Recoveries]) -> list[Recoveries]:
    return sorted(groups, key=lambda group: group.lease_ns)


def _description(subtitle: str, groups: Sequence[Recoveries]) -> str:
    told = [
        f"Lease {row[0]} s: {row[1]} runs, median {row[5]} s, "
        f"5% to 95% {row[4]} to {row[7]} s, least {row[3]} s, most {row[8]} s."
        for row in recovery_grid(groups).rows
    ]
    return "\n".join([subtitle, *told])
