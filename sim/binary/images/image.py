"""What a processor may run of a file: extents of bytes with their addresses.

An image is judged by what a loader maps executable, which program headers (ELF) and section
characteristics (PE) decide. Sections, symbols and the like only name places.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from sim.binary.images.errors import HOSTILE, ImageError

Bytes = npt.NDArray[np.uint8]

IMAGE_BYTES_MAX: Final = 1 << 32
"""A file of so many bytes, or more, is no image of code."""
EXTENTS_MAX: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Executable bytes that lie together, in the file and in memory."""

    address: int
    """Where the first byte is loaded."""
    offset: int
    """Where it stands in the file."""
    data: Bytes
    zeros: int = 0
    """So many zero bytes follow in memory that the file does not have; executable as well."""
    writable: bool = False
    name: str = ""

    @property
    def size(self) -> int:
        """Return how many bytes the file has of it."""
        return len(self.data)

    @property
    def end(self) -> int:
        """Return the address behind the last byte, zeros included."""
        return self.address + len(self.data) + self.zeros


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A name for a range of addresses, as the file tells it; it decides nothing."""

    name: str
    address: int
    size: int
    offset: int
    executable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An executable image."""

    format: str
    """`elf32`, `elf64`, `pe32`, `pe32+` or `raw`."""
    bits: int
    """In which mode its code is decoded: 64 or 32."""
    extents: tuple[Extent, ...]
    """By address."""
    sections: tuple[Section, ...] = ()
    build_id: str = ""
    entry: int | None = None
    notes: tuple[str, ...] = ()
    """What was decided about the file, and why; every output says it."""

    @property
    def bytes_executable(self) -> int:
        """Count the bytes that may be executed, those that the file does not have included."""
        return sum(extent.size + extent.zeros for extent in self.extents)


def checked_extents(extents: Sequence[Extent], *, bits: int) -> tuple[Extent, ...]:
    """Return extents by address; raises `ImageError` where they cannot all be what they say."""
    if not extents:
        raise ImageError(
            "nothing in it is executable", "name an image with code, or scan it raw, with a base"
        )
    if len(extents) > EXTENTS_MAX:
        raise ImageError(f"{len(extents)} executable parts, more than {EXTENTS_MAX}", HOSTILE)
    ordered = sorted(extents, key=lambda extent: (extent.address, extent.offset))
    for extent in ordered:
        if extent.address < 0 or extent.end > 1 << bits:
            found = f"executable bytes at {extent.address:#x} do not fit into {bits} bits"
            raise ImageError(found, HOSTILE, extent.offset)
    for one, other in itertools.pairwise(ordered):
        if other.address < one.end:
            found = f"two executable parts share the address {other.address:#x}"
            raise ImageError(found, HOSTILE, other.offset)
    in_file = sorted(ordered, key=lambda extent: extent.offset)
    for one, other in itertools.pairwise(in_file):
        if other.size and other.offset < one.offset + one.size:
            found = "two executable parts share bytes of the file"
            raise ImageError(found, HOSTILE, other.offset)
    return tuple(ordered)


def part(data: Bytes, offset: int, size: int, what: str) -> Bytes:
    """Return bytes of a file without a copy; raises `ImageError` where it has not so many."""
    if offset < 0 or size < 0 or offset + size > len(data):
        found = f"{what} ends at byte {offset + size:#x} of {len(data):#x}"
        raise ImageError(found, "the file is cut short or damaged; fetch or build it again", offset)
    return data[offset : offset + size]
