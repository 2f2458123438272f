"""Damage a file in the ways in which files are damaged, and in those in which they lie.

Everything here takes bytes and a stream and returns bytes. `damaged` picks; what it did comes back
in words, so that a finding can be told. Some damage is done to the bytes as they lie, some
inside a zip, tar or packed file, where check sums would otherwise hide all but the first border.
"""

from __future__ import annotations

import gzip
import io
import lzma
import re
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from sim.kernel.streams import Stream, below, between, chance, pick

Damage = Callable[[bytes, Stream], bytes]

_HUGE: Final = (2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**62, 2**63 - 1, 2**63, 2**64 - 1)
_NUMBERS: Final = (
    b"-1",
    b"0",
    b"00",
    b"9223372036854775807",
    b"9223372036854775808",
    b"-9223372036854775808",
    b"18446744073709551616",
    b"9" * 5000,
    b"1e999",
    b"1.5",
    b"NaN",
    b"0x7f",
)
_WORDS: Final = (
    b"nil",
    b"null",
    b"true",
    b"[]",
    b"{}",
    b'""',
    b'"\\ud800"',
    b'"',
    b"\\",
    b"#_",
    b"#inst",
    b";",
    b":",
    b"\r",
    b"\n",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xe2\x80\xa8",
    b"\xef\xbb\xbf",
    "٣".encode(),
)
_DEEP: Final = (b"[", b"{", b"(", b'{"a":', b"[[:r 1 ", b"#{", b"#a ", b'[{"events":')
_GROWN_MAX: Final = 1 << 20
"""What is made is not much larger than this; memory is to stay in proportion to it."""


def _truncate(content: bytes, stream: Stream) -> bytes:
    return content[: below(stream, len(content) + 1)]


def _flip_bits(content: bytes, stream: Stream) -> bytes:
    changed = bytearray(content)
    for _ in range(between(stream, 1, 8)):
        changed[below(stream, len(changed))] ^= 1 << below(stream, 8)
    return bytes(changed)


def _any_byte(content: bytes, stream: Stream) -> bytes:
    place = below(stream, len(content))
    return content[:place] + bytes([below(stream, 256)]) + content[place + 1 :]


def _huge_number(content: bytes, stream: Stream) -> bytes:
    """Put a number of 4 or 8 bytes over others, in either order of bytes."""
    form = pick(stream, ("<Q", ">Q", "<I", ">I"))
    number = struct.pack(form, pick(stream, _HUGE) % (1 << 8 * struct.calcsize(form)))
    place = below(stream, len(content))
    return content[:place] + number + content[place + len(number) :]


def _other_number(content: bytes, stream: Stream) -> bytes:
    """Write another number in place of one of a text."""
    return _replaced(content, stream, re.compile(rb"-?\d+"), _NUMBERS)


def _other_word(content: bytes, stream: Stream) -> bytes:
    """Write something else in place of a word, a text or a number."""
    pattern = re.compile(rb'"[^"]{0,40}"|:?[A-Za-z_]+|-?\d+|[\[\](){},;:]')
    return _replaced(content, stream, pattern, _WORDS + _NUMBERS)


def _replaced(
    content: bytes, stream: Stream, pattern: re.Pattern[bytes], others: tuple[bytes, ...]
) -> bytes:
    begin = below(stream, len(content))
    match = pattern.search(content, begin) or pattern.search(content)
    if match is None:
        return content
    return content[: match.start()] + pick(stream, others) + content[match.end() :]


def _insert(content: bytes, stream: Stream) -> bytes:
    place = below(stream, len(content) + 1)
    return content[:place] + pick(stream, _WORDS) + content[place:]


