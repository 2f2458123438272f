"""What every reader of foreign files gives: a history, and what was assumed to make it one.

The readers collect columns; here they become a `History` in which all that the file does not
state is `NONE`, and what the file calls keys and values becomes numbers.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from io import SEEK_END
from reprlib import Repr
from typing import IO, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from sim.history import (
    NIL,
    NONE,
    OPERATION_COLUMNS,
    TRANSACTION_COLUMNS,
    History,
    Integers,
    Labels,
    OperationKind,
    Outcome,
)
from specs.history.formats.errors import HistoryFileError
from specs.history.formats.labels import HIGH, Name, Names

BYTES_MAX: Final = 512 << 20
"""What is no text is read whole, up to here."""
INTEGER_DIGITS: Final = 20
"""Digits of the largest number of 64 bits."""

Unsigned = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]

_PIECE_BYTES: Final = 1 << 20
_SHORT: Final = Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A history, with what its reader took for granted as sentences without a full stop."""

    history: History
    assumptions: tuple[str, ...] = ()


class Named(NamedTuple):
    """A column of numbers, and what the file calls them where it does not call them so."""

    number: Integers
    labels: Labels | None


def history_of(
    *,
    session: npt.ArrayLike,
    first: npt.ArrayLike,
    kind: npt.ArrayLike,
    key: Named,
    value: Named,
    session_names: Sequence[str],
    outcome: npt.ArrayLike | None = None,
    **stated: Any,
) -> History:
    """Return a history; `stated` are more fields of it, and all other columns are `NONE`."""
    sessions = np.asarray(session, dtype=np.int32)
    kinds = np.asarray(kind, dtype=np.int8)
    if outcome is None:
        outcome = np.full(len(sessions), int(Outcome.COMMITTED))
    absent: dict[str, Any] = {
        name: np.full(len(sessions), NONE, dtype=np.int64)
        for name in (
            "start_timestamp",
            "commit_timestamp",
            "invoked_ns",
            "begun_ns",
            "committing_ns",
            "finished_ns",
        )
        if name not in stated
    }
    return History(
        session=sessions,
        outcome=np.asarray(outcome, dtype=np.int8),
        first=np.asarray(first, dtype=np.int64),
        kind=kinds,
        key=key.number,
        value=value.number,
        version=np.full(len(kinds), NONE, dtype=np.int64),
        at_ns=np.full(len(kinds), NONE, dtype=np.int64),
        session_names=tuple(session_names),
        key_labels=key.labels,
        value_labels=value.labels,
        **absent,
        **stated,
    )


def reordered(history: History, order: Integers) -> History:
    """Return the transactions of a history in another order."""
    counts = np.diff(history.first)[order]
    first = np.concatenate(([0], np.cumsum(counts)))
    rows = ranges(history.first[order], counts)
    fields = {name: getattr(history, name)[order] for name, _ in TRANSACTION_COLUMNS}
    fields |= {name: getattr(history, name)[rows] for name, _ in OPERATION_COLUMNS}
    if history.line is not None:
        fields["line"] = history.line[rows]
    if history.element_first is not None:
        assert history.elements is not None
        lengths = np.diff(history.element_first)[rows]
        fields["element_first"] = np.concatenate(([0], np.cumsum(lengths)))
        fields["elements"] = history.elements[ranges(history.element_first[rows], lengths)]
    return replace(history, first=first, **fields)


def ranges(begins: Integers, counts: Integers) -> Integers:
    """Return the numbers of ranges that begin here and hold so many, one after the other."""
    shift = begins - (np.cumsum(counts) - counts)
    numbers: Integers = np.repeat(shift, counts) + np.arange(int(counts.sum()), dtype=np.int64)
    return numbers


def whole(file: IO[bytes]) -> bytes:
    """Return all bytes of a file, which may not be too many."""
    too_large = file.seekable() and file.seek(0, SEEK_END) > BYTES_MAX
    if file.seekable():
        file.seek(0)
    content = b"" if too_large else up_to(file.read, BYTES_MAX + 1)
    if too_large or len(content) > BYTES_MAX:
        found = f"more than {BYTES_MAX >> 20} MiB"
        raise HistoryFileError(found, "a file of this format is read whole; split the history")
    return content


def up_to(read: Callable[[int], bytes], count: int) -> bytes:
    """Return what is there to be read, at most so many bytes, without making room for them all."""
    pieces: list[bytes] = []
    while count and (piece := read(min(count, _PIECE_BYTES))):
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


def shown(value: object) -> str:
    """Return what stands in a file as text that fits into a message."""
    text = _SHORT.repr(value)
    return text if len(text) <= 40 else text[:39] + "…"


def unsigned(column: Unsigned) -> Named:
    """Return numbers of 64 bits without a sign, under other numbers where they are too large."""
    if not len(column) or int(column.max()) <= HIGH:
        return Named(column.astype(np.int64), None)
    labels, number = np.unique(column, return_inverse=True)
    return Named(number.astype(np.int64).reshape(-1), labels)


class NotAName(Exception):
    """What stands for a key or a value is neither a whole number nor a text."""

    def __init__(self, place: int, name: object) -> None:
        super().__init__(place, name)
        self.place = place
        self.name = name


class Namer:
    """Gives numbers to what a file calls its keys or its values; one for each kind of name.

    A text of digits is the number that it spells. None is no name, and becomes `NIL`. Columns
    hold these numbers only after `settled`.
    """

    def __init__(self) -> None:
        self._names = Names()

    def extend(self, column: array[int], names: list[Any]) -> None:
        """Put names at the end of a column; raise `NotAName` with the place of a wrong one."""
        if set(map(type, names)) <= {int} and min(names, default=0) >= 0:
            try:
                column.extend(array("q", names))
            except OverflowError:
                pass  # Some number is too large; each by itself, then.
            else:
                return
        number = self._names.number
        for place, name in enumerate(names):
            column.append(NIL if name is None else number(_normal(place, name)))

    def settled(self, *columns: Sequence[int]) -> list[Named]:
        """Return columns as a history holds them, with the labels that they need together."""
        arrays = [np.array(column, dtype=np.int64) for column in columns]
        settled, labels = self._names.settle(arrays)
        return [Named(column, labels) for column in settled]


ZERO: Final = (0,)
"""A column of values to settle with others, for the number that stands for 0."""


def _normal(place: int, name: object) -> Name:
    if type(name) is int:
        return name
    if type(name) is not str:
        raise NotAName(place, name)
    digits = name[1:] if name.startswith("-") else name
    if digits.isascii() and digits.isdigit() and len(digits) <= INTEGER_DIGITS:
        return int(name)
    return name


def settled_initial(
    *, zero: int, key: Integers, value: Integers, kind: npt.NDArray[np.int8]
) -> int:
    """Return what stands for the initial value where 0 and null both do, and write it to `value`.

    0 is what nobody wrote, except for keys to which somebody wrote 0. Null always is.
    """
    writes, zeros = kind == OperationKind.WRITE, value == zero
    written = np.unique(key[writes & zeros])
    if not len(written) and not np.any(value == NIL):
        return zero
    value[~writes & zeros & ~np.isin(key, written)] = NIL
    return NIL
