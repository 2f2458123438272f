"""Small images, made byte by byte, so that one field at a time can be wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.binary.images.elf import HEADER, MAGIC, PROGRAM, SECTION
from sim.binary.images.image import Bytes

PAGE = 0x1000
CODE = bytes(range(1, 101))


def bytes_of(content: bytes) -> Bytes:
    """Return bytes as readers take them."""
    return np.frombuffer(content, dtype=np.uint8)


def elf(
    *segments: dict[str, int],
    word: int = 2,
    content: bytes = b"\0" * 0x200 + CODE,
    **head: Any,
) -> bytes:
    """Return an ELF file: its head, one program header a segment, then content up to its end."""
    header = np.zeros(1, dtype=HEADER[word])
    fields = {
        "word": word,
        "order": 1,
        "version": 1,
        "kind": 2,
        "machine": 62 if word == 2 else 3,
        "current": 1,
        "phoff": header.itemsize,
        "ehsize": header.itemsize,
        "phentsize": PROGRAM[word].itemsize,
        "phnum": len(segments),
    }
    header["magic"] = MAGIC
    for name, value in (fields | head).items():
        header[name] = value
    table = np.zeros(len(segments), dtype=PROGRAM[word])
    for row, segment in zip(table, segments, strict=True):
        for name, value in segment.items():
            row[name] = value
    front = header.tobytes() + table.tobytes()
    return front + content[len(front) :]


def segment(**fields: int) -> dict[str, int]:
    """Return a program header of `CODE` at its usual place: loaded, to be read and executed."""
    return {
        "kind": 1,
        "flags": 5,
        "offset": 0x200,
        "address": 0x40_0200,
        "file": len(CODE),
        "memory": len(CODE),
        "align": 0x200,
    } | fields


def relocatable(
    *sections: dict[str, int], content: bytes = b"\0" * 0x200 + CODE, names: int = 0
) -> bytes:
    """Return an object that is not linked: sections, and no program headers."""
    table = np.zeros(len(sections), dtype=SECTION[2])
    for row, section in zip(table, sections, strict=True):
        for name, value in section.items():
            row[name] = value
    place = len(content)
    head = elf(
        content=content,
        kind=1,
        shoff=place,
        shentsize=SECTION[2].itemsize,
        shnum=len(sections),
        phentsize=0,
        shstrndx=names,
    )
    return head + table.tobytes()


def pe(
    *sections: tuple[bytes, dict[str, int]],
    machine: int = 0x8664,
    size: int = 0x10_0000,
    count: int | None = None,
    optional: int = 240,
    magic: int = 0x20B,
    content: bytes = b"\0" * 0x400 + CODE,
) -> bytes:
    """Return a PE32+ file: DOS header, COFF header, optional header, sections, then content."""
    dos = b"MZ" + b"\0" * 58 + (64).to_bytes(4, "little")
    coff = b"PE\0\0" + machine.to_bytes(2, "little")
    coff += (len(sections) if count is None else count).to_bytes(2, "little") + b"\0" * 12
    coff += optional.to_bytes(2, "little") + b"\0\0"
    head = bytearray(optional)
    head[0:2] = magic.to_bytes(2, "little")
    head[24:32] = (0x1_4000_0000).to_bytes(8, "little")
    head[56:60] = size.to_bytes(4, "little")
    table = b""
    for name, fields in sections:
        row = {
            "memory": len(CODE),
            "address": 0x1000,
            "file": 0x200,
            "offset": 0x400,
            "characteristics": 0x6000_0020,
        } | fields
        words = [row[each] for each in ("memory", "address", "file", "offset")]
        table += name.ljust(8, b"\0") + b"".join(word.to_bytes(4, "little") for word in words)
        table += b"\0" * 12 + row["characteristics"].to_bytes(4, "little")
    front = dos + coff + bytes(head) + table
    return (front + content[len(front) :]).ljust(0x600, b"\0")
