"""Pictures of a comparison: throughput against latency, and three stacks of bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from reports.comparison import Row, told
from reports.figures import figure, heading, svg_of
from reports.intervals import interval
from reports.words import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    YELLOW,
    wrapped,
)

_COLOURS: Final = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK, GREY)
_PARTS: Final = (BLUE, SKY, ORANGE, VERMILLION, GREEN, PURPLE, YELLOW, GREY, BLACK)
_MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "*")


def load_svg(rows: Sequence[Row], *, title: str, subtitle: str) -> str:
    """Draw throughput against latency: one line a variant, one point a number of clients."""
    variants = list(dict.fromkeys(row.variant for row in rows))
    with figure(width=9.5, height=5.6, rows=[1]) as (made, (axes,)):
        lines = []
        for place, variant in enumerate(variants):
            points = sorted((r for r in rows if r.variant == variant), key=lambda r: r.clients)
            across = [interval(row.per_s) for row in points]
            up = [interval(row.latency_ms) for row in points]
            axes.errorbar(
                [each.mean for each in across],
                [each.mean for each in up],
                xerr=[_drawn(each.half_width) for each in across],
                yerr=[_drawn(each.half_width) for each in up],
                marker=_MARKERS[place % len(_MARKERS)],
                markersize=5,
                linewidth=1.4,
                elinewidth=0.9,
                color=_COLOURS[place % len(_COLOURS)],
                label=variant,
            )
            lines += [
                f"{variant}, {row.clients} clients: {told(row.per_s)} committed a second, "
                f"{told(row.latency_ms)} ms."
                for row in points
            ]
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("committed transactions a simulated second")
        axes.set_ylabel("mean latency (ms)")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=4, fontsize=9)
        made.subplots_adjust(left=0.085, right=0.97, top=0.76, bottom=0.11)
        _head(made, title, subtitle)
        return svg_of(made, title=title, description="\n".join([subtitle, *lines]))


def stack_svg(
    rows: Sequence[Row],
    parts: Sequence[Mapping[str, Sequence[float]]],
    *,
    title: str,
    subtitle: str,
    unit: str,
) -> str:
    """Draw one stacked bar a variant; `parts` has the shares of each row, one entry a seed."""
    names = list(dict.fromkeys(name for shares in parts for name in shares))
    names = [name for name in names if any(any(shares.get(name, ())) for shares in parts)]
    with figure(width=9.5, height=1.9 + 0.42 * len(rows), rows=[1]) as (made, (axes,)):
        left = [0.0] * len(rows)
        places = list(range(len(rows)))
        for number, name in enumerate(names):
            widths = [interval(shares.get(name, [0.0])).mean for shares in parts]
            axes.barh(
                places,
                widths,
                left=left,
                height=0.62,
                color=_PARTS[number % len(_PARTS)],
                label=name.replace("_", " "),
            )
            left = [start + width for start, width in zip(left, widths, strict=True)]
        for place, end in enumerate(left):
            axes.text(end, place, f"  {end:.3g}", va="center", fontsize=9)
        axes.set_yticks(places, [row.variant for row in rows])
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_xlim(0, max(1e-9, *left) * 1.08)
        axes.set_xlabel(unit)
        axes.legend(loc="lower left", bbox_to_anchor=(-0.12, 1.0), ncols=5, fontsize=9)
        height = made.get_size_inches()[1]
        made.subplots_adjust(left=0.15, right=0.97, top=1 - 1.12 / height, bottom=0.5 / height)
        _head(made, title, subtitle)
        return svg_of(made, title=title, description=_stack_told(rows, parts, names, subtitle))


def _stack_told(
    rows: Sequence[Row],
    parts: Sequence[Mapping[str, Sequence[float]]],
    names: Sequence[str],
    subtitle: str,
) -> str:
    lines = [
        f"{row.variant}: "
        + ", ".join(f"{name.replace('_', ' ')} {told(shares.get(name, [0.0]))}" for name in names)
        for row, shares in zip(rows, parts, strict=True)
    ]
    return "\n".join([subtitle, *lines])


def _head(made: object, title: str, subtitle: str) -> None:
    heading(
        made,  # type: ignore[arg-type]  # matplotlib is imported when a figure is made
        title="\n".join(wrapped(title, room=90)),
        subtitle="\n".join(wrapped(subtitle, room=130)),
        top=0.985,
    )


def _drawn(half_width: float) -> float:
    return half_width if half_width == half_width else 0.0
