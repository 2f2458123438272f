"""Read a history for a check: a file, a folder of logs, a result folder, or standard input."""

from __future__ import annotations

import io
import shlex
import sys
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from scenarios.apart import read_apart
from scenarios.artifacts import HISTORY_FILE
from scenarios.folder import read_latest
from scenarios.load import STANDARD_INPUT

if TYPE_CHECKING:
    from specs.history.formats.load import Loaded


def read_history(path: str, format: str | None = None) -> Loaded:  # noqa: A002  # the option's name
    """Read a history; raises `HistoryFileError` and `ExtraMissing`."""
    from specs.history.formats.load import is_arrows, read, read_file

    if path == STANDARD_INPUT:
        content = sys.stdin.buffer.read()
        if is_arrows(io.BytesIO(content), format=format):
            with NamedTemporaryFile() as file:
                file.write(content)
                file.flush()
                return read_apart(Path(file.name), format=format)
        return read_file(io.BytesIO(content), format=format)
    place = read_latest(Path(path))
    if (place / HISTORY_FILE).is_file():
        place /= HISTORY_FILE
    if _is_arrows(place, format):
        return read_apart(place, format=format)
    return read(place, format=format)


def _is_arrows(place: Path, format: str | None) -> bool:  # noqa: A002  # as above
    from specs.history.formats.load import is_arrows

    try:
        with place.open("rb") as file:
            return is_arrows(file, format=format)
    except OSError:
        return False  # Whoever reads it says what is wrong.


def reproduction(path: str, level: str, format: str | None, *more: str) -> str:  # noqa: A002  # as above
    """Return the command that checks one history at one level again."""
    insisted = [] if format is None else ["--format", format]
    command = shlex.join(["bulkhead", "check", path, "--level", level, *insisted, *more])
    return f"{command}  # with the same input" if path == STANDARD_INPUT else command
