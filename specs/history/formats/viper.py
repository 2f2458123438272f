"""The JSON logs of Viper: files `J<number>.log`, one for each session.

    {"value": [["w", 5, 17, true], ["r", 8, null, false]]}

is one transaction; a log holds them one after the other, or as one array. An operation is r or
w, key, value, and more, which is not used. What a key starts with is null. Ranges, insertions
and deletions have no place in a `History`, and are refused.
"""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np

from sim.history import NIL, OperationKind
from specs.history.formats.cobra_log import Log
from specs.history.formats.errors import HistoryFileError
from specs.history.formats.json_stream import JsonStream
from specs.history.formats.reading import Namer, NotAName, Reading, history_of, shown

_FORM: Final = 'a transaction is {"value": [["w", 5, 17, true], ...]}'
_NULL: Final = "every key starts at null, written by nobody"


def read(logs: Sequence[Log]) -> Reading:
    """Read a history from the logs of a folder, in any order."""
    _check_whole(logs)
    keys, values = Namer(), Namer()
    key, value = array("q"), array("q")
    kind, line, session, first = array("b"), array("q"), array("i"), array("q", [0])
    ordered = sorted(logs, key=lambda log: log.number)
    for place, log in enumerate(ordered):
        stream = JsonStream(io.BytesIO(log.content), form=f"{_FORM} (in J{log.number}.log)")
        for transaction in _transactions(stream):
            rows = [_operation(stream, row) for row in _operations(stream, transaction)]
            try:
                keys.extend(key, [row[1] for row in rows])
                values.extend(value, [row[2] for row in rows])
            except NotAName as error:
                raise stream.wrong_value(f"{shown(error.name)} is no key or value") from None
            kind.extend(row[0] for row in rows)
            line.extend([stream.began] * len(rows))
            session.append(place)
            first.append(len(kind))
    history = history_of(
        session=session,
        first=first,
        kind=kind,
        key=keys.settled(key)[0],
        value=values.settled(value)[0],
        session_names=[f"J{log.number}" for log in ordered],
        initial_value=NIL,
        line=np.array(line, dtype=np.int64),
    )
    return Reading(history=history, assumptions=(_NULL,))


def _transactions(stream: JsonStream) -> Iterator[Any]:
    if stream.peek() == "[":
        for _ in stream.items("[", "]"):
            yield stream.value()
        stream.finish()
        return
    while stream.peek():
        yield stream.value()


def _operations(stream: JsonStream, transaction: Any) -> list[Any]:
    match transaction:
        case {"isInitial": True}:
            raise stream.wrong_value("a transaction of initial values, which is not read")
        case {"value": list(operations)}:
            return operations
    raise stream.wrong_value(f"{shown(transaction)} is no transaction")


def _operation(stream: JsonStream, row: Any) -> tuple[OperationKind, Any, Any]:
    match row:
        case ["r", key, value, *_] if key is not None:
            return OperationKind.READ, key, value
        case ["w", key, value, *_] if key is not None and value is not None:
            return OperationKind.WRITE, key, value
    raise stream.wrong_value(f"{shown(row)} is no read or write")


def _check_whole(logs: Sequence[Log]) -> None:
    """Refuse logs whose numbers have gaps or repeat."""
    numbers = sorted(log.number for log in logs)
    for low, high in pairwise(numbers):
        if high != low + 1:
            found = f"two logs J{low}.log" if high == low else f"no J{low + 1}.log"
            mend = "name the whole folder of one history"
            raise HistoryFileError(found, mend)
