"""Small files that unpack to much, and files that promise much: refused in little memory.

All of them are read by one process whose address space is bounded; what it cannot get, it says.
"""

import bz2
import gzip
import io
import lzma
import struct
import subprocess
import sys
import zipfile
import zlib

import pytest
import zstandard

from tests.specs.formats import foreign, samples
from tests.specs.formats.foreign import AWDIT, DBCOP, dbcop

HUGE = 2 << 30
ROOM_BYTES = 384 << 20
"""What the process may take beside what it has before it reads: a fifth of what is promised."""
NPZ = samples.packed("npz", samples.two_transactions()[0])
TABLE = samples.packed("parquet", samples.two_transactions()[0])
READER = f"""
import re, resource, sys
from pathlib import Path
import pyarrow.parquet
from specs.history.formats.errors import HistoryFileError
from specs.history.formats.load import read
for path in sorted(Path(sys.argv[1]).iterdir()):
    has = int(re.search(r"VmSize:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]) << 10
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (has + {ROOM_BYTES}, hard))
    try:
        said = f"read {{read(path).history.transactions}}"
    except (HistoryFileError, MemoryError) as error:
        said = f"{{type(error).__name__}}: {{error}}"
    print(path.name, said, sep=": ")
"""


def stretched(packer, filler, mebibytes):
    """What an incremental packer makes of so much filler."""
    block = filler * (1 << 20)
    parts = [packer.compress(block) for _ in range(mebibytes)]
    return b"".join([*parts, packer.flush()])


def xz(head, filler=b"\0"):
    """An xz file of 2 GiB in 64 streams; there is no need to pack the same again and again."""
    return lzma.compress(head) + 64 * stretched(lzma.LZMACompressor(preset=0), filler, 32)


def gz(head, filler=b"\0"):
    """A gzip file of 256 MiB: it takes a hundredth of that, the others far less."""
    return gzip.compress(head) + 8 * stretched(zlib.compressobj(1, wbits=31), filler, 32)


def zst(head, filler=b"\0"):
    """A Zstandard file of 2 GiB."""
    packer = zstandard.ZstdCompressor(level=1)
    return packer.compress(head) + stretched(packer.compressobj(), filler, HUGE >> 20)


def wide_zst():
    """A frame that says that its window is of 2 GiB."""
    return struct.pack("<IBB", 0xFD2FB528, 0, 21 << 3) + bytes(20)


def wide_xz():
    """An xz file that wants a dictionary of more than a gibibyte, which its head says."""
    content = bytearray(lzma.compress(AWDIT, preset=0))
    content[16] = 37  # the size of the dictionary: 1.5 GiB
    head = content[12:20]
    return bytes(content[:20]) + struct.pack("<I", zlib.crc32(head)) + content[24:]


def huge_member():
    """An npz file one of whose columns is said to be of 2 GiB."""
    target = io.BytesIO(NPZ)
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("history.extra.npy", b"x")
        archive.filelist[-1].file_size = HUGE
    return target.getvalue()


def tar_of(size):
    """A tar file whose only member is said to be of so many bytes."""
    content = bytearray(foreign.tar({"T0.log": b""}))
    content[124:136] = b"\x80" + size.to_bytes(11, "big")
    content[148:156] = b"%06o\0 " % (sum(content[:148]) + sum(content[156:512]) + 8 * ord(" "))
    return bytes(content)


