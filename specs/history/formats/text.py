"""The text of PolySI and Plume: one operation a line, with its session and its transaction.

    r(15,0,2,7)
    w(18,1,2,7)

are a read and a write (key, value, session, transaction). Transactions of a session stand in
the order in which their first lines do. Every key starts at 0, written by nobody. Plume adds
failed transactions, which have the number -1 (lines of one session that follow each other are
one transaction), and `null` for what a key holds that nobody has written. IsoVista, which reads
Plume's text, spells the first transaction out as transaction 0 of session 0: it writes what the
keys start with. Such a transaction becomes the initial values, and is no transaction any more.
"""

from __future__ import annotations

import re
from array import array
from typing import IO, Final

import numpy as np

from sim.history import NIL, History, Integers, OperationKind, Outcome
from specs.history.formats.errors import HistoryFileError
from specs.history.formats.lines import blocks, line_shown, numbered_lines, table
from specs.history.formats.reading import ZERO, Named, Namer, Reading, history_of, settled_initial

_LINE: Final = re.compile(
    rb"([rw])\(\s*(-?\d{1,20})\s*,\s*(-?\d{1,20}|null)\s*,\s*(-?\d{1,18})\s*,\s*(-?\d{1,18})\s*\)"
)
_REGULAR: Final = re.compile(rb"(?:[rw]\(\d{1,18},\d{1,18},\d{1,18},\d{1,18}\)\n)*+")
_SPACED: Final = bytes.maketrans(b"rw(,)", b"01   ")
_FORM: Final = "a line is r(key,value,session,transaction) or w(...), all of them whole numbers"
_FAILED: Final = -1

_SPELLED_OUT: Final = (
    "transaction 0 of session 0 spells out what the keys start with, and is not counted"
)
_ZERO: Final = "every key starts at 0, written by nobody"
_NULL: Final = "every key starts at null, written by nobody; so does 0 where nobody wrote 0"


def read(file: IO[bytes], *, plume: bool | None = None) -> Reading:
    """Read a history from a binary file object.

    Without `plume`, the file tells by what it holds whether it follows PolySI or Plume; without
    anything that is Plume's, both mean the same.
    """
    rows = _rows(file)
    if plume is False:
        _check_polysi(rows)
    return _reading(rows, spelled_out=plume is not False)


def is_plumes(reading: Reading) -> bool:
    """Say whether a history that was read holds something that only Plume's text has."""
    history = reading.history
    return (
        bool(np.any(history.outcome == Outcome.ABORTED))
        or history.initial_value == NIL
        or _SPELLED_OUT in reading.assumptions
    )


class _Rows:
    """The columns of the file, one row a line."""

    def __init__(self) -> None:
        self.keys, self.values = Namer(), Namer()
        self.key, self.value = array("q"), array("q")
        self.kind = array("b")
        self.session, self.transaction, self.line = array("q"), array("q"), array("q")

    def add_regular(self, block: bytes, number: int) -> None:
        """Add lines that hold nothing but short numbers without a sign."""
        rows = table(block.translate(_SPACED), 5)
        self.kind.frombytes(rows[:, 0].astype(np.int8).tobytes())
        columns = (self.key, self.value, self.session, self.transaction)
        for place, column in enumerate(columns, 1):
            column.frombytes(rows[:, place].tobytes())
        self.line.extend(range(number, number + len(rows)))

    def add(self, line: bytes, number: int) -> None:
        """Add any line."""
        match = _LINE.fullmatch(line)
        if match is None:
            raise HistoryFileError(f"{line_shown(line)} is no operation", _FORM, number)
        code, key, value, session, transaction = match.groups()
        if value == b"null" and code == b"w":
            raise HistoryFileError("a write of null", "null is what nobody has written", number)
        self.kind.append(OperationKind.READ if code == b"r" else OperationKind.WRITE)
        self.keys.extend(self.key, [int(key)])
        self.values.extend(self.value, [None if value == b"null" else int(value)])
        self.session.append(int(session))
        self.transaction.append(int(transaction))
        self.line.append(number)


def _rows(file: IO[bytes]) -> _Rows:
    rows = _Rows()
    for number, block in blocks(file):
        if _REGULAR.fullmatch(block):
            rows.add_regular(block, number)
            continue
        for place, line in numbered_lines(block, number):
            rows.add(line, place)
    return rows


