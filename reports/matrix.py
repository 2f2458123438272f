"""The mutant matrix: which planted bug breaks which property in which scenario.

Every cell holds a word and a sign, in how many of how many runs, and how long that took. What
was not run says so. A row whose mutant was caught nowhere is listed by name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from reports.grid import Grid, markdown
from reports.words import HOLDS, NOT_EXERCISED, NOT_RUN, VIOLATED, count, seconds

SCHEMA: Final = "bulkhead.matrix/1"
NO_MUTANT: Final = "none"
"""Stands for the system as it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What came of one property under one mutant in one scenario.

    `word` is "holds", "violated" or "not exercised"; `violated` counts the violating runs, of
    `runs` that took `seconds` and that all properties of the scenario share. `intended` says
    that the mutant was planted to break this very property.
    """

    mutant: str
    scenario: str
    property: str
    word: str
    runs: int
    violated: int
    seconds: float
    intended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """All cells, the order of rows and columns, and where the numbers come from."""

    title: str
    subtitle: str
    cells: tuple[Cell, ...]
    mutants: tuple[str, ...]
    properties: tuple[str, ...]
    benign: tuple[str, ...] = ()
    foot: tuple[str, ...] = field(default=())

    def rows(self) -> list[tuple[str, str]]:
        """Return every pair of mutant and scenario that was run, in order of mutants."""
        pairs = dict.fromkeys((cell.mutant, cell.scenario) for cell in self.cells)
        order = {mutant: i for i, mutant in enumerate(self.mutants)}
        return sorted(pairs, key=lambda pair: (order.get(pair[0], len(order)), pair[1]))

    def cell(self, mutant: str, scenario: str, name: str) -> Cell | None:
        """Return one cell, or `None` when it was not run."""
        for cell in self.cells:
            if (cell.mutant, cell.scenario, cell.property) == (mutant, scenario, name):
                return cell
        return None

    def caught(self, mutant: str) -> bool:
        """Tell whether some scenario shows a mutant breaking some property."""
        return any(cell.mutant == mutant and cell.violated for cell in self.cells)


def matrix_markdown(matrix: Matrix) -> str:
    """Return the matrix as Markdown: the verdict of each mutant, then every cell that matters."""
    parts = [f"# {matrix.title}\n", f"{matrix.subtitle}\n", markdown(_overview(matrix))]
    not_caught = [
        mutant
        for mutant in matrix.mutants
        if mutant not in (NO_MUTANT, *matrix.benign) and not matrix.caught(mutant)
    ]
    if not_caught:
        parts.append(f"Not caught: {', '.join(not_caught)}.\n")
    parts += ["## Every cell\n", markdown(_details(matrix))]
    parts += [f"{line}\n" for line in matrix.foot]
    return "\n".join(parts)


def matrix_json(matrix: Matrix) -> str:
    """Return the matrix as one JSON document."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "title": matrix.title,
        "subtitle": matrix.subtitle,
        "mutants": [
            {
                "mutant": mutant,
                "benign": mutant in matrix.benign,
                "caught": matrix.caught(mutant),
            }
            for mutant in matrix.mutants
        ],
        "cells": [
            {
                "mutant": cell.mutant,
                "scenario": cell.scenario,
                "property": cell.property,
                "verdict": cell.word,
                "runs": cell.runs,
                "violated": cell.violated,
                "seconds": cell.seconds,
                "intended": cell.intended,
            }
            for cell in ordered_cells(matrix)
        ],
        "foot": list(matrix.foot),
    }
    return json.dumps(document, indent=2) + "\n"


def ordered_cells(matrix: Matrix) -> list[Cell]:
    """Return the cells row by row, the properties in the order of the matrix."""
    column = {name: i for i, name in enumerate(matrix.properties)}
    row = {pair: i for i, pair in enumerate(matrix.rows())}
    return sorted(
        matrix.cells,
        key=lambda cell: (
            row[cell.mutant, cell.scenario],
            column.get(cell.property, len(column)),
            cell.property,
        ),
    )


def _overview(matrix: Matrix) -> Grid:
    """Return one row a mutant: what it broke, where first, at what price."""
    rows = []
    for mutant in matrix.mutants:
        cells = [cell for cell in ordered_cells(matrix) if cell.mutant == mutant]
        broken = [cell for cell in cells if cell.violated]
        intended = dict.fromkeys(cell.property for cell in cells if cell.intended)
        word = VIOLATED if broken else _weakest(cells)
        rows.append(
            (
                mutant + (" (benign)" if mutant in matrix.benign else ""),
                ", ".join(intended) or "nothing",
                word,
                ", ".join(dict.fromkeys(cell.property for cell in broken)) or "nothing",
                ", ".join(dict.fromkeys(cell.scenario for cell in broken)) or "nowhere",
                count(_total(cells, "runs")),
                seconds(_total(cells, "seconds")),
            )
        )
    heads = ("mutant", "should break", "verdict", "breaks", "in", "runs", "time")
    return Grid(heads=heads, rows=tuple(rows), right=frozenset({5, 6}))


def _weakest(cells: Sequence[Cell]) -> str:
    if not cells:
        return NOT_RUN
    return HOLDS if any(cell.word == HOLDS for cell in cells) else NOT_EXERCISED


def _total(cells: Iterable[Cell], what: str) -> Any:
    """Add runs or seconds up, once for each scenario: its properties share the runs."""
    by_scenario = {cell.scenario: getattr(cell, what) for cell in cells}
    return sum(by_scenario.values())


def _details(matrix: Matrix) -> Grid:
    rows = tuple(
        (
            cell.mutant,
            cell.scenario,
            cell.property + (" (intended)" if cell.intended else ""),
            cell.word,
            f"{count(cell.violated)}/{count(cell.runs)}",
            seconds(cell.seconds),
        )
        for cell in ordered_cells(matrix)
        if cell.violated or cell.intended or cell.word == NOT_EXERCISED
    )
    heads = ("mutant", "scenario", "property", "verdict", "violated", "time")
    return Grid(heads=heads, rows=rows, right=frozenset({4, 5}))
