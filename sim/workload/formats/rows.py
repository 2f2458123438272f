"""Formats that are comma-separated tables: what a row says is in its head.

cachelib_kv     rows of Meta's key-value caches: op_time, key, op, op_count, usecase, ...
cachelib_block  rows of Meta's block store: op_time, block_id, op_name, op_count, host_name, ...
cloudphysics    block requests of virtual disks: version, time, op (a SCSI code), size, lbn
azure_llm       requests to a language model: TIMESTAMP, ContextTokens, GeneratedTokens
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from sim.workload.formats.request import Format, Request
from sim.workload.readers.errors import TraceFileError
from sim.workload.readers.opened import numbered_lines
from sim.workload.types import Access

SECOND_NS: Final = 1_000_000_000
_COUNT_MAX: Final = 1 << 20
_KV_KINDS: Final = {
    "GET": Access.READ,
    "GET_LEASE": Access.READ,
    "SET": Access.WRITE,
    "SET_LEASE": Access.WRITE,
    "DELETE": Access.DELETE,
}
_BLOCK_KINDS: Final = {"getChunkData": Access.READ, "putChunk": Access.WRITE}
_SCSI_KINDS: Final = {"28": Access.READ, "2a": Access.WRITE}
_INSTANT: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?")


class _Row:
    """One row by the names of its head; what it lacks is told with its line."""

    __slots__ = ("_cells", "_line", "_names", "_path")

    def __init__(self, path: Path, line: int, names: list[str], text: str) -> None:
        self._path, self._line, self._names = path, line, names
        self._cells = text.split(",")
        if len(self._cells) != len(names):
            raise self.problem(f"{len(self._cells)} cells", f"the head has {len(names)}")

    def problem(self, found: str, mend: str) -> TraceFileError:
        return TraceFileError(self._path, found, mend, self._line)

    def text(self, name: str) -> str:
        cell = self._cells[self._names.index(name)]
        if not cell:
            raise self.problem(f"nothing under {name}", "every request has one")
        return cell

    def number(self, name: str, most: int) -> int:
        cell = self.text(name)
        if not (cell.isascii() and cell.isdecimal() and len(cell) < 20 and int(cell) <= most):
            raise self.problem(f'{name} is "{cell[:40]}"', f"expected a number from 0 to {most}")
        return int(cell)

    def kind(self, name: str, kinds: dict[str, Access], word: str) -> Access:
        if word not in kinds:
            raise self.problem(f'{name} is "{word[:40]}"', f"expected one of {', '.join(kinds)}")
        return kinds[word]


def _rows(file: BinaryIO, path: Path, needed: tuple[str, ...]) -> Iterator[_Row]:
    lines = numbered_lines(file, path)
    line, head = next(lines, (1, ""))
    names = head.split(",")
    for name in needed:
        if name not in names:
            raise TraceFileError(path, f'no column "{name}"', f"found {head[:80]}", line)
    for line, text in lines:
        yield _Row(path, line, names, text)


def _kv(file: BinaryIO, path: Path) -> Iterator[Request]:
    for row in _rows(file, path, ("op_time", "key", "op", "op_count", "usecase")):
        request = Request(
            row.text("key"),
            row.kind("op", _KV_KINDS, row.text("op")),
            row.text("usecase"),
            row.number("op_time", 1 << 33) * SECOND_NS,
        )
        for _ in range(row.number("op_count", _COUNT_MAX)):
            yield request


def _block(file: BinaryIO, path: Path) -> Iterator[Request]:
    for row in _rows(file, path, ("op_time", "block_id", "op_name", "op_count", "host_name")):
        request = Request(
            row.text("block_id"),
            row.kind("op_name", _BLOCK_KINDS, row.text("op_name").split(".")[0]),
            row.text("host_name"),
            row.number("op_time", 1 << 33) * SECOND_NS,
        )
        for _ in range(row.number("op_count", _COUNT_MAX)):
            yield request


def _cloudphysics(file: BinaryIO, path: Path) -> Iterator[Request]:
    for row in _rows(file, path, ("version", "time", "op", "size", "lbn")):
        yield Request(
            row.number("lbn", 1 << 62),
            row.kind("op", _SCSI_KINDS, row.text("op").lower()),
            None,
            row.number("time", 1 << 33) * SECOND_NS,
        )


def _azure(file: BinaryIO, path: Path) -> Iterator[Request]:
    for row in _rows(file, path, ("TIMESTAMP", "ContextTokens", "GeneratedTokens")):
        stamp = row.text("TIMESTAMP")
        time_ns = _instant_ns(stamp)
        if time_ns is None:
            mend = 'expected one like "2023-11-16 18:17:03.9799600"'
            raise row.problem(f'TIMESTAMP is "{stamp[:40]}"', mend)
        context = row.number("ContextTokens", 1 << 32)
        answer = row.number("GeneratedTokens", 1 << 32)
        yield Request(("context", context), Access.READ, None, time_ns)
        yield Request(("answer", answer), Access.WRITE, None, time_ns, ends=True)


def _instant_ns(text: str) -> int | None:
    """Return the nanoseconds from 1 March of the year 0 to a date and time, or None."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 61):
        return None
    # Years that begin in March end with the leap day.
    year, month = (year, month - 3) if month > 2 else (year - 1, month + 9)
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day - 1
    fraction = int((match[7] or "0").ljust(9, "0"))
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * SECOND_NS + fraction


FORMATS: Final = (
    Format(
        name="cachelib_kv",
        summary="rows of Meta's key-value caches",
        words="a row is op_count requests of its usecase: gets read, sets write, deletes delete",
        requests=_kv,
        looks=lambda head: head.startswith(b"op_time,key,"),
        timed=True,
        clients=True,
        kinds=True,
    ),
    Format(
        name="cachelib_block",
        summary="rows of Meta's block store",
        words="a row is op_count requests of its host: getChunkData reads, putChunk writes",
        requests=_block,
        looks=lambda head: head.startswith(b"op_time,block_id,"),
        timed=True,
        clients=True,
        kinds=True,
    ),
    Format(
        name="cloudphysics",
        summary="block requests of virtual disks",
        words="a row is a request for its block: SCSI 28 reads, 2a writes; its time is in seconds",
        requests=_cloudphysics,
        looks=lambda head: head.startswith(b"version,time,op,size,lbn"),
        timed=True,
        kinds=True,
    ),
    Format(
        name="azure_llm",
        summary="requests to a language model",
        words=(
            "a row is a transaction: it reads the key of its count of context tokens, and writes "
            "that of its count of generated ones"
        ),
        requests=_azure,
        looks=lambda head: head.startswith(b"TIMESTAMP,ContextTokens,GeneratedTokens"),
        timed=True,
        kinds=True,
        bounded=True,
    ),
)
"""The formats of this family."""
