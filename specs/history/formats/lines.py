"""Read text line by line, with a bound on the length of a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Final

from specs.history.formats.errors import HistoryFileError

LINE_BYTES_MAX: Final = 8 << 20
MARK: Final = b"\xef\xbb\xbf"
"""What some editors put before UTF-8."""


def numbered_lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the content of every line that is not blank, without outer spaces."""
    number = 0
    while raw := file.readline(LINE_BYTES_MAX + 1):
        number += 1
        if len(raw) > LINE_BYTES_MAX:
            found = f"a line longer than {LINE_BYTES_MAX >> 20} MiB"
            raise HistoryFileError(found, "an operation is one short line", number)
        if number == 1:
            raw = raw.removeprefix(MARK)
        if line := raw.strip():
            yield number, line


def line_shown(line: bytes) -> str:
    """Return a line as text that fits into a message."""
    text = line.decode("utf-8", "backslashreplace")
    text = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text[:60])
    return f"'{text}'" if len(text) <= 40 else f"'{text[:39]}…'"
