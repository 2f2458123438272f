"""The search finds what a decoder finds at every offset, and what decoders do not know."""

from __future__ import annotations

import re
from collections import Counter

import capstone
import numpy as np
import pytest

from sim.binary.catalogue import CATALOGUE, PREFIXES
from sim.binary.search import Hits, patterns, search
from sim.kernel.streams import Streams, below
from tests.binary.made import bytes_of

PRIVILEGED = re.compile(
    r"(mov (cr|dr)|mov \w+, (cr|dr)|lmsw|clts|wrmsr|rdmsr|rdpmc|lidt|lgdt|ltr|lldt|swapgs|"
    r"wr[fg]sbase|vmlaunch|vmresume|vmxoff|vmptrld|vmclear|vmxon|vmwrite|vmread|invept|invvpid|"
    r"vmrun|vmload|vmsave|stgi|clgi|skinit|invlpg|rsm|getsec|encls|pconfig|wrpkru|xrstor|"
    r"setssbsy|clrssbsy|wrss|wruss|xsetbv|invd|wbinvd|wbnoinvd|invpcid|stac|clac|monitor\b|"
    r"mwait\b|sysret|sysexit|cli\b|sti\b|popf|iret|hlt|retf|lcall|ljmp|in |out |ins[bwd]|"
    r"outs[bwd]|rep ins|rep outs|repne ins|repne outs|rdfs|rdgs)"
)
"""What Capstone calls the instructions of the catalogue that it knows, but for prefixes."""
PREFIX_STRINGS = (
    b"",
    b"\x66",
    b"\xf2",
    b"\xf3",
    b"\xf0",
    b"\x2e",
    b"\x67",
    b"\x48",
    b"\x44",
    b"\x41",
    b"\x66\xf3",
    b"\xf3\x66",
    b"\xf2\xf3",
    b"\xf3\xf2",
    b"\x66\x48",
    b"\x48\x66",
    b"\xf3\x4f",
    b"\x44\xf3",
    b"\xf2\x40",
    b"\x40\x48",
    b"\x3e\x65\x66\x67\x4c",
)


def found(hits: Hits) -> dict[int, set[tuple[int, str]]]:
    """Return length and name of what was found, by where it begins."""
    starts: dict[int, set[tuple[int, str]]] = {}
    for start, length, row in zip(
        hits.start.tolist(), hits.length.tolist(), hits.row.tolist(), strict=True
    ):
        starts.setdefault(start, set()).add((length, CATALOGUE[row].name))
    return starts


def decoded(data: bytes, mode: int) -> dict[int, tuple[int, str]]:
    """Return what Capstone decodes at every offset, if that is in the catalogue."""
    width = capstone.CS_MODE_64 if mode == 64 else capstone.CS_MODE_32
    engine = capstone.Cs(capstone.CS_ARCH_X86, width)
    instructions = {}
    for start in range(len(data)):
        for _, size, mnemonic, operands in engine.disasm_lite(data[start : start + 15], 0, 1):
            text = f"{mnemonic} {operands}"
            if PRIVILEGED.match(text.removeprefix("lock ")):
                instructions[start] = (size, text)
    return instructions


def noise(size: int) -> bytes:
    """Return bytes in which opcodes and prefixes are frequent."""
    stream = Streams(1).at("noise")
    common = bytes.fromhex("0f0f0f0f0f01002230c7ae380179f6f2f366f04048442e67207806d5")
    return bytes(
        common[below(stream, len(common))] if below(stream, 5) < 3 else below(stream, 256)
        for _ in range(size)
    )


@pytest.mark.parametrize("mode", [64, 32])
def test_nothing_that_capstone_finds_at_any_offset_is_missed(mode: int) -> None:
    data = noise(12_000)
    ours = found(search(bytes_of(data), mode=mode))
    theirs = decoded(data, mode)
    assert len(theirs) > 700
    missed = {start: each for start, each in theirs.items() if start not in ours}
    assert not missed
    other = {
        start: (each, ours[start], data[start : start + 15].hex())
        for start, each in theirs.items()
        if each[0] not in {length for length, _ in ours[start]}
    }
    assert not other


