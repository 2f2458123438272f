"""One log of Cobra: the transactions of one session as big-endian records, told by a letter.

    S transaction [instant]              9 or 17 bytes    the transaction begins
    W write key hash                     25 bytes
    R writer write key hash              33 bytes         read what `write` of `writer` wrote
    C transaction [instant]              9 or 17 bytes    it committed

all numbers of 8 bytes without a sign. A log states instants everywhere or nowhere. It may end
with a byte 0xff. There are no records of aborts: what did not commit was not logged, except for
a transaction at the end of a log, whose end nobody saw.
"""

from __future__ import annotations

from array import array
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from sim.history import NONE, Integers
from specs.history.formats.errors import CUT, HistoryFileError
from specs.history.formats.reading import Unsigned

_START, _COMMIT, _WRITE, _READ = b"SCWR"
_WIDTHS: Final = {_START: 9, _COMMIT: 9, _WRITE: 25, _READ: 33}
_ABORT: Final = ord("A")
_INSTANT_BYTES: Final = 8
_END: Final = 0xFF
_HIGH: Final = (1 << 63) - 1
_FORM: Final = "a log is records S, W, R and C, one transaction after the other"


class Log(NamedTuple):
    """A file `T<number>.log`."""

    number: int
    content: bytes


class Session(NamedTuple):
    """The columns of one log; the last transaction is open if it is not in `committed`."""

    number: int
    transaction: Unsigned
    committed: int
    first: Integers
    invoked_ns: Integers
    finished_ns: Integers
    is_write: npt.NDArray[np.bool_]
    writer: Unsigned
    write: Unsigned
    key: Unsigned
    hash: Unsigned


def parsed(log: Log) -> Session:
    """Return the columns of a log; an error names the log and the byte."""
    instants = _has_instants(log.content)
    places = _places(log, instants=instants)
    tags = np.frombuffer(log.content, dtype=np.uint8)[places] if len(places) else _no_tags()
    _check_order(log, tags, places)
    starts, commits = places[tags == _START], places[tags == _COMMIT]
    transaction = _numbers(log.content, starts + 1)
    ended = _numbers(log.content, commits + 1)
    wrong = np.flatnonzero(transaction[: len(ended)] != ended)
    if len(wrong):
        row = int(wrong[0])
        found = f"a commit of transaction {ended[row]} inside transaction {transaction[row]}"
        raise _wrong(log, found, int(commits[row]))
    rows = (tags == _WRITE) | (tags == _READ)
    is_write = tags[rows] == _WRITE
    place = places[rows]
    # A read names the transaction that it read from, and then has the numbers of a write.
    name = place + np.where(is_write, 1, 9)
    writer = _numbers(log.content, place + 1)
    begins = np.flatnonzero(tags == _START)
    return Session(
        number=log.number,
        transaction=transaction,
        committed=len(ended),
        first=np.concatenate(([0], np.cumsum(rows)))[np.append(begins, len(tags))],
        invoked_ns=_instants(log, starts, instants=instants),
        finished_ns=np.append(
            _instants(log, commits, instants=instants),
            np.full(len(starts) - len(commits), NONE),
        ),
        is_write=is_write,
        writer=writer,
        write=_numbers(log.content, name),
        key=_numbers(log.content, name + 8),
        hash=_numbers(log.content, name + 16),
    )


def _wrong(log: Log, found: str, place: int) -> HistoryFileError:
    return HistoryFileError(f"T{log.number}.log has {found}", _FORM, byte=place)


def _has_instants(content: bytes) -> bool:
    """Tell by what follows the first record, which is an S: no instant begins with a letter."""
    return len(content) > 9 and content[9] not in (*_WIDTHS, _ABORT, _END)


def _places(log: Log, *, instants: bool) -> Integers:
    """Return where every record begins."""
    widths = [0] * 256
    for tag, width in _WIDTHS.items():
        both = _INSTANT_BYTES if instants and tag in (_START, _COMMIT) else 0
        widths[tag] = width + both
    content, end = log.content, len(log.content)
    places = array("q")
    place = 0
    while place < end:
        width = widths[content[place]]
        if not width:
            break
        places.append(place)
        place += width
    if place > end:
        found = f"a record {chr(content[places[-1]])} of {end - places[-1]} bytes"
        raise HistoryFileError(f"T{log.number}.log has {found}", CUT, byte=places[-1])
    if place < end and (place != end - 1 or content[place] != _END):
        what = "an abort, which Cobra never logs" if content[place] == _ABORT else "no record"
        raise _wrong(log, f"{what} (byte {content[place]:#04x})", place)
    return np.array(places, dtype=np.int64)


def _no_tags() -> npt.NDArray[np.uint8]:
    return np.empty(0, dtype=np.uint8)


def _check_order(log: Log, tags: npt.NDArray[np.uint8], places: Integers) -> None:
    """Refuse records outside a transaction, and transactions inside each other."""
    step = (tags == _START).astype(np.int64) - (tags == _COMMIT)
    depth = np.cumsum(step)
    wrong = np.flatnonzero(depth != (tags != _COMMIT))
    if len(wrong):
        row = int(wrong[0])
        inside = "inside" if tags[row] == _START else "outside"
        found = f"a record {chr(tags[row])} {inside} a transaction"
        raise _wrong(log, found, int(places[row]))


def _numbers(content: bytes, places: Integers) -> Unsigned:
    """Return the numbers that stand at these bytes."""
    if not len(places):
        return np.empty(0, dtype=np.uint64)
    # Every byte begins a number of this view, so that none is copied but those asked for.
    every: npt.NDArray[np.void] = np.ndarray(
        (len(content) - 7,), dtype=">u8", buffer=content, strides=(1,)
    )
    return every[places].astype(np.uint64)


def _instants(log: Log, places: Integers, *, instants: bool) -> Integers:
    if not instants:
        return np.full(len(places), NONE, dtype=np.int64)
    stated = _numbers(log.content, places + 9)
    late = np.flatnonzero(stated > _HIGH)
    if len(late):
        row = int(late[0])
        raise _wrong(log, f"the instant {stated[row]}", int(places[row]))
    return stated.astype(np.int64)
