"""Writes the JSON Lines trace; `sim.workload.readers.jsonl` documents the form."""

from __future__ import annotations

import json
from typing import Any, BinaryIO, Final

from sim.workload.header import header_of
from sim.workload.readers.jsonl import CODES
from sim.workload.types import Access, TransactionTrace

_NAMES: Final = {int(kind): code for code, kind in CODES.items()}
_BLOCK: Final = 4096


def write_jsonl(trace: TransactionTrace, file: BinaryIO) -> None:
    """Write a trace as JSON Lines into a binary file object, a block of rows at a time."""
    file.write(_line(header_of(trace)))
    for start in range(0, trace.transactions, _BLOCK):
        end = min(start + _BLOCK, trace.transactions)
        file.write(b"".join(map(_line, _rows(trace, start, end))))


def _rows(trace: TransactionTrace, start: int, end: int) -> list[dict[str, Any]]:
    first = trace.first[start : end + 1]
    block = slice(int(first[0]), int(first[-1]))
    operations: list[list[str | int]] = [
        [_NAMES[kind], *_operands(kind, key, amount)]
        for kind, key, amount in zip(
            trace.kind[block].tolist(),
            trace.key[block].tolist(),
            trace.amount[block].tolist(),
            strict=True,
        )
    ]
    offsets = (first - first[0]).tolist()
    rows: list[dict[str, Any]] = [
        {"client": client, "ops": operations[begin:stop]}
        for client, begin, stop in zip(
            trace.client[start:end].tolist(), offsets[:-1], offsets[1:], strict=True
        )
    ]
    if trace.arrival_ns is not None:
        for row, arrival_ns in zip(rows, trace.arrival_ns[start:end].tolist(), strict=True):
            row["arrival_ns"] = arrival_ns
    for name in ("rollback", "fence"):
        flags = getattr(trace, name)
        if flags is not None:
            for row, flag in zip(rows, flags[start:end].tolist(), strict=True):
                if flag:
                    row[name] = True
    return rows


def _operands(kind: int, key: int, amount: int) -> list[int]:
    """Return what stands behind the name of an operation."""
    if kind in (Access.CHECKPOINT, Access.UNTIL):
        return [amount] if kind == Access.UNTIL else []
    return [key, amount] if kind == Access.ADD else [key]


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
