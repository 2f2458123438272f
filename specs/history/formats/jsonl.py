"""Our own text format, JSON Lines: a head, then one transaction a line, in the order they ended.

    {"schema": "bulkhead.history/1", "sessions": ["client.0"], "initial_value": 0,
     "conserved": null, "transactions": 1, "operations": 2}
    {"session": 0, "outcome": "committed", "start_timestamp": 5, "commit_timestamp": 6,
     "invoked_ns": 10, "begun_ns": 20, "committing_ns": 50, "finished_ns": 60,
     "operations": [["r", 3, 0, null, 30], ["w", 4, 7, 5, 40]]}

(each on one line). `session` is a place in `sessions`; `outcome` is committed, aborted or
unknown. An operation is r (read), w (write), a (append to a list) or l (read a list), then key,
value, version and instant; the value of an l is the list of elements, `["l", 3, [7, 9], null, 30]`.
null stands for what is absent, and as a value for what nobody wrote.

A key or value is a number or a text. It stands where it is used, as the file calls it, so that
nothing has to be known before it happens; texts (and numbers that do not fit) become the labels
of the history, in the order of their first appearance. The head says `"has_initial": false` where
whatever is read was written, and `"has_sessions": false` where every transaction is a session.
It may say how many `transactions` and `operations` follow, which shows a file that was cut at the
end of a line. `line` of a history that is read is the line of this file; the oracle log has no
place in it. Both ways are streamed.
"""

from __future__ import annotations

import json
from array import array
from dataclasses import dataclass, field, replace
from typing import IO, Any, Final, NamedTuple

import numpy as np

