"""Read a history for a check: a file, a folder of logs, a result folder, or standard input."""

from __future__ import annotations

import io
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.artifacts import HISTORY_FILE
from scenarios.folder import read_latest
from scenarios.load import STANDARD_INPUT

if TYPE_CHECKING:
    from specs.history.formats.load import Loaded


def read_history(path: str, format: str | None = None) -> Loaded:  # noqa: A002  # the option's name
    """Read a history; raises `HistoryFileError` and `ExtraMissing`."""
    from specs.history.formats.load import read, read_file

    if path == STANDARD_INPUT:
        return read_file(io.BytesIO(sys.stdin.buffer.read()), format=format)
    place = read_latest(Path(path))
    if (place / HISTORY_FILE).is_file():
        place /= HISTORY_FILE
    return read(place, format=format)


def reproduction(path: str, level: str, format: str | None, *more: str) -> str:  # noqa: A002  # as above
    """Return the command that checks one history at one level again."""
    insisted = [] if format is None else ["--format", format]
    command = shlex.join(["bulkhead", "check", path, "--level", level, *insisted, *more])
    return f"{command}  # with the same input" if path == STANDARD_INPUT else command
