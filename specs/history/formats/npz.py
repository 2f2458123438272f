"""Our own format: the columns of a history, and of its oracle log, in one npz file.

Every member of the zip file is one array that `numpy.load` reads without pickles: `schema` (UTF-8
bytes), the columns of `sim.history` as `history.<column>` and `oracle.<column>`, names as the
UTF-8 bytes of all (`history.session_names`) with where each begins and the last ends
(`history.session_names_first`), `history.initial_value`, and where the history has them
`history.conserved` (keys, total), `history.element_first` with `history.elements`,
`history.line`, and `history.key_labels` and `history.value_labels` (names, each in the form of
JSON: a number or a quoted text). `history.has_initial` and `history.has_sessions` are there, and
0, where keys have no initial value and where sessions are not known. `oracle_rows` is how many
rows the oracle log has; without a log it is -1, and there is no member `oracle.*`.
Equal histories are equal bytes, as long as the same zlib compresses them.
"""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from sim.history import (
    NONE,
    OPERATION_COLUMNS,
    ORACLE_COLUMNS,
    TRANSACTION_COLUMNS,
    Conserved,
    History,
    Labels,
    OracleLog,
)
from specs.history.formats.errors import CUT, HistoryFileError
from specs.history.formats.labels import labels_of
from specs.history.formats.packing import FREE_BYTES, RATIO_MAX
from specs.history.formats.shape import SCHEMA, check_history, check_oracle

_HISTORY: Final[tuple[tuple[str, type[np.signedinteger]], ...]] = (
    *TRANSACTION_COLUMNS,
    ("first", np.int64),
    *OPERATION_COLUMNS,
)
_OPTIONAL: Final = ("element_first", "elements", "line")
_LABELS: Final = ("key_labels", "value_labels")
_FLAGS: Final = ("has_initial", "has_sessions")
_LEVEL: Final = 1
"""The default level makes files a tenth smaller and takes five times as long."""

_MAGIC: Final = b"\x93NUMPY\1\0"
_MAGIC_BYTES: Final = len(_MAGIC) + 2
_HEADER: Final = re.compile(
    rb"\{'descr': '([^'\\]{1,20})', 'fortran_order': (?:True|False), "
    rb"'shape': \(((?:\d{1,20}, )*(?:\d{1,20},?)?)\), \} *\n"
)
_PACKINGS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE: Final = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, OverflowError)
"""What the zip library raises on a damaged file; the last two for impossible offsets."""

Column = npt.NDArray[np.generic]


def write(file: IO[bytes], history: History, oracle: OracleLog | None = None) -> None:
    """Write a history, and its oracle log where there is one, into a binary file object."""
    with zipfile.ZipFile(
        file, "w", zipfile.ZIP_DEFLATED, allowZip64=True, compresslevel=_LEVEL
    ) as archive:
        _put(archive, "schema", _bytes(SCHEMA.encode()))
        _put_numbers(archive, "oracle_rows", NONE if oracle is None else len(oracle))
        for name, dtype in _HISTORY:
            _put(archive, f"history.{name}", getattr(history, name), dtype)
        _put_names(archive, "history.session_names", history.session_names)
        _put_numbers(archive, "history.initial_value", history.initial_value)
        if history.conserved is not None:
            conserved = history.conserved
            _put_numbers(archive, "history.conserved", conserved.keys, conserved.total)
        _put_optional(archive, history)
        if oracle is not None:
            for name, dtype in ORACLE_COLUMNS:
                _put(archive, f"oracle.{name}", getattr(oracle, name), dtype)
            _put_names(archive, "oracle.node_names", oracle.node_names)


def read(file: IO[bytes]) -> tuple[History, OracleLog | None]:
    """Read a history, and its oracle log where there is one, from a seekable binary file."""
    try:
        with zipfile.ZipFile(file) as archive:
            columns = _Columns(archive)
            history = _history(columns)
            oracle = _oracle(columns)
            columns.finish()
    except HistoryFileError:
        raise
    except _DAMAGE as error:
        raise HistoryFileError(f"no whole npz file ({error})", CUT) from None
    except (NotImplementedError, RuntimeError) as error:
        found = f"a zip file packed in another way ({error})"
        raise HistoryFileError(found, "write it again") from None
    check_history(history)
    if oracle is not None:
        check_oracle(oracle)
    return history, oracle


