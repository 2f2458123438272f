"""Find every byte offset at which an instruction of the catalogue begins.

A processor that starts at an offset takes prefixes, then an opcode, then a ModRM byte; nothing
before the offset has a say. So the search goes by opcode bytes, all offsets at once, and then
backwards over what may stand before an opcode as a prefix: each such byte is a place to start at
as well, and may change what the opcode means.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from sim.binary.catalogue import CATALOGUE, Instruction
from sim.binary.images.image import Bytes

INSTRUCTION_BYTES_MAX: Final = 15
"""A longer one is a fault (SDM 3, section 24.5)."""

_LEGACY: Final = (0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67, 0xF0, 0xF2, 0xF3)
_ESCAPE: Final = 0x0F
_REX_R: Final = 0x44
_OPERAND_SIZE, _REPNE, _REP, _ADDRESS_SIZE = 0x66, 0xF2, 0xF3, 0x67

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """Where instructions begin, ascending; one row each."""

    start: Places
    """The offset of the first byte, prefixes included."""
    opcode: Places
    """The offset of the first opcode byte."""
    length: Places
    row: Places
    """Which row of the catalogue it is."""

    def __len__(self) -> int:
        """Count them."""
        return len(self.start)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A row of the catalogue, ready for the search."""

    row: int
    opcode: bytes
    modrm: npt.NDArray[np.bool_] | None
    """Which values of the ModRM byte count; None where there is no such byte."""
    immediate: int
    far: bool
    """A far pointer follows, of six bytes, or four with an operand-size prefix."""
    instruction: Instruction


@cache
def patterns(mode: int) -> tuple[Pattern, ...]:
    """Return every row that exists in a mode."""
    rows = enumerate(CATALOGUE)
    return tuple(pattern(row, each) for row, each in rows if each.mode in (0, mode))


def pattern(row: int, instruction: Instruction) -> Pattern:
    """Return how to find a row of the catalogue."""
    opcode, modrm, immediate, far = bytearray(), None, 0, False
    for word in instruction.code.split():
        if word.startswith("/"):
            modrm = _modrm(word[1:], instruction)
        elif word == "+far":
            far = True
        elif word.startswith("+imm"):
            immediate = int(word.removeprefix("+imm")) // 8
        else:
            opcode.append(int(word, 16))
    least = 1
    if opcode[0] == _ESCAPE:
        least = 3 if opcode[1] in (0x38, 0x3A) else 2
    if len(opcode) > least:
        modrm = np.zeros(256, dtype=np.bool_)
        modrm[opcode.pop()] = True
    return Pattern(row, bytes(opcode), modrm, immediate, far, instruction)


def _modrm(extension: str, instruction: Instruction) -> npt.NDArray[np.bool_]:
    values = np.arange(256)
    counts = np.ones(256, dtype=np.bool_)
    if extension != "r":
        counts &= (values >> 3) & 7 == int(extension)
    if instruction.mod != "any":
        counts &= (values >= 0xC0) == (instruction.mod == "register")
    return counts


def search(data: Bytes, *, mode: int = 64, grades: str = "AB") -> Hits:
    """Return where instructions of these classes begin in bytes that are executable as they lie.

    What does not end within the bytes is no instruction: nothing executable follows them.
    """
    found = [_begin(data, each, at, mode) for each, at in _opcodes(data, mode, grades)]
    if not found:
        none = np.zeros(0, dtype=np.int64)
        return Hits(start=none, opcode=none, length=none, row=none)
    start, opcode, length, row = (np.concatenate(columns) for columns in zip(*found, strict=True))
    order = np.lexsort((row, start))
    return Hits(start=start[order], opcode=opcode[order], length=length[order], row=row[order])


def _opcodes(data: Bytes, mode: int, grades: str) -> Iterator[tuple[Pattern, Places]]:
    """Yield where the opcode of each row stands, with a ModRM byte that counts."""
    chosen = [each for each in patterns(mode) if each.instruction.grade in grades]
    groups: dict[bytes, list[Pattern]] = {}
    for each in chosen:
        groups.setdefault(each.opcode, []).append(each)
    for opcode, places in _places(data, sorted(groups)):
        for each in groups[opcode]:
            if each.modrm is None:
                yield each, places
                continue
            inside = places[places + len(opcode) < len(data)]
            yield each, inside[each.modrm[data[inside + len(opcode)]]]


def _places(data: Bytes, opcodes: Sequence[bytes]) -> Iterator[tuple[bytes, Places]]:
    """Yield where each opcode stands."""
    short = [opcode for opcode in opcodes if len(opcode) == 1]
    if short:
        yield from _split(data, 0, _all_of(data, {opcode[0] for opcode in short}), short)
    long = [opcode for opcode in opcodes if len(opcode) > 1]
    if long and len(data) > 1:
        escaped = np.flatnonzero(data[:-1] == _ESCAPE)
        yield from _split(data, 1, escaped, long)


