"""Draw predictions against what was published: curves of latency over load, a panel each size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reports.figures import figure, heading, svg_of
from reports.words import BLUE, GREEN, ORANGE, VERMILLION, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS: Final = (VERMILLION, BLUE, GREEN, ORANGE)
_TICKS: Final = tuple(step * 10**power for power in range(-2, 5) for step in (1, 2, 3, 5))
_MARKERS: Final = ("o", "s", "^", "D")


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One protocol in one panel; entries belong together by place."""

    panel: str
    name: str
    load: tuple[float, ...]
    """Thousands of transactions a second."""
    published: tuple[float, ...]
    predicted: tuple[float, ...]
    """Mean latency in milliseconds."""
    half_width: tuple[float, ...]
    fitted: tuple[bool, ...]


def predictions_svg(curves: Sequence[Curve]) -> str:
    """Draw what was published as marks and what is predicted as lines."""
    panels = list(dict.fromkeys(curve.panel for curve in curves))
    names = list(dict.fromkeys(curve.name for curve in curves))
    title = "Predicted latency against the published one"
    subtitle = (
        "Marks: published (Shacham et al., PVLDB 11(12), 2018). Lines: predicted, with 95 % "
        "intervals over seeds. Ring: the one point of the curves that the fit has seen."
    )
    with figure(width=9.5, height=11.5, rows=[1] * len(panels)) as (made, rows):
        for axes, panel in zip(rows, panels, strict=True):
            for curve in curves:
                if curve.panel == panel:
                    _draw(axes, curve, names.index(curve.name))
            axes.set_yscale("log")
            axes.set_title(f"Transactions of {panel}", fontsize=10.5)
            axes.set_ylabel("mean latency (ms)")
            shown = [y for c in curves if c.panel == panel for y in (*c.published, *c.predicted)]
            low, high = min(shown) / 1.2, max(shown) * 1.2
            axes.set_ylim(low, high)
            axes.set_yticks([tick for tick in _TICKS if low <= tick <= high])
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
            axes.yaxis.set_minor_formatter(lambda *_: "")
        rows[-1].set_xlabel("load on the manager (thousand transactions a second)")
        rows[-1].set_xlim(left=0)
        rows[0].legend(loc="lower left", bbox_to_anchor=(0.3, 1.0), ncols=4, fontsize=9)
        made.subplots_adjust(left=0.085, right=0.97, top=0.89, bottom=0.05, hspace=0.16)
        heading(made, title=title, subtitle="\n".join(wrapped(subtitle, room=130)))
        return svg_of(made, title=title, description="\n".join([subtitle, *_told(curves)]))


def _draw(axes: Axes, curve: Curve, place: int) -> None:
    colour = _COLOURS[place % len(_COLOURS)]
    axes.errorbar(
        curve.load,
        curve.predicted,
        yerr=[half if half == half else 0.0 for half in curve.half_width],
        color=colour,
        linewidth=1.4,
        elinewidth=0.9,
    )
    marker = _MARKERS[place % len(_MARKERS)]
    axes.plot([], [], marker, linestyle="-", color=colour, markersize=5, label=curve.name)
    axes.plot(curve.load, curve.published, marker, color=colour, markersize=5)
    for load, published, fitted in zip(curve.load, curve.published, curve.fitted, strict=True):
        if fitted:
            axes.plot([load], [published], "o", markersize=12, markerfacecolor="none", color=colour)


def _told(curves: Sequence[Curve]) -> list[str]:
    return [
        f"{curve.name}, {curve.panel}, at {load:g} thousand a second: predicted {predicted:.2f} ms,"
        f" published {published:.2f} ms."
        for curve in curves
        for load, predicted, published in zip(
            curve.load, curve.predicted, curve.published, strict=True
        )
    ]
