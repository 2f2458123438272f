"""Find the logs of Cobra or Viper in a folder, or in a tar file, which is not unpacked to disk.

Logs are files `T<number>.log` (Cobra) or `J<number>.log` (Viper); what has another name is left
alone. Viper keeps both kinds side by side, in `log` and in `json`: Cobra's say more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import IO, Final, NamedTuple

from specs.history.formats import tar
from specs.history.formats.cobra_log import Log
from specs.history.formats.errors import CUT, HistoryFileError
from specs.history.formats.reading import BYTES_MAX, up_to

_LOG: Final = re.compile(r"([TJ])(\d{1,18})\.log")
_FILES_MAX: Final = 100_000


class Found(NamedTuple):
    """What a folder or a tar file holds: logs of one kind, or else the one file that it has."""

    cobra: Sequence[Log] = ()
    viper: Sequence[Log] = ()
    other: bytes = b""


def in_folder(folder: Path) -> Found:
    """Return the logs in a folder, or in its folders `log` and `json`."""
    pick = _Pick()
    for place in (folder, folder / "log", folder / "json"):
        if not pick.logs and place.is_dir():
            for path in sorted(place.iterdir()):
                if path.is_file() and _LOG.fullmatch(path.name):
                    with path.open("rb") as file:
                        pick.add(PurePosixPath(place.name, path.name), file)
    if not pick.logs:
        found = "no log of Cobra or Viper in this folder"
        raise HistoryFileError(found, "name a file, or a folder of logs T<number>.log")
    return pick.found()


def in_tar(file: IO[bytes]) -> Found:
    """Return the logs in a tar file, or the content of the only file in it."""
    pick = _Pick()
    for count, member in enumerate(tar.members(file)):
        if count == _FILES_MAX:
            found = f"more than {_FILES_MAX} files in tar"
            raise HistoryFileError(found, "pack the logs of one history")
        pick.add(PurePosixPath(member.name), member.content)
    return pick.found()


class _Pick:
    """Picks from many files the logs, or the only file."""

    def __init__(self) -> None:
        self.logs: dict[tuple[str, str], list[Log]] = {}
        self._others: list[str] = []
        self._other = b""
        self._left = BYTES_MAX

    def add(self, path: PurePosixPath, file: IO[bytes] | tar.Content) -> None:
        """Look at one file; it is read only if it is wanted."""
        match = _LOG.fullmatch(path.name)
        if match is not None:
            log = Log(int(match[2]), self._content(file))
            self.logs.setdefault((match[1], str(path.parent)), []).append(log)
        elif not self.logs:
            self._others.append(path.name)
            if len(self._others) == 1:
                self._other = self._content(file)

    def _content(self, file: IO[bytes] | tar.Content) -> bytes:
        content = up_to(file.read, self._left + 1)
        self._left -= len(content)
        if self._left < 0:
            found = f"more than {BYTES_MAX >> 20} MiB of logs"
            raise HistoryFileError(found, "logs are read whole; split the history")
        return content

    def found(self) -> Found:
        """Return what was picked."""
        for letter in "TJ":
            folders = sorted(folder for kind, folder in self.logs if kind == letter)
            if len(folders) > 1:
                found = f"logs {letter}<number>.log in {folders[0]} and in {folders[1]}"
                raise HistoryFileError(found, "name the folder of one history")
            if folders:
                logs = self.logs[letter, folders[0]]
                return Found(cobra=logs) if letter == "T" else Found(viper=logs)
        if len(self._others) != 1:
            found = f"{len(self._others)} files, none of them a log of Cobra or Viper"
            raise HistoryFileError(found, "unpack the tar file, and name one of them")
        if not self._other:
            raise HistoryFileError(f"nothing in {self._others[0]}", CUT)
        return Found(other=self._other)
