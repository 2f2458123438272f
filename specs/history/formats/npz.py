"""Our own format: the columns of a history, and of its oracle log, in one npz file.

Every member of the zip file is one array that `numpy.load` reads without pickles: `schema` (UTF-8
bytes), the columns of `sim.history` as `history.<column>` and `oracle.<column>`, names as the
UTF-8 bytes of all (`history.session_names`) with where each begins and the last ends
(`history.session_names_first`), `history.initial_value`, and where the history has it
`history.conserved` (keys, total). `oracle_rows` is how many rows the oracle log has; without a
log it is -1, and there is no member `oracle.*`.
Equal histories are equal bytes, as long as the same zlib compresses them.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
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
    OracleLog,
)
from specs.history.formats.errors import CUT, HistoryFileError
from specs.history.formats.shape import SCHEMA, check_history, check_oracle

_HISTORY: Final[tuple[tuple[str, type[np.signedinteger]], ...]] = (
    *TRANSACTION_COLUMNS,
    ("first", np.int64),
    *OPERATION_COLUMNS,
)
_LEVEL: Final = 1
"""The default level makes files a tenth smaller and takes five times as long."""

_HEADER_BYTES_MAX: Final = 4096
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


class _Columns:
    """The members of an npz file, each of the type that its name asks for."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        names = archive.namelist()
        self._left = dict.fromkeys(names)
        if len(self._left) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise HistoryFileError("this name twice", CUT, column=twice.removesuffix(".npy"))
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
        try:
            version = np.lib.format.read_magic(stream)
            if version != (1, 0):
                raise ValueError(f"version {version} of the array format")
            shape, _, dtype = np.lib.format.read_array_header_1_0(
                stream, max_header_size=_HEADER_BYTES_MAX
            )
        except ValueError as error:
            found = f"no array ({' '.join(str(error).split())})"
            raise HistoryFileError(found, CUT, column=name) from None
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
    return History(
        **arrays,
        session_names=session_names,
        initial_value=initial_value,
        conserved=conserved,
    )


def _oracle(columns: _Columns) -> OracleLog | None:
    (rows,) = columns.take_numbers("oracle_rows", 1)
    if rows == NONE:
        return None
    arrays = {name: columns.take(f"oracle.{name}", dtype) for name, dtype in ORACLE_COLUMNS}
    oracle = OracleLog(**arrays, node_names=columns.take_names("oracle.node_names"))
    if len(oracle) != rows:
        raise HistoryFileError(f"{rows}, but the log has {len(oracle)}", CUT, column="oracle_rows")
    return oracle
