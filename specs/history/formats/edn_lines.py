"""Blocks of EDN in which all lines are written alike, taken apart at once.

A program writes the same names in the same order on every line. The first line of a block tells
that order, and one expression made for it finds all lines in one step. A block in which any line
differs is left to whoever reads line by line, which gives the same and takes longer.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from specs.history.formats.jepsen_rows import RowColumns

NUMBER: Final = r"(?:0|[1-9][0-9]{0,17}+)"
OPERATIONS: Final = rf"""(?>
    \[:(?>r[ ]{NUMBER}[ ](?>nil|{NUMBER}|\[[0-9 ]*+\])
        |(?:append|w)[ ]{NUMBER}[ ]{NUMBER})\]
    (?>[ ](?=\[)|(?=\])) )*+"""
"""What the vector of a transaction holds."""

_FIELDS: Final = {
    "index": rf":index[ ]({NUMBER})",
    "type": r":type[ ]:(invoke|ok|fail|info)",
    "process": rf":process[ ]({NUMBER})",
    "f": r":f[ ]:txn",
    "value": rf":value[ ]\[({OPERATIONS})\]",
    "time": rf":time[ ]{NUMBER}",
}
_KEPT: Final = ("index", "type", "process", "value")
_NAME: Final = re.compile(rf":({'|'.join(_FIELDS)}) ")


def taken_apart(text: str, number: int, breaks: int) -> RowColumns | None:
    """Return the rows of a block whose first line is `number`; None where lines differ.

    `breaks` is how many line breaks it holds.
    """
    head = text[: text.find("\n") + 1]
    names = tuple(_NAME.findall(head))
    if len(set(names)) < len(names) or not {"type", "value"} <= set(names):
        return None
    layout = _layout(names, ",[ ]" if "," in head else "[ ]")
    found = layout.findall(text) if layout.match(head) else []
    # Each match is one whole line with its break.
    if len(found) != breaks or not text.endswith("\n"):
        return None
    kept = [name for name in names if name in _KEPT]
    columns = dict(zip(kept, zip(*found, strict=True), strict=True))
    absent = (None,) * len(found)
    return RowColumns(
        index=columns.get("index", absent),
        type=columns["type"],
        process=columns.get("process", absent),
        operations=columns["value"],
        line=range(number, number + len(found)),
    )


@lru_cache(maxsize=16)
def _layout(names: tuple[str, ...], apart: str) -> re.Pattern[str]:
    """Return an expression for a line with these names in this order."""
    fields = apart.join(_FIELDS[name] for name in names)
    return re.compile(rf"^\{{{fields}\}}\n", re.VERBOSE | re.MULTILINE)