from sim.history import (
    NIL,
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
from specs.history.formats.jsonl_values import (
    LOW,
    Wrong,
    element,
    integer,
    is_text,
    named,
    null,
    number,
    numbered_objects,
    shown,
)
from specs.history.formats.labels import Name, Names, called
from specs.history.formats.shape import SCHEMA

_OUTCOMES: Final = {outcome.name.lower(): int(outcome) for outcome in Outcome}
_CODES: Final = {
    "r": int(OperationKind.READ),
    "w": int(OperationKind.WRITE),
    "a": int(OperationKind.APPEND),
    "l": int(OperationKind.READ_LIST),
}
_OUTCOME_NAMES: Final = {number: name for name, number in _OUTCOMES.items()}
_CODE_NAMES: Final = {number: code for code, number in _CODES.items()}
_NUMBERS: Final = tuple(
    name for name, _ in TRANSACTION_COLUMNS if name not in ("session", "outcome")
)
_NAMES: Final = frozenset(("session", "outcome", *_NUMBERS, "operations"))
_LIST: Final = int(OperationKind.READ_LIST)
_FLAGS: Final = ("has_initial", "has_sessions")

_HEAD_FORM: Final = f'the first line is {{"schema": "{SCHEMA}", "sessions": [...], ...}}'
_LINE_FORM: Final = (
    'a line is {"session": 0, "outcome": "committed", "start_timestamp": 5, ..., '
    '"operations": [["r", 3, 0, null, 30], ...]}'
)


def write(file: IO[bytes], history: History, oracle: OracleLog | None = None) -> None:
    """Write a history as JSON Lines into a binary file object, and leave out the oracle log."""
    conserved = history.conserved
    (initial_value,) = called(history.value_labels, [history.initial_value])
    head = {
        "schema": SCHEMA,
        "sessions": list(history.session_names),
        "initial_value": null(initial_value, NIL),
        **{name: False for name in _FLAGS if not getattr(history, name)},
        "conserved": conserved and {"keys": conserved.keys, "total": conserved.total},
        "transactions": history.transactions,
        "operations": history.operations,
    }
    names = _Called(
        None if history.key_labels is None else history.key_labels.tolist(),
        None if history.value_labels is None else history.value_labels.tolist(),
    )
    file.write(_line(head))
    for transaction in transactions_of(history):
        file.write(_line(_object(transaction, names)))


def read(file: IO[bytes]) -> tuple[History, OracleLog | None]:
    """Read a history from a binary file object, line by line; it has no oracle log."""
    lines = numbered_objects(file)
    place, row = next(lines, (1, None))
    collected = _Collected()
    try:
        head = head_of(row, collected.values)
    except Wrong as error:
        raise HistoryFileError(str(error), _HEAD_FORM, place) from None
    for place, row in lines:
        try:
            collected.add(row, place, sessions=len(head.sessions))
        except Wrong as error:
            raise HistoryFileError(str(error), _LINE_FORM, place) from None
    for name, said, found in (
        ("transactions", head.transactions, len(collected.builder)),
        ("operations", head.operations, len(collected.line)),
    ):
        if said is not None and said != found:
            text = f"{found} {name} up to here, but line 1 says {said}"
            raise HistoryFileError(text, CUT, place)
    return collected.history(head), None


class _Called(NamedTuple):
    """What the file calls keys and values, by their numbers; None where numbers do."""

    keys: list[Name] | None
    values: list[Name] | None


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _object(transaction: Transaction, names: _Called) -> dict[str, Any]:
    session, outcome, *numbers = transaction.row
    keys, values = names
    operations = []
    for place, (kind, key, value, version, at_ns) in enumerate(transaction.operations):
        said: Any
        if kind == _LIST:
            elements = transaction.lists[place]
            said = elements if values is None else [values[number] for number in elements]
        else:
            said = null(value if values is None or value < 0 else values[value], NIL)
        name = null(key if keys is None or key < 0 else keys[key])
        operations.append([_CODE_NAMES[kind], name, said, null(version), null(at_ns)])
    return {
        "session": session,
        "outcome": _OUTCOME_NAMES[outcome],
        **dict(zip(_NUMBERS, map(null, numbers), strict=True)),
        "operations": operations,
    }


class Head(NamedTuple):
    """What a history says of itself before its transactions."""

    sessions: tuple[str, ...]
    initial_value: int
    conserved: Conserved | None
    transactions: int | None
    operations: int | None
    has_initial: bool
    has_sessions: bool


def head_of(row: Any, values: Names) -> Head:
    """Return the head that a JSON object gives; `Wrong` says what does not fit."""
    if not isinstance(row, dict) or row.get("schema") != SCHEMA:
        said = row.get("schema") if isinstance(row, dict) else None
        raise Wrong(f"schema {shown(said)}" if said is not None else "no schema")
    known = ("schema", *Head._fields)
    for name in row:
        if name not in known:
            raise Wrong(f"the name {name!r}, which is not one of {', '.join(known)}")
    sessions = row.get("sessions")
    if not isinstance(sessions, list) or not all(map(is_text, sessions)):
        raise Wrong(f"sessions is {shown(sessions)}, not a list of names")
    for name in _FLAGS:
        if not isinstance(row.get(name, True), bool):
            raise Wrong(f"{name} is {shown(row[name])}, not true or false")
    counts = [number(row.get(name), name) for name in ("transactions", "operations")]
    return Head(
        sessions=tuple(sessions),
        initial_value=named(row.get("initial_value", 0), values, "initial_value", absent=NIL),
        conserved=_conserved(row.get("conserved")),
        transactions=None if counts[0] == NONE else counts[0],
        operations=None if counts[1] == NONE else counts[1],
        has_initial=row.get("has_initial", True),
        has_sessions=row.get("has_sessions", True),
    )


def _conserved(value: Any) -> Conserved | None:
    match value:
        case None:
            return None
        case {"keys": keys, "total": total, **other} if not other:
            return Conserved(
                keys=integer(keys, "conserved keys", low=0),
                total=integer(total, "conserved total"),
            )
    raise Wrong(f'conserved is {shown(value)}, not {{"keys": ..., "total": ...}} or null')


@dataclass(slots=True)
class _Collected:
    """The lines so far."""

    builder: HistoryBuilder = field(default_factory=HistoryBuilder)
    keys: Names = field(default_factory=Names)
    values: Names = field(default_factory=lambda: Names(low=LOW))
    line: array[int] = field(default_factory=lambda: array("q"))
    elements: array[int] = field(default_factory=lambda: array("q"))
    element_first: array[int] = field(default_factory=lambda: array("q", [0]))

    def add(self, row: Any, place: int, *, sessions: int) -> None:
        """Take one line."""
        if not isinstance(row, dict):
            raise Wrong(f"{shown(row)} is not an object")
        if row.keys() != _NAMES:
            lacks = [name for name in sorted(_NAMES) if name not in row]
            other = [name for name in row if name not in _NAMES]
            raise Wrong(
                f"no {lacks[0]}" if lacks else f"a name {other[0]!r} that no transaction has"
            )
        session = integer(row["session"], "session", low=0)
        if session >= sessions:
            raise Wrong(f"session {session}, but line 1 names {sessions}")
        outcome = row["outcome"]
        if not isinstance(outcome, str) or outcome not in _OUTCOMES:
            raise Wrong(f"outcome is {shown(outcome)}, not one of {', '.join(_OUTCOMES)}")
        operations = row["operations"]
        if not isinstance(operations, list):
            raise Wrong(f"operations is {shown(operations)}, not a list")
        numbers = [number(row[name], name) for name in _NUMBERS]
        self.builder.add(
            (session, _OUTCOMES[outcome], *numbers),
            [self._operation(at, operation) for at, operation in enumerate(operations)],
        )
        self.line.extend([place] * len(operations))

    def history(self, head: Head) -> History:
        """Return the history of all lines, names settled."""
        history = self.builder.build(session_names=head.sessions, conserved=head.conserved)
        (key,), key_labels = self.keys.settle([history.key])
        elements = np.array(self.elements, dtype=np.int64)
        (value, elements, initial), value_labels = self.values.settle(
            [history.value, elements, np.array([head.initial_value], dtype=np.int64)]
        )
        has_lists = bool(np.any(history.kind == _LIST))
        return replace(
            history,
            key=key,
            value=value,
            initial_value=int(initial[0]),
            has_initial=head.has_initial,
            has_sessions=head.has_sessions,
            element_first=np.array(self.element_first, dtype=np.int64) if has_lists else None,
            elements=elements if has_lists else None,
            key_labels=key_labels,
            value_labels=value_labels,
            line=np.array(self.line, dtype=np.int64),
        )

    def _operation(self, place: int, operation: Any) -> Operation:
        match operation:
            case ["l", key, [*listed], version, at_ns]:
                code, name = "l", f"operation {place}:"
                what = f"{name} an element"
                self.elements.extend([element(item, self.values, what) for item in listed])
                said = NIL
            case ["r" | "w" | "a" as code, key, value, version, at_ns]:
                name = f"operation {place}:"
                said = named(value, self.values, f"{name} value", absent=NIL)
            case _:
                form = '["r", "w" or "a", key, value, version, instant] or ["l", key, [...], ...]'
                raise Wrong(f"operation {place} is {shown(operation)}, not {form}")
        self.element_first.append(len(self.elements))
        return (
            _CODES[code],
            named(key, self.keys, f"{name} key", absent=NONE),
            said,
            number(version, f"{name} version"),
            number(at_ns, f"{name} instant"),
        )
