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

from sim.history import OperationKind
from specs.history.formats.errors import HistoryFileError
from specs.history.formats.lines import line_shown, numbered_lines
from specs.history.formats.reading import Namer, Reading, history_of

_LINE: Final = re.compile(rb"([rw])\s+(\d{1,20})\s+(\d{1,20})")
_BREAK: Final = re.compile(rb"-+|=+")
_FORM: Final = "a line is r KEY VALUE, w KEY VALUE, ----- or =====; keys and values are numbers"
_BLOCK: Final = 16_384


def read(file: IO[bytes]) -> Reading:
    """Read a history from a binary file object."""
    keys, values = Namer(), Namer()
    key, value = array("q"), array("q")
    kind, line, session, first = array("b"), array("q"), array("i"), array("q")
    key_names: list[int] = []
    value_names: list[int] = []
    sessions = 0
    # A transaction and a session begin with their first operation: breaks may follow each other.
    in_transaction = in_session = False
    for number, content in numbered_lines(file):
        match = _LINE.fullmatch(content)
        if match is None:
            if _BREAK.fullmatch(content) is None:
                raise HistoryFileError(f"{line_shown(content)} is no operation", _FORM, number)
            in_transaction = False
            in_session = in_session and content.startswith(b"-")
            continue
        if not in_session:
            sessions += 1
        if not in_transaction:
            session.append(sessions - 1)
            first.append(len(kind))
        in_transaction = in_session = True
        kind.append(OperationKind.READ if match[1] == b"r" else OperationKind.WRITE)
        line.append(number)
        key_names.append(int(match[2]))
        value_names.append(int(match[3]))
        if len(key_names) == _BLOCK:
            keys.extend(key, key_names)
            values.extend(value, value_names)
            key_names, value_names = [], []
    keys.extend(key, key_names)
    values.extend(value, value_names)
    first.append(len(kind))
    history = history_of(
        session=session,
        first=first,
        kind=kind,
        key=keys.settled(key)[0],
        value=values.settled(value)[0],
        session_names=[str(place) for place in range(sessions)],
        has_initial=False,
        line=np.array(line, dtype=np.int64),
    )
    return Reading(
        history=history, assumptions=("no key has an initial value: what is read was written",)
    )
