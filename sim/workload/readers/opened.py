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
_SKIPPABLE: Final = 0x184D2A50
_FRAME_HEAD_BYTES: Final = 18
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
    """Decompresses Zstandard frames one after the other, never more than is asked for."""

    def __init__(self, file: BinaryIO) -> None:
        import zstandard

        self._error: type[Exception] = zstandard.ZstdError
        _check_frames(file)
        decompressor = zstandard.ZstdDecompressor()
        self._content = decompressor.stream_reader(file, _CHUNK, read_across_frames=True)

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # a narrower buffer is all that BufferedReader gives
        """Fill a buffer with decompressed bytes; 0 is the end."""
        try:
            return self._content.readinto(buffer)
        except self._error as error:
            raise _DamagedError(str(error)) from None


def _check_frames(file: BinaryIO) -> None:
    """Walk over the heads of all frames and blocks (RFC 8878): the library ends at any cut."""
    import zstandard

    length = file.seek(0, io.SEEK_END)
    place = file.seek(0)
    while place < length:
        head = file.read(_FRAME_HEAD_BYTES)
        if int.from_bytes(head[:4], "little") & ~0xF == _SKIPPABLE:
            place = file.seek(place + 8 + int.from_bytes(head[4:8], "little"))
            continue
        try:
            frame = zstandard.get_frame_parameters(head)
            place = file.seek(place + zstandard.frame_header_size(head))
        except zstandard.ZstdError as error:
            raise _DamagedError(str(error)) from None
        last = False
        while not last and place < length:
            block = int.from_bytes(file.read(3), "little")
            last, run_length, size = bool(block & 1), block >> 1 & 3 == 1, block >> 3
            place = file.seek(place + 3 + (1 if run_length else size))
        place = file.seek(place + (4 if frame.has_checksum else 0))
        if not last:
            raise EOFError("the last frame has no end")
    if place > length:
        raise EOFError("the last block has no end")
    file.seek(0)