def _put_optional(archive: zipfile.ZipFile, history: History) -> None:
    """Write what most histories lack; what is absent has no member."""
    for name in _FLAGS:
        if not getattr(history, name):
            _put_numbers(archive, f"history.{name}", 0)
    for name in _OPTIONAL:
        if getattr(history, name) is not None:
            _put(archive, f"history.{name}", getattr(history, name), np.int64)
    for name in _LABELS:
        labels = getattr(history, name)
        if labels is not None:
            texts = [json.dumps(label, ensure_ascii=False) for label in labels.tolist()]
            _put_names(archive, f"history.{name}", texts)


def _put(
    archive: zipfile.ZipFile, name: str, column: Column, dtype: type[np.generic] = np.uint8
) -> None:
    little = np.ascontiguousarray(column, dtype=np.dtype(dtype).newbyteorder("<"))
    # Opened by name, a member gets the first date that zip files know, whatever the day.
    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
        np.lib.format.write_array(member, little, allow_pickle=False)


def _put_numbers(archive: zipfile.ZipFile, name: str, *numbers: int) -> None:
    _put(archive, name, np.array(numbers, dtype=np.int64), np.int64)


def _put_names(archive: zipfile.ZipFile, name: str, names: Iterable[str]) -> None:
    encoded = [text.encode() for text in names]
    first = np.cumsum([0, *map(len, encoded)])
    _put(archive, name, _bytes(b"".join(encoded)))
    _put(archive, f"{name}_first", first, np.int64)


def _bytes(content: bytes) -> Column:
    return np.frombuffer(content, dtype=np.uint8)


def _size_max(archive: zipfile.ZipFile) -> int:
    """Return how many bytes an archive of this size may unpack to."""
    file = archive.fp
    assert file is not None, "the archive is open"
    return FREE_BYTES + RATIO_MAX * file.seek(0, io.SEEK_END)


