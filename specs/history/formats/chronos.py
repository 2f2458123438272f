"""The histories of Chronos and Aion: a JSON array of transactions with their timestamps.

    [{"tid": 7, "sid": 2, "sts": {"p": 3, "l": 0}, "cts": {"p": 4, "l": 0},
      "ops": [{"t": "w", "k": 5, "v": 6}, {"t": "r", "k": 8, "v": null}]}, ...]

`t` is r, w, a, read, write or append in any case; what a list read returned is an array. Numbers
may stand in quotes. A timestamp is a hybrid clock: `p` first, `l` where `p` is equal. Here it
becomes one number: `p` where no `l` says more, else its place among all timestamps of the file.
Only a transaction that writes nothing may lack `cts`. Sessions follow their start timestamps.

A key starts at null (or without `v`). A file that never says so, and in which nobody writes 0,
starts its keys at 0 if a 0 is read.
"""

from __future__ import annotations

from array import array
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from sim.history import NIL, NONE, History, Integers, OperationKind
from specs.history.formats.errors import HistoryFileError
from specs.history.formats.json_stream import JsonStream
from specs.history.formats.reading import (
    INTEGER_DIGITS,
    ZERO,
    Namer,
    NotAName,
    Reading,
    history_of,
    reordered,
    shown,
)

_FORM: Final = (
    'a transaction is {"tid": 7, "sid": 2, "sts": {"p": 3, "l": 0}, "cts": {"p": 4, "l": 0}, '
    '"ops": [{"t": "w", "k": 5, "v": 6}, ...]}'
)
_READ, _WRITE = int(OperationKind.READ), int(OperationKind.WRITE)
_APPEND, _READ_LIST = int(OperationKind.APPEND), int(OperationKind.READ_LIST)
_KINDS: Final = {
    "r": _READ,
    "read": _READ,
    "w": _WRITE,
    "write": _WRITE,
    "a": _APPEND,
    "append": _APPEND,
}
_BLOCK: Final = 16_384

_NULL: Final = "every key starts at null (a list at []), written by nobody"
_ZERO: Final = "every key starts at 0, written by nobody, as no read returned null"


def read(file: IO[bytes]) -> Reading:
    """Read a history from a binary file object, a transaction at a time."""
    stream = JsonStream(file, form=_FORM)
    columns = _Columns(stream)
    for _ in stream.items("[", "]"):
        columns.add(stream.value())
    stream.finish()
    return columns.reading()


