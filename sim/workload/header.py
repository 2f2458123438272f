"""The head of a trace file: what JSON Lines and npz say about a trace beside its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final, TypeGuard

from sim.history import Conserved
from sim.workload.fingerprint import SCHEMA
from sim.workload.types import TransactionTrace

INTEGER_MAX: Final = (1 << 63) - 1


class HeaderError(ValueError):
    """The head of a trace file says something that it must not, or leaves out what it must say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the head of a trace file says; counts are checked against the rows that follow."""

    name: str | None = None
    source: str | None = None
    initial_value: int = 0
    conserved: Conserved | None = None
    notes: tuple[str, ...] = field(default=())
    transactions: int | None = None
    operations: int | None = None


def header_of(trace: TransactionTrace) -> dict[str, Any]:
    """Return the head of a trace, ready for JSON."""
    head: dict[str, Any] = {
        "schema": SCHEMA,
        "name": trace.name,
        "source": trace.source,
        "transactions": trace.transactions,
        "operations": trace.operations,
        "initial_value": trace.initial_value,
    }
    if trace.conserved is not None:
        head["conserved"] = {"keys": trace.conserved.keys, "total": trace.conserved.total}
    if trace.notes:
        head["notes"] = list(trace.notes)
    return head


def parse_header(head: Any) -> Header:
    """Read a head as JSON gave it; everything but the schema may be left out."""
    if not isinstance(head, dict) or "schema" not in head:
        raise HeaderError(f'no {{"schema": "{SCHEMA}", ...}} at the beginning')
    if head["schema"] != SCHEMA:
        raise HeaderError(f"schema {head['schema']!r}, expected {SCHEMA!r}")
    check_names(head, ("schema", *Header.__slots__), "the head")
    notes = head.get("notes", [])
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        raise HeaderError("notes are not a list of texts")
    return Header(
        name=_text(head, "name"),
        source=_text(head, "source"),
        initial_value=_integer(head, "initial_value", -INTEGER_MAX - 1) or 0,
        conserved=_conserved(head.get("conserved")),
        notes=tuple(notes),
        transactions=_integer(head, "transactions", 0),
        operations=_integer(head, "operations", 0),
    )


def check_names(found: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    """Refuse a name that is not known, and offer the nearest one."""
    for name in found:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else f" (known: {', '.join(known)})"
            raise HeaderError(f"{where} has an unknown name {name!r}{hint}")


def is_integer(value: Any) -> TypeGuard[int]:
    """Say whether JSON gave an integer that fits 64 bits; `true` is none."""
    return type(value) is int and -INTEGER_MAX - 1 <= value <= INTEGER_MAX


def _text(head: Mapping[str, Any], name: str) -> str | None:
    value = head.get(name)
    if value is not None and not isinstance(value, str):
        raise HeaderError(f"{name} is not a text")
    return value


def _integer(head: Mapping[str, Any], name: str, low: int) -> int | None:
    value = head.get(name)
    if value is None:
        return None
    if not is_integer(value) or value < low:
        raise HeaderError(f"{name} is {value!r}, not an integer from {low} up to 64 bits")
    return value


def _conserved(value: Any) -> Conserved | None:
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != {"keys", "total"}:
        raise HeaderError('conserved is not {"keys": ..., "total": ...}')
    keys, total = _integer(value, "keys", 1), _integer(value, "total", -INTEGER_MAX - 1)
    if keys is None or total is None:
        raise HeaderError("conserved has no value for keys or total")
    return Conserved(keys=keys, total=total)
