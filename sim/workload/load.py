"""Load a workload trace from a file, whatever its format: the door for recorded traces.

The format is found from the first bytes, never from the name: our npz and JSON Lines (plain,
gzip or xz) and Cobra's npz.
"""

from __future__ import annotations

import gzip
import lzma
import zlib
from pathlib import Path
from typing import BinaryIO, Final, cast

from sim.workload.arrange import dense_clients
from sim.workload.readers.cobra import read_cobra
from sim.workload.readers.columns import Columns
from sim.workload.readers.errors import TraceFileError
from sim.workload.readers.jsonl import read_jsonl
from sim.workload.readers.npz import read_npz
from sim.workload.types import TransactionTrace

_ZIP: Final = b"PK"
_GZIP: Final = b"\x1f\x8b"
_XZ: Final = b"\xfd7zXZ\x00"
_FORMATS: Final = "a trace is JSON Lines (plain, .gz or .xz), our npz or Cobra's npz"


def load(path: Path) -> TransactionTrace:
    """Read the trace in a file, and number its clients from 0.

    Raise `TraceFileError` when there is none: it says where, what was found and how to mend it.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(6)
            file.seek(0)
            if not magic:
                raise TraceFileError(path, "the file is empty", _FORMATS)
            trace = _read_npz(path) if magic.startswith(_ZIP) else _read_lines(path, file, magic)
    except OSError as error:
        mend = "name a trace file that can be read"
        raise TraceFileError(path, error.strerror or str(error), mend) from None
    return dense_clients(trace)


def _read_npz(path: Path) -> TransactionTrace:
    with Columns(path) as columns:
        if "header" in columns:
            return read_npz(columns)
        if "txn" in columns:
            return read_cobra(columns)
        found = f"columns {', '.join(columns.names)}" if columns.names else "no columns"
        raise TraceFileError(path, found, _FORMATS)


def _read_lines(path: Path, file: BinaryIO, magic: bytes) -> TransactionTrace:
    try:
        if magic.startswith(_GZIP):
            with gzip.open(file) as lines:
                return _read_text(path, cast(BinaryIO, lines))
        if magic.startswith(_XZ):
            with lzma.open(file) as lines:
                return _read_text(path, cast(BinaryIO, lines))
        return _read_text(path, file)
    except (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error) as error:
        mend = "the file was cut short or damaged; fetch or write it again"
        raise TraceFileError(path, f"the compressed bytes break off: {error}", mend) from None


def _read_text(path: Path, lines: BinaryIO) -> TransactionTrace:
    start = lines.read(64)
    lines.seek(0)
    if not start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        raise TraceFileError(path, f"the content begins with {start[:8]!r}", _FORMATS)
    return read_jsonl(lines, path)
