"""The test format of AWDIT: operations a line, with lines between transactions and sessions.

    w 0 1
    -----
    r 0 1
    =====
    w 1 1

`r key value` and `w key value`; hyphens end a transaction, equals signs a session. Nothing has
an initial value: what is read was written.
"""

from __future__ import annotations

import re
from array import array
from typing import IO, Final

import numpy as np

from sim.history import Integers, OperationKind
from specs.history.formats.errors import HistoryFileError
from specs.history.formats.lines import blocks, line_shown, numbered_lines, table
from specs.history.formats.reading import Namer, Reading, history_of

_LINE: Final = re.compile(rb"([rw])\s+(\d{1,20})\s+(\d{1,20})|(-+|=+)")
_REGULAR: Final = re.compile(rb"(?:[rw] \d{1,18} \d{1,18}\n|-++\n|=++\n)*+")
_BREAK: Final = re.compile(rb"-+|=+")
_CODES: Final = bytes.maketrans(b"rw-=", b"0123")
_END_TRANSACTION, _END_SESSION = 2, 3
_FORM: Final = "a line is r KEY VALUE, w KEY VALUE, ----- or =====; keys and values are numbers"


def read(file: IO[bytes]) -> Reading:
    """Read a history from a binary file object."""
    columns = _Columns()
    for number, block in blocks(file):
        if _REGULAR.fullmatch(block):
            rows = table(_BREAK.sub(_numbered, block).translate(_CODES), 3)
            code, key, value = rows.T
            columns.add(code, key, value, np.arange(number, number + len(rows)))
        else:
            columns.add_lines(block, number)
    return columns.reading()


def _numbered(found: re.Match[bytes]) -> bytes:
    """Return what a break is as a row of numbers."""
    return found[0][:1] + b" 0 0"


class _Columns:
    """The columns of the operations, without the breaks between them."""

    def __init__(self) -> None:
        self._keys, self._values = Namer(), Namer()
        self._key, self._value, self._line = array("q"), array("q"), array("q")
        self._is_write, self._begins = array("b"), array("b")
        # What ended since the last operation; breaks may follow each other.
        self._ended = _END_SESSION

    def add(self, code: Integers, key: Integers, value: Integers, line: Integers) -> None:
        """Add rows of operations and breaks; keys and values are numbers of `Namer`."""
        places = np.flatnonzero(code < _END_TRANSACTION)
        counts = np.cumsum(code >= _END_TRANSACTION, dtype=np.int64)[places]
        ends = np.cumsum(code == _END_SESSION, dtype=np.int64)[places]
        begins = np.where(np.diff(counts, prepend=0) > 0, _END_TRANSACTION, 0)
        begins[np.diff(ends, prepend=0) > 0] = _END_SESSION
        begins[:1] = np.maximum(begins[:1], self._ended)
        behind = code[places[-1] + 1 :] if len(places) else np.append(code, self._ended)
        self._ended = int(behind.max(initial=0))
        self._is_write.frombytes(code[places].astype(np.int8).tobytes())
        self._begins.frombytes(begins.astype(np.int8).tobytes())
        for column, rows in ((self._key, key), (self._value, value), (self._line, line)):
            column.frombytes(rows[places].tobytes())

    def add_lines(self, block: bytes, number: int) -> None:
        """Add lines of any form."""
        code, key, value, line = array("q"), array("q"), array("q"), array("q")
        for place, content in numbered_lines(block, number):
            match = _LINE.fullmatch(content)
            if match is None:
                raise HistoryFileError(f"{line_shown(content)} is no operation", _FORM, place)
            code.append(int(content[:1].translate(_CODES)))
            self._keys.extend(key, [int(match[2] or 0)])
            self._values.extend(value, [int(match[3] or 0)])
            line.append(place)
        if code:
            self.add(np.array(code), np.array(key), np.array(value), np.array(line))

    def reading(self) -> Reading:
        """Return all of it."""
        (key,), (value,) = self._keys.settled(self._key), self._values.settled(self._value)
        begins = np.array(self._begins)
        first = np.flatnonzero(begins)
        session = np.cumsum(begins == _END_SESSION, dtype=np.int64)[first] - 1
        history = history_of(
            session=session,
            first=np.append(first, len(begins)),
            kind=np.where(np.array(self._is_write), OperationKind.WRITE, OperationKind.READ),
            key=key,
            value=value,
            session_names=[str(place) for place in range(int(session.max(initial=-1)) + 1)],
            has_initial=False,
            line=np.array(self._line, dtype=np.int64),
        )
        assumption = "no key has an initial value: what is read was written"
        return Reading(history=history, assumptions=(assumption,))
