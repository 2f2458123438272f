"""Read text many lines at a time, with a bound on the length of a line.

Lines as programs write them are recognised a block at a time and become numbers at once; only
where a block holds anything else does each of its lines go its own, slower way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Final

import numpy as np

from sim.history import Integers
from specs.history.formats.errors import HistoryFileError

LINE_BYTES_MAX: Final = 8 << 20
MARK: Final = b"\xef\xbb\xbf"
"""What some editors put before UTF-8."""
_BLOCK_BYTES: Final = 1 << 17


def blocks(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield whole lines, many at a time, with the number of the first; each ends with a break."""
    number = 1
    while block := file.read(_BLOCK_BYTES):
        if not block.endswith(b"\n"):
            block += file.readline(LINE_BYTES_MAX + 1)
        if number == 1:
            block = block.removeprefix(MARK)
        if len(block) - block.rfind(b"\n", 0, -1) > LINE_BYTES_MAX:
            found = f"a line longer than {LINE_BYTES_MAX >> 20} MiB"
            line = number + block.count(b"\n", 0, -1)
            raise HistoryFileError(found, "an operation is one short line", line)
        if not block.isspace():
            yield number, block if block.endswith(b"\n") else block + b"\n"
        number += block.count(b"\n")


def numbered_lines(block: bytes, number: int) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the content of every line that is not blank, without outer spaces."""
    for place, raw in enumerate(block.split(b"\n"), number):
        if line := raw.strip():
            yield place, line


def table(block: bytes, width: int) -> Integers:
    """Return the numbers of a block as rows; nothing but digits, spaces and breaks is in it."""
    return np.fromstring(block, dtype=np.int64, sep=" ").reshape(-1, width)


def line_shown(line: bytes) -> str:
    """Return a line as text that fits into a message."""
    text = line[:240].decode("utf-8", "backslashreplace")
    text = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text[:60])
    return f"'{text}'" if len(text) <= 40 else f"'{text[:39]}…'"
