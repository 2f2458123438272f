"""Readers and checkers with a bug each, to show that the hunt finds such bugs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NoReturn

import numpy as np

from sim.history import OperationKind
from specs.history.formats.errors import HistoryFileError
from specs.history.formats.load import Loaded

if TYPE_CHECKING:
    from scenarios.checking import Checked

Reader = Callable[[Path, str | None], Loaded]

_HOARD_BYTES: Final = 1 << 31


class _Babble(HistoryFileError):
    """An error that does not keep to its line."""

    def __str__(self) -> str:
        return f"{self.found}\n{self.mend}"


def _plain(path: Path, format: str | None) -> Loaded:  # noqa: A002  # the option's name
    from scenarios.reading import read_history

    return read_history(str(path), format)


def _raises(path: Path, format: str | None) -> NoReturn:  # noqa: A002  # as above
    raise KeyError(path.name, format)


def _babbles(path: Path, format: str | None) -> NoReturn:  # noqa: A002  # as above
    raise _Babble(path.name, f"insist on another one than {format}")


def _hangs(path: Path, format: str | None) -> NoReturn:  # noqa: A002  # as above
    while True:
        _plain(path.parent, format) if not path.exists() else None


def _hoards(path: Path, format: str | None) -> Loaded:  # noqa: A002  # as above
    hoard = np.ones(_HOARD_BYTES, dtype=np.int8)
    assert hoard[-1] == 1, "it is there"
    return _plain(path, format)


def _dies(path: Path, format: str | None) -> NoReturn:  # noqa: A002  # as above
    os.abort()


def _forgets(path: Path, format: str | None) -> Loaded:  # noqa: A002  # as above
    """Take every read for one of the initial value."""
    loaded = _plain(path, format)
    history = loaded.history
    value = np.where(history.kind == OperationKind.READ, history.initial_value, history.value)
    return replace(loaded, history=replace(history, value=value))


_READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "reader_raises": _raises,
        "reader_babbles": _babbles,
        "reader_hangs": _hangs,
        "reader_hoards": _hoards,
        "reader_dies": _dies,
        "reader_forgets": _forgets,
    }
)
_LIES: Final = "checker_lies"

PLANTED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "reader_raises": "known_errors_only",
        "reader_babbles": "one_line",
        "reader_hangs": "ends",
        "reader_hoards": "memory_bounded",
        "reader_dies": "no_crash",
        "reader_forgets": "reads_back",
        _LIES: "same_verdict",
    }
)
"""The planted bugs, and the property that each breaks."""


def reader_of(mutant: str | None) -> Reader:
    """Return the reader, with its bug if it has one."""
    return _READERS.get(mutant or "", _plain)


def checked_by(mutant: str | None, checked: Checked) -> Checked:
    """Return a verdict, or the opposite one where the bug is in the checker."""
    if mutant == _LIES and checked.format == "jsonl":
        return replace(checked, holds=not checked.holds)
    return checked
