"""Read a history from any file or folder that is known here, whatever its name says.

The content tells the format; `format` insists on one. What is packed is unpacked on the way,
and a tar file may hold the logs of a folder or one file of any format but Parquet. Names and
their endings say nothing. An empty file is a history of nothing: it is read, and whoever checks it
has tested nothing. Readers are imported when they are needed.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, Final

import numpy as np

from sim.history import History, OperationKind, OracleLog
from specs.history.formats import folder, packing, tar
from specs.history.formats.errors import HistoryFileError
from specs.history.formats.lines import MARK
from specs.history.formats.reading import Reading, shown, whole

FORMATS: Final = (
    "npz",
    "jsonl",
    "parquet",
    "dbcop",
    "cobra",
    "viper",
    "polysi-text",
    "plume-text",
    "awdit",
    "jepsen-edn-rw-register",
    "jepsen-edn-list-append",
    "chronos-json",
    "veristrong-list",
)
"""All names of formats; those of one reader may come out as each other where none insists."""

_PACKAGE: Final = "specs.history.formats"
_MODULES: Final = {
    "dbcop": "dbcop",
    "awdit": "awdit",
    "chronos-json": "chronos",
    "veristrong-list": "veristrong",
}
_TEXT_BYTES: Final = 8
_ARROW: Final = b"PAR1"
_BEGINNINGS: Final = (
    ("polysi-text", re.compile(rb"[rw]\(\s*-?\d")),
    ("awdit", re.compile(rb"[rw][ \t]+\d|-+\s|=+\s")),
    ("veristrong-list", re.compile(rb"\d{1,20}[ \t]*(\r?\n[ \t]*-?\d|\s*$)")),
)
_FIRST_NAME: Final = re.compile(rb'"([a-z]+)"\s*:')
_FIRST_NAMES: Final = (
    ("jsonl", ("schema",)),
    ("chronos-json", ("tid", "sid", "sts", "cts", "ops", "rtts")),
    ("dbcop", ("params", "info", "start", "end", "data")),
    ("jepsen-edn-rw-register", ("type", "process", "f", "index", "time", "error")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A history from a file, and how it was read."""

    history: History
    oracle: OracleLog | None = None
    format: str
    assumptions: tuple[str, ...] = ()
    """What was taken for granted, as sentences without a full stop."""


def read(path: Path, *, format: str | None = None) -> Loaded:  # noqa: A002  # the option's name
    """Read a history; raise `HistoryFileError` for whatever is wrong with the file."""
    _check_name(format)
    try:
        if path.is_dir():
            return _from_logs(folder.in_folder(path), format)
        if path.exists() and not path.is_file():
            raise HistoryFileError("neither a file nor a folder", "name a history")
        with path.open("rb") as file:
            return read_file(file, format=format)
    except OSError as error:
        what = error.strerror or str(error)
        raise HistoryFileError(what, "name a history that can be read") from None


def read_file(file: IO[bytes], *, format: str | None = None) -> Loaded:  # noqa: A002  # as above
    """Read a history from a binary file object that can be sought in."""
    _check_name(format)
    content = packing.unpacked(file)
    if not tar.is_tar(_head(content)):
        return _from_file(content, format)
    found = folder.in_tar(content)
    if found.cobra or found.viper:
        return _from_logs(found, format)
    inner = packing.unpacked(io.BytesIO(found.other))
    if format == "parquet" or _head(inner).startswith(_ARROW):
        raise HistoryFileError("a table of Parquet in tar", "unpack the tar file, and name it")
    return _from_file(inner, format)


def is_arrows(file: IO[bytes], *, format: str | None = None) -> bool:  # noqa: A002  # as above
    """Say whether Arrow will read a file, which may end the process where the file is damaged."""
    if format is not None:
        return format == "parquet"
    try:
        return packing.unpacked(file).peek(4).startswith(_ARROW)
    except HistoryFileError:
        return False  # Whoever reads it says what is wrong.


