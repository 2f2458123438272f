"""Read a file front to back, plain or packed with gzip, xz or Zstandard.

What is packed is told by its first bytes, whatever its name says. A packed file may hold up to
`FREE_BYTES` and on top of that `RATIO_MAX` times its own size: recorded histories shrink to a
tenth or so, and what unpacks to more is made to fill a memory.
"""

from __future__ import annotations

import io
import lzma
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, Final

from specs.history.formats.errors import CUT, HistoryFileError

RATIO_MAX: Final = 100
FREE_BYTES: Final = 16 << 20
MEMORY_BYTES: Final = 128 << 20
"""What an unpacker may take; the strongest usual settings of all three need less."""

_INPUT_BYTES: Final = 1 << 16
_OUTPUT_BYTES: Final = 1 << 20


def unpacked(file: IO[bytes]) -> io.BufferedReader:
    """Return a file that gives the unpacked bytes of another one, which can be sought in."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = file.read(6)
    file.seek(0)
    for packing in _PACKINGS:
        if head.startswith(packing.magic):
            raw = _Unpacked(file, packing, FREE_BYTES + RATIO_MAX * size)
            return io.BufferedReader(raw, _OUTPUT_BYTES)
    return file if isinstance(file, io.BufferedReader) else io.BufferedReader(_Plain(file))


class _Plain(io.RawIOBase):
    """Another file as a raw one."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; 0 is the end."""
        content = self._file.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)


class _Unpacked(io.RawIOBase):
    """The unpacked bytes of all streams of a file, one after the other."""

    def __init__(self, file: IO[bytes], packing: _Packing, bytes_max: int) -> None:
        self._file, self._packing, self._bytes_max = file, packing, bytes_max
        self._given = 0
        self._unpacker = packing.start()
        self._input = b""
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer with unpacked bytes; 0 is the end."""
        filled = 0
        while filled < len(buffer):
            if not self._ready and not self._unpack():
                break
            count = min(len(self._ready), len(buffer) - filled)
            buffer[filled : filled + count] = self._ready[:count]
            self._ready = self._ready[count:]
            filled += count
        return filled

    def _unpack(self) -> bool:
        """Make more bytes ready; say whether the file goes on."""
        if self._unpacker.eof and not self._next_stream():
            return False
        self._ready = memoryview(self._more())
        self._given += len(self._ready)
        if self._given > self._bytes_max:
            found = f"more than {self._bytes_max >> 20} MiB in {self._packing.name}"
            mend = f"that is {RATIO_MAX} times its size; unpack it yourself if you trust it"
            raise HistoryFileError(found, mend)
        return True

    def _more(self) -> bytes:
        """Return more unpacked bytes of this stream, maybe none yet."""
        hungry = self._unpacker.needs_input
        data = self._fed() if hungry else b""
        try:
            content: bytes = self._unpacker.decompress(data, _OUTPUT_BYTES)
        except _damages() as error:
            found = f"damaged {self._packing.name} ({' '.join(str(error).split())})"
            raise HistoryFileError(found, CUT) from None
        if hungry and not data and not content and not self._unpacker.eof:
            raise HistoryFileError(f"{self._packing.name} without its end", CUT)
        return content

    def _fed(self) -> bytes:
        """Return the packed bytes that come next, none at the end of the file."""
        self._input = self._input or self._file.read(_INPUT_BYTES)
        feed_bytes = self._packing.feed_bytes
        data, self._input = self._input[:feed_bytes], self._input[feed_bytes:]
        return data

    def _next_stream(self) -> bool:
        """Begin with the stream after one that has ended; say whether there is one."""
        self._input = (self._unpacker.unused_data + self._input).lstrip(b"\0")
        while len(self._input) < len(self._packing.magic):
            more = self._file.read(_INPUT_BYTES)
            if not more:
                break
            self._input = (self._input + more).lstrip(b"\0")  # streams may be padded
        if not self._input:
            return False
        if not self._input.startswith((self._packing.magic, *self._packing.others)):
            raise HistoryFileError(f"more behind the end of {self._packing.name}", CUT)
        self._unpacker = self._packing.start()
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Packing:
    name: str
    magic: bytes
    start: Callable[[], Any]
    feed_bytes: int = _INPUT_BYTES
    others: tuple[bytes, ...] = ()
    """How streams may begin that are not the first."""


class _Gzip:
    """Unpacks one member of a gzip file."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        """Say whether the member has ended."""
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        """Return what was given behind the end."""
        return self._inner.unused_data

    @property
    def needs_input(self) -> bool:
        """Say whether more is wanted."""
        return not self._inner.unconsumed_tail

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Take packed bytes and return unpacked ones."""
        return self._inner.decompress(self._inner.unconsumed_tail or data, max_length)


class _Zstd:
    """Unpacks one frame of a Zstandard file."""

    needs_input = True

    def __init__(self) -> None:
        import zstandard

        self._inner: Any = zstandard.ZstdDecompressor(max_window_size=MEMORY_BYTES).decompressobj()

    @property
    def eof(self) -> bool:
        """Say whether the frame has ended."""
        return bool(self._inner.eof)

    @property
    def unused_data(self) -> bytes:
        """Return what was given behind the end."""
        return bytes(self._inner.unused_data)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Take packed bytes and return unpacked ones, however many they are."""
        return bytes(self._inner.decompress(data)) if data else b""


def _xz() -> Any:
    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=MEMORY_BYTES)


def _damages() -> tuple[type[Exception], ...]:
    import zstandard

    return (lzma.LZMAError, zlib.error, zstandard.ZstdError, EOFError)


_PACKINGS: Final = (
    _Packing(name="gzip", magic=b"\x1f\x8b\x08", start=_Gzip),
    _Packing(name="xz", magic=b"\xfd7zXZ\x00", start=_xz),
    _Packing(
        name="zstd",
        magic=b"\x28\xb5\x2f\xfd",
        start=_Zstd,
        # A block of 4 bytes may unpack to 128 KiB, and one call gives all of it.
        feed_bytes=512,
        others=tuple(bytes((low, 0x2A, 0x4D, 0x18)) for low in range(0x50, 0x60)),
    ),
)
