"""Draws throughput and latency over simulated time, with the faults as named bands.

Above: transactions that ended in each slice of time, by outcome. Below, on a log axis: the median
and the 99th percentile of begin and of commit, as clients saw them. A slice without a sample has
no point; a line is broken there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from reports.figures import figure, heading, svg_of
from reports.spacetime import Window
from reports.words import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    VERMILLION,
    count,
    duration,
    milliseconds_tick,
    printable,
    wrapped,
)
from sim.history import NONE, History, Integers, Outcome

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = npt.NDArray[np.float64]

SLICES: Final = 120

_NAME_ROWS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Samples of a run, in nanoseconds; `outcome` holds `sim.history.Outcome` values.

    A latency stands at the instant at which it was complete.
    """

    finished_ns: Integers
    outcome: npt.NDArray[np.int8]
    begun_ns: Integers
    begin_latency_ns: Integers
    committed_ns: Integers
    commit_latency_ns: Integers


def series_of(history: History) -> Series:
    """Return the samples that a history holds."""
    begun = (history.begun_ns != NONE) & (history.begun_ns >= history.invoked_ns)
    asked = (history.committing_ns != NONE) & (history.outcome == Outcome.COMMITTED)
    return Series(
        finished_ns=history.finished_ns,
        outcome=history.outcome,
        begun_ns=history.begun_ns[begun],
        begin_latency_ns=(history.begun_ns - history.invoked_ns)[begun],
        committed_ns=history.finished_ns[asked],
        commit_latency_ns=(history.finished_ns - history.committing_ns)[asked],
    )


def throughput_svg(
    series: Series,
    *,
    title: str,
    subtitle: str,
    end_ns: int,
    faults: Sequence[Window] = (),
    slices: int = SLICES,
) -> str:
    """Return the figure as SVG; the time axis runs from 0 to `end_ns`."""
    end_ns = max(end_ns, 1)
    edges = np.linspace(0, end_ns, slices + 1)
    slice_s = end_ns / slices / 1e9
    with figure(width=11, height=7, rows=[1, 1.15]) as (made, axes):
        rate, latency = axes
        _draw_rates(rate, series, edges, slice_s)
        _draw_latencies(latency, series, edges)
        rows = _shade(axes, faults, end_ns)
        latency.set_xlim(0, end_ns / 1e9)
        latency.set_xlabel("simulated time (s)")
        made.subplots_adjust(
            left=0.085, right=0.87, top=0.875 - 0.027 * rows, bottom=0.085, hspace=0.16
        )
        more = f"slices of {duration(int(slice_s * 1e9))}; {_sample(series)}"
        titled = "\n".join(wrapped(printable(title), room=100))
        heading(made, title=titled, subtitle="\n".join(wrapped(f"{subtitle}; {more}", room=150)))
        return svg_of(made, title=title, description=f"{subtitle}. {more}. {_told(faults)}")


def _draw_rates(axes: Axes, series: Series, edges: Floats, slice_s: float) -> None:
    looks: tuple[tuple[Outcome, str, str, Any], ...] = (
        (Outcome.COMMITTED, "committed", BLUE, "-"),
        (Outcome.ABORTED, "aborted", VERMILLION, "--"),
        (Outcome.UNKNOWN, "unknown", PURPLE, ":"),
    )
    ends = []
    for outcome, name, colour, dash in looks:
        chosen = series.finished_ns[series.outcome == outcome]
        if outcome == Outcome.UNKNOWN and not len(chosen):
            continue
        counts, _ = np.histogram(chosen, bins=edges)
        values = counts / slice_s
        axes.stairs(values, edges / 1e9, color=colour, linestyle=dash, linewidth=1.5)
        ends.append((float(values[-1]), name, colour))
    axes.set_ylabel("transactions per second")
    axes.set_ylim(bottom=0)
    _name_lines(axes, ends, edges, log=False)


