"""Sets matplotlib up so that a figure is the same bytes on every run.

matplotlib is imported when a figure is made, never with this module.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from reports.words import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SETTINGS: Final[Any] = {
    # Ids of the picture's parts are drawn from this and its content, not from chance.
    "svg.hashsalt": "bulkhead",
    # Text stays text: it can be searched, read aloud and scaled.
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "text.parse_math": False,
}


@contextmanager
def figure(
    *, width: float, height: float, rows: list[float]
) -> Iterator[tuple[Figure, list[Axes]]]:
    """Yield a figure in inches with one set of axes a row, one below the other."""
    import matplotlib as mpl
    from matplotlib.figure import Figure as NewFigure

    with mpl.rc_context(), warnings.catch_warnings():
        # A glyph that the measuring font lacks is for the viewer's fonts to draw.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        made = NewFigure(figsize=(width, height))
        axes = made.subplots(
            len(rows), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": rows}
        )
        yield made, [row[0] for row in axes]


def svg_of(made: Figure, *, title: str, description: str) -> str:
    """Return the figure as SVG text with a title and a description for screen readers."""
    from xml.sax.saxutils import escape

    stream = io.StringIO()
    made.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    head, rest = text.split("<svg ", 1)
    attributes, body = rest.split(">", 1)
    accessible = (
        f'<svg role="img" aria-labelledby="title desc" {attributes}>\n'
        f' <title id="title">{escape(printable(title))}</title>\n'
        f' <desc id="desc">{escape(printable(description))}</desc>'
    )
    lines = (head + accessible + body).splitlines()
    return "\n".join(line.rstrip() for line in lines) + "\n"


def heading(made: Figure, *, title: str, subtitle: str, top: float = 0.985) -> None:
    """Write what was found in bold, and measure and sample below it."""
    _, height = made.get_size_inches()
    made.text(0.012, top, title, fontsize=13, fontweight="bold", va="top", ha="left")
    below = top - 0.27 * (1 + title.count("\n")) / height
    made.text(0.012, below, subtitle, fontsize=9.5, color="#595959", va="top", ha="left")
