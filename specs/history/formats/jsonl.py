"""Our own text format, JSON Lines: a head, then one transaction a line, in the order they ended.

    {"schema": "bulkhead.history/1", "sessions": ["client.0"], "initial_value": 0,
     "conserved": null, "transactions": 1, "operations": 2}
    {"session": 0, "outcome": "committed", "start_timestamp": 5, "commit_timestamp": 6,
     "invoked_ns": 10, "begun_ns": 20, "committing_ns": 50, "finished_ns": 60,
     "operations": [["r", 3, 0, null, 30], ["w", 4, 7, 5, 40]]}

(each on one line). `session` is a place in `sessions`; `outcome` is committed, aborted or
unknown; an operation is r or w, key, value, version, instant; null stands for what is absent.
The head may say how many `transactions` and `operations` follow, which shows a file that was cut
at the end of a line. The oracle log has no place in it. Both ways are streamed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any, Final, NamedTuple

from sim.history import (
    NONE,
    TRANSACTION_COLUMNS,
    Conserved,
    History,
    HistoryBuilder,
    Operation,
    OperationKind,
    OracleLog,
    Outcome,
)
from specs.history.formats.blocks import Transaction, transactions_of
from specs.history.formats.errors import CUT, HistoryFileError
from specs.history.formats.shape import SCHEMA

_OUTCOMES: Final = {outcome.name.lower(): int(outcome) for outcome in Outcome}
_CODES: Final = {"r": int(OperationKind.READ), "w": int(OperationKind.WRITE)}
_OUTCOME_NAMES: Final = {number: name for name, number in _OUTCOMES.items()}
_CODE_NAMES: Final = {number: code for code, number in _CODES.items()}
_NUMBERS: Final = tuple(
    name for name, _ in TRANSACTION_COLUMNS if name not in ("session", "outcome")
)
_NAMES: Final = frozenset(("session", "outcome", *_NUMBERS, "operations"))

_LOW: Final = -(1 << 63)
_HIGH: Final = (1 << 63) - 1
_LINE_BYTES_MAX: Final = 256 << 20
_HEAD_FORM: Final = f'the first line is {{"schema": "{SCHEMA}", "sessions": [...], ...}}'
_LINE_FORM: Final = (
    'a line is {"session": 0, "outcome": "committed", "start_timestamp": 5, ..., '
    '"operations": [["r", 3, 0, null, 30], ...]}'
)


class _Wrong(Exception):
    """What was found in a line; the reader adds where."""


def write(file: IO[bytes], history: History, oracle: OracleLog | None = None) -> None:
    """Write a history as JSON Lines into a binary file object, and leave out the oracle log."""
    conserved = history.conserved
    head = {
        "schema": SCHEMA,
        "sessions": list(history.session_names),
        "initial_value": history.initial_value,
        "conserved": conserved and {"keys": conserved.keys, "total": conserved.total},
        "transactions": history.transactions,
        "operations": history.operations,
    }
    file.write(_line(head))
    for transaction in transactions_of(history):
        file.write(_line(_object(transaction)))


def read(file: IO[bytes]) -> tuple[History, OracleLog | None]:
    """Read a history from a binary file object, line by line; it has no oracle log."""
    lines = _lines(file)
    number, row = next(lines, (1, None))
    try:
        head = _head(row)
    except _Wrong as error:
        raise HistoryFileError(str(error), _HEAD_FORM, number) from None
    builder, operations = HistoryBuilder(), 0
    for number, row in lines:
        try:
            transaction, rows = _transaction(row, sessions=len(head.sessions))
        except _Wrong as error:
            raise HistoryFileError(str(error), _LINE_FORM, number) from None
        builder.add(transaction, rows)
        operations += len(rows)
    for name, said, found in (
        ("transactions", head.transactions, len(builder)),
        ("operations", head.operations, operations),
    ):
        if said is not None and said != found:
            text = f"{found} {name} up to here, but line 1 says {said}"
            raise HistoryFileError(text, CUT, number)
    history = builder.build(
        session_names=head.sessions, initial_value=head.initial_value, conserved=head.conserved
    )
    return history, None


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _object(transaction: Transaction) -> dict[str, Any]:
    session, outcome, *numbers = transaction.row
    return {
        "session": session,
        "outcome": _OUTCOME_NAMES[outcome],
        **dict(zip(_NUMBERS, map(_null, numbers), strict=True)),
        "operations": [
            [_CODE_NAMES[kind], _null(key), value, _null(version), _null(at_ns)]
            for kind, key, value, version, at_ns in transaction.operations
        ],
    }


def _null(number: int) -> int | None:
    return None if number == NONE else number


def _lines(file: IO[bytes]) -> Iterator[tuple[int, Any]]:
    """Yield the number and the JSON value of every line that is not blank."""
    number = 0
    while raw := file.readline(_LINE_BYTES_MAX + 1):
        number += 1
        if len(raw) > _LINE_BYTES_MAX:
            mend = "a transaction is one line; is this a history?"
            raise HistoryFileError("a line longer than 256 MiB", mend, number)
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")  # the mark some editors put before UTF-8
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
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} twice in one object")
    return result


class _Head(NamedTuple):
    sessions: tuple[str, ...]
    initial_value: int
    conserved: Conserved | None
    transactions: int | None
    operations: int | None


def _head(row: Any) -> _Head:
    if not isinstance(row, dict) or row.get("schema") != SCHEMA:
        said = row.get("schema") if isinstance(row, dict) else None
        raise _Wrong(f"schema {_shown(said)}" if said is not None else "no schema")
    known = ("schema", *_Head._fields)
    for name in row:
        if name not in known:
            raise _Wrong(f"the name {name!r}, which is not one of {', '.join(known)}")
    sessions = row.get("sessions")
    if not isinstance(sessions, list) or not all(isinstance(name, str) for name in sessions):
        raise _Wrong(f"sessions is {_shown(sessions)}, not a list of names")
    counts = [_number(row.get(name), name, low=0) for name in ("transactions", "operations")]
    return _Head(
        sessions=tuple(sessions),
        initial_value=_integer(row.get("initial_value", 0), "initial_value"),
        conserved=_conserved(row.get("conserved")),
        transactions=None if counts[0] == NONE else counts[0],
        operations=None if counts[1] == NONE else counts[1],
    )


def _conserved(value: Any) -> Conserved | None:
    match value:
        case None:
            return None
        case {"keys": keys, "total": total, **other} if not other:
            return Conserved(
                keys=_integer(keys, "conserved keys", low=0),
                total=_integer(total, "conserved total"),
            )
    raise _Wrong(f'conserved is {_shown(value)}, not {{"keys": ..., "total": ...}} or null')


def _transaction(row: Any, *, sessions: int) -> tuple[tuple[int, ...], list[Operation]]:
    """Return a row of the history and its operations from one line."""
    if not isinstance(row, dict):
        raise _Wrong(f"{_shown(row)} is not an object")
    if row.keys() != _NAMES:
        lacks = [name for name in sorted(_NAMES) if name not in row]
        other = [name for name in row if name not in _NAMES]
        raise _Wrong(f"no {lacks[0]}" if lacks else f"a name {other[0]!r} that no transaction has")
    session = _integer(row["session"], "session", low=0)
    if session >= sessions:
        raise _Wrong(f"session {session}, but line 1 names {sessions}")
    outcome = row["outcome"]
    if not isinstance(outcome, str) or outcome not in _OUTCOMES:
        raise _Wrong(f"outcome is {_shown(outcome)}, not one of {', '.join(_OUTCOMES)}")
    operations = row["operations"]
    if not isinstance(operations, list):
        raise _Wrong(f"operations is {_shown(operations)}, not a list")
    numbers = [_number(row[name], name) for name in _NUMBERS]
    return (session, _OUTCOMES[outcome], *numbers), [
        _operation(place, operation) for place, operation in enumerate(operations)
    ]


def _operation(place: int, operation: Any) -> Operation:
    match operation:
        case ["r" | "w" as code, key, value, version, at_ns]:
            name = f"operation {place}:"
            return (
                _CODES[code],
                _number(key, f"{name} key"),
                _integer(value, f"{name} value"),
                _number(version, f"{name} version"),
                _number(at_ns, f"{name} instant"),
            )
    form = '["r" or "w", key, value, version, instant]'
    raise _Wrong(f"operation {place} is {_shown(operation)}, not {form}")


def _number(value: Any, name: str, *, low: int = 0) -> int:
    return NONE if value is None else _integer(value, name, low=low, absent=" or null")


def _integer(value: Any, name: str, *, low: int = _LOW, absent: str = "") -> int:
    if type(value) is int and low <= value <= _HIGH:
        return value
    bounds = f"from {low} to {_HIGH}{absent}"
    raise _Wrong(f"{name} is {_shown(value)}, not a whole number {bounds}")


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:39] + "…"
