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
import numpy.typing as npt

from sim.history import Integers, OperationKind
from specs.history.formats.errors import HistoryFileError
from specs.history.formats.lines import blocks, line_shown, numbered_lines, table
from specs.history.formats.reading import Named, Namer, Reading, history_of

_LINE: Final = re.compile(rb"([rw])\s+(\d{1,20})\s+(\d{1,20})|(-+|=+)")
_REGULAR: Final = re.compile(rb"(?:[rw] \d{1,18} \d{1,18}\n|-++\n|=++\n)*+")
_BREAK: Final = re.compile(rb"-+|=+")
_CODES: Final = bytes.maketrans(b"rw-=", b"0123")
_READ, _END_TRANSACTION, _END_SESSION = 0, 2, 3
_FORM: Final = "a line is r KEY VALUE, w KEY VALUE, ----- or =====; keys and values are numbers"


def read(file: IO[bytes]) -> Reading:
    """Read a history from a binary file object."""
    keys, values = Namer(), Namer()
    code, key, value, line = array("b"), array("q"), array("q"), array("q")
    for number, block in blocks(file):
        if _REGULAR.fullmatch(block):
            rows = table(_BREAK.sub(_numbered, block).translate(_CODES), 3)
            code.frombytes(rows[:, 0].astype(np.int8).tobytes())
            key.frombytes(rows[:, 1].tobytes())
            value.frombytes(rows[:, 2].tobytes())
            line.extend(range(number, number + len(rows)))
            continue
        for place, content in numbered_lines(block, number):
            match = _LINE.fullmatch(content)
            if match is None:
                raise HistoryFileError(f"{line_shown(content)} is no operation", _FORM, place)
            code.append(int(content[:1].translate(_CODES)))
            keys.extend(key, [int(match[2] or 0)])
            values.extend(value, [int(match[3] or 0)])
            line.append(place)
    return _reading(np.array(code), keys.settled(key)[0], values.settled(value)[0], np.array(line))


def _numbered(found: re.Match[bytes]) -> bytes:
    """Return what a break is as a row of numbers."""
    return found[0][:1] + b" 0 0"


def _reading(code: npt.NDArray[np.int8], key: Named, value: Named, line: Integers) -> Reading:
    operations = np.flatnonzero(code < _END_TRANSACTION)
    # A transaction and a session begin with an operation: breaks may follow each other.
    begins = _changes(np.cumsum(code >= _END_TRANSACTION, dtype=np.int64)[operations])
    session = np.cumsum(_changes(np.cumsum(code == _END_SESSION, dtype=np.int64)[operations])) - 1
    history = history_of(
        session=session[begins],
        first=np.append(np.flatnonzero(begins), len(operations)),
        kind=np.where(code == _READ, OperationKind.READ, OperationKind.WRITE)[operations],
        key=key._replace(number=key.number[operations]),
        value=value._replace(number=value.number[operations]),
        session_names=[str(place) for place in range(int(session.max(initial=-1)) + 1)],
        has_initial=False,
        line=line[operations],
    )
    assumption = "no key has an initial value: what is read was written"
    return Reading(history=history, assumptions=(assumption,))


def _changes(column: Integers) -> npt.NDArray[np.bool_]:
    """Mark where a column changes; the first row always does."""
    changes = np.ones(len(column), dtype=bool)
    changes[1:] = column[1:] != column[:-1]
    return changes
