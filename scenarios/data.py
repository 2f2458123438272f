"""Data sets: which ones we know, where they lie, and whether they are the ones we know.

Nothing is ever fetched here. The folder is the environment variable BULKHEAD_DATA, else `data` in
the user's cache folder. A scenario names a set, never a path; the set's SHA-256 makes sure that
the same name means the same bytes on every machine.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scenarios.errors import UsageError, nearest

if TYPE_CHECKING:
    from sim.workload.types import TransactionTrace

VARIABLE: Final = "BULKHEAD_DATA"

_COBRA_ORIGIN: Final = "https://github.com/DBCobra/CobraLogs"
_YCSB_ORIGIN: Final = "https://github.com/brianfrankcooper/YCSB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A data set that Bulkhead knows by name."""

    name: str
    file: str
    sha256: str
    summary: str
    licence: str
    origin: str
    made: str
    """How the file came from its origin."""


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
    path = locate(name)
    try:
        with path.open("rb") as file:
            found = file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None
    if found != DATASETS[name].sha256:
        raise UsageError(
            f"{path} is not the data set {name} that we know: its SHA-256 is {found}, expected "
            f"{DATASETS[name].sha256}; it was {DATASETS[name].made} {DATASETS[name].origin}"
        )
    return path


def load(name: str) -> TransactionTrace:
    """Verify a data set of transactions and return its trace, named after the data set."""
    from sim.workload.load import load as load_trace

    dataset = find(name)
    trace = load_trace(verify(name))
    return replace(
        trace, name=name, source=f"{dataset.summary}; {dataset.origin}, {dataset.licence}"
    )


def _cobra(name: str, sha256: str, summary: str) -> Dataset:
    return Dataset(
        name=f"cobra/{name.lower()}",
        file=f"traces_cobra/{name}-10000.npz",
        sha256=sha256,
        summary=summary,
        licence="MIT",
        origin=_COBRA_ORIGIN,
        made="converted to npz from",
    )


def _ycsb(letter: str, sha256: str) -> Dataset:
    return Dataset(
        name=f"ycsb/workload{letter}",
        file=f"traces_ycsb/workload{letter}.properties",
        sha256=sha256,
        summary=f"definition of YCSB core workload {letter.upper()}",
        licence="Apache-2.0",
        origin=_YCSB_ORIGIN,
        made="copied from",
    )


DATASETS: Final[dict[str, Dataset]] = {
    dataset.name: dataset
    for dataset in (
        _cobra(
            "tpcc",
            "52a8b5f84761b02d46f4a263d2073e9d6a19fc0c54be5d47d4dc24ab8c3cb65f",
            "TPC-C over RocksDB, 24 clients, 13,870 transactions",
        ),
        _cobra(
            "rubis",
            "b321bc49ebfed8030e876cb9121ef2ac83240ee13f30863f67c90986aff94c44",
            "RUBiS, an auction site, over RocksDB, 24 clients, 9,358 transactions",
        ),
        _cobra(
            "twitter",
            "42310c415dfe1d76d02cbfcecaf85e2775b8e97f64a91cc84e05c4d057929d70",
            "a Twitter clone over RocksDB, 24 clients, 9,990 transactions",
        ),
        _cobra(
            "chengRW",
            "aef7a53713dd282d347174fea898567637c24572f139c42f8e146352dcf664a4",
            "half reads, half writes over RocksDB, 24 clients, 9,564 transactions",
        ),
        _cobra(
            "chengRM",
            "ce6b2d9a2e86b95abae4aa0a5fca22d9aa9f3a9199c8bc8bd3cc56a1984008b7",
            "mostly reads over RocksDB, 24 clients, 9,912 transactions",
        ),
        _ycsb("a", "54b8ef52cd6056b4192377f80e557caf73ccf9eed22a471c217a3864ba26e80f"),
        _ycsb("b", "3211561099a1e7bf52fbe6e5899b056e6afdfecf1e83e10b71e0601eea84463a"),
        _ycsb("c", "c5c6019eb1e8959a5ab3cb9058b34b0a8869e47cb74718630094b69ccf3f09e1"),
        _ycsb("d", "c0b951b190f14ae5a669ddb0f18cd9931648ef86347e27a6a9cea30481700e9e"),
        _ycsb("e", "0e75eea21df10bc1304f25c8daa6e16c2bfbfcb83f9b5a4d794260f470cf7dd1"),
        _ycsb("f", "d9c9dfcf5065b026a881c357eebb653cf40efa0098dd57d861062ab8856157df"),
    )
}
"""Every known data set by name."""
