"""Read ELF files by their program headers, strictly.

System V ABI, chapters 4 and 5. Whatever a linker never writes is refused: a reader that guesses
would certify bytes that no loader maps, or miss some that one does. Objects that are not linked
yet (`.o`, `.ko`) have no program headers; their section headers decide.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from sim.binary.images.errors import DAMAGED, HOSTILE, ImageError
from sim.binary.images.image import Bytes, Extent, Image, checked_extents, part
from sim.binary.images.multiboot import multiboot

MAGIC: Final = b"\x7fELF"
HEADERS_MAX: Final = 64
SECTIONS_MAX: Final = 0xFF00
"""From here on section numbers are reserved."""

_LITTLE_ENDIAN, _CURRENT = 1, 1
_I386, _X86_64 = 3, 62
_RELOCATABLE, _EXECUTABLE, _SHARED, _CORE = 1, 2, 3, 4
_LOAD, _NOTE = 1, 4
_X, _W = 1, 2
_ALLOCATED, _CODE, _WRITTEN, _COMPRESSED = 2, 4, 1, 0x800
_NO_BITS: Final = 8
_MACHINES: Final = {8: "MIPS", 20: "PowerPC", 40: "ARM", 183: "AArch64", 243: "RISC-V"}

_IDENT: Final = [("magic", "S4"), ("word", "u1"), ("order", "u1"), ("version", "u1"), ("pad", "V9")]


def _header(word: str) -> np.dtype[np.void]:
    fields = [("kind", "<u2"), ("machine", "<u2"), ("current", "<u4")]
    fields += [(name, word) for name in ("entry", "phoff", "shoff")]
    fields += [("flags", "<u4")]
    names = ("ehsize", "phentsize", "phnum", "shentsize", "shnum", "shstrndx")
    return np.dtype(_IDENT + fields + [(name, "<u2") for name in names])


HEADER: Final = {1: _header("<u4"), 2: _header("<u8")}
PROGRAM: Final = {
    1: np.dtype(
        [
            (name, "<u4")
            for name in ("kind", "offset", "address", "physical", "file", "memory", "flags")
        ]
        + [("align", "<u4")]
    ),
    2: np.dtype(
        [("kind", "<u4"), ("flags", "<u4")]
        + [(name, "<u8") for name in ("offset", "address", "physical", "file", "memory", "align")]
    ),
}
SECTION: Final = {
    1: np.dtype(
        [
            (name, "<u4")
            for name in ("name", "kind", "flags", "address", "offset", "size", "link", "info")
        ]
        + [("align", "<u4"), ("entry", "<u4")]
    ),
    2: np.dtype(
        [("name", "<u4"), ("kind", "<u4")]
        + [(name, "<u8") for name in ("flags", "address", "offset", "size")]
        + [("link", "<u4"), ("info", "<u4"), ("align", "<u8"), ("entry", "<u8")]
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the head of an ELF file says, as far as it was checked."""

    word: int
    """1 for files with 32-bit addresses, 2 for 64."""
    kind: int
    machine: int
    entry: int
    programs: tuple[int, int]
    """Where the program headers stand, and how many there are."""
    sections: tuple[int, int]
    names: int
    """Which section has the names of all."""


def read_elf(data: Bytes, *, bits: int | None = None) -> Image:
    """Return the executable image in an ELF file; raises `ImageError`.

    `bits` insists on the mode of the code. Without it the machine says it, except where a
    multiboot header shows that a 32-bit file carries a hypervisor or kernel for 64 bits.
    """
    head = read_head(data)
    if head.kind == _RELOCATABLE:
        extents = _of_sections(data, head)
        notes = ["not linked yet: relocations are not applied, so their bytes may change"]
    else:
        extents = _of_programs(data, head)
        notes = []
    mode, why = _mode(data, head, bits)
    return Image(
        format="elf64" if head.word == 2 else "elf32",
        bits=mode,
        extents=checked_extents(extents, bits=64 if head.word == 2 else 32),
        entry=head.entry or None,
        notes=tuple(notes + why),
    )


