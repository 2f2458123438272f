"""The histories of dbcop as its later versions write them: one JSON object.

    {"params": ..., "info": ..., "start": ..., "end": ...,
     "data": [[{"events": [{"Read": {"variable": 0, "version": null}},
                           {"Write": {"variable": 0, "version": 1}}], "committed": true}]]}

`data` is a list of sessions, a session a list of transactions. An event may also be written as
`["r", variable, version]` or `["w", variable, version]`. Version null is what nobody wrote; so
is 0, except for variables to which somebody wrote 0.
"""

from __future__ import annotations

from array import array
from typing import IO, Any, Final

import numpy as np

from sim.history import NIL, OperationKind, Outcome
from specs.history.formats import dbcop
from specs.history.formats.json_stream import JsonStream
from specs.history.formats.reading import (
    ZERO,
    Namer,
    NotAName,
    Reading,
    history_of,
    settled_initial,
    shown,
)

_FORM: Final = (
    'dbcop writes {..., "data": [[{"events": [{"Read": {"variable": 0, "version": 1}}, ...], '
    '"committed": true}, ...], ...]}'
)
NULL: Final = "every key starts at null, written by nobody; so does 0 where nobody wrote 0"


def read(file: IO[bytes]) -> Reading:
    """Read a history from a binary file object, a transaction at a time."""
    stream = JsonStream(file, form=_FORM)
    columns = _Columns(stream)
    found = False
    for name in stream.members():
        if name != "data":
            stream.value()
            continue
        if found:
            raise stream.wrong('"data" twice')
        found = True
        for _ in stream.items("[", "]"):
            for _ in stream.items("[", "]"):
                columns.add(stream.value())
            columns.sessions += 1
    stream.finish()
    if not found:
        raise stream.wrong('no "data"')
    return columns.reading()


class _Columns:
    """The columns of the history, filled transaction by transaction."""

    def __init__(self, stream: JsonStream) -> None:
        self._stream = stream
        self._keys, self._values = Namer(), Namer()
        self._key, self._value = array("q"), array("q")
        self._kind, self._line, self._first = array("b"), array("q"), array("q", [0])
        self._session, self._outcome = array("i"), array("b")
        self.sessions = 0

    def add(self, transaction: Any) -> None:
        """Add one transaction of the session that is being read."""
        match transaction:
            case {"events": list(events), "committed": bool(committed)}:
                pass
            case _:
                raise self._stream.wrong_value(f"{shown(transaction)} is no transaction")
        rows = [self._event(event) for event in events]
        try:
            self._keys.extend(self._key, [variable for _, variable, _ in rows])
            self._values.extend(self._value, [version for _, _, version in rows])
        except NotAName as error:
            raise self._stream.wrong_value(f"{shown(error.name)} is no name or version") from None
        self._kind.extend(kind for kind, _, _ in rows)
        self._line.extend([self._stream.began] * len(rows))
        self._first.append(len(self._kind))
        self._session.append(self.sessions)
        self._outcome.append(Outcome.COMMITTED if committed else Outcome.ABORTED)

    def _event(self, event: Any) -> tuple[OperationKind, Any, Any]:
        match event:
            case {"Read": {"variable": variable, "version": version}}:
                kind = OperationKind.READ
            case {"Write": {"variable": variable, "version": version}}:
                kind = OperationKind.WRITE
            case ["r" | "w" as code, variable, version]:
                kind = OperationKind.READ if code == "r" else OperationKind.WRITE
            case _:
                raise self._stream.wrong_value(f"{shown(event)} is no event")
        if variable is None or (kind == OperationKind.WRITE and version is None):
            raise self._stream.wrong_value(f"{shown(event)} says null")
        return kind, variable, version

    def reading(self) -> Reading:
        """Return all of it."""
        (key,) = self._keys.settled(self._key)
        value, zero = self._values.settled(self._value, ZERO)
        kind = np.array(self._kind, dtype=np.int8)
        initial = settled_initial(
            zero=int(zero.number[0]), key=key.number, value=value.number, kind=kind
        )
        history = history_of(
            session=self._session,
            outcome=self._outcome,
            first=self._first,
            kind=kind,
            key=key,
            value=value,
            session_names=[str(place) for place in range(self.sessions)],
            initial_value=initial,
            line=np.array(self._line, dtype=np.int64),
        )
        return Reading(history=history, assumptions=(NULL if initial == NIL else dbcop.ZERO,))