@pytest.mark.parametrize("row", range(len(CATALOGUE)))
def test_every_prefix_and_modrm_byte_of_a_row_is_judged_as_its_encoding_says(row: int) -> None:
    instruction = CATALOGUE[row]
    mode = instruction.mode or 64
    (pattern,) = (each for each in patterns(mode) if each.row == row)
    cases = [
        (prefixes, modrm)
        for prefixes in PREFIX_STRINGS
        # Where code is 32-bit a REX prefix is an instruction of its own.
        if mode == 64 or not any(0x40 <= byte < 0x50 for byte in prefixes)
        for modrm in (range(256) if pattern.modrm is not None else (-1,))
    ]
    blocks = [
        prefixes + pattern.opcode + (bytes([modrm]) if modrm >= 0 else b"") + b"\x25"
        for prefixes, modrm in cases
    ]
    # What stands between is no prefix, and longer than an instruction.
    data = b"".join(block.ljust(40, b"\x90") for block in blocks)
    ours = found(search(bytes_of(data), mode=mode))
    judged = {True: 0, False: 0}
    for place, (prefixes, modrm) in enumerate(cases):
        names = {name for _, name in ours.get(40 * place, set())}
        fits = pattern.modrm is None or bool(pattern.modrm[modrm])
        expected = fits and meant(instruction.prefix, instruction.extended, prefixes)
        assert (instruction.name in names) == expected, (prefixes.hex(), hex(modrm))
        judged[expected] += 1
    assert judged[True]


def meant(prefix: str, extended: bool | None, prefixes: bytes) -> bool:
    """Say whether prefixes make an opcode what a row says, told once more and plainly."""
    last = [byte for byte in prefixes if byte in b"\xf2\xf3"][-1:]
    effective = last[0] if last else 0x66 if 0x66 in prefixes else 0
    rex = prefixes[-1] if prefixes and 0x40 <= prefixes[-1] < 0x50 else 0
    if extended is not None and extended != bool(rex & 4):
        return False
    wanted = {"any": effective, "none": 0, "66": 0x66, "F2": 0xF2, "F3": 0xF3}[prefix]
    return effective == wanted


def test_modrm_of_mov_to_control_registers_ignores_mod() -> None:
    starts = found(search(bytes_of(bytes.fromhex("0f2200"))))
    assert starts == {0: {(3, "mov cr0")}}
    assert found(search(bytes_of(bytes.fromhex("440f22c0"))))[0] == {(4, "mov cr8")}
    assert found(search(bytes_of(bytes.fromhex("440f22c0"))))[1] == {(3, "mov cr0")}


def test_prefix_in_front_changes_what_the_same_bytes_mean() -> None:
    starts = found(search(bytes_of(bytes.fromhex("660fc730"))))
    assert starts == {0: {(4, "vmclear")}, 1: {(3, "vmptrld")}}


def test_rex_is_no_prefix_where_code_is_32_bit() -> None:
    assert 0 not in found(search(bytes_of(bytes.fromhex("480f30")), mode=32))
    assert 0 in found(search(bytes_of(bytes.fromhex("480f30"))))


def test_what_the_bytes_cut_off_is_no_instruction() -> None:
    whole = bytes.fromhex("0f01142510203040")
    assert 0 not in found(search(bytes_of(whole[:-1])))
    assert found(search(bytes_of(whole)))[0] == {(8, "lgdt")}


def test_fifteen_bytes_are_the_most() -> None:
    wrmsr = b"\x0f\x30"
    assert 0 in found(search(bytes_of(b"\x2e" * 13 + wrmsr)))
    assert 0 not in found(search(bytes_of(b"\x2e" * 14 + wrmsr)))


def test_planted_instructions_are_found_wherever_they_are_put() -> None:
    stream = Streams(7).at("placements")
    rows = [each for each in patterns(64) if each.instruction.grade == "A"]
    prefix = {"any": b"", "none": b"", "66": b"\x66", "F2": b"\xf2", "F3": b"\xf3"}
    data, planted = bytearray(), []
    for _ in range(2_000):
        row = rows[below(stream, len(rows))]
        code = prefix[row.instruction.prefix] + row.opcode
        if row.modrm is not None:
            values = np.flatnonzero(row.modrm)
            code += bytes([int(values[below(stream, len(values))])])
        data += bytes(below(stream, 256) for _ in range(below(stream, 40)))
        planted.append((len(data), row.instruction.name))
        data += code
    data += bytes(16)
    ours = found(search(bytes_of(bytes(data))))
    for place, name in planted:
        assert name in {each for _, each in ours.get(place, set())}


def test_catalogue_rows_are_well_formed_and_distinct() -> None:
    assert {each.grade for each in CATALOGUE} == {"A", "B"}
    assert {each.prefix for each in CATALOGUE} <= set(PREFIXES)
    assert {each.mod for each in CATALOGUE} == {"any", "memory", "register"}
    assert {each.vendor for each in CATALOGUE} == {"", "AMD", "Intel"}
    keys = Counter((each.code, each.prefix, each.mod, each.extended) for each in CATALOGUE)
    assert max(keys.values()) == 1
