"""The list histories of VeriStrong: one operation a line, behind a line with their number.

    3
    0 1 A 5 17
    0 1 R 5 2 16 17
    1 2 R 5 0

are an append (session, transaction, A, key, element) and two reads (session, transaction, R,
key, length, elements). Transactions of a session stand in the order in which their first lines
do. Lists start empty.
"""

from __future__ import annotations

from array import array
from typing import IO, Final

import numpy as np

from sim.history import NIL, OperationKind
from specs.history.formats.errors import CUT, HistoryFileError
from specs.history.formats.lines import blocks, line_shown, numbered_lines
from specs.history.formats.reading import INTEGER_DIGITS, Namer, Reading, history_of, ranges

_FORM: Final = (
    "a line is SESSION TRANSACTION A KEY ELEMENT or SESSION TRANSACTION R KEY LENGTH ELEMENTS..."
)
_EMPTY: Final = "every list starts empty"


def read(file: IO[bytes]) -> Reading:
    """Read a history from a binary file object."""
    lines = (row for number, block in blocks(file) for row in numbered_lines(block, number))
    number, head = next(lines, (1, b""))
    if not head.isdigit() or len(head) > INTEGER_DIGITS:
        found = f"{line_shown(head)} is no number of lines"
        raise HistoryFileError(found, "the first line says how many lines follow", number)
    columns = _Columns()
    for number, line in lines:
        columns.add(number, line)
    if len(columns.kind) != int(head):
        found = f"{len(columns.kind)} operations up to here, but the first line says {int(head)}"
        raise HistoryFileError(found, CUT, number)
    return columns.reading()


class _Columns:
    """The columns of the file, one row a line."""

    def __init__(self) -> None:
        self._keys, self._values = Namer(), Namer()
        self._key, self._value, self._elements = array("q"), array("q"), array("q")
        self.kind = array("b")
        self._transaction, self._line, self._lengths = array("q"), array("q"), array("q")
        self._place: dict[int, int] = {}
        self._session: list[int] = []

    def add(self, number: int, line: bytes) -> None:
        """Add the operation of one line."""
        match line.split():
            case [session, transaction, b"A", key, element]:
                self._keys.extend(self._key, [_integer(key, number)])
                self._values.extend(self._value, [_integer(element, number)])
                self.kind.append(OperationKind.APPEND)
                self._lengths.append(0)
            case [session, transaction, b"R", key, length, *elements] if _integer(
                length, number
            ) == len(elements):
                self._keys.extend(self._key, [_integer(key, number)])
                self._values.extend(self._value, [None])
                self._values.extend(self._elements, [_integer(e, number) for e in elements])
                self.kind.append(OperationKind.READ_LIST)
                self._lengths.append(len(elements))
            case _:
                found = f"{line_shown(line)} is no operation"
                raise HistoryFileError(found, _FORM, number)
        self._line.append(number)
        self._own(_integer(session, number), _integer(transaction, number), number)

    def _own(self, session: int, transaction: int, number: int) -> None:
        """Give the last row to its transaction."""
        place = self._place.setdefault(transaction, len(self._place))
        if place == len(self._session):
            self._session.append(session)
        elif self._session[place] != session:
            found = f"transaction {transaction} in sessions {self._session[place]} and {session}"
            raise HistoryFileError(found, "a transaction has one session", number)
        self._transaction.append(place)

    def reading(self) -> Reading:
        """Return all of it."""
        owner = np.array(self._transaction, dtype=np.int64)
        order = np.argsort(owner, kind="stable")
        names, session = np.unique(np.array(self._session, dtype=object), return_inverse=True)
        (key,) = self._keys.settled(self._key)
        value, elements = self._values.settled(self._value, self._elements)
        lengths = np.array(self._lengths, dtype=np.int64)
        begins = (np.cumsum(lengths) - lengths)[order]
        history = history_of(
            session=session.reshape(-1),
            first=np.searchsorted(owner[order], np.arange(len(self._session) + 1)),
            kind=np.array(self.kind, dtype=np.int8)[order],
            key=key._replace(number=key.number[order]),
            value=value._replace(number=value.number[order]),
            session_names=[str(name) for name in names.tolist()],
            initial_value=NIL,
            element_first=np.concatenate(([0], np.cumsum(lengths[order]))),
            elements=elements.number[ranges(begins, lengths[order])],
            line=np.array(self._line, dtype=np.int64)[order],
        )
        return Reading(history=history, assumptions=(_EMPTY,))


def _integer(text: bytes, number: int) -> int:
    digits = text.removeprefix(b"-")
    if digits.isdigit() and len(digits) <= INTEGER_DIGITS:
        return int(text)
    raise HistoryFileError(f"{line_shown(text)} is no whole number", _FORM, number)