def _all_of(data: Bytes, values: set[int]) -> Places:
    counts = np.zeros(256, dtype=np.bool_)
    counts[list(values)] = True
    return np.flatnonzero(counts[data])


def _split(
    data: Bytes, depth: int, places: Places, opcodes: Sequence[bytes]
) -> Iterator[tuple[bytes, Places]]:
    """Split places that agree in `depth` bytes by the byte that follows."""
    places = places[places + depth < len(data)]
    byte = data[places + depth]
    for value in sorted({opcode[depth] for opcode in opcodes}):
        some = places[byte == value]
        same = [opcode for opcode in opcodes if opcode[depth] == value]
        if len(same[0]) == depth + 1:
            yield same[0], some
        else:
            yield from _split(data, depth + 1, some, same)


def _begin(
    data: Bytes, pattern: Pattern, opcode: Places, mode: int
) -> tuple[Places, Places, Places, Places]:
    """Return every offset from which a processor comes to these opcodes."""
    starts, opcodes, lengths = [], [], []
    narrow = np.zeros(len(opcode), dtype=np.bool_)
    repeat = np.zeros(len(opcode), dtype=np.uint8)
    short = np.zeros(len(opcode), dtype=np.bool_)
    extended = np.zeros(len(opcode), dtype=np.bool_)
    for before in range(INSTRUCTION_BYTES_MAX):
        if before:
            inside = opcode >= before
            byte = data[opcode - np.where(inside, before, 0)]
            kept = np.flatnonzero(inside & _prefixes(mode)[byte])
            if not len(kept):
                break
            opcode, byte = opcode[kept], byte[kept]
            narrow = narrow[kept] | (byte == _OPERAND_SIZE)
            short = short[kept] | (byte == _ADDRESS_SIZE)
            first = repeat[kept] == 0
            # Of REP and REPNE the last one counts, which is the first on the way back.
            repeat = np.where(first & ((byte == _REP) | (byte == _REPNE)), byte, repeat[kept])
            extended = extended[kept]
            if before == 1 and mode == 64:
                # Only a REX prefix that stands right before the opcode means anything.
                extended = byte & 0xF4 == _REX_R
        length = before + _length(data, pattern, opcode, short, mode)
        if pattern.far:
            length += np.where(narrow, 4, 6)
        fits = length <= INSTRUCTION_BYTES_MAX
        fits &= opcode + (length - before) <= len(data)
        fits &= _means(pattern.instruction, narrow, repeat, extended)
        starts.append(opcode[fits] - before)
        opcodes.append(opcode[fits])
        lengths.append(length[fits])
    start = np.concatenate(starts)
    row = np.full(len(start), pattern.row, dtype=np.int64)
    return start, np.concatenate(opcodes), np.concatenate(lengths), row


@cache
def _prefixes(mode: int) -> npt.NDArray[np.bool_]:
    counts = np.zeros(256, dtype=np.bool_)
    counts[list(_LEGACY)] = True
    if mode == 64:
        counts[0x40:0x50] = True
    return counts


def _means(
    instruction: Instruction,
    narrow: npt.NDArray[np.bool_],
    repeat: npt.NDArray[np.uint8],
    extended: npt.NDArray[np.bool_],
) -> npt.NDArray[np.bool_]:
    """Say where the prefixes make an opcode this instruction, and not its neighbour."""
    fits = np.ones(len(narrow), dtype=np.bool_)
    if instruction.extended is not None:
        fits &= extended == instruction.extended
    match instruction.prefix:
        case "none":
            fits &= (repeat == 0) & ~narrow
        case "66":
            fits &= (repeat == 0) & narrow
        case "F2" | "F3" as prefix:
            fits &= repeat == int(prefix, 16)
    return fits


def _length(
    data: Bytes, pattern: Pattern, opcode: Places, short: npt.NDArray[np.bool_], mode: int
) -> Places:
    """Return how long an instruction is from its opcode on."""
    length = np.full(len(opcode), len(pattern.opcode) + pattern.immediate, dtype=np.int64)
    if pattern.modrm is None:
        return length
    length += 1
    if pattern.instruction.always_register or not len(opcode):
        return length
    at = opcode + len(pattern.opcode)
    modrm = data[at]
    mod, rm = modrm >> 6, modrm & 7
    follow = np.minimum(at + 1, len(data) - 1)
    wide = np.where(mod == 1, 1, np.where(mod == 2, 4, 0)).astype(np.int64)
    has_sib = (rm == 4) & (mod != 3)
    base = np.where(has_sib, data[follow] & 7, rm)
    wide += np.where((mod == 0) & (base == 5), 4, 0) + has_sib
    if mode == 32 and short.any():
        narrow = np.where(mod == 1, 1, np.where(mod == 2, 2, 0))
        narrow = narrow + np.where((mod == 0) & (rm == 6), 2, 0)
        wide = np.where(short, narrow, wide)
    return length + wide
