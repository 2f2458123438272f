"""Data sets: which ones we know, where they lie, and whether they are the ones we know.

Nothing is ever fetched here. The folder is the environment variable BULKHEAD_DATA, else `data` in
the user's cache folder. A scenario names a set, never a path; the set's SHA-256 makes sure that
the same name means the same bytes on every machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scenarios.dataset import Dataset
from scenarios.dataset_table import DATASETS
from scenarios.errors import UsageError, nearest

if TYPE_CHECKING:
    from sim.workload.load import Reading
    from sim.workload.types import TransactionTrace

VARIABLE: Final = "BULKHEAD_DATA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """A data set, the place where it belongs, and whether a file lies there."""

    dataset: Dataset
    path: Path
    present: bool


class MissingDataError(UsageError):
    """A data set is not on this machine; the message says how to get it."""

    def __init__(self, dataset: Dataset, folder: Path) -> None:
        self.dataset = dataset
        self.folder = folder
        super().__init__(
            f"no data set {dataset.name}: {folder / dataset.file} does not exist; put "
            f"{dataset.file} there ({dataset.made} {dataset.origin}, {dataset.licence}) or point "
            f"{VARIABLE} at the folder that has it"
        )

    def __reduce__(self) -> tuple[type[MissingDataError], tuple[Dataset, Path]]:
        """Come out of a worker process whole."""
        return type(self), (self.dataset, self.folder)


def folder() -> Path:
    """Return the folder in which data sets are looked for; it need not exist."""
    if said := os.environ.get(VARIABLE):
        return Path(said).expanduser()
    import platformdirs

    return platformdirs.user_cache_path("bulkhead") / "data"


def find(name: str) -> Dataset:
    """Return the data set of this name."""
    if name not in DATASETS:
        raise UsageError(f'unknown data set "{name}"{nearest(name, DATASETS)}')
    return DATASETS[name]


def locate(name: str) -> Path:
    """Return the file of a data set; raise `MissingDataError` when it is not there."""
    dataset = find(name)
    path = folder() / dataset.file
    if not path.is_file():
        raise MissingDataError(dataset, folder())
    return path


def available() -> list[Availability]:
    """Return every known data set and whether it is here, without reading any."""
    return [
        Availability(
            dataset=dataset,
            path=folder() / dataset.file,
            present=(folder() / dataset.file).is_file(),
        )
        for dataset in DATASETS.values()
    ]


def verify(name: str) -> Path:
    """Return the file of a data set; refuse other bytes than the ones we know."""
    path, dataset = locate(name), DATASETS[name]
    for file, known in ((path, dataset.sha256), *_companions(path, dataset)):
        found = _sha256(file)
        if found != known:
            raise UsageError(
                f"{file} is not the data set {name} that we know: its SHA-256 is {found}, "
                f"expected {known}; it was {dataset.made} {dataset.origin}"
            )
    return path


def load(name: str, reading: Reading | None = None) -> TransactionTrace:
    """Verify a data set and return its trace, named after the data set."""
    from sim.workload.load import Reading
    from sim.workload.load import load as load_trace

    dataset = find(name)
    reading = reading or Reading()
    if reading.format is None:
        reading = replace(reading, format=dataset.format)
    trace = load_trace(verify(name), reading)
    return replace(
        trace, name=name, source=f"{dataset.summary}; {dataset.origin}, {dataset.licence}"
    )


def _companions(path: Path, dataset: Dataset) -> Iterator[tuple[Path, str]]:
    for name, known in dataset.companions:
        file = path.parent / name
        if not file.is_file():
            lacking = str(Path(dataset.file).with_name(name))
            raise MissingDataError(replace(dataset, file=lacking), folder())
        yield file, known


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None
