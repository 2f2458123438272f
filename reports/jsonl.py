"""Writes a trace as JSON Lines, the form from which all other views of a trace are made.

The first line tells what the file is; every further line is one event. Lines are ASCII, keys are
in a fixed order, so equal traces are equal files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any, Final

SCHEMA: Final = "bulkhead.trace/1"

_KEYS: Final = ("at_ns", "kind", "node", "peer", "name", "message", "detail")


class TraceFileError(ValueError):
    """A file is not a trace; the message says in which line and why."""


def write_trace(
    stream: IO[bytes], events: Iterable[Mapping[str, Any]], *, about: Mapping[str, Any]
) -> int:
    """Write the events and return how many; `about` (scenario, seed, ...) joins the first line."""
    stream.write(_line({"schema": SCHEMA, **about}))
    written = 0
    for event in events:
        stream.write(_line({key: event[key] for key in _KEYS}))
        written += 1
    return written


def read_trace(stream: IO[bytes]) -> Iterator[dict[str, Any]]:
    """Yield the events of a file that `write_trace` wrote."""
    for number, line in enumerate(stream, 1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise TraceFileError(f"line {number} is not JSON: {error}") from error
        if number == 1:
            if not isinstance(row, dict) or row.get("schema") != SCHEMA:
                raise TraceFileError(f'line 1 does not say "schema": "{SCHEMA}"')
            continue
        if not isinstance(row, dict) or any(key not in row for key in _KEYS):
            raise TraceFileError(f"line {number} lacks one of {', '.join(_KEYS)}")
        yield row


def _line(row: Mapping[str, Any]) -> bytes:
    return json.dumps(row, separators=(",", ":")).encode("ascii") + b"\n"
