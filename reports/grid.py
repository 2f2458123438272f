"""A table of words, written as plain text, as Markdown, or in colour for a terminal."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from reports.words import LOOKS, printable, signed


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Heads and rows of text; columns in `right` are aligned to the right.

    A cell that is one of the words of judgement ("holds", ...) gets its sign and its colour.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()


def plain(grid: Grid, *, ascii_only: bool = False) -> str:
    """Return the table as aligned text."""
    rows = [grid.heads, *([_signed(cell, ascii_only) for cell in row] for row in grid.rows)]
    cells = [[_one_line(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(grid.heads))]
    lines = [_aligned(row, widths, grid.right) for row in cells]
    rule = ("-" if ascii_only else "─") * max(map(len, lines))
    return "\n".join([lines[0], rule, *lines[1:]]) + "\n"


def markdown(grid: Grid) -> str:
    """Return the table as Markdown."""
    lines = [
        "| " + " | ".join(_escaped(cell) for cell in grid.heads) + " |",
        "|" + "|".join("---:" if i in grid.right else "---" for i in range(len(grid.heads))) + "|",
    ]
    lines += [
        "| " + " | ".join(_escaped(_signed(c, False)) for c in row) + " |" for row in grid.rows
    ]
    return "\n".join(lines) + "\n"


def coloured(grid: Grid, *, width: int, ascii_only: bool = False) -> str:
    """Return the table with terminal colours; it may break cells to fit the width."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=box.ASCII2 if ascii_only else box.SIMPLE_HEAD, header_style="bold", pad_edge=False
    )
    for i, head in enumerate(grid.heads):
        side: Literal["right", "left"] = "right" if i in grid.right else "left"
        longest = max((len(_one_line(row[i])) for row in grid.rows), default=0)
        # A name that does not fit is broken, never cut: half a name cannot be copied.
        whole = i == 0 and longest <= width // 2
        table.add_column(Text(_one_line(head)), justify=side, overflow="fold", no_wrap=whole)
    for row in grid.rows:
        table.add_row(
            *(
                Text(
                    _one_line(_signed(cell, ascii_only)),
                    style=LOOKS[cell].terminal if cell in LOOKS else "",
                )
                for cell in row
            )
        )
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=True,
        color_system="standard",
        legacy_windows=False,
        highlight=False,
    )
    console.print(table)
    lines = (line.rstrip() for line in stream.getvalue().splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Return name and value pairs, one a line, the values below each other."""
    rows = [(name, _one_line(value)) for name, value in pairs if value]
    wide = max((len(name) for name, _ in rows), default=0)
    return "".join(f"{name.ljust(wide)}  {value}\n" for name, value in rows)


def _aligned(row: Sequence[str], widths: Sequence[int], right: frozenset[int]) -> str:
    cells = [
        cell.rjust(width) if i in right else cell.ljust(width)
        for i, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _signed(cell: str, ascii_only: bool) -> str:
    return signed(cell, ascii_only=ascii_only) if cell in LOOKS else cell


def _one_line(text: str) -> str:
    return " ".join(printable(text).split())


def _escaped(text: str) -> str:
    escaped = _one_line(text).replace("\\", "\\\\").replace("|", "\\|")
    return escaped.replace("<", "&lt;").replace("`", "\\`").replace("*", "\\*")
