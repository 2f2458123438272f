"""Draws the mutant matrix: a row for a mutant in a scenario, a column for a property."""

from __future__ import annotations

from typing import Final

from reports.matrix import Cell, Matrix, ordered_cells
from reports.svg import Drawing, text_width, wrapped_text
from reports.words import BLACK, GREY, LOOKS, NOT_RUN, VIOLATED, count, seconds, signed

_ROW: Final = 34.0
_CELL: Final = 104.0
_MARGIN: Final = 20.0


def matrix_svg(matrix: Matrix, *, name: str = "matrix") -> str:
    """Return the matrix as a picture: a row for a mutant in a scenario, a column a property."""
    drawing = Drawing(name)
    rows, columns = matrix.rows(), matrix.properties
    side = max(
        [text_width(text, size=10.5, bold=True) for pair in rows for text in pair], default=80
    )
    left = _MARGIN + side + 16
    width = max(left + _CELL * len(columns) + _MARGIN, 640.0)
    y = _heading(drawing, matrix, width)
    heads = [
        wrapped_text(_spaced(column), room=_CELL - 10, size=10, bold=True) for column in columns
    ]
    tall = max([len(lines) for lines in heads], default=1) * 12.5 + 8
    for i, lines in enumerate(heads):
        for j, line in enumerate(lines):
            drawing.text(
                line,
                x=left + i * _CELL + 6,
                y=y + tall - 8 - 12.5 * (len(lines) - 1 - j),
                size=10,
                font_weight="bold",
            )
    y += tall
    before = ""
    for mutant, scenario in rows:
        if mutant != before:
            drawing.line(x1=_MARGIN, y1=y, x2=width - _MARGIN, y2=y, stroke="#AAAAAA")
            drawing.text(mutant, x=_MARGIN, y=y + 14, size=10.5, font_weight="bold")
        drawing.text(scenario, x=_MARGIN, y=y + 27, size=10, fill=GREY)
        for i, column in enumerate(columns):
            cell = matrix.cell(mutant, scenario, column)
            _draw_cell(drawing, cell, x=left + i * _CELL, y=y)
        before = mutant
        y += _ROW
    drawing.line(x1=_MARGIN, y1=y, x2=width - _MARGIN, y2=y, stroke="#AAAAAA")
    for line in (_LEGEND, *matrix.foot):
        for part in wrapped_text(line, room=width - 2 * _MARGIN, size=10):
            y += 15
            drawing.text(part, x=_MARGIN, y=y, size=10, fill=GREY)
    return drawing.document(
        width=width, height=y + 16, title=matrix.title, description=_description(matrix)
    )


_LEGEND: Final = (
    "Each cell: the verdict, the violating runs of all runs, and the time they took together. "
    "A thick frame marks the property that the mutant was planted to break."
)


def _heading(drawing: Drawing, matrix: Matrix, width: float) -> float:
    y = _MARGIN
    for line in wrapped_text(matrix.title, room=width - 2 * _MARGIN, size=17, bold=True):
        y += 20
        drawing.text(line, x=_MARGIN, y=y, size=17, font_weight="bold")
    for line in wrapped_text(matrix.subtitle, room=width - 2 * _MARGIN, size=11.5):
        y += 17
        drawing.text(line, x=_MARGIN, y=y, size=11.5, fill=GREY)
    return y + 14


def _draw_cell(drawing: Drawing, cell: Cell | None, *, x: float, y: float) -> None:
    word = cell.word if cell else NOT_RUN
    look = LOOKS[word]
    intended = cell is not None and cell.intended
    drawing.rect(
        x=x + 2,
        y=y + 2,
        width=_CELL - 4,
        height=_ROW - 4,
        rx=2,
        fill=look.tint,
        stroke=BLACK if intended else "#D5D5D5",
        stroke_width="2" if intended else "0.7",
        title=_sentence(cell) if cell else "",
    )
    drawing.text(
        signed(word),
        x=x + 7,
        y=y + 15,
        size=10.5,
        fill=look.colour,
        font_weight="bold" if word == VIOLATED else "normal",
    )
    if cell:
        drawing.text(_numbers(cell), x=x + 7, y=y + 27, size=9.5, fill=GREY)


def _numbers(cell: Cell) -> str:
    return f"{count(cell.violated)}/{count(cell.runs)}, {seconds(cell.seconds)}"


def _sentence(cell: Cell) -> str:
    return (
        f"{cell.mutant} in {cell.scenario}: {cell.property} {cell.word}, "
        f"violated in {count(cell.violated)} of {count(cell.runs)} runs, {seconds(cell.seconds)}"
    )


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _description(matrix: Matrix) -> str:
    told = [_sentence(cell) for cell in ordered_cells(matrix) if cell.violated or cell.intended]
    return "\n".join([matrix.subtitle, *told])
