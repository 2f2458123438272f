"""Columns of an npz file, read one by one, with no pickles and no surprises."""

from __future__ import annotations

import io
import tokenize
import zipfile
import zlib
from difflib import get_close_matches
from pathlib import Path
from types import TracebackType
from typing import Final

import numpy as np
import numpy.typing as npt

from sim.workload.readers.errors import TraceFileError
from sim.workload.types import Integers

_CUT: Final = "the file was cut short or damaged; fetch or write it again"
_SUFFIX: Final = ".npy"
# What zipfile, zlib and NumPy raise on damaged bytes.
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    tokenize.TokenError,
    EOFError,
    KeyError,
    MemoryError,
    NotImplementedError,  # a compression method that does not exist
    OSError,
    RuntimeError,  # a member marked as encrypted
    SyntaxError,
    TypeError,
    ValueError,
)


class Columns:
    """The columns of an open npz file, by name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except _DAMAGE as error:
            raise TraceFileError(path, f"not a whole npz file: {error}", _CUT) from None
        self.names = tuple(
            name.removesuffix(_SUFFIX) for name in self._zip.namelist() if name.endswith(_SUFFIX)
        )

    def __enter__(self) -> Columns:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def expect(self, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> None:
        """Refuse a file that lacks a needed column or has one that nobody reads."""
        known = (*needed, *optional)
        expected = f"expected {', '.join(needed)}"
        for name in needed:
            if name not in self:
                found = f"no column {name!r}; found {', '.join(self.names) or 'none'}"
                raise TraceFileError(self.path, found, expected)
        for name in self.names:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                hint = f" (did you mean {near[0]!r}?)" if near else ""
                found = f"unknown column {name!r}{hint}"
                raise TraceFileError(self.path, found, expected)

    def integers(self, name: str, *, low: int | None = None, high: int | None = None) -> Integers:
        """Return a flat column of integers, checked against `low` and `high`."""
        values = self.array(name)
        if values.ndim != 1:
            found = f"{values.ndim} dimensions"
            raise TraceFileError(self.path, found, "a column has one", column=name)
        return self.within(name, values, low=low, high=high)

    def within(
        self,
        name: str,
        values: npt.NDArray[np.generic],
        *,
        low: int | None = None,
        high: int | None = None,
    ) -> Integers:
        """Return values as 64-bit integers; refuse other types and values out of range."""
        if values.dtype.kind not in "iub":
            mend = "a column holds integers"
            raise TraceFileError(self.path, f"type {values.dtype}", mend, column=name)
        ceiling = (1 << 63) - 1 if high is None else high
        floor = -(1 << 63) if low is None else low
        if values.size and (int(values.min()) < floor or int(values.max()) > ceiling):
            # Python's integers compare rightly what unsigned and signed columns would not.
            row, value = next(
                (row, value)
                for row, value in enumerate(values.ravel().tolist())
                if not floor <= value <= ceiling
            )
            mend = f"expected {floor} to {ceiling}"
            raise TraceFileError(self.path, f"{value} at row {row}", mend, column=name)
        return values.astype(np.int64)

    def array(self, name: str) -> npt.NDArray[np.generic]:
        """Return a column as it is stored."""
        member = name + _SUFFIX
        try:
            body = io.BytesIO(self._zip.read(member))
            values: npt.NDArray[np.generic] = np.lib.format.read_array(body, allow_pickle=False)
            left = len(body.read())
        except _DAMAGE as error:
            if "allow_pickle" in str(error):
                found, mend = "Python objects", "store plain integers; objects can run code"
            else:
                found, mend = f"unreadable: {error}".replace("\n", " "), _CUT
            raise TraceFileError(self.path, found, mend, column=name) from None
        if left:
            found = f"{left} bytes after the last entry"
            raise TraceFileError(self.path, found, _CUT, column=name)
        return values
