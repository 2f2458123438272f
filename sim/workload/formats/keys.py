"""Formats that tell little more than keys: traces that caches are compared on.

oltp        lines "start count 0 number": pages start to start + count - 1 (Megiddo and Modha,
            FAST 2003)
adapt_size  lines "number key size" (Berger, Sitaraman and Harchol-Balter, NSDI 2017)
lirs        lines "key"; a line "*" is a mark of the recording (Jiang and Zhang, SIGMETRICS 2002)
address     lines "l 0xADDRESS number" for a load, "s ..." for a store
words32     keys of 4 bytes each, like those of cache2k and CloudPhysics
words64     keys of 8 bytes each, like those of Corda
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from sim.workload.formats.request import Format, Request
from sim.workload.readers.errors import TraceFileError
from sim.workload.readers.opened import numbered_lines
from sim.workload.types import Access

_PAGES_MAX: Final = 1 << 16
_NUMBER_MAX: Final = 1 << 63
_WORDS: Final = 1 << 12
_OLTP: Final = re.compile(rb"\d+ \d+ \d+ \d+\s*\r?\n")
_ADAPT_SIZE: Final = re.compile(rb"\d+ \d+ \d+\s*\r?\n")
_LIRS: Final = re.compile(rb"(?:\d+|\*)\s*\r?\n")
_ADDRESS: Final = re.compile(rb"[ls] 0x[0-9a-fA-F]+ \d+\s*\r?\n")
_STORE_OR_LOAD: Final = {"l": Access.READ, "s": Access.WRITE}


def _oltp(file: BinaryIO, path: Path) -> Iterator[Request]:
    form = 'a line is "start count 0 number", like "85 2 0 17"'
    for line, text in numbered_lines(file, path):
        start, count, _, _ = numbers(text, 4, path, line, form)
        if not 1 <= count <= _PAGES_MAX:
            raise TraceFileError(
                path, f"{count} pages at once", f"expected 1 to {_PAGES_MAX}", line
            )
        for page in range(start, start + count):
            yield Request(page)


def _adapt_size(file: BinaryIO, path: Path) -> Iterator[Request]:
    form = 'a line is "number key size", like "1 0 68"'
    for line, text in numbered_lines(file, path):
        yield Request(numbers(text, 3, path, line, form)[1])


def _lirs(file: BinaryIO, path: Path) -> Iterator[Request]:
    for line, text in numbered_lines(file, path):
        if text != "*":
            yield Request(numbers(text, 1, path, line, 'a line is a key, like "42", or "*"')[0])


def _address(file: BinaryIO, path: Path) -> Iterator[Request]:
    for line, text in numbered_lines(file, path):
        parts = text.split()
        try:
            access, address = _STORE_OR_LOAD[parts[0]], int(parts[1], 16)
        except (IndexError, KeyError, ValueError):
            form = 'a line is "l 0xADDRESS number" or "s 0xADDRESS number"'
            raise TraceFileError(path, f'"{text[:40]}"', form, line) from None
        yield Request(address, access)


def _words(width: int) -> Callable[[BinaryIO, Path], Iterator[Request]]:
    def requests(file: BinaryIO, path: Path) -> Iterator[Request]:
        place = 0
        while chunk := file.read(width * _WORDS):
            while len(chunk) % width and (more := file.read(width - len(chunk) % width)):
                chunk += more
            if len(chunk) % width:
                found = f"{len(chunk) % width} bytes after the last key, at byte {place}"
                mend = f"a key has {width} bytes; was the file cut short?"
                raise TraceFileError(path, found, mend)
            for start in range(0, len(chunk), width):
                yield Request(chunk[start : start + width])
            place += len(chunk)

    return requests


def numbers(text: str, count: int, path: Path, line: int, form: str) -> list[int]:
    """Read a line of `count` numbers from 0 up, or say what is wrong with it."""
    parts = text.split()
    if len(parts) == count and all(part.isascii() and part.isdecimal() for part in parts):
        found = [int(part) for part in parts if len(part) < 20]
        if len(found) == count and max(found) < _NUMBER_MAX:
            return found
    raise TraceFileError(path, f'"{text[:40]}"', form, line)


def _begins(pattern: re.Pattern[bytes]) -> Callable[[bytes], bool]:
    return lambda head: pattern.match(head) is not None


FORMATS: Final = (
    Format(
        name="oltp",
        summary="page references of a database: start, count, 0, number",
        words="each page of a line is a request",
        requests=_oltp,
        looks=_begins(_OLTP),
    ),
    Format(
        name="adapt_size",
        summary="requests of a content delivery network: number, key, size",
        words="each line is a request for its key",
        requests=_adapt_size,
        looks=_begins(_ADAPT_SIZE),
    ),
    Format(
        name="lirs",
        summary="block references, one key a line",
        words='each line is a request for its key, lines "*" are none',
        requests=_lirs,
        looks=_begins(_LIRS),
    ),
    Format(
        name="address",
        summary="loads and stores of a processor",
        words="a load reads its address, a store writes it",
        requests=_address,
        looks=_begins(_ADDRESS),
        kinds=True,
    ),
    Format(
        name="words32",
        summary="keys of 4 bytes, as in traces of cache2k and CloudPhysics",
        words="each 4 bytes are a request for the key that they are",
        requests=_words(4),
    ),
    Format(
        name="words64",
        summary="keys of 8 bytes, as in traces of Corda",
        words="each 8 bytes are a request for the key that they are",
        requests=_words(8),
    ),
)
"""The formats of this family."""
