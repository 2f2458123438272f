"""Hash the data of a run in one documented form, equal on every machine.

A digest is a BLAKE2b-256 over fields in the order in which the caller adds them. Each field is

    tag       1 byte, b"T" for text, b"I" for integers
    name      byte length as little-endian uint64, then UTF-8
    value     byte length as little-endian uint64, then UTF-8, or little-endian int64 in a row

so that no two different lists of fields give one byte string. Nothing else (repr, pickle,
marshal) ever goes in. The caller documents the order of its fields beside the code that adds them.
"""

import sys
from array import array
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import SupportsIndex, cast

__all__ = ["Digest"]


class Digest:
    """Collect named fields and give their hash."""

    __slots__ = ("_hash",)

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=32)

    def text(self, name: str, value: str) -> None:
        """Add a named piece of text."""
        self._field(b"T", name, value.encode())

    def integers(self, name: str, values: "array[int] | Sequence[int] | memoryview") -> None:
        """Add a named column of 64-bit integers: an int64 buffer, or any iterable of integers."""
        self._field(b"I", name, _packed(values))

    def hex(self) -> str:
        """Return the hash of all fields so far as 64 hexadecimal digits."""
        return self._hash.hexdigest()

    def _field(self, tag: bytes, name: str, value: "bytes | memoryview") -> None:
        update = self._hash.update
        key = name.encode()
        size = value.nbytes if isinstance(value, memoryview) else len(value)
        update(tag + len(key).to_bytes(8, "little") + key + size.to_bytes(8, "little"))
        update(value)


def _packed(values: "array[int] | Sequence[int] | memoryview") -> "bytes | memoryview":
    """Return the values as contiguous little-endian int64."""
    try:
        view = memoryview(cast("array[int]", values))
    except TypeError:
        numbers = [int(value) for value in cast(Iterable[SupportsIndex], values)]
        return _swapped(array("q", numbers))
    if view.itemsize != 8 or view.format not in ("q", "l", "<q", "<l"):
        raise TypeError(f"a column of integers is int64, not {view.format!r}")
    if sys.byteorder == "big" and not view.format.startswith("<"):
        return _swapped(array("q", view.tobytes()))
    return view if view.contiguous else view.tobytes()


def _swapped(values: "array[int]") -> bytes:
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()