class _Columns:
    """The columns of the history, filled transaction by transaction."""

    def __init__(self, stream: JsonStream) -> None:
        self._stream = stream
        self._keys, self._values, self._sessions = Namer(), Namer(), Namer()
        self._key, self._value = array("q"), array("q")
        self._session, self._elements = array("q"), array("q")
        self._key_names: list[Any] = []
        self._value_names: list[Any] = []
        self._list_row, self._list_length = array("q"), array("q")
        self._kind, self._line, self._first = array("b"), array("q"), array("q", [0])
        self._clocks = array("q")
        self._has_commit = array("b")

    def add(self, transaction: Any) -> None:
        """Add one transaction."""
        match transaction:
            case {"sid": session, "sts": {**start}, "ops": list(operations)} if session is not None:
                pass
            case _:
                raise self._stream.wrong_value(f"{shown(transaction)} is no transaction")
        try:
            kinds = [_KINDS[operation["t"].lower()] for operation in operations]
            keys = [operation["k"] for operation in operations]
            values = [operation.get("v") for operation in operations]
        except (AttributeError, KeyError, TypeError):
            raise self._stream.wrong_value(_no_operation(operations)) from None
        self._add_clocks(start, transaction.get("cts"), writes=any(kinds))
        self._extend(self._sessions, self._session, [session], "session")
        if list in set(map(type, values)):
            self._add_lists(kinds, values)
        if None in keys or (None in values and _no_value(kinds, values)):
            raise self._stream.wrong_value("a key that is null, or a write of null")
        self._kind.extend(kinds)
        self._line.extend([self._stream.began] * len(kinds))
        self._first.append(len(self._kind))
        self._key_names += keys
        self._value_names += values
        if len(self._key_names) >= _BLOCK:
            self._flush()

    def _add_clocks(self, start: Any, commit: Any, *, writes: bool) -> None:
        if commit is None and writes:
            raise self._stream.wrong_value("a transaction that writes has no commit timestamp")
        self._has_commit.append(commit is not None)
        clocks = (start, {"p": 0} if commit is None else commit)
        try:
            for clock in clocks:
                self._clocks.extend((_number(clock["p"]), _number(clock.get("l", 0))))
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
            found = f"the timestamps {shown(start)} and {shown(commit)}"
            raise self._stream.wrong_value(found) from None

    def _add_lists(self, kinds: list[int], values: list[Any]) -> None:
        """Put lists that were read where elements belong; nothing stays in their places."""
        for place, (kind, value) in enumerate(zip(kinds, values, strict=True)):
            if type(value) is not list or kind != _READ:
                continue
            if None in value:
                raise self._stream.wrong_value("a list with null in it")
            self._extend(self._values, self._elements, value, "element")
            self._list_row.append(len(self._kind) + place)
            self._list_length.append(len(value))
            kinds[place], values[place] = _READ_LIST, None

    def _extend(self, names: Namer, column: array[int], more: list[Any], what: str) -> None:
        try:
            names.extend(column, more)
        except NotAName as error:
            found = f"{shown(error.name)} is no {what}"
            raise self._stream.wrong_value(found) from None

    def _flush(self) -> None:
        """Give numbers to the keys and values put aside; for many at a time it is cheaper."""
        for names, column, more, what in (
            (self._keys, self._key, self._key_names, "key"),
            (self._values, self._value, self._value_names, "value"),
        ):
            before = len(column)
            try:
                names.extend(column, more)
            except NotAName as error:
                found = f"{shown(error.name)} is no {what}"
                raise HistoryFileError(found, _FORM, self._line[before + error.place]) from None
            more.clear()

    def reading(self) -> Reading:
        """Return all of it."""
        self._flush()
        kind = np.array(self._kind, dtype=np.int8)
        (key,) = self._keys.settled(self._key)
        value, elements, zero = self._values.settled(self._value, self._elements, ZERO)
        # What a list holds before anybody appended to it is the empty list.
        lists = np.unique(key.number[kind >= _APPEND])
        kind[(kind == _READ) & (value.number == NIL) & np.isin(key.number, lists)] = _READ_LIST
        initial, assumption = _initial(kind, value.number, zero=int(zero.number[0]))
        session, names = self._session_numbers()
        start, commit = self._timestamps()
        history = history_of(
            session=session,
            first=self._first,
            kind=kind,
            key=key,
            value=value,
            session_names=names,
            initial_value=initial,
            start_timestamp=start,
            commit_timestamp=commit,
            line=np.array(self._line, dtype=np.int64),
            **self._list_columns(kind, elements.number),
        )
        return Reading(history=in_session_order(history), assumptions=(assumption,))

    def _session_numbers(self) -> tuple[Integers, list[str]]:
        ((session, labels),) = self._sessions.settled(self._session)
        known, number = np.unique(session, return_inverse=True)
        names = known if labels is None else labels[known]
        return number.reshape(-1), [str(name) for name in names.tolist()]

    def _timestamps(self) -> tuple[Integers, Integers]:
        """Return start and commit timestamps, each a number that keeps the order of clocks."""
        clocks = np.array(self._clocks, dtype=np.int64).reshape(-1, 2)
        physical, logical = clocks[:, 0], clocks[:, 1]
        stamps = physical.copy()
        if np.any(logical != 0) or np.any(physical < 0):
            order = np.lexsort((logical, physical))
            fresh = np.zeros(len(order), dtype=np.int64)
            fresh[1:] = np.any(clocks[order][1:] != clocks[order][:-1], axis=1)
            stamps[order] = np.cumsum(fresh)
        start, commit = stamps.reshape(-1, 2).T.copy()
        commit[np.array(self._has_commit, dtype=np.int8) == 0] = NONE
        return start, commit

    def _list_columns(self, kind: npt.NDArray[np.int8], elements: Integers) -> dict[str, Integers]:
        if not np.any(kind >= _APPEND):
            return {}
        lengths = np.zeros(len(kind) + 1, dtype=np.int64)
        lengths[np.array(self._list_row, dtype=np.int64) + 1] = self._list_length
        return {"element_first": np.cumsum(lengths), "elements": elements}


def _initial(kind: npt.NDArray[np.int8], value: Integers, *, zero: int) -> tuple[int, str]:
    is_zero = value == zero
    read = bool(np.any(is_zero & (kind == _READ)))
    null = bool(np.any((value == NIL) & (kind == _READ)))
    if read and not null and not np.any(is_zero & (kind != _READ)):
        return zero, _ZERO
    return NIL, _NULL


def _no_operation(operations: list[Any]) -> str:
    for operation in operations:
        match operation:
            case {"t": str(word), "k": _} if word.lower() in _KINDS:
                continue
        return f"{shown(operation)} is no operation"
    return "no operations"


def _no_value(kinds: list[int], values: list[Any]) -> bool:
    """Say whether a write or an append has no value."""
    pairs = zip(kinds, values, strict=True)
    return any(value is None and kind in (_WRITE, _APPEND) for kind, value in pairs)


def _number(value: Any) -> int:
    """Return a number that may stand in quotes."""
    if type(value) is int:
        return value
    if type(value) is str and len(value) <= INTEGER_DIGITS and value.isascii() and value.isdigit():
        return int(value)
    raise ValueError(value)


def in_session_order(history: History) -> History:
    """Return a history whose sessions follow their start timestamps, as it is where they do."""
    start, session = history.start_timestamp, history.session
    order = np.argsort(session, kind="stable")
    same = session[order][1:] == session[order][:-1]
    if not np.any(same & (start[order][1:] < start[order][:-1])):
        return history
    return reordered(history, np.argsort(start, kind="stable"))
