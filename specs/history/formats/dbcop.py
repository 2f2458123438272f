"""The histories of dbcop as its first version wrote them: bincode, little-endian.

    id, nodes, variables, transactions, events      5 numbers of 8 bytes, parameters of the run
    info, start, end                                3 texts: 8 bytes of length, then UTF-8
    sessions                                        8 bytes of count, then for each of them
      transactions                                  8 bytes of count, then for each of them
        events                                      8 bytes of count, then for each of them
          is a write, variable, value, succeeded    1 + 8 + 8 + 1 bytes
        committed                                   1 byte

The parameters are those of the generator, so that nothing is said against totals that differ.
Every key starts at 0. A transaction that did not commit failed; an event that did not succeed
tells nothing, and is left out.
"""

from __future__ import annotations

import codecs
from array import array
from struct import Struct
from typing import IO, Final

import numpy as np
import numpy.typing as npt

from sim.history import Integers, OperationKind, Outcome
from specs.history.formats.errors import CUT, HistoryFileError
from specs.history.formats.reading import Named, Reading, history_of, unsigned, whole

_NUMBER: Final = Struct("<Q")
_HEADER_BYTES: Final = 40
_EVENT: Final = np.dtype([("write", "u1"), ("key", "<u8"), ("value", "<u8"), ("success", "u1")])
_TEXTS: Final = ("info", "start", "end")
_TEXT_BYTES_MAX: Final = 1 << 16
_COUNT_MAX: Final = 1 << 40
"""More than any generator was asked for; tells other files apart."""

ZERO: Final = "every key starts at 0, written by nobody"


def read(file: IO[bytes]) -> Reading:
    """Read a history from a binary file object."""
    content = whole(file)
    place = _skip_texts(content)
    shape = _Shape()
    sessions, place = _count(content, place, "sessions", least_bytes=8)
    for session in range(sessions):
        place = shape.add_session(content, place, session)
    if place != len(content):
        found = f"{len(content) - place} bytes after the last session"
        raise HistoryFileError(found, CUT, byte=place)
    return _reading(shape, sessions)


def looks_like(head: bytes) -> bool:
    """Say whether a file with these first bytes may be a history of dbcop."""
    if len(head) < _HEADER_BYTES + 8:
        return False
    *numbers, length = np.frombuffer(head, dtype="<u8", count=6).tolist()
    if max(numbers) > _COUNT_MAX or length > _TEXT_BYTES_MAX:
        return False
    text = head[_HEADER_BYTES + 8 : _HEADER_BYTES + 8 + length]
    try:
        codecs.getincrementaldecoder("utf-8")().decode(text)
    except UnicodeDecodeError:
        return False
    return True


class _Shape:
    """The events of all transactions, and where those of each stood in the file."""

    def __init__(self) -> None:
        self.session, self.committed = array("i"), array("b")
        self.place, self.events = array("q"), array("q")
        self.content = bytearray()

    def add_session(self, content: bytes, place: int, session: int) -> int:
        """Walk over a session that begins at a byte, and return the byte after it."""
        count, place = _count(content, place, "transactions", least_bytes=9)
        for _ in range(count):
            begin = place
            events, place = _count(content, place, "events", least_bytes=_EVENT.itemsize)
            self.session.append(session)
            self.events.append(events)
            self.place.append(place)
            end = place + events * _EVENT.itemsize
            if end >= len(content):
                raise HistoryFileError("a transaction without an end", CUT, byte=begin)
            if content[end] > 1:
                raise HistoryFileError(_flag(content[end], "committed"), CUT, byte=end)
            self.content += content[place:end]
            self.committed.append(content[end])
            place = end + 1
        return place


def _skip_texts(content: bytes) -> int:
    """Return the byte after the three texts of the head."""
    place = _HEADER_BYTES
    for name in _TEXTS:
        length, place = _count(content, place, f"bytes of {name}", least_bytes=1)
        if length > _TEXT_BYTES_MAX:
            found = f"{length} bytes of {name}"
            raise HistoryFileError(found, "dbcop writes a few words there", byte=place - 8)
        try:
            content[place : place + length].decode()
        except UnicodeDecodeError:
            raise HistoryFileError(f"{name} is not UTF-8", CUT, byte=place) from None
        place += length
    return place


def _count(content: bytes, place: int, what: str, *, least_bytes: int) -> tuple[int, int]:
    """Return a count and the byte after it, when the file has room for so many things."""
    if place + 8 > len(content):
        raise HistoryFileError(f"the file ends before the count of {what}", CUT, byte=place)
    count: int = _NUMBER.unpack_from(content, place)[0]
    left = len(content) - place - 8
    if count * least_bytes > left:
        raise HistoryFileError(f"{count} {what}, but {left} bytes are left", CUT, byte=place)
    return count, place + 8


def _flag(found: int, name: str) -> str:
    return f"{found} where {name} is 0 or 1"


def _reading(shape: _Shape, sessions: int) -> Reading:
    events = np.frombuffer(shape.content, dtype=_EVENT)
    first = np.concatenate(([0], np.cumsum(np.array(shape.events, dtype=np.int64))))
    _check_flags(events, shape, first)
    kept = events["success"] == 1
    omitted = len(kept) - int(np.count_nonzero(kept))
    value = unsigned(np.append(events["value"][kept], np.uint64(0)))
    history = history_of(
        session=shape.session,
        outcome=np.where(np.array(shape.committed) == 1, Outcome.COMMITTED, Outcome.ABORTED),
        first=np.concatenate(([0], np.cumsum(kept)))[first],
        kind=np.where(events["write"][kept] == 1, OperationKind.WRITE, OperationKind.READ),
        key=unsigned(events["key"][kept]),
        value=Named(value.number[:-1], value.labels),
        session_names=[str(place) for place in range(sessions)],
        initial_value=int(value.number[-1]),
    )
    left_out = f"{omitted} events that did not succeed tell nothing, and are left out"
    return Reading(history=history, assumptions=(ZERO, left_out) if omitted else (ZERO,))


def _check_flags(events: npt.NDArray[np.void], shape: _Shape, first: Integers) -> None:
    for name, offset in (("write", 0), ("success", _EVENT.itemsize - 1)):
        wrong = np.flatnonzero(events[name] > 1)
        if len(wrong):
            row = int(wrong[0])
            owner = int(np.searchsorted(first, row, side="right")) - 1
            place = shape.place[owner] + (row - int(first[owner])) * _EVENT.itemsize + offset
            raise HistoryFileError(_flag(int(events[name][row]), name), CUT, byte=place)
