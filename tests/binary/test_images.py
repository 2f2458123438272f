"""What of an image is executable, and what is refused."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from sim.binary.images.errors import ImageError
from sim.binary.images.load import load, read
from tests.binary.made import CODE, PAGE, bytes_of, elf, pe, relocatable, segment


def test_elf_segment_that_is_executable_is_code_and_others_are_not() -> None:
    image = read(bytes_of(elf(segment(), segment(flags=6, address=0x50_0200))))
    (extent,) = image.extents
    assert (image.format, image.bits, extent.address, extent.offset) == (
        "elf64",
        64,
        0x40_0200,
        0x200,
    )
    assert extent.data.tobytes() == CODE
    assert image.bytes_executable == len(CODE)


def test_bytes_that_only_memory_has_are_executable_too() -> None:
    image = read(bytes_of(elf(segment(memory=PAGE, flags=7))))
    (extent,) = image.extents
    assert extent.zeros == PAGE - len(CODE)
    assert extent.writable
    assert image.bytes_executable == PAGE


def test_i386_elf_is_32_bit_code_unless_a_multiboot_header_or_the_user_says_otherwise() -> None:
    plain = elf(segment(), word=1)
    assert read(bytes_of(plain)).bits == 32
    assert read(bytes_of(plain), bits=64).notes == (
        "decoded as 64-bit code, as asked; its head says 32",
    )
    words = [0x1BADB002, 3, -(0x1BADB002 + 3) % (1 << 32)]
    header = b"".join(word.to_bytes(4, "little") for word in words)
    content = b"\0" * 0x100 + header + b"\0" * (0x100 - len(header)) + CODE
    image = read(bytes_of(elf(segment(), word=1, content=content)))
    assert image.bits == 64
    assert "multiboot header" in image.notes[0]
    # One whose words do not add up is no header.
    wrong = content.replace(header, header[:-1] + b"\0")
    assert read(bytes_of(elf(segment(), word=1, content=wrong))).bits == 32


def test_multiboot2_header_counts_too() -> None:
    words = [0xE85250D6, 0, 24, -(0xE85250D6 + 24) % (1 << 32)]
    header = b"".join(word.to_bytes(4, "little") for word in words)
    content = b"\0" * 0x108 + header + b"\0" * (0xF8 - len(header)) + CODE
    assert "multiboot2" in read(bytes_of(elf(segment(), word=1, content=content))).notes[0]


def test_object_that_is_not_linked_is_read_by_its_sections() -> None:
    code = {"kind": 1, "flags": 6, "offset": 0x200, "size": 50, "align": 16}
    image = read(bytes_of(relocatable({}, code, code | {"offset": 0x232, "align": 64})))
    assert [(each.address, each.offset, each.size) for each in image.extents] == [
        (0, 0x200, 50),
        (64, 0x232, 50),
    ]
    assert "relocations" in image.notes[0]


def test_pe_section_that_is_executable_or_code_is_scanned_up_to_its_size_in_memory() -> None:
    data = {"characteristics": 0x4000_0040, "address": 0x2000}
    entry = {"characteristics": 0x4000_0020, "address": 0x3000, "offset": 0x500, "file": 0x20}
    image = read(bytes_of(pe((b".text", {}), (b".data", data), (b".init", entry))))
    assert (image.format, image.bits) == ("pe32+", 64)
    assert [(each.name, each.address, each.size, each.zeros) for each in image.extents] == [
        (".text", 0x1_4000_1000, len(CODE), 0),
        (".init", 0x1_4000_3000, 0x20, len(CODE) - 0x20),
    ]
    assert image.extents[0].data.tobytes() == CODE


def test_raw_bytes_are_code_from_the_base_on() -> None:
    image = read(bytes_of(CODE), format="raw", base=0x7000)
    assert [(each.address, each.size) for each in image.extents] == [(0x7000, len(CODE))]


ELF_REFUSED = {
    "no program headers": elf(),
    "nothing in it is executable": elf(segment(flags=6)),
    "byte order": elf(segment(), order=2),
    "unknown ELF class 3": elf(segment()).replace(b"\x7fELF\x02", b"\x7fELF\x03"),
    "it is for AArch64": elf(segment(), machine=183),
    "has 64-bit addresses": elf(segment(), machine=3),
    "core dump": elf(segment(), kind=4),
    "unknown kind 9": elf(segment(), kind=9),
    "its head says that it has 63 bytes": elf(segment(), ehsize=63),
    "a program header of 57 bytes": elf(segment(), phentsize=57),
    "65535 program headers": elf(segment(), phnum=0xFFFF),
    "the table of program headers ends": elf(segment(), phoff=0x7000_0000),
    "a loaded segment ends": elf(segment(file=0x1000, memory=0x1000)),
    "a loaded segment ends at byte 0xffffffffffffffff": elf(
        segment(offset=0xFFFF_FFFF_FFFF_FE00, file=0x1FF, memory=0x1FF)
    ),
    "more bytes in the file than in memory": elf(segment(memory=1)),
    "not aligned": elf(segment(align=0x300)),
    "is not aligned to 0x1000": elf(segment(align=0x1000, address=0x40_0100)),
    "two segments share the address": elf(segment(), segment(offset=0x220, align=1)),
    "share bytes of the file": elf(segment(), segment(address=0x50_0200)),
    "do not fit into 64 bits": elf(segment(address=(1 << 64) - 0x200, memory=0x400)),
    "the head of the ELF file ends": elf(segment())[:40],
}


@pytest.mark.parametrize("found", ELF_REFUSED)
def test_elf_that_no_loader_should_map_is_refused(found: str) -> None:
    with pytest.raises(ImageError, match=found) as caught:
        read(bytes_of(ELF_REFUSED[found]))
    assert "\n" not in str(caught.value)


PE_REFUSED = {
    "it is for AArch64": pe((b".text", {}), machine=0xAA64),
    "0 sections": pe(count=0),
    "97 sections": pe((b".text", {}), count=97),
    "an optional header of 100 bytes": pe((b".text", {}), optional=100),
    "does not fit its machine": pe((b".text", {}), magic=0x10B),
    "without a PE header": pe((b".text", {})).replace(b"PE\0\0", b"NE\0\0"),
    "before the one in front": pe((b".text", {}), (b".init", {})),
    "of an image of 0x1000 bytes": pe((b".text", {}), size=0x1000),
    "section .text ends": pe((b".text", {"offset": 0x600})),
    "no place for them": pe((b".text", {"offset": 0})),
    "nothing in it is executable": pe((b".data", {"characteristics": 0x4000_0040})),
    "the DOS header ends": b"MZ",
    "the PE signature ends": b"MZ" + b"\xff" * 100,
}


@pytest.mark.parametrize("found", PE_REFUSED)
def test_pe_that_no_loader_should_map_is_refused(found: str) -> None:
    with pytest.raises(ImageError, match=found) as caught:
        read(bytes_of(PE_REFUSED[found]))
    assert "\n" not in str(caught.value)


def test_every_cut_of_an_image_is_refused_or_read_whole() -> None:
    for whole, size in ((elf(segment()), 0x200 + len(CODE)), (pe((b".text", {})), 0x400 + 100)):
        for end in range(len(whole)):
            try:
                image = read(bytes_of(whole[:end]))
            except ImageError:
                assert end < size
            else:
                assert image.extents[0].data.tobytes() == CODE


def test_gzip_is_unpacked_and_what_is_odd_about_it_refused(tmp_path: Path) -> None:
    path = tmp_path / "xen.gz"
    packed = gzip.compress(elf(segment()))
    path.write_bytes(packed)
    loaded = load(path)
    assert loaded.packed == "gzip"
    assert "unpacked" in loaded.image.notes[0]
    for content, found in (
        (packed[:-9], "break off"),
        (packed + packed, "follow"),
        (packed[:20] + b"\xff" * 20, "gzip"),
        (gzip.compress(b"text"), "neither ELF nor PE"),
    ):
        path.write_bytes(content)
        with pytest.raises(ImageError, match=found):
            load(path)


def test_bomb_is_refused_before_it_is_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.binary.images.load.UNPACKED_BYTES_MAX", 1 << 20)
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes(2 << 20)))
    with pytest.raises(ImageError, match="more than 1,048,576 bytes"):
        load(path)


def test_only_regular_files_with_bytes_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("text\n")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(1 << 32)
    for name, found in (
        ("fifo", "no regular file"),
        ("loop", "symbolic links"),
        ("empty", "empty"),
        ("text", "neither ELF nor PE"),
        ("missing", "No such file"),
        ("large", "4,294,967,296 bytes"),
        (".", "folder"),
        ("/dev/zero", "no regular file"),
    ):
        with pytest.raises(ImageError, match=found):
            load(tmp_path / name)


def test_base_is_for_raw_images() -> None:
    with pytest.raises(ImageError, match="only a raw image"):
        read(bytes_of(elf(segment())), base=0x1000)
