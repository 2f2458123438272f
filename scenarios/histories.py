"""Read back what a run left: history and oracle log from a result folder or a file."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from scenarios.artifacts import HISTORY_FILE
from scenarios.errors import UsageError
from scenarios.folder import read_latest
from scenarios.load import STANDARD_INPUT
from sim.history import History, OracleLog

_ZIP: Final = b"PK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A history, its oracle log where there is one, and the folder it lies in."""

    history: History
    oracle: OracleLog | None
    folder: Path


def read_recorded(name: str) -> Recorded:
    """Read a result folder, a history file, or JSON Lines from standard input."""
    if name == STANDARD_INPUT:
        history, oracle = _read(sys.stdin.buffer, "standard input")
        return Recorded(history=history, oracle=oracle, folder=Path.cwd())
    path = read_latest(Path(name))
    if path.is_dir():
        if not (path / HISTORY_FILE).is_file():
            raise UsageError(f"no {HISTORY_FILE} in this folder", where=name)
        path = path / HISTORY_FILE
    try:
        with path.open("rb") as file:
            history, oracle = _read(file, str(path))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"cannot read {path}: {reason}") from error
    return Recorded(history=history, oracle=oracle, folder=path.parent)


def _read(file: IO[bytes], name: str) -> tuple[History, OracleLog | None]:
    """Read either of our own formats, told apart by the first bytes."""
    from specs.history.formats.errors import HistoryFileError

    try:
        if name != "standard input" and file.peek(2)[:2] == _ZIP:  # type: ignore[attr-defined]  # files are buffered
            from specs.history.formats import npz

            return npz.read(file)
        from specs.history.formats import jsonl

        return jsonl.read(file)
    except HistoryFileError as error:
        raise UsageError(str(error), where=name) from error