def _check_polysi(rows: _Rows) -> None:
    """Refuse what only Plume's text has."""
    for place in np.flatnonzero(np.array(rows.transaction, dtype=np.int64) < 0).tolist()[:1]:
        found = f"the transaction {rows.transaction[place]}"
        mend = "PolySI's text has no signs; read it as plume-text"
        raise HistoryFileError(found, mend, rows.line[place])


def _reading(rows: _Rows, *, spelled_out: bool) -> Reading:
    session, transaction = np.array(rows.session), np.array(rows.transaction)
    owner, first_row = _transactions(session, transaction)
    order = np.argsort(owner, kind="stable")
    names, session_of = np.unique(session, return_inverse=True)
    failed = transaction[first_row] == _FAILED
    (key,) = rows.keys.settled(rows.key)
    value, zeros = rows.values.settled(rows.value, ZERO)
    zero = int(zeros.number[0])
    kind, line = np.array(rows.kind, dtype=np.int8), np.array(rows.line, dtype=np.int64)
    assumption = _NULL
    if not np.any(value.number == NIL):
        initial, assumption = zero, _ZERO
    else:
        initial = settled_initial(zero=zero, key=key.number, value=value.number, kind=kind)
    history = history_of(
        session=session_of.reshape(-1)[first_row],
        outcome=np.where(failed, int(Outcome.ABORTED), int(Outcome.COMMITTED)),
        first=np.searchsorted(owner[order], np.arange(len(first_row) + 1)),
        kind=kind[order],
        key=key._replace(number=key.number[order]),
        value=value._replace(number=value.number[order]),
        session_names=tuple(map(str, names.tolist())),
        initial_value=initial,
        line=line[order],
    )
    reading = Reading(history=history, assumptions=(assumption,))
    here = bool(len(first_row)) and session[0] == 0 and transaction[0] == 0
    if spelled_out and here:
        return _without_initial(history, zero=zero) or reading
    return reading


def _transactions(session: Integers, transaction: Integers) -> tuple[Integers, Integers]:
    """Return the transaction of every line, and the first line of every transaction.

    Transactions are numbered in the order of their first lines. Failed ones have no number of
    their own: lines that follow each other belong together.
    """
    count = len(session)
    run = np.zeros(count, dtype=np.int64)
    changed = (session[1:] != session[:-1]) | (transaction[1:] != transaction[:-1])
    run[1:] = np.cumsum(changed)
    run[transaction != _FAILED] = 0
    order = np.lexsort((np.arange(count), run, transaction, session))
    columns = np.stack((session, transaction, run))[:, order]
    fresh = np.ones(count, dtype=bool)
    fresh[1:] = np.any(columns[:, 1:] != columns[:, :-1], axis=0)
    first_row = order[fresh]
    rank = np.empty(len(first_row), dtype=np.int64)
    rank[np.argsort(first_row)] = np.arange(len(first_row))
    owner = np.empty(count, dtype=np.int64)
    owner[order] = rank[np.cumsum(fresh) - 1]
    return owner, np.sort(first_row)


def _without_initial(history: History, *, zero: int) -> Reading | None:
    """Return the history without its first transaction, if that one is the initial one.

    It is if it is alone in its session, reads nothing, and writes every key once, or else
    nothing but 0; and if nobody else writes what it wrote, which would leave open whose value
    was read.
    """
    end = int(history.first[1])
    keys, place = np.unique(history.key, return_inverse=True)
    starts = np.full(len(keys), zero, dtype=np.int64)
    starts[place.reshape(-1)[:end]] = history.value[:end]
    started = history.value == starts[place.reshape(-1)]
    writes = history.kind == OperationKind.WRITE
    only_zeros = bool(np.all(history.value[:end] == zero))
    if (
        np.any(history.session[1:] == history.session[0])
        or not np.all(writes[:end])
        or len(np.unique(history.key[:end])) < end
        or (end < len(keys) and not only_zeros)
        or np.any(started[end:] & writes[end:])
        or np.any(history.value == NIL)
    ):
        return None
    initial = zero if only_zeros else NIL
    used, session = np.unique(history.session[1:], return_inverse=True)
    rest = history_of(
        session=session.reshape(-1),
        outcome=history.outcome[1:],
        first=history.first[1:] - end,
        kind=history.kind[end:],
        key=Named(history.key[end:], history.key_labels),
        value=Named(np.where(started, initial, history.value)[end:], history.value_labels),
        session_names=[history.session_names[place] for place in used.tolist()],
        initial_value=initial,
        line=None if history.line is None else history.line[end:],
    )
    return Reading(history=rest, assumptions=(_SPELLED_OUT,))
