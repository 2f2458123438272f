"""Name places in an image: sections, symbols, build-id.

Names are for people. A table that is damaged, or lies, costs names and nothing else: what is
scanned has been decided before anybody looks here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from sim.binary.images.elf import PROGRAM, SECTION, Head, read_head
from sim.binary.images.errors import ImageError
from sim.binary.images.image import Bytes, Section, part

SYMBOLS_MAX: Final = 1 << 22
NAME_BYTES_MAX: Final = 512

_SYMBOLS, _DYNAMIC, _NOTES = 2, 11, 7
_NO_BITS: Final = 8
_NOTE_SEGMENT: Final = 4
_CODE: Final = 4
_NO_TYPE, _FUNCTION, _INDIRECT = 0, 2, 10
_BUILD_ID: Final = 3
_SYMBOL: Final = {
    1: np.dtype(
        [
            ("name", "<u4"),
            ("address", "<u4"),
            ("size", "<u4"),
            ("info", "u1"),
            ("other", "u1"),
            ("section", "<u2"),
        ]
    ),
    2: np.dtype(
        [
            ("name", "<u4"),
            ("info", "u1"),
            ("other", "u1"),
            ("section", "<u2"),
            ("address", "<u8"),
            ("size", "<u8"),
        ]
    ),
}


@dataclass(frozen=True, slots=True)
class Symbols:
    """Names of code by address."""

    address: npt.NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))
    """Where each begins, ascending."""
    size: npt.NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))
    place: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """Where its name stands in `names`."""
    names: bytes = b""

    def __len__(self) -> int:
        """Count them."""
        return len(self.address)

    def at(self, address: int) -> tuple[str, int] | None:
        """Return the nearest symbol at or below an address, and how far above it that is."""
        row = int(np.searchsorted(self.address, np.uint64(address), side="right")) - 1
        if row < 0:
            return None
        return self.name(row), address - int(self.address[row])

    def name(self, row: int) -> str:
        """Return the name of a symbol."""
        place = int(self.place[row])
        raw = self.names[place : place + NAME_BYTES_MAX].split(b"\0", 1)[0]
        return raw.decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What an ELF file calls its parts."""

    sections: tuple[Section, ...] = ()
    symbols: Symbols = field(default_factory=Symbols)
    build_id: str = ""
    notes: tuple[str, ...] = ()


def names_in_elf(data: Bytes) -> Names:
    """Return the names in an ELF file, as far as they can be read."""
    head = read_head(data)
    notes = []
    try:
        table = _sections(data, head)
        sections = tuple(_named(data, head, table))
    except ImageError as error:
        return Names(
            build_id=_build_id(data, head, None),
            notes=(f"names are left out, for the table of sections is damaged: {error.found}",),
        )
    try:
        symbols = _symbols(data, head, table)
    except ImageError as error:
        symbols = Symbols()
        notes.append(f"symbols are left out, for their table is damaged: {error.found}")
    return Names(
        sections=sections,
        symbols=symbols,
        build_id=_build_id(data, head, table),
        notes=tuple(notes),
    )


def section_at(sections: Sequence[Section], address: int) -> str:
    """Return the name of the section that has an address; nothing if none has."""
    for section in sections:
        if section.address <= address < section.address + section.size:
            return section.name
    return ""


def _sections(data: Bytes, head: Head) -> npt.NDArray[np.void]:
    offset, count = head.sections
    dtype = SECTION[head.word]
    return part(data, offset, count * dtype.itemsize, "the table of sections").view(dtype)


def _named(data: Bytes, head: Head, table: npt.NDArray[np.void]) -> list[Section]:
    strings = b""
    if head.names < len(table):
        row = table[head.names]
        strings = part(data, int(row["offset"]), int(row["size"]), "names of sections").tobytes()
    found = []
    for row in table:
        raw = strings[int(row["name"]) :][:NAME_BYTES_MAX].split(b"\0", 1)[0]
        if not row["size"] or not int(row["flags"]) & 2:
            continue
        found.append(
            Section(
                name=raw.decode("utf-8", "backslashreplace"),
                address=int(row["address"]),
                size=int(row["size"]),
                offset=int(row["offset"]),
                executable=bool(int(row["flags"]) & _CODE),
            )
        )
    return found


def _symbols(data: Bytes, head: Head, table: npt.NDArray[np.void]) -> Symbols:
    for kind in (_SYMBOLS, _DYNAMIC):
        rows = table[table["kind"] == kind]
        if len(rows):
            return _symbol_table(data, head, table, rows[0])
    return Symbols()


def _symbol_table(data: Bytes, head: Head, table: npt.NDArray[np.void], row: np.void) -> Symbols:
    dtype = _SYMBOL[head.word]
    size, link = int(row["size"]), int(row["link"])
    if int(row["entry"]) != dtype.itemsize or size // dtype.itemsize > SYMBOLS_MAX:
        raise ImageError(f"symbols of {int(row['entry'])} bytes, or too many", "")
    if link >= len(table):
        raise ImageError("its names are nowhere", "")
    size -= size % dtype.itemsize
    all_symbols = part(data, int(row["offset"]), size, "the table of symbols").view(dtype)
    strings = table[link]
    names = part(data, int(strings["offset"]), int(strings["size"]), "the names of symbols")
    kind = all_symbols["info"] & 0xF
    counts = np.isin(kind, (_NO_TYPE, _FUNCTION, _INDIRECT)) & (all_symbols["section"] != 0)
    counts &= (all_symbols["name"] > 0) & (all_symbols["name"] < len(names))
    chosen = all_symbols[counts]
    # Of several at one address, a function before a label, then the first in the table.
    order = np.lexsort((np.flatnonzero(counts), kind[counts] == _NO_TYPE, chosen["address"]))
    chosen = chosen[order]
    first = np.ones(len(chosen), dtype=np.bool_)
    first[1:] = chosen["address"][1:] != chosen["address"][:-1]
    chosen = chosen[first]
    return Symbols(
        address=chosen["address"].astype(np.uint64),
        size=chosen["size"].astype(np.uint64),
        place=chosen["name"].astype(np.int64),
        names=names.tobytes(),
    )


def _build_id(data: Bytes, head: Head, table: npt.NDArray[np.void] | None) -> str:
    """Return the GNU build-id, from the notes that are loaded or from a section of notes."""
    places = []
    offset, count = head.programs
    dtype = PROGRAM[head.word]
    try:
        programs = part(data, offset, count * dtype.itemsize, "headers").view(dtype)
        places += [
            (int(row["offset"]), int(row["file"]))
            for row in programs
            if int(row["kind"]) == _NOTE_SEGMENT
        ]
        if table is not None:
            places += [
                (int(row["offset"]), int(row["size"]))
                for row in table
                if int(row["kind"]) == _NOTES
            ]
        for place, size in places:
            found = _note(part(data, place, min(size, 1 << 16), "notes").tobytes())
            if found:
                return found
    except ImageError:
        return ""
    return ""


def _note(notes: bytes) -> str:
    """Return the build-id in a run of notes."""
    place = 0
    while place + 12 <= len(notes):
        name_size, size, kind = np.frombuffer(notes, dtype="<u4", count=3, offset=place).tolist()
        name = notes[place + 12 : place + 12 + name_size]
        place += 12 + -(-name_size // 4) * 4
        if kind == _BUILD_ID and name == b"GNU\0" and size <= 64:
            return notes[place : place + size].hex()
        place += -(-size // 4) * 4
    return ""
