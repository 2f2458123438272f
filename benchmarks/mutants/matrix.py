"""The matrix of `omid_mutants.py`: every mutant against every property, as files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mutants.rows import Row, Run
from reports.matrix import NO_MUTANT, Cell, Matrix, matrix_json, matrix_markdown
from reports.matrix_picture import matrix_svg
from reports.words import HOLDS, NOT_EXERCISED, VIOLATED
from sim.omid.mutants import MUTANTS
from specs.history.properties import PROPERTIES


def write_matrix(folder: Path, plain_runs: Sequence[Run], rows: Sequence[Row], s: float) -> None:
    """Write the matrix as Markdown, JSON and a picture."""
    sound = [each for each in plain_runs if each.as_expected and not each.violated]
    matrix = Matrix(
        title="Every mutant is caught, and what is sound is not",
        subtitle=f"{len(rows)} mutants of Omid, {sum(len(row.runs) for row in rows)} runs, {s} s",
        cells=(
            *_cells(NO_MUTANT, sound),
            *(cell for row in rows for cell in _cells(row.name, row.runs)),
        ),
        mutants=(NO_MUTANT, *(row.name for row in rows)),
        properties=tuple(PROPERTIES),
        benign=tuple(row.name for row in rows if row.benign),
    )
    folder.mkdir(parents=True, exist_ok=True)
    for suffix, text in (
        ("md", matrix_markdown(matrix)),
        ("json", matrix_json(matrix)),
        ("svg", matrix_svg(_overview(matrix))),
    ):
        (folder / f"mutants.{suffix}").write_text(text, encoding="utf-8")


def _cells(mutant: str, runs: Sequence[Run]) -> list[Cell]:
    """Sum up the runs of one mutant, scenario by scenario and property by property."""
    cells = []
    planted = MUTANTS[mutant].property if mutant in MUTANTS else ""
    for scenario in dict.fromkeys(each.scenario for each in runs):
        mine = [each for each in runs if each.scenario == scenario]
        seconds = round(sum(each.seconds for each in mine), 3)
        for name in PROPERTIES:
            judged = [each for each in mine if name in each.premises]
            if not judged:
                continue
            violated = sum(name in each.violated for each in judged)
            exercised = any(each.premises[name] for each in judged)
            cells.append(
                Cell(
                    mutant=mutant,
                    scenario=scenario,
                    property=name,
                    word=VIOLATED if violated else HOLDS if exercised else NOT_EXERCISED,
                    runs=len(judged),
                    violated=violated,
                    seconds=seconds,
                    intended=planted == name,
                )
            )
    return cells


def _overview(matrix: Matrix) -> Matrix:
    """Return the matrix with one row a mutant, over all its scenarios: small enough to see."""
    merged = []
    for mutant in matrix.mutants:
        for name in matrix.properties:
            mine = [c for c in matrix.cells if (c.mutant, c.property) == (mutant, name)]
            if not mine:
                continue
            words = {cell.word for cell in mine}
            merged.append(
                replace(
                    mine[0],
                    scenario="all scenarios",
                    word=next(w for w in (VIOLATED, HOLDS, NOT_EXERCISED) if w in words),
                    runs=sum(cell.runs for cell in mine),
                    violated=sum(cell.violated for cell in mine),
                    seconds=round(sum(cell.seconds for cell in mine), 3),
                )
            )
    return replace(matrix, cells=tuple(merged))
