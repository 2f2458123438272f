"""Read a tar file front to back, and refuse it where it is damaged or has no end.

The library of the language takes damage between two files for the end, and a history without
some of its logs is another history. What is read are plain files under their names of the
ustar, GNU and pax forms; folders and links are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Final, NamedTuple

from specs.history.formats.errors import CUT, HistoryFileError

HEAD_BYTES: Final = 512
"""As many bytes tell whether a file is a tar file."""
_MAGIC: Final = slice(257, 263)
_CHECK: Final = slice(148, 156)
_PLAIN: Final = (b"0", b"\0", b"7")
_NAME_BYTES_MAX: Final = 1 << 16
_PIECE_BYTES: Final = 1 << 20
_SPARSE: Final = "write the tar file without --sparse"


class Member(NamedTuple):
    """A plain file in a tar file; its content can be read until the next one is asked for."""

    name: str
    content: Content


class Content:
    """The bytes of one file."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._left = file, size

    def read(self, count: int) -> bytes:
        """Return the next bytes, at most so many; fewer only at the end."""
        count = min(count, self._left)
        content = self._file.read(count)
        if len(content) < count:
            raise HistoryFileError("tar that ends inside a file", CUT)
        self._left -= count
        return content

    def skip(self) -> None:
        """Pass over what has not been read."""
        while self._left:
            self.read(_PIECE_BYTES)


def is_tar(head: bytes) -> bool:
    """Say whether a file with these first bytes is a tar file."""
    return len(head) >= HEAD_BYTES and head[_MAGIC].startswith(b"ustar") and _is_head(head)


def members(file: IO[bytes]) -> Iterator[Member]:
    """Yield the plain files of a tar file."""
    name, size = "", -1
    while any(head := file.read(HEAD_BYTES)):
        if len(head) < HEAD_BYTES or not _is_head(head):
            raise HistoryFileError("damaged tar", CUT)
        if size < 0:
            size = _number(head[124:136])
        content, kind = Content(file, size), head[156:157]
        padding = Content(file, -size % HEAD_BYTES)
        if kind == b"S":
            raise HistoryFileError("a file with holes in tar", _SPARSE)
        if kind == b"L":
            name, size = _text(content.read(_NAME_BYTES_MAX).rstrip(b"\0")), -1
        elif kind == b"x":
            name, size = _extended(content.read(_NAME_BYTES_MAX))
        else:
            if kind in _PLAIN:
                yield Member(name or _name(head), content)
            name, size = "", -1
        content.skip()
        padding.skip()
    if not head:
        raise HistoryFileError("tar without its end", CUT)
    while file.read(_PIECE_BYTES):
        pass  # What is packed proves only at its very end that it is whole.


def _is_head(head: bytes) -> bool:
    """Say whether the sum of the bytes is what the head says."""
    said = head[_CHECK].strip(b" \0")
    total = sum(head[:HEAD_BYTES]) - sum(head[_CHECK]) + 8 * ord(" ")
    return said.isdigit() and said.lstrip(b"0") == b"%o" % total


def _number(field: bytes) -> int:
    """Return a size: octal digits, or a number of many bytes behind a mark."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    try:
        return int(digits or b"0", 8) if digits.isdigit() or not digits else _no_number(field)
    except ValueError:
        return _no_number(field)


def _no_number(field: bytes) -> int:
    raise HistoryFileError(f"tar with a file of {field!r} bytes", CUT)


def _name(head: bytes) -> str:
    name = _text(head[:100].partition(b"\0")[0])
    prefix = _text(head[345:500].partition(b"\0")[0]) if head[_MAGIC] == b"ustar\0" else ""
    return f"{prefix}/{name}" if prefix else name


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def _extended(records: bytes) -> tuple[str, int]:
    """Return the name and the size that pax records state, if they state any."""
    name, size = "", -1
    while records:
        digits = records.partition(b" ")[0]
        length = int(digits) if digits.isdigit() and len(digits) < 8 else 0
        key, equals, value = records[len(digits) + 1 : length - 1].partition(b"=")
        if not equals or not len(digits) < length <= len(records):
            raise HistoryFileError("damaged tar (pax records)", CUT)
        if key.startswith(b"GNU.sparse"):
            raise HistoryFileError("a file with holes in tar", _SPARSE)
        if key == b"path":
            name = _text(value)
        if key == b"size":
            size = int(value) if value.isdigit() and len(value) < 20 else _no_number(value)
        records = records[length:]
    return name, size