def _draw_latencies(axes: Axes, series: Series, edges: Floats) -> None:
    middles = (edges[:-1] + edges[1:]) / 2e9
    ends = []
    groups = (
        ("commit", series.committed_ns, series.commit_latency_ns, BLUE, ORANGE),
        ("begin", series.begun_ns, series.begin_latency_ns, GREEN, PURPLE),
    )
    for name, at_ns, latency_ns, low, high in groups:
        for share, colour, dash, mark in ((0.5, low, "-", "o"), (0.99, high, "--", "^")):
            values = quantiles(at_ns, latency_ns, edges, share) / 1e6
            if np.isnan(values).all():
                continue
            axes.plot(
                middles,
                values,
                color=colour,
                linestyle=dash,
                marker=mark,
                markersize=2.6,
                linewidth=1.1,
            )
            last = float(values[~np.isnan(values)][-1])
            ends.append((last, f"{name} p{round(share * 100)}", colour))
    axes.set_ylabel("latency (log axis)")
    if ends:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(milliseconds_tick)
        axes.yaxis.set_minor_formatter(lambda _value, _position: "")
    _name_lines(axes, ends, edges, log=True)


def quantiles(at_ns: Integers, values: Integers, edges: Floats, share: float) -> Floats:
    """Return the quantile (nearest rank) of the values of each slice; NaN without a sample."""
    result = np.full(len(edges) - 1, np.nan)
    if not len(at_ns):
        return result
    place = np.clip(np.searchsorted(edges, at_ns, side="right") - 1, 0, len(edges) - 2)
    order = np.lexsort((values, place))
    place, ordered = place[order], values[order]
    present, first, size = np.unique(place, return_index=True, return_counts=True)
    rank = np.ceil(share * size).astype(np.int64) - 1
    result[present] = ordered[first + np.maximum(rank, 0)]
    return result


def _name_lines(
    axes: Axes, ends: list[tuple[float, str, str]], edges: Floats, *, log: bool
) -> None:
    """Write each line's name at its end, moved apart where they would touch."""
    if not ends:
        axes.text(0.5, 0.5, "no samples", transform=axes.transAxes, ha="center", va="center")
        return
    axes.figure.canvas.draw()
    low, high = axes.get_ylim()

    def share(value: float) -> float:
        if log:
            return float(np.log(max(value, low) / low) / np.log(high / low))
        return (value - low) / (high - low)

    at = -1.0
    for value, name, colour in sorted(ends):
        at = max(share(value), at + 0.068)
        axes.text(
            1.012,
            at,
            name,
            transform=axes.transAxes,
            color=INK.get(colour, colour),
            va="center",
            fontweight="bold",
            fontsize=9,
        )


def _shade(axes: Sequence[Axes], faults: Sequence[Window], end_ns: int) -> int:
    """Shade the faults on all axes, name them above the first, and return the rows of names."""
    free: list[float] = []
    for window in sorted(faults, key=lambda window: (window.start_ns, window.end_ns)):
        start, end = window.start_ns / end_ns, min(window.end_ns, end_ns) / end_ns
        if start > 1:
            continue
        for one in axes:
            one.axvspan(
                start * end_ns / 1e9,
                max(end, start + 0.001) * end_ns / 1e9,
                facecolor="#F8F3D2",
                edgecolor="#CDBE73",
                hatch="//",
                linewidth=0.5,
                alpha=0.5,
                zorder=0,
            )
        words = (wrapped(printable(window.label), room=95, lines_max=1) or ["fault"])[0]
        width = len(words) * 0.0066 + 0.01
        left = min(start, max(1.14 - width, 0.0))
        row = next((i for i, until in enumerate(free) if until <= left), len(free))
        if row == len(free):
            free.append(0.0)
        free[row] = left + width
        if row < _NAME_ROWS:
            axes[0].text(
                left,
                1.02 + 0.062 * row,
                words,
                transform=axes[0].transAxes,
                fontsize=8.5,
                fontstyle="italic",
                color="#5C4F12",
                va="bottom",
            )
    return min(len(free), _NAME_ROWS)


def _sample(series: Series) -> str:
    return f"{count(len(series.finished_ns))} transactions"


def _told(faults: Sequence[Window]) -> str:
    if not faults:
        return "No faults."
    return "Faults: " + "; ".join(
        f"{w.label} from {duration(w.start_ns)} to {duration(w.end_ns)}" for w in faults
    )