COUNT = struct.pack("<Q", 1 << 63)
BOMBS = {
    "gz": (lambda: gz(AWDIT), "a line longer than 8 MiB"),
    "gz of lines": (lambda: gz(AWDIT, b"\n"), "MiB in gzip"),
    "xz of lines": (lambda: xz(AWDIT, b"\n"), "MiB in xz"),
    "gz of one line of JSON": (lambda: gz(b'[{"tid": "', b"a"), "more than 8 Mi letters"),
    "xz of one line of JSON": (lambda: xz(b'{"schema": "', b"a"), "MiB in xz"),
    "xz of one line of EDN": (lambda: xz(b"{:a ", b"a"), "MiB in xz"),
    "xz": (lambda: xz(AWDIT), "a line longer than 8 MiB"),
    "zst": (lambda: zst(AWDIT), "a line longer than 8 MiB"),
    "zst of blanks": (lambda: zst(b"", b"\n"), "MiB in zstd"),
    "zst with a wide window": (wide_zst, "damaged zstd"),
    "xz with a wide dictionary": (wide_xz, "damaged xz (Memory"),
    "gz in tar in gz": (lambda: gzip.compress(foreign.tar({"x": gz(AWDIT)})), "a line longer"),
    "zip": (huge_member, "columns of more than"),
    "zip of bzip2": (lambda: samples.zipped({"schema.npy": bz2.compress(b"x")}), "schema"),
    "npz of a huge shape": (
        lambda: samples.zipped(samples.shaped("history.key", 1 << 60), NPZ),
        "column history.key: 0 bytes for 1152921504606846976 rows",
    ),
    "npz of a shape that overflows": (
        lambda: samples.zipped(samples.shaped("history.key", (1 << 63) - 1), NPZ),
        "column history.key: 0 bytes for 9223372036854775807 rows",
    ),
    "parquet of no foot": (lambda: TABLE[:-8] + b"\xff\xff\xff\x7fPAR1", "no whole table"),
    "dbcop sessions": (lambda: DBCOP[:76] + COUNT, "byte 76: 9223372036854775808 sessions"),
    "dbcop transactions": (
        lambda: DBCOP[:84] + COUNT + DBCOP[92:],
        "byte 84: 9223372036854775808 transactions",
    ),
    "dbcop events": (lambda: DBCOP[:92] + COUNT + DBCOP[100:], "byte 92: 9223372036854775808 ev"),
    "dbcop text": (lambda: DBCOP[:52] + COUNT + DBCOP[60:], "byte 52: 9223372036854775808 bytes"),
    "tar": (lambda: tar_of(HUGE), "tar that ends inside a file"),
    "tar of all that fits": (lambda: tar_of((1 << 80) - 1), "tar that ends inside a file"),
    "veristrong length": (
        lambda: b"1\n0 1 R 5 9223372036854775807 17\n",
        "line 2: ",
    ),
    "edn nesting": (lambda: b"{:value " + b"[" * 1_000_000, "line 1: more than 64 forms"),
    "edn maps": (lambda: b"{:a " * 1_000_000, "line 1: more than 64 forms"),
    "edn tags": (lambda: b"#a " * 1_000_000 + b"1", "line 1: more than 64 forms"),
    "edn discards": (lambda: b"#_" * 1_000_000 + b"1", "line 1: more than 64 forms"),
    "json nesting": (lambda: b'[{"tid":' + b"[" * 1_000_000, "line 1: "),
    "jsonl nesting": (lambda: b'{"schema":' + b"[" * 1_000_000, "line 1: "),
    "a number without end": (lambda: b'[{"tid":1' + b"0" * 1_000_000, "line 1: "),
    "a line of nothing": (lambda: gzip.compress(b"w 1 2\n" + b" " * (40 << 20)), "line 2: a line"),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What the bounded process says of each file."""
    folder = tmp_path_factory.mktemp("bombs")
    for name, (make, _) in BOMBS.items():
        (folder / name).write_bytes(make())
    call = [sys.executable, "-c", READER, str(folder)]
    answer = subprocess.run(call, capture_output=True, text=True, check=False, timeout=250)
    assert answer.returncode == 0, answer.stderr[-2000:]
    return dict(line.split(": ", 1) for line in answer.stdout.splitlines())


@pytest.mark.parametrize("name", BOMBS)
def test_file_that_promises_much_is_refused_in_little_memory(said, name):
    assert len(said) == len(BOMBS)
    found = said[name]
    assert found.startswith("HistoryFileError: ")
    pattern = BOMBS[name][1]
    assert any(word in found for word in pattern.split("|")), found


def test_bound_stops_what_takes_more(tmp_path):
    (tmp_path / "list").write_bytes(dbcop([[]]))
    hungry = READER.replace("read(path).history", "bytearray(1 << 31) or read(path).history")
    call = [sys.executable, "-c", hungry, str(tmp_path)]
    answer = subprocess.run(call, capture_output=True, text=True, check=False, timeout=60)
    assert answer.stdout.startswith("list: MemoryError")