def read_head(data: Bytes) -> Head:
    """Return the head of an ELF file, or refuse it."""
    ident = part(data, 0, 16, "the head of the ELF file").tobytes()
    if not ident.startswith(MAGIC):
        raise ImageError("this is no ELF file", "name an ELF file", 0)
    word, order, version = ident[4], ident[5], ident[6]
    if word not in HEADER or version != _CURRENT:
        raise ImageError(f"unknown ELF class {word} or version {version}", DAMAGED, 4)
    if order != _LITTLE_ENDIAN:
        raise ImageError("its byte order is not that of x86", "name an image for x86", 5)
    dtype = HEADER[word]
    row = part(data, 0, dtype.itemsize, "the head of the ELF file").view(dtype)[0]
    machine = int(row["machine"])
    if machine not in (_I386, _X86_64):
        name = _MACHINES.get(machine, f"machine {machine}")
        raise ImageError(f"it is for {name}", "name an image for x86", 18)
    if machine == _I386 and word == 2:
        raise ImageError("it is for i386 and has 64-bit addresses", HOSTILE, 18)
    kind = int(row["kind"])
    if kind == _CORE:
        raise ImageError("it is a core dump", "name the image that dumped it", 16)
    if kind not in (_RELOCATABLE, _EXECUTABLE, _SHARED):
        raise ImageError(f"unknown kind {kind} of ELF file", DAMAGED, 16)
    if int(row["ehsize"]) != dtype.itemsize:
        raise ImageError(f"its head says that it has {row['ehsize']} bytes", HOSTILE)
    return Head(
        word=word,
        kind=kind,
        machine=machine,
        entry=int(row["entry"]),
        programs=(int(row["phoff"]), _count(row, "ph", PROGRAM[word], HEADERS_MAX)),
        sections=(int(row["shoff"]), _count(row, "sh", SECTION[word], SECTIONS_MAX)),
        names=int(row["shstrndx"]),
    )


def _count(row: np.void, table: str, dtype: np.dtype[np.void], most: int) -> int:
    """Return how many headers a table has, whose size of one must be right."""
    count, size = int(row[f"{table}num"]), int(row[f"{table}entsize"])
    what = "program" if table == "ph" else "section"
    if count and size != dtype.itemsize:
        raise ImageError(f"a {what} header of {size} bytes, not {dtype.itemsize}", HOSTILE)
    if count > most:
        raise ImageError(f"{count} {what} headers, more than {most}", HOSTILE)
    return count


def _of_programs(data: Bytes, head: Head) -> list[Extent]:
    offset, count = head.programs
    if not count:
        found = "it has no program headers, so no loader would map anything"
        raise ImageError(found, "scan it raw, with a base address")
    dtype = PROGRAM[head.word]
    table = part(data, offset, count * dtype.itemsize, "the table of program headers").view(dtype)
    loaded = table[table["kind"] == _LOAD]
    _check_loaded(loaded)
    extents = []
    for row in loaded:
        file, memory, flags = int(row["file"]), int(row["memory"]), int(row["flags"])
        offset = int(row["offset"])
        code = part(data, offset, file, "a loaded segment")
        if flags & _X and memory:
            extents.append(
                Extent(
                    address=int(row["address"]),
                    offset=offset,
                    data=code,
                    zeros=memory - file,
                    writable=bool(flags & _W),
                )
            )
    return extents


def _check_loaded(loaded: npt.NDArray[np.void]) -> None:
    """Refuse segments that no loader could map as they stand."""
    for row in loaded:
        offset, address, align = (int(row[name]) for name in ("offset", "address", "align"))
        if row["file"] > row["memory"]:
            raise ImageError("a segment has more bytes in the file than in memory", HOSTILE, offset)
        if align > 1 and (align & (align - 1) or (address - offset) % align):
            raise ImageError(f"a segment is not aligned to {align:#x}", HOSTILE, offset)
    rows = sorted(loaded, key=lambda row: int(row["address"]))
    for one, other in itertools.pairwise(rows):
        if int(other["address"]) < int(one["address"]) + int(one["memory"]):
            found = f"two segments share the address {int(other['address']):#x}"
            raise ImageError(found, HOSTILE, int(other["offset"]))


def _of_sections(data: Bytes, head: Head) -> list[Extent]:
    """Return the code of an object that is not linked yet; its addresses are not given yet."""
    offset, count = head.sections
    dtype = SECTION[head.word]
    table = part(data, offset, count * dtype.itemsize, "the table of section headers").view(dtype)
    extents = []
    address = 0
    for row in table:
        flags = int(row["flags"])
        if not (flags & _CODE and flags & _ALLOCATED) or not row["size"]:
            continue
        if int(row["kind"]) == _NO_BITS or flags & _COMPRESSED:
            raise ImageError("a section of code without its bytes", HOSTILE, int(row["offset"]))
        size, align = int(row["size"]), max(1, int(row["align"]))
        code = part(data, int(row["offset"]), size, "a section of code")
        address = -(-address // align) * align
        extents.append(
            Extent(
                address=address,
                offset=int(row["offset"]),
                data=code,
                writable=bool(flags & _WRITTEN),
            )
        )
        address += size
    return extents


def _mode(data: Bytes, head: Head, bits: int | None) -> tuple[int, list[str]]:
    """Return in which mode code is decoded, and what there is to say about that."""
    declared = 64 if head.machine == _X86_64 else 32
    if bits is not None:
        told = [f"decoded as {bits}-bit code, as asked; its head says {declared}"]
        return bits, told if bits != declared else []
    boots = multiboot(data) if declared == 32 else ""
    if boots:
        why = f"it has a {boots} header, and i386 in its head is for the boot loader"
        return 64, [f"decoded as 64-bit code: {why}"]
    return declared, []
