"""Read PE images by their section characteristics, strictly.

Microsoft PE/COFF specification, sections 2 to 4: what EFI firmware and Windows load. A section is
taken as executable if its characteristics say so in either of two ways: loaders look at one, and
some at none.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from sim.binary.images.errors import DAMAGED, HOSTILE, ImageError
from sim.binary.images.image import Bytes, Extent, Image, Section, checked_extents, part

MAGIC: Final = b"MZ"
SECTIONS_MAX: Final = 96
"""As many as the specification allows."""

_PE: Final = b"PE\x00\x00"
_MACHINES: Final = {0x14C: 32, 0x8664: 64}
_OTHERS: Final = {0xAA64: "AArch64", 0x1C0: "ARM", 0x1C4: "ARM", 0x200: "Itanium"}
_OPTIONAL: Final = {0x10B: 32, 0x20B: 64}
_HAS_CODE, _EXECUTABLE, _WRITABLE = 0x20, 0x2000_0000, 0x8000_0000

_COFF: Final = np.dtype(
    [
        ("machine", "<u2"),
        ("sections", "<u2"),
        ("time", "<u4"),
        ("symbols", "<u4"),
        ("symbol_count", "<u4"),
        ("optional", "<u2"),
        ("characteristics", "<u2"),
    ]
)
_SECTION: Final = np.dtype(
    [
        ("name", "S8"),
        ("memory", "<u4"),
        ("address", "<u4"),
        ("file", "<u4"),
        ("offset", "<u4"),
        ("unused", "V12"),
        ("characteristics", "<u4"),
    ]
)


def read_pe(data: Bytes, *, bits: int | None = None) -> Image:
    """Return the executable image in a PE file; raises `ImageError`."""
    start = _start(data)
    coff = part(data, start, _COFF.itemsize, "the COFF header").view(_COFF)[0]
    declared = _MACHINES.get(int(coff["machine"]))
    if declared is None:
        name = _OTHERS.get(int(coff["machine"]), f"machine {int(coff['machine']):#x}")
        raise ImageError(f"it is for {name}", "name an image for x86", start)
    optional = start + _COFF.itemsize
    base, entry, size = _optional(data, optional, int(coff["optional"]), declared)
    count = int(coff["sections"])
    if not 1 <= count <= SECTIONS_MAX:
        raise ImageError(f"{count} sections, not 1 to {SECTIONS_MAX}", HOSTILE, start + 2)
    offset = optional + int(coff["optional"])
    table = part(data, offset, count * _SECTION.itemsize, "the table of sections").view(_SECTION)
    _check(table, size)
    long_names = _long_names(data, coff)
    sections = tuple(
        Section(
            name=_name(row, long_names),
            address=base + int(row["address"]),
            size=int(row["memory"]) or int(row["file"]),
            offset=int(row["offset"]),
            executable=_is_code(row),
        )
        for row in table
    )
    extents = [
        _extent(data, row, base, section.name)
        for row, section in zip(table, sections, strict=True)
        if section.executable and section.size
    ]
    mode = declared if bits is None else bits
    told = f"decoded as {mode}-bit code, as asked; its header says {declared}"
    return Image(
        format="pe32+" if declared == 64 else "pe32",
        bits=mode,
        extents=checked_extents(extents, bits=64 if declared == 64 else 32),
        sections=sections,
        entry=base + entry if entry else None,
        notes=(told,) if mode != declared else (),
    )


def _start(data: Bytes) -> int:
    """Return where the COFF header stands."""
    stub = part(data, 0, 64, "the DOS header").tobytes()
    if not stub.startswith(MAGIC):
        raise ImageError("this is no PE file", "name a PE image", 0)
    place = int.from_bytes(stub[60:64], "little")
    if part(data, place, 4, "the PE signature").tobytes() != _PE:
        raise ImageError("a DOS header without a PE header", "name a PE image", place)
    return place + 4


def _optional(data: Bytes, offset: int, size: int, declared: int) -> tuple[int, int, int]:
    """Return image base, entry point and size of the image from the optional header."""
    least = 112 if declared == 64 else 96
    if size < least:
        raise ImageError(f"an optional header of {size} bytes, less than {least}", HOSTILE, offset)
    header = part(data, offset, size, "the optional header").tobytes()

    def word(place: int, width: int) -> int:
        return int.from_bytes(header[place : place + width], "little")

    if _OPTIONAL.get(word(0, 2)) != declared:
        found = f"magic {word(0, 2):#x} of the optional header does not fit its machine"
        raise ImageError(found, HOSTILE, offset)
    base = word(24, 8) if declared == 64 else word(28, 4)
    return base, word(16, 4), word(56, 4)


def _check(table: npt.NDArray[np.void], size: int) -> None:
    """Refuse sections that no loader could map as they stand."""
    end = 0
    for row in table:
        address, memory = int(row["address"]), int(row["memory"]) or int(row["file"])
        if address < end:
            found = f"a section begins at {address:#x}, before the one in front of it ends"
            raise ImageError(found, HOSTILE, int(row["offset"]))
        end = address + memory
        if end > -(-size // 0x1000) * 0x1000:
            found = f"a section ends at {end:#x} of an image of {size:#x} bytes"
            raise ImageError(found, HOSTILE, int(row["offset"]))


def _is_code(row: np.void) -> bool:
    return bool(int(row["characteristics"]) & (_HAS_CODE | _EXECUTABLE))


def _extent(data: Bytes, row: np.void, base: int, name: str) -> Extent:
    file, memory = int(row["file"]), int(row["memory"]) or int(row["file"])
    size = min(file, memory)
    offset = int(row["offset"])
    if size and offset == 0:
        raise ImageError(f"section {name} has bytes, and no place for them", DAMAGED)
    return Extent(
        address=base + int(row["address"]),
        offset=offset,
        data=part(data, offset, size, f"section {name}"),
        zeros=memory - size,
        writable=bool(int(row["characteristics"]) & _WRITABLE),
        name=name,
    )


def _long_names(data: Bytes, coff: np.void) -> bytes:
    """Return the table of names longer than eight bytes; nothing where it is not there."""
    place = int(coff["symbols"]) + 18 * int(coff["symbol_count"])
    if not coff["symbols"] or place + 4 > len(data):
        return b""
    size = int.from_bytes(data[place : place + 4].tobytes(), "little")
    return data[place : place + size].tobytes() if place + size <= len(data) else b""


def _name(row: np.void, long_names: bytes) -> str:
    raw = bytes(row["name"])
    if raw[:1] == b"/" and raw[1:].isdigit() and int(raw[1:]) < len(long_names):
        raw = long_names[int(raw[1:]) :].split(b"\0", 1)[0][:256]
    return raw.decode("ascii", "backslashreplace")
