"""Names of places in an image, and what becomes of them where a table is damaged."""

from __future__ import annotations

from sim.binary.images.load import read
from sim.binary.images.names import names_in_elf, section_at
from tests.binary.made import CODE, bytes_of, relocatable

STRINGS = b"\0.text\0.strtab\0first\0second\0label\0"


def symbol(name: bytes, address: int, kind: int, section: int = 1) -> bytes:
    """Return one symbol of a 64-bit file."""
    place = STRINGS.index(b"\0" + name + b"\0") + 1
    words = place.to_bytes(4, "little") + bytes([kind, 0]) + section.to_bytes(2, "little")
    return words + address.to_bytes(8, "little") + (16).to_bytes(8, "little")


SYMBOLS = (
    symbol(b"second", 40, 2)
    + symbol(b"label", 10, 0)
    + symbol(b"first", 10, 2)
    + symbol(b"first", 70, 2, section=0)
    + symbol(b"second", 80, 1)
)
NOTE = b"\x04\0\0\0" + b"\x04\0\0\0" + b"\x03\0\0\0" + b"GNU\0" + b"\xab\xcd\xef\x01"


def image(**symbols: int) -> bytes:
    """Return an object with code, names, symbols and a build-id."""
    content = bytes(0x200) + CODE + STRINGS + SYMBOLS + NOTE
    names = 0x200 + len(CODE)
    table = names + len(STRINGS)
    return relocatable(
        {},
        {"name": 1, "kind": 1, "flags": 6, "offset": 0x200, "size": len(CODE), "align": 1},
        {"name": 7, "kind": 3, "offset": names, "size": len(STRINGS)},
        {"kind": 2, "offset": table, "size": len(SYMBOLS), "entry": 24, "link": 2} | symbols,
        {"kind": 7, "offset": table + len(SYMBOLS), "size": len(NOTE)},
        content=content,
        names=2,
    )


def test_functions_name_what_follows_them_and_go_before_labels() -> None:
    names = names_in_elf(bytes_of(image()))
    symbols = names.symbols
    assert [symbols.at(address) for address in (9, 10, 39, 40, 99)] == [
        None,
        ("first", 0),
        ("first", 29),
        ("second", 0),
        ("second", 59),
    ]
    assert len(symbols) == 2
    assert names.build_id == "abcdef01"
    assert section_at(names.sections, 99) == ".text"
    assert section_at(names.sections, 100) == ""


def test_damaged_table_costs_names_and_not_what_is_scanned() -> None:
    for damage in ({"entry": 1}, {"link": 99}, {"offset": 1 << 40}, {"size": 1 << 60}):
        data = bytes_of(image(**damage))
        names = names_in_elf(data)
        assert len(names.symbols) == 0
        assert "symbols are left out" in names.notes[0]
        assert names.build_id == "abcdef01"
        assert read(data).extents[0].data.tobytes() == CODE
