"""Jepsen's EDN, read: histories of read-write registers and of lists that are appended to.

    {:index 0, :type :invoke, :process 0, :f :txn, :value [[:append 3 1] [:r 4 nil]]}
    {:index 1, :type :ok, :process 0, :f :txn, :value [[:append 3 1] [:r 4 [7]]]}

One map a line, or one vector of maps; names in any order, others ignored; `:f` and commas may be
missing. JSON with the same names (elle-cli's) is read too. What the nemesis did, and functions
other than `:txn`, are skipped. `jepsen_history` tells what becomes of it all.

Blocks of lines that are all written alike are taken apart at once (`edn_lines`). In other blocks
lines as programs write them are matched one by one; every other line goes through `edn_forms`. All
three ways give the same. Memory is a small multiple of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import IO, Final, Literal

from sim.history import History
from specs.history.formats.edn_forms import Forms
from specs.history.formats.edn_lines import NUMBER, OPERATIONS, taken_apart
from specs.history.formats.errors import HistoryFileError
from specs.history.formats.jepsen_history import Events
from specs.history.formats.jepsen_rows import Row, RowColumns, Rows
from specs.history.formats.lines import MARK

Kind = Literal["jepsen-edn-rw-register", "jepsen-edn-list-append"]

_BLOCK_BYTES: Final = 2 << 20
_LINE_BYTES_MAX: Final = 256 << 20

_SINGLE: Final = r"""(?>-?(?:0|[1-9][0-9]*+)|:[\w./*!?-]++|"[^"\\\n]*+")"""
_REGULAR: Final = re.compile(
    rf"""[ ,\t\r]*+ (?:\#jepsen\.history\.Op[ ]?+)?+ \{{
    (?>:(?>
        index[ ] (?(1)(?!) | ({NUMBER}))
        | type[ ] (?(2)(?!) | :(invoke|ok|fail|info))
        | process[ ] (?(3)(?!) | ({NUMBER}))
        | f[ ] (?(4)(?!) | (:txn))
        | value[ ] (?(5)(?!) | \[({OPERATIONS})\])
        | (?!(?:index|type|process|f|value)[ ]) [a-z][a-z-]*+[ ]
            (?>{_SINGLE}|\[(?>{_SINGLE}(?>[ ]|(?=\])))*+\])
    )(?>[ ,]++|(?=\}})))*+
    \}} [ ,\t\r]*+ (?(2)(?(5)|(?!))|(?!))""",
    re.VERBOSE,
)
"""One map as programs write it; its groups are index, type, process, function and operations."""

_LISTS: Final = re.compile(rb"""[\[(]\s*(?::append\s|"append"\s*,|:r\s+[^\s\])]+\s+[\[(])""")
_REGISTERS: Final = re.compile(rb"""[\[(]\s*(?::w\s|"w"\s*,|:r\s+[^\s\])]+\s+[^\s\[(n])""")


def read(file: IO[bytes]) -> History:
    """Read a history from a binary file object, a block of lines at a time."""
    return _read(file, regular=_REGULAR, at_once=True)


def jepsen_kind(head: bytes) -> Kind:
    """Return which kind of history begins with these bytes, as far as they tell."""
    lists, registers = _LISTS.search(head), _REGISTERS.search(head)
    if lists and (not registers or lists.start() < registers.start()):
        return "jepsen-edn-list-append"
    return "jepsen-edn-rw-register"


def _read(file: IO[bytes], *, regular: re.Pattern[str] | None, at_once: bool) -> History:
    """Read a history, with an expression for the lines that need no other reading, or none.

    `at_once` says that blocks whose lines are all written alike need no reading line by line.
    """
    blocks = _blocks(file)
    head = next(blocks, (1, "", 0))
    json = _is_json(head[1])
    rows = Rows(json=json)
    forms, events = Forms(regular=None if json else regular, json=json), Events(rows)
    for number, text, breaks in chain([head], blocks):
        columns = taken_apart(text, number, breaks) if at_once and forms.idle else None
        events.add(columns or _line_by_line(forms, rows, regular, text, number))
    forms.finish()
    return events.history()


def _is_json(text: str) -> bool:
    """Tell by the first thing inside brackets: names of JSON are quoted."""
    return text.lstrip(" \t\r\n[{")[:1] == '"'


def _line_by_line(
    forms: Forms, rows: Rows, regular: re.Pattern[str] | None, text: str, number: int
) -> RowColumns:
    """Return the rows of a block of lines; `number` is the first line's."""
    match = regular.fullmatch if regular is not None else _never
    result: list[Row] = []
    idle = forms.idle
    for place, line in enumerate(_lines(text), number):
        if idle and not line:
            continue
        if idle and (found := match(line)):
            result.append((found[1], found[2], found[3], found[5], place))
            continue
        for form in forms.feed(line, place):
            if isinstance(form, re.Match):
                result.append((form[1], form[2], form[3], form[5], place))
            elif (row := rows.row(form, place)) is not None:
                result.append(row)
        idle = forms.idle
    index, type_, process, operations, places = zip(*result, strict=True) if result else [()] * 5
    return RowColumns(index=index, type=type_, process=process, operations=operations, line=places)


def _never(_: str) -> None:
    """Match nothing."""


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    return lines if lines[-1] else lines[:-1]


def _blocks(file: IO[bytes]) -> Iterator[tuple[int, str, int]]:
    """Yield the number of a line, many whole lines from there on, and how many breaks they hold."""
    number = 1
    while chunk := file.read(_BLOCK_BYTES):
        if not chunk.endswith(b"\n"):
            chunk += file.readline(_LINE_BYTES_MAX)
            if len(chunk) > _LINE_BYTES_MAX and not chunk.endswith(b"\n"):
                found, line = "a line longer than 256 MiB", number + chunk.count(b"\n")
                raise HistoryFileError(found, "write one operation a line", line)
        if number == 1:
            chunk = chunk.removeprefix(MARK)
        try:
            text = chunk.decode()
        except UnicodeDecodeError as error:
            line = number + chunk.count(b"\n", 0, error.start)
            at = error.start - chunk.rfind(b"\n", 0, error.start)
            found = f"byte {chunk[error.start]:#04x} at column {at} is not UTF-8"
            raise HistoryFileError(found, "save the file as UTF-8", line) from None
        breaks = chunk.count(b"\n")
        yield number, text, breaks
        number += breaks
