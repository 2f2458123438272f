"""Every history of the collected data is read, as what it is and with all that it holds."""

import csv
import os
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from sim.history import Outcome
from specs.history.formats.load import read
from specs.history.formats.shape import check_history
from tests.specs.formats.foreign import in_folder, tar

FOLDER = Path(os.environ.get("BULKHEAD_DATA", "data")) / "histories"
FORMATS = (
    "dbcop",
    "cobra",
    "polysi-text",
    "plume-text",
    "awdit",
    "chronos-json",
    "jepsen-edn-rw-register",
    "jepsen-edn-list-append",
)
LEFT_OUT = re.compile(r"(\d+) events that did not succeed")
# What a spelled-out first transaction wrote are the initial values, and no operations.
SPELLED_OUT = {"dgraph_si": 1000, "pg_ser_bug": 10, "yugabyte_tcc": 20}


@cache
def table():
    """Format, transactions and operations of every file, as the table of verdicts states them."""
    if not FOLDER.is_dir():
        return None
    rows = {}
    with (FOLDER / "verdicts.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            old = rows.get(row["path"], ("", "", ""))
            stated = (row["format"], row["transactions"], row["operations"])
            rows[row["path"]] = tuple(a or b for a, b in zip(old, stated, strict=True))
    return rows


def files_of(name):
    rows = table()
    if rows is None:
        pytest.skip(f"no folder {FOLDER}; point BULKHEAD_DATA at the data")
    files = {path: row for path, row in rows.items() if row[0] == name}
    assert files, name
    return files


@pytest.mark.parametrize("name", FORMATS)
def test_every_recorded_history_is_read_whole(name):
    for path, (_, transactions, operations) in files_of(name).items():
        found = read(FOLDER / path)
        history = found.history
        spelled_out = SPELLED_OUT.get(Path(path).name.partition(".")[0], 0)
        # One of Plume's files holds nothing that PolySI's text has not.
        assert found.format == name or Path(path).name.startswith("sample_history"), path
        check_history(history)
        # The table counts some transactions whose end nobody saw, and some it does not.
        unknown = int(np.count_nonzero(history.outcome == Outcome.UNKNOWN))
        counted = history.transactions + bool(spelled_out) - int(transactions)
        assert counted in ({0, unknown} if name.startswith("jepsen") else {0}), path
        if operations:
            left_out = sum(int(n) for n in LEFT_OUT.findall(" ".join(found.assumptions)))
            assert history.operations + left_out + spelled_out == int(operations), path


def test_ten_thousand_transactions_of_dbcop_are_read_with_their_values():
    files_of("dbcop")
    folder = FOLDER / "polysi" / "fig8_9_10"
    history = read(folder / "25_400_8_10000_0.3_uniform.bincode.xz").history
    assert (history.transactions, history.operations) == (10_000, 80_000)
    writes = history.kind == 1
    assert set(history.value[~writes].tolist()) <= {0, *history.value[writes].tolist()}


def test_a_recording_with_a_log_taken_out_is_refused(tmp_path):
    import lzma
    import tarfile

    files_of("cobra")
    with tarfile.open(FOLDER / "cobra" / "one-shot-10k" / "twitter-10000.tar.xz") as archive:
        logs = {
            Path(member.name).name: archive.extractfile(member).read()
            for member in archive.getmembers()
        }
    del logs["T17.log"]
    with pytest.raises(ValueError, match=r"the folder has no T17\.log; fetch the whole folder"):
        in_folder(tmp_path, logs)
    path = tmp_path / "logs.tar.xz"
    path.write_bytes(lzma.compress(tar(logs)))
    with pytest.raises(ValueError, match=r"the folder has no T17\.log"):
        read(path)
