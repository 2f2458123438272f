"""Reads the JSON Lines trace: a head, then one transaction a line, streamed.

    {"schema": "bulkhead.trace/1", "name": "two transfers", "initial_value": 100}
    {"client": 0, "ops": [["r", 3], ["w", 4], ["add", 5, 1]]}
    {"client": 1, "ops": [["add", 5, -1]], "arrival_ns": 2000000, "rollback": true}

The head may also say `source`, `notes`, `conserved` ({"keys": ..., "total": ...}) and the number
of `transactions` and `operations`, which shows a file that was cut at the end of a line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from sim.workload.header import Header, HeaderError, check_names, is_integer, parse_header
from sim.workload.readers.errors import TraceFileError
from sim.workload.types import Access, TraceBuilder, TransactionTrace

CODES: Final = {
    "r": Access.READ,
    "w": Access.WRITE,
    "add": Access.ADD,
    "d": Access.DELETE,
    "checkpoint": Access.CHECKPOINT,
    "until": Access.UNTIL,
}
"""What an operation is called in a line."""

CLIENT_MAX: Final = (1 << 31) - 1
LINE_BYTES_MAX: Final = 16 << 20

_NAMES: Final = ("client", "ops", "arrival_ns", "rollback", "fence")
_LINE_FORM: Final = 'a line is {"client": 0, "ops": [["r", 3], ["w", 4], ["add", 5, 1]]}'
_HEAD_FORM: Final = 'the first line is {"schema": "bulkhead.trace/1", ...}'


def read_jsonl(lines: BinaryIO, path: Path) -> TransactionTrace:
    """Read a trace from a file object that gives the decompressed bytes of `path`."""
    numbered = _objects(lines, path)
    line, head = next(numbered, (1, None))
    try:
        header = parse_header(head)
    except HeaderError as error:
        raise TraceFileError(path, str(error), _HEAD_FORM, line) from None
    builder, arrivals, count, operations = TraceBuilder(), 0, 0, 0
    for line, row in numbered:
        try:
            client, ops, arrival_ns = _transaction(row)
            rollback, fence = _flag(row, "rollback"), _flag(row, "fence")
        except HeaderError as error:
            raise TraceFileError(path, str(error), _LINE_FORM, line) from None
        if (arrival_ns is not None) != (arrivals == count) and count:
            raise TraceFileError(
                path,
                "some transactions have an arrival_ns and some have none",
                "give all transactions one, or none",
                line,
            )
        builder.add(client, ops, arrival_ns=arrival_ns, rollback=rollback, fence=fence)
        arrivals += arrival_ns is not None
        operations += len(ops)
        count += 1
    _check_counts(header, path, line, transactions=count, operations=operations)
    return builder.build(
        name=header.name or path.name.split(".")[0],
        source=header.source or path.name,
        initial_value=header.initial_value,
        conserved=header.conserved,
        notes=header.notes,
    )


def _objects(lines: BinaryIO, path: Path) -> Iterator[tuple[int, Any]]:
    """Yield the number and the JSON value of every line that is not blank."""
    number = 0
    while raw := lines.readline(LINE_BYTES_MAX + 1):
        number += 1
        if len(raw) > LINE_BYTES_MAX:
            mend = "a transaction is one line; is this a trace?"
            raise TraceFileError(path, "a line longer than 16 MiB", mend, number)
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")  # the mark some editors put before UTF-8
        if raw.isspace():
            continue
        try:
            value = json.loads(raw.decode(), object_pairs_hook=_once)
        except UnicodeDecodeError as error:
            mend = "save the file as UTF-8"
            found = f"byte {raw[error.start]:#04x} at column {error.start + 1} is not UTF-8"
            raise TraceFileError(path, found, mend, number) from None
        except json.JSONDecodeError as error:
            found = f"no JSON at column {error.colno}: {error.msg}"
            mend = "a line cut short or mixed up; each line is one JSON object"
            raise TraceFileError(path, found, mend, number) from None
        except (ValueError, RecursionError) as error:
            mend = "each line is one small JSON object, every name once"
            raise TraceFileError(path, str(error), mend, number) from None
        yield number, value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its pairs, unless a name stands there twice."""
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} twice in one object")
    return result


def _transaction(row: Any) -> tuple[int, list[tuple[int, int, int]], int | None]:
    """Return client, operations and arrival of one line."""
    if not isinstance(row, dict):
        raise HeaderError(f"{json.dumps(row)[:40]} is not an object")
    check_names(row, _NAMES, "the line")
    client, ops = row.get("client"), row.get("ops")
    if not is_integer(client) or not 0 <= client <= CLIENT_MAX:
        raise HeaderError(f"client is {json.dumps(client)}, not a number from 0 to {CLIENT_MAX}")
    if not isinstance(ops, list):
        raise HeaderError(f"ops is {json.dumps(ops)[:40]}, not a list of operations")
    arrival_ns = row.get("arrival_ns")
    if arrival_ns is not None and (not is_integer(arrival_ns) or arrival_ns < 0):
        raise HeaderError(f"arrival_ns is {json.dumps(arrival_ns)}, not a number from 0 up")
    return client, [_operation(place, op) for place, op in enumerate(ops)], arrival_ns


def _flag(row: dict[str, Any], name: str) -> bool:
    value = row.get(name, False)
    if not isinstance(value, bool):
        raise HeaderError(f"{name} is {json.dumps(value)}, neither true nor false")
    return value


def _operation(place: int, op: Any) -> tuple[int, int, int]:
    """Return kind, key and amount of one operation."""
    match op:
        case ["checkpoint"]:
            return Access.CHECKPOINT, 0, 0
        case ["r" | "w" | "d" as code, key]:
            amount: Any = 0
        case ["add" as code, key, amount]:
            pass
        case ["until" as code, amount]:
            key = 0
        case _:
            found = json.dumps(op)[:40]
            raise HeaderError(
                f'operation {place} is {found}, not ["r", key], ["w", key], ["d", key],'
                ' ["add", key, amount], ["checkpoint"] or ["until", ns]'
            )
    if not is_integer(key) or key < 0:
        raise HeaderError(f"operation {place} has key {json.dumps(key)}, not a number from 0 up")
    if not is_integer(amount):
        raise HeaderError(f"operation {place} has amount {json.dumps(amount)}, not an integer")
    return CODES[code], key, amount


def _check_counts(
    header: Header, path: Path, line: int, *, transactions: int, operations: int
) -> None:
    """Refuse a file that holds other rows than its head says, or none."""
    mend = "the file was cut short or mixed up; write it again"
    for name, said, found in (
        ("transactions", header.transactions, transactions),
        ("operations", header.operations, operations),
    ):
        if said is not None and said != found:
            found_text = f"{found} {name}, but the head says {said}"
            raise TraceFileError(path, found_text, mend, line)
    if not transactions:
        raise TraceFileError(path, "no transaction", "each line after the head is one", line)
