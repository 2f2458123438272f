"""Read transactions one by one as they arrive, from a file or a pipe that may never end.

Our own JSON Lines and the JSON of Chronos can be read so. Names that are texts become numbers by
a hash, below all numbers of files, so that nothing of them has to be remembered. What a Chronos
clock says becomes `p` and below it `l`, in one number whose last `LOGICAL_BITS` are `l`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import IO, Any, Final

from sim.history import NIL, NONE, OperationKind, Outcome
from specs.history.formats.errors import HistoryFileError
from specs.history.formats.json_stream import JsonStream
from specs.history.formats.jsonl import Head, head_of
from specs.history.formats.jsonl_values import (
    Wrong,
    integer,
    is_text,
    number,
    numbered_objects,
    shown,
)
from specs.history.formats.labels import Names

LOGICAL_BITS: Final = 64
_READ, _WRITE = int(OperationKind.READ), int(OperationKind.WRITE)
_APPEND, _READ_LIST = int(OperationKind.APPEND), int(OperationKind.READ_LIST)
_OUTCOMES: Final = {outcome.name.lower(): int(outcome) for outcome in Outcome}
_LETTERS: Final = {"r": _READ, "w": _WRITE, "a": _APPEND}
_WORDS: Final = {**_LETTERS, "read": _READ, "write": _WRITE, "append": _APPEND}
_MEND: Final = "each line is one transaction; see docs/isolation.md"
_KINDS_OF_STREAM: Final = "--stream reads JSON Lines of our own and the JSON of Chronos"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation, with what the file calls its key and its value."""

    kind: int
    key: int
    value: int | tuple[int, ...]
    version: int
    text: str
    key_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One transaction of a stream."""

    line: int
    session: int
    session_name: str
    outcome: int
    start: int
    commit: int
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arriving:
    """A stream: what it says of itself, and its transactions."""

    format: str
    initial_value: int
    has_sessions: bool
    logical: bool
    """Whether timestamps hold a logical part."""
    assumption: str
    transactions: Iterator[Transaction]


def arriving(file: IO[bytes], *, format: str | None = None) -> Arriving:  # noqa: A002  # the option's name
    """Read a stream; `file` is buffered. Raises `HistoryFileError`, while it is read, too."""
    name = format or _detected(file.peek(64))  # type: ignore[attr-defined]  # files are buffered
    if name == "jsonl":
        return _lines(file)
    if name == "chronos-json":
        prompt: Any = _Prompt(file)
        stream = JsonStream(prompt, form='a stream is [{"tid": ..., "ops": [...]}, ...]')
        return Arriving(
            format=name,
            initial_value=NIL,
            has_sessions=True,
            logical=True,
            assumption="every key starts at null (a list at []), written by nobody",
            transactions=_chronos(stream),
        )
    raise HistoryFileError(f"{name} cannot be read as a stream", _KINDS_OF_STREAM)


class _Prompt:
    """A file whose reads return what is there, and do not wait for more."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        """Return up to so many bytes, none at the end."""
        content: bytes = self._file.read1(size)
        return content


def _detected(head: bytes) -> str:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"["):
        return "chronos-json"
    if re.match(rb'\{\s*"schema"', text):
        return "jsonl"
    raise HistoryFileError(f"no stream: it begins with {shown(repr(head[:12]))}", _KINDS_OF_STREAM)


def _number(name: Any, what: str, *, absent: int) -> int:
    """Return what stands for a key or a value: texts by a hash, below all numbers of files."""
    if name is None:
        return absent
    if type(name) is int:
        return name
    if is_text(name):
        return -(1 << LOGICAL_BITS) - int.from_bytes(
            blake2b(name.encode(), digest_size=16).digest()
        )
    raise Wrong(f"{what} is {shown(name)}, not a whole number or a text")


def _lines(file: IO[bytes]) -> Arriving:
    rows = numbered_objects(file)
    line, row = next(rows, (1, None))
    try:
        head = head_of(row, Names())
        assert isinstance(row, dict), "a head is an object"
        initial = _number(row.get("initial_value", 0), "initial_value", absent=NIL)
    except Wrong as error:
        raise HistoryFileError(str(error), _MEND, line) from None
    if not head.has_initial:
        raise HistoryFileError("a history without initial values", "check it whole", line)
    return Arriving(
        format="jsonl",
        initial_value=initial,
        has_sessions=head.has_sessions,
        logical=False,
        assumption="",
        transactions=_of_lines(rows, head),
    )


def _of_lines(rows: Iterator[tuple[int, Any]], head: Head) -> Iterator[Transaction]:
    for line, row in rows:
        try:
            yield _of_line(row, line, head)
        except Wrong as error:
            raise HistoryFileError(str(error), _MEND, line) from None


def _of_line(row: Any, line: int, head: Head) -> Transaction:
    match row:
        case {"session": session, "outcome": outcome, "operations": list(operations)}:
            pass
        case _:
            raise Wrong(f"{shown(row)} is no transaction")
    place = integer(session, "session", low=0)
    if place >= len(head.sessions):
        raise Wrong(f"session {place}, but line 1 names {len(head.sessions)}")
    if not isinstance(outcome, str) or outcome not in _OUTCOMES:
        raise Wrong(f"outcome is {shown(outcome)}, not one of {', '.join(_OUTCOMES)}")
    return Transaction(
        line=line,
        session=place,
        session_name=head.sessions[place],
        outcome=_OUTCOMES[outcome],
        start=number(row.get("start_timestamp"), "start_timestamp"),
        commit=number(row.get("commit_timestamp"), "commit_timestamp"),
        operations=tuple(_of_ours(each) for each in operations),
    )


def _of_ours(operation: Any) -> Operation:
    match operation:
        case ["l", key, list(listed), version, _]:
            return _operation(_READ_LIST, key, listed, number(version, "version"))
        case ["r" | "w" | "a" as letter, key, value, version, _]:
            return _operation(_LETTERS[letter], key, value, number(version, "version"))
    raise Wrong(f"{shown(operation)} is no operation")


def _operation(kind: int, key: Any, value: Any, version: int) -> Operation:
    code = _number(key, "a key", absent=NONE)
    said: int | tuple[int, ...]
    if kind == _READ_LIST:
        said = tuple(_number(each, "an element", absent=NIL) for each in value)
        listed = " ".join(_called(each) for each in value[-8:])
        text = f"reads {key} = [{'… ' if len(value) > 8 else ''}{listed}]"
    else:
        said = _number(value, "a value", absent=NIL)
        text = {
            _READ: f"reads {key} = {_called(value)}",
            _WRITE: f"writes {key} = {_called(value)}",
            _APPEND: f"appends {_called(value)} to {key}",
        }[kind]
    return Operation(kind=kind, key=code, value=said, version=version, text=text, key_name=str(key))


def _called(value: Any) -> str:
    return "nil" if value is None else str(value)


def _chronos(stream: JsonStream) -> Iterator[Transaction]:
    lists: set[int] = set()
    for _ in stream.items("[", "]"):
        value = stream.value()
        try:
            yield _of_chronos(value, stream.began, lists)
        except Wrong as error:
            raise stream.wrong_value(str(error)) from None
    stream.finish()


def _of_chronos(row: Any, line: int, lists: set[int]) -> Transaction:
    match row:
        case {"sid": session, "sts": {**start}, "ops": list(operations)} if session is not None:
            pass
        case _:
            raise Wrong(f"{shown(row)} is no transaction")
    commit = row.get("cts")
    taken = tuple(_of_theirs(each, lists) for each in operations)
    if commit is None and any(each.kind in (_WRITE, _APPEND) for each in taken):
        raise Wrong("a transaction that writes has no commit timestamp")
    return Transaction(
        line=line,
        session=_number(session, "a session", absent=NONE),
        session_name=str(session),
        outcome=int(Outcome.COMMITTED),
        start=_instant(start),
        commit=NONE if commit is None else _instant(commit),
        operations=taken,
    )


def _of_theirs(operation: Any, lists: set[int]) -> Operation:
    match operation:
        case {"t": str(word), "k": key} if word.lower() in _WORDS and key is not None:
            kind, value = _WORDS[word.lower()], operation.get("v")
        case _:
            raise Wrong(f"{shown(operation)} is no operation")
    if value is None and kind != _READ:
        raise Wrong(f"{shown(operation)} writes null")
    code = _number(key, "a key", absent=NONE)
    if kind == _APPEND or isinstance(value, list):
        lists.add(code)
    if kind == _READ and (isinstance(value, list) or (value is None and code in lists)):
        kind, value = _READ_LIST, value or []
    return _operation(kind, key, value, NONE)


def _instant(clock: Any) -> int:
    """Return a clock as one number; its parts may stand in quotes."""
    digits: Callable[[Any], bool] = lambda part: (  # noqa: E731  # two parts, one rule
        type(part) is int or (isinstance(part, str) and part.isascii() and part.isdigit())
    )
    if not isinstance(clock, dict) or not digits(clock.get("p")) or not digits(clock.get("l", 0)):
        raise Wrong(f"{shown(clock)} is no clock")
    physical, logical = int(clock["p"]), int(clock.get("l", 0))
    if not 0 <= physical < 1 << 63 or not 0 <= logical < 1 << 63:
        raise Wrong(f"{shown(clock)} is no clock from 0 up to 2**63 - 1")
    return physical << LOGICAL_BITS | logical