class _Columns:
    """The members of an npz file, each of the type that its name asks for."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        names = archive.namelist()
        self._left = dict.fromkeys(names)
        if len(self._left) < len(names):
            twice = next(name for name, count in Counter(names).items() if count > 1)
            raise HistoryFileError("this name twice", CUT, column=twice.removesuffix(".npy"))
        size, limit = sum(archive.getinfo(name).file_size for name in names), _size_max(archive)
        if size > limit:
            mend = f"that is {RATIO_MAX} times its size, and no history"
            raise HistoryFileError(f"columns of more than {limit >> 20} MiB", mend)
        schema = self.take("schema", np.uint8).tobytes() if self.has("schema") else b""
        if schema != SCHEMA.encode():
            said = f"schema {schema.decode(errors='replace')!r}" if schema else "no schema"
            mend = f'a history says "{SCHEMA}": this is another file, or of another version'
            raise HistoryFileError(said, mend)

    def has(self, name: str) -> bool:
        """Say whether there is a column of this name that nobody has taken yet."""
        return f"{name}.npy" in self._left

    def take(self, name: str, dtype: type[np.generic]) -> Any:
        """Return a column; it must be there, in one dimension, and of this type."""
        if not self.has(name):
            raise HistoryFileError("no such column", CUT, column=name)
        member = f"{name}.npy"
        del self._left[member]
        if self._archive.getinfo(member).compress_type not in _PACKINGS:
            raise HistoryFileError("neither stored nor deflated", CUT, column=name)
        wanted = np.dtype(dtype).newbyteorder("<")
        with self._archive.open(member) as stream:
            rows = self._rows(stream, name, wanted)
            content = stream.read(rows * wanted.itemsize + 1)
        if len(content) != rows * wanted.itemsize:
            found = f"{len(content)} bytes for {rows} rows of {wanted.name}"
            raise HistoryFileError(found, CUT, column=name)
        return np.frombuffer(content, dtype=wanted).astype(dtype)

    def _rows(self, stream: IO[bytes], name: str, wanted: np.dtype[Any]) -> int:
        """Read the head of an array, and return how many rows it promises."""
        # NumPy evaluates a head as Python; this takes only such heads as NumPy writes.
        begin = stream.read(_MAGIC_BYTES)
        match = None
        if begin.startswith(_MAGIC) and len(begin) == _MAGIC_BYTES:
            match = _HEADER.fullmatch(stream.read(int.from_bytes(begin[-2:], "little")))
        if match is None:
            found = f"no array of format 1.0 (it begins with {begin!r})"
            raise HistoryFileError(found, CUT, column=name)
        shape = [text.strip() for text in match[2].split(b",") if text.strip()]
        try:
            dtype = np.dtype(match[1].decode("latin-1"))
        except (TypeError, ValueError) as error:
            raise HistoryFileError(f"no array ({error})", CUT, column=name) from None
        if dtype != wanted or len(shape) != 1:
            found = f"{dtype} in {len(shape)} dimensions, not {wanted.name} in one"
            raise HistoryFileError(found, CUT, column=name)
        return int(shape[0])

    def take_names(self, name: str) -> tuple[str, ...]:
        """Return the texts of a column of names."""
        content = self.take(name, np.uint8).tobytes()
        first = self.take(f"{name}_first", np.int64)
        fits = len(first) > 0 and first[0] == 0 and first[-1] == len(content)
        if not fits or np.any(np.diff(first) < 0):
            found = f"offsets that do not go from 0 up to the {len(content)} bytes of the names"
            raise HistoryFileError(found, CUT, column=f"{name}_first")
        ends = first.tolist()
        try:
            return tuple(content[begin:end].decode() for begin, end in pairwise(ends))
        except UnicodeDecodeError as error:
            raise HistoryFileError(f"not UTF-8 ({error})", CUT, column=name) from None

    def take_numbers(self, name: str, count: int) -> list[int]:
        """Return a column of a few single numbers."""
        numbers: list[int] = self.take(name, np.int64).tolist()
        if len(numbers) != count:
            found = f"{len(numbers)} numbers, expected {count}"
            raise HistoryFileError(found, CUT, column=name)
        return numbers

    def finish(self) -> None:
        """Refuse columns that nobody took."""
        for name in self._left:
            found = f"a column that {SCHEMA} does not know"
            mend = "the file was mixed up, or a later version wrote it"
            raise HistoryFileError(found, mend, column=name.removesuffix(".npy"))


def _history(columns: _Columns) -> History:
    arrays = {name: columns.take(f"history.{name}", dtype) for name, dtype in _HISTORY}
    session_names = columns.take_names("history.session_names")
    (initial_value,) = columns.take_numbers("history.initial_value", 1)
    conserved = None
    if columns.has("history.conserved"):
        keys, total = columns.take_numbers("history.conserved", 2)
        conserved = Conserved(keys=keys, total=total)
    optional: dict[str, Any] = {
        name: columns.take(f"history.{name}", np.int64)
        for name in _OPTIONAL
        if columns.has(f"history.{name}")
    }
    for name in _FLAGS:
        if columns.has(f"history.{name}"):
            optional[name] = columns.take_numbers(f"history.{name}", 1) != [0]
    for name in _LABELS:
        if columns.has(f"history.{name}"):
            optional[name] = _labels(columns, f"history.{name}")
    return History(
        **arrays,
        session_names=session_names,
        initial_value=initial_value,
        conserved=conserved,
        **optional,
    )


def _labels(columns: _Columns, name: str) -> Labels:
    labels = []
    for text in columns.take_names(name):
        try:
            label = json.loads(text)
        except (ValueError, RecursionError):
            label = None
        if type(label) not in (int, str):
            raise HistoryFileError("a label that is no number and no text", CUT, column=name)
        labels.append(label)
    return labels_of(labels)


def _oracle(columns: _Columns) -> OracleLog | None:
    (rows,) = columns.take_numbers("oracle_rows", 1)
    if rows == NONE:
        return None
    arrays = {name: columns.take(f"oracle.{name}", dtype) for name, dtype in ORACLE_COLUMNS}
    oracle = OracleLog(**arrays, node_names=columns.take_names("oracle.node_names"))
    if len(oracle) != rows:
        raise HistoryFileError(f"{rows}, but the log has {len(oracle)}", CUT, column="oracle_rows")
    return oracle
