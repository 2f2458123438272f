"""Result folders: written whole beside their place, then moved there; nothing is overwritten.

A draft lies under a hidden name in the output folder. Only when every file is on the disk does
it get its name, `<UTC time>-<digest8>`, and only then does `latest` point at it. When anything
fails on the way, a full disk included, the draft is deleted and one line says why.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from scenarios.errors import disk_error

NONE: Final = "none"
LATEST: Final = "latest"
FAILURES: Final = "bulkhead-failures"
"""Where the scenarios of failing runs go, in the working folder."""


def output_folder(out: str) -> Path | None:
    """Return the folder that `--out` names; `none` writes nothing."""
    return None if out == NONE else Path(out)


def check_writable(folder: Path) -> None:
    """Refuse, before anything runs, a folder that cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"\0" * 4096)
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        raise disk_error(error, folder) from error


def utc_now() -> str:
    """Return the wall-clock time as folder names show it; nothing simulated depends on it."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())


class Draft:
    """A folder in the making; leaving it by an exception deletes it."""

    def __init__(self, parent: Path, *, name: str | None = None) -> None:
        self.parent = parent
        self.files: list[str] = []
        try:
            parent.mkdir(parents=True, exist_ok=True)
            if name is None:
                self.path = Path(tempfile.mkdtemp(prefix=".draft-", dir=parent))
                self.path.chmod(0o755)
            else:
                self.path = _claim(parent / name)
        except OSError as error:
            raise disk_error(error, parent) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            shutil.rmtree(self.path, ignore_errors=True)
        if isinstance(error, OSError):
            raise disk_error(error, self.parent) from error

    def text(self, name: str, content: str) -> None:
        """Write one text file."""
        with self.open(name) as file:
            file.write(content.encode())

    def open(self, name: str) -> IO[bytes]:
        """Open a new file of the folder for writing bytes."""
        if name not in self.files:
            self.files.append(name)
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb")

    def finish(self, name: str, *, latest: bool = True) -> Path:
        """Put everything on the disk, give the folder its name, and return its path."""
        place = settle(self.path, self.parent / name)
        if latest:
            point_latest(place)
        return place


def settle(folder: Path, target: Path) -> Path:
    """Put a whole folder on the disk, then rename it to the first free name like the target."""
    try:
        for path in (*sorted(folder.rglob("*")), folder):
            _sync(path)
        place = _claim(target)
        folder.rename(place)
        _sync(place.parent)
    except OSError as error:
        raise disk_error(error, target) from error
    return place


def folder_name(digest: str) -> str:
    """Return the name of a result folder that is finished now."""
    return f"{utc_now()}-{digest[:8]}"


def point_latest(place: Path) -> None:
    """Let `latest` lead to the folder: a link, or a text file where links fail."""
    latest = place.parent / LATEST
    fresh = place.parent / f".{LATEST}-{os.getpid()}"
    fresh.unlink(missing_ok=True)
    try:
        fresh.symlink_to(place.name, target_is_directory=True)
    except (OSError, NotImplementedError):
        fresh.write_text(place.name + "\n")
    fresh.replace(latest)


def read_latest(path: Path) -> Path:
    """Follow `latest` where it is a text file; any other path is returned as it is."""
    if path.name == LATEST and path.is_file():
        return path.parent / path.read_text().strip()
    return path


def write_whole(path: Path, content: bytes) -> None:
    """Write one file so that it is there whole or not at all."""
    with writing(path) as file:
        file.write(content)


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that is there whole when the block ends, and not at all when it fails."""
    fresh = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise disk_error(error, path) from error
    finally:
        if fresh.is_file():
            fresh.unlink()


def _claim(target: Path) -> Path:
    """Make the first free folder of `name`, `name-2`, `name-3` and so on.

    Making it is what claims the name; a rename then replaces the empty folder.
    """
    number = 1
    while True:
        place = target if number == 1 else target.with_name(f"{target.name}-{number}")
        try:
            place.mkdir()
        except FileExistsError:
            number += 1
            continue
        return place


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