def detected(head: bytes) -> str:
    """Return the name of the format of a file that begins like this."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "npz"
    if head.startswith(_ARROW):
        return "parquet"
    # The numbers that a file of dbcop begins with may look like any letters, but not like text.
    if not _is_text(head):
        return _detected_binary(head)
    text = head.removeprefix(MARK).lstrip(b" \t\r\n,")
    # Only EDN is still itself when there is nothing in it: a history of no operations.
    if not text or text.startswith((b"{", b"[", b"#", b";", b"(")):
        return _detected_brackets(text)
    for name, pattern in _BEGINNINGS:
        if pattern.match(text):
            return name
    raise _unknown(head)


def _check_name(name: str | None) -> None:
    if name is not None and name not in FORMATS:
        mend = f"known are {', '.join(FORMATS)}"
        raise HistoryFileError(f"{shown(name)} is no format", mend)


def _is_text(head: bytes) -> bool:
    return b"\0" not in head[:_TEXT_BYTES]


def _detected_binary(head: bytes) -> str:
    if import_module(f"{_PACKAGE}.dbcop").looks_like(head):
        return "dbcop"
    if head.startswith(b"S"):
        raise HistoryFileError("one log of Cobra, maybe", "name the folder with all of its logs")
    raise _unknown(head)


def _detected_brackets(text: bytes) -> str:
    """Tell EDN from JSON, and JSON by the first name in it."""
    inner = text.lstrip(b"[{( \t\r\n")
    if not inner.startswith(b'"'):
        empty = text.startswith(b"[") and inner.startswith(b"]")
        return "chronos-json" if empty else "jepsen-edn-rw-register"
    first_name = _FIRST_NAME.match(inner)
    for name, names in _FIRST_NAMES:
        if first_name and first_name[1].decode() in names:
            return name
    if inner.startswith(b'"value"'):
        jepsens = b'"type"' in inner or b'"process"' in inner
        return "jepsen-edn-rw-register" if jepsens else "viper"
    raise _unknown(text)


def _unknown(head: bytes) -> HistoryFileError:
    mend = f"insist on its format if it is one of {', '.join(FORMATS)}"
    return HistoryFileError(f"an unknown format that begins with {shown(head[:12])}", mend)


def _head(file: io.BufferedReader) -> bytes:
    """Return what a file begins with, and leave it there."""
    return file.peek(tar.HEAD_BYTES)


def _from_logs(found: folder.Found, insisted: str | None) -> Loaded:
    name, logs = ("cobra", found.cobra) if found.cobra else ("viper", found.viper)
    if insisted not in (None, name):
        raise HistoryFileError(f"logs of {name}", f"that is not {insisted}; name a file")
    reading: Reading = import_module(f"{_PACKAGE}.{name}").read(logs)
    return _loaded(reading, name)


def _from_file(file: io.BufferedReader, insisted: str | None) -> Loaded:
    name = insisted or detected(_head(file))
    if name in ("cobra", "viper"):
        raise HistoryFileError("a file", f"{name} keeps a history in a folder of logs; name that")
    if name in ("npz", "jsonl", "parquet"):
        return _own(file, name)
    if name.startswith("jepsen"):
        return _edn(file, insisted)
    if name in ("polysi-text", "plume-text"):
        return _text(file, insisted)
    module = _MODULES[name]
    if name == "dbcop" and _is_text(_head(file)):
        module = "dbcop_json"
    reading: Reading = import_module(f"{_PACKAGE}.{module}").read(file)
    return _loaded(reading, name)


def _loaded(reading: Reading, name: str) -> Loaded:
    return Loaded(history=reading.history, format=name, assumptions=reading.assumptions)


def _own(file: IO[bytes], name: str) -> Loaded:
    sought = file if file.seekable() or name == "jsonl" else io.BytesIO(whole(file))
    history, oracle = import_module(f"{_PACKAGE}.{name}").read(sought)
    return Loaded(history=history, oracle=oracle, format=name)


def _edn(file: IO[bytes], insisted: str | None) -> Loaded:
    history: History = import_module(f"{_PACKAGE}.edn_reader").read(file)
    lists = np.any(history.kind >= OperationKind.APPEND)
    name = "jepsen-edn-list-append" if lists else "jepsen-edn-rw-register"
    start = "every list starts empty" if lists else "every key starts at nil, written by nobody"
    said = (start,) if history.transactions else ("the file holds no transaction",)
    return Loaded(history=history, format=insisted or name, assumptions=said)


def _text(file: IO[bytes], insisted: str | None) -> Loaded:
    from specs.history.formats import text

    reading = text.read(file, plume=None if insisted is None else insisted == "plume-text")
    name = "plume-text" if text.is_plumes(reading) else "polysi-text"
    return _loaded(reading, insisted or name)