def _nest(content: bytes, stream: Stream) -> bytes:
    """Open brackets without end, anywhere or around everything."""
    place = below(stream, len(content) + 1) if chance(stream, 1, 2) else 0
    piece = pick(stream, _DEEP)
    count = pick(stream, (40, 70, 1_000, _GROWN_MAX // 4 // len(piece)))
    return content[:place] + piece * count + content[place:]


def _repeat(content: bytes, stream: Stream) -> bytes:
    """Write a piece again, once or very often."""
    begin, end = _piece(content, stream)
    room = max(1, _GROWN_MAX // max(1, end - begin))
    return (
        content[:end] + content[begin:end] * pick(stream, (1, 2, min(1000, room))) + content[end:]
    )


def _repeat_lines(content: bytes, stream: Stream) -> bytes:
    lines = content.splitlines(keepends=True) or [content]
    place = below(stream, len(lines))
    count = pick(stream, (1, 1, min(500, _GROWN_MAX // (1 + len(lines[place])))))
    return b"".join([*lines[: place + 1], *[lines[place]] * count, *lines[place + 1 :]])


def _drop_lines(content: bytes, stream: Stream) -> bytes:
    lines = content.splitlines(keepends=True)
    return b"".join(line for line in lines if not chance(stream, 1, 4))


def _swap_lines(content: bytes, stream: Stream) -> bytes:
    lines = content.splitlines(keepends=True) or [content]
    one, other = below(stream, len(lines)), below(stream, len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def _drop(content: bytes, stream: Stream) -> bytes:
    begin, end = _piece(content, stream)
    return content[:begin] + content[end:]


def _move(content: bytes, stream: Stream) -> bytes:
    begin, end = _piece(content, stream)
    rest = content[:begin] + content[end:]
    place = below(stream, len(rest) + 1)
    return rest[:place] + content[begin:end] + rest[place:]


def _piece(content: bytes, stream: Stream) -> tuple[int, int]:
    begin = below(stream, len(content))
    length = between(stream, 1, pick(stream, (8, 64, len(content))))
    return begin, min(len(content), begin + length)


def _line_breaks(content: bytes, stream: Stream) -> bytes:
    return content.replace(b"\n", pick(stream, (b"\r\n", b"\r", b"\n\n", b"", b"\0\n")))


def _mark(content: bytes, _: Stream) -> bytes:
    return b"\xef\xbb\xbf" + content


def _encode(content: bytes, stream: Stream) -> bytes:
    text = content.decode("latin-1")
    return text.encode(pick(stream, ("utf-16", "utf-32-le", "utf-8")))


def _append(content: bytes, stream: Stream) -> bytes:
    return content + pick(stream, _WORDS) * pick(stream, (1, 1, 1000))


PLAIN: Final[Mapping[str, Damage]] = MappingProxyType(
    {
        "cut short": _truncate,
        "bits flipped": _flip_bits,
        "a byte changed": _any_byte,
        "a huge number of bytes": _huge_number,
        "another number": _other_number,
        "another word": _other_word,
        "something put in": _insert,
        "nested deeply": _nest,
        "a piece repeated": _repeat,
        "lines repeated": _repeat_lines,
        "lines dropped": _drop_lines,
        "lines exchanged": _swap_lines,
        "a piece dropped": _drop,
        "a piece moved": _move,
        "other line breaks": _line_breaks,
        "a byte-order mark": _mark,
        "another encoding": _encode,
        "something behind": _append,
    }
)
"""Damage that any bytes can take."""


def _in_zip(content: bytes, stream: Stream) -> bytes:
    """Damage one member of a zip file, and make its check sum right again."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = pick(stream, list(members))
    match below(stream, 5):
        case 0:
            del members[name]
        case 1:
            members[f"{name}x"] = members[name]
        case 2:
            members[name] = _other_shape(members[name], stream)
        case _:
            members[name] = plainly(members[name], stream)[0]
    target = io.BytesIO()
    method = pick(stream, (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2))
    with zipfile.ZipFile(target, "w", method) as archive:
        for each, data in members.items():
            archive.writestr(each, data)
    return target.getvalue()


def _other_shape(array: bytes, stream: Stream) -> bytes:
    """Let the head of an array say another shape or type."""
    shapes = (b"(%d,)" % pick(stream, _HUGE), b"(-1,)", b"()", b"(1, 1)", b"(2147483648, 4)")
    if chance(stream, 1, 2):
        return re.sub(rb"\(\d*,\)", lambda _: pick(stream, shapes), array, count=1)
    types = (b"'|O'", b"'<f8'", b"'>i8'", b"'<U99999999'", b"'V8'")
    return re.sub(rb"'[<|][iu]\d'", lambda _: pick(stream, types), array, count=1)


def _in_tar(content: bytes, stream: Stream) -> bytes:
    """Damage one member of a tar file, or its head, and make the check sum right again."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        heads = [member.offset for member in archive.getmembers()]
    head = pick(stream, heads)
    block = bytearray(content[head : head + 512])
    place = pick(stream, (below(stream, 100), between(stream, 124, 135), between(stream, 156, 270)))
    block[place] = pick(stream, (0, 0x80, 0xFF, ord("7"), ord("9"), ord("L"), ord("x"), ord("S")))
    block[148:156] = b"%06o\0 " % (sum(block[:148]) + sum(block[156:]) + 8 * 32)
    return content[:head] + bytes(block) + content[head + 512 :]


_ROUNDS_MAX: Final = 3


def plainly(content: bytes, stream: Stream) -> tuple[bytes, list[str]]:
    """Return bytes damaged in one way."""
    if not content:
        return pick(stream, _WORDS), ["something put in"]
    name = pick(stream, list(PLAIN))
    return PLAIN[name](content, stream), [name]


def damaged(content: bytes, stream: Stream) -> tuple[bytes, list[str]]:
    """Return a file damaged in up to three ways, and what was done, in words."""
    done: list[str] = []
    if content.startswith(b"PK") and chance(stream, 2, 3):
        return _in_zip(content, stream), ["a member of zip"]
    if content[257:262] == b"ustar" and chance(stream, 1, 2):
        return _in_tar(content, stream), ["a head of tar"]
    for _ in range(between(stream, 1, _ROUNDS_MAX)):
        content, more = plainly(content, stream)
        done += more
        if len(content) > _GROWN_MAX:
            break
    return content, done


def packed(content: bytes, stream: Stream) -> tuple[bytes, str]:
    """Return a file packed in some way, or as it is."""
    name = pick(stream, ("", "", "", "gz", "xz", "zst"))
    return pack(content, name), name


def pack(content: bytes, name: str) -> bytes:
    """Return a file packed with gzip, xz or Zstandard, by the usual endings of names."""
    match name:
        case "gz":
            return gzip.compress(content, compresslevel=1, mtime=0)
        case "xz":
            return lzma.compress(content, preset=0)
        case "zst":
            import zstandard

            compressed: bytes = zstandard.ZstdCompressor(level=1).compress(content)
            return compressed
    return content


def bomb(content: bytes, stream: Stream) -> tuple[bytes, str]:
    """Return a small packed file that unpacks to a large one, and what fills it."""
    filler = pick(stream, (b"\0", b" ", b"\n", b"[", b"0", b'"', content))
    name = pick(stream, ("gz", "xz", "zst"))
    large = content + filler * ((64 << 20) // max(1, len(filler)))
    return pack(large, name), name
