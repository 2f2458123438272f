"""The values in the lines of JSON Lines, each checked as it is taken."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import IO, Any, Final

from sim.history import NIL, NONE
from specs.history.formats.errors import HistoryFileError
from specs.history.formats.labels import HIGH, Name, Names
from specs.history.formats.lines import MARK

LOW: Final = -(1 << 63)
_LINE_BYTES_MAX: Final = 256 << 20
_NAME: Final = "a whole number or a text"


class Wrong(Exception):
    """What was found in a line; the reader adds where."""


def numbered_objects(file: IO[bytes]) -> Iterator[tuple[int, Any]]:
    """Yield the number and the JSON value of every line that is not blank."""
    number = 0
    while raw := file.readline(_LINE_BYTES_MAX + 1):
        number += 1
        if len(raw) > _LINE_BYTES_MAX:
            mend = "a transaction is one line; is this a history?"
            raise HistoryFileError("a line longer than 256 MiB", mend, number)
        if number == 1:
            raw = raw.removeprefix(MARK)
        if raw.isspace():
            continue
        try:
            yield number, json.loads(raw.decode(), object_pairs_hook=_once)
        except UnicodeDecodeError as error:
            found = f"byte {raw[error.start]:#04x} at column {error.start + 1} is not UTF-8"
            raise HistoryFileError(found, "save the file as UTF-8", number) from None
        except json.JSONDecodeError as error:
            found = f"no JSON at column {error.colno}: {error.msg}"
            mend = "a line cut short or mixed up; each line is one JSON object"
            raise HistoryFileError(found, mend, number) from None
        except (ValueError, RecursionError) as error:
            mend = "each line is one small JSON object, every name once"
            raise HistoryFileError(str(error), mend, number) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its pairs, unless a name stands there twice."""
    result = dict(pairs)
    if len(result) < len(pairs):
        twice = next(
            name for name, count in Counter(name for name, _ in pairs).items() if count > 1
        )
        raise ValueError(f"the name {twice!r} twice in one object")
    return result


def integer(value: Any, name: str, *, low: int = LOW, absent: str = "") -> int:
    """Return a whole number; refuse all else."""
    if type(value) is int and low <= value <= HIGH:
        return value
    bounds = f"from {low} to {HIGH}{absent}"
    raise Wrong(f"{name} is {shown(value)}, not a whole number {bounds}")


def number(value: Any, name: str) -> int:
    """Return a whole number from 0 up, or `NONE` for null."""
    return NONE if value is None else integer(value, name, low=0, absent=" or null")


def named(value: Any, codes: Names, name: str, *, absent: int) -> int:
    """Return what stands for the name of a key or value, or for null."""
    if type(value) is int:
        return value if value == NIL else codes.number(value)
    if value is None:
        return absent
    if is_text(value):
        return codes.number(value)
    raise Wrong(f"{name} is {shown(value)}, not {_NAME}")


def element(value: Any, codes: Names, name: str) -> int:
    """Return what stands for an element of a list, which is never null."""
    if value is None:
        raise Wrong(f"{name} is null, not {_NAME}")
    return named(value, codes, name, absent=NIL)


def is_text(value: Any) -> bool:
    """Say whether a value is a text that can be written down; half a character cannot."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


def null(value: Name, absent: int = NONE) -> Name | None:
    """Return None for what stands for an absent thing."""
    return None if value == absent else value


def shown(value: Any) -> str:
    """Return a value as short JSON."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "something nested deeply"
    return text if len(text) <= 40 else text[:39] + "…"
