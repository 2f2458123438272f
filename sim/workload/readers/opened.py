"""Open a file for streamed reading, plain or compressed, whatever its name says.

What is compressed is told by its first bytes: gzip, xz and Zstandard. Nothing is ever
decompressed as a whole. A file that breaks off is refused, however neat the place.
"""

from __future__ import annotations

import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from sim.workload.readers.errors import TraceFileError

HEAD_BYTES: Final = 1 << 14
"""As much of a file as may be looked at to tell its format."""
LINE_BYTES_MAX: Final = 1 << 16

_GZIP: Final = b"\x1f\x8b"
_XZ: Final = b"\xfd7zXZ\x00"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_CHUNK: Final = 1 << 16


class _DamagedError(ValueError):
    """Compressed bytes are not what they should be."""


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file and give its decompressed bytes; damage is told by `TraceFileError`."""
    try:
        with path.open("rb") as file:
            yield decompressed(file)
    except (EOFError, _DamagedError, gzip.BadGzipFile, lzma.LZMAError, zlib.error) as error:
        mend = "the file was cut short or damaged; fetch or write it again"
        raise TraceFileError(path, f"the compressed bytes break off: {error}", mend) from None
    except OSError as error:
        mend = "name a trace file that can be read"
        raise TraceFileError(path, error.strerror or str(error), mend) from None


def decompressed(file: BinaryIO) -> BinaryIO:
    """Return a file object that gives the decompressed bytes of another one."""
    magic = file.read(6)
    file.seek(0)
    if magic.startswith(_GZIP):
        return cast(BinaryIO, gzip.open(file))
    if magic.startswith(_XZ):
        return cast(BinaryIO, lzma.open(file))
    if magic.startswith(_ZSTD):
        return cast(BinaryIO, io.BufferedReader(_Zstandard(file), _CHUNK))
    return file


def numbered_lines(file: BinaryIO, path: Path, *, blank: bool = False) -> Iterator[tuple[int, str]]:
    """Yield the number and the text of every line, without its end; blank ones when asked."""
    number = 0
    while raw := file.readline(LINE_BYTES_MAX + 1):
        number += 1
        if len(raw) > LINE_BYTES_MAX:
            mend = "a record is one short line; is this a trace?"
            raise TraceFileError(path, "a line longer than 64 KiB", mend, number)
        try:
            text = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        except UnicodeDecodeError as error:
            found = f"byte {raw[error.start]:#04x} at column {error.start + 1} is not UTF-8"
            raise TraceFileError(path, found, "this format is text", number) from None
        if text or blank:
            yield number, text


class _Zstandard(io.RawIOBase):
    """Decompresses Zstandard frames one after the other, and insists on the end of the last."""

    def __init__(self, file: BinaryIO) -> None:
        import zstandard

        self._error: type[Exception] = zstandard.ZstdError
        self._new = zstandard.ZstdDecompressor().decompressobj
        self._frame = self._new()
        self._file = file
        self._inside = False
        self._ready = b""
        self._left = b""

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # a narrower buffer is all that BufferedReader gives
        """Fill a buffer with decompressed bytes; 0 is the end."""
        while not self._ready and (chunk := self._left or self._file.read(_CHUNK)):
            self._decompress(chunk)
        if not self._ready and self._inside:
            raise EOFError("the last frame has no end")
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _decompress(self, chunk: bytes) -> None:
        try:
            self._ready = self._frame.decompress(chunk)
        except self._error as error:
            raise _DamagedError(str(error)) from None
        self._inside, self._left = not self._frame.eof, b""
        if self._frame.eof:
            self._left = self._frame.unused_data
            self._frame = self._new()
