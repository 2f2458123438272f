"""Every recorded EDN history: read in both ways, counted, and written in all of our formats."""

import csv
import io
import lzma
import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from sim.history import NONE, OperationKind, Outcome
from specs.history.formats import edn_reader
from specs.history.formats.shape import check_history
from tests.specs.formats.samples import as_called, packed, same_history, unpacked
from tests.specs.formats.test_edn_reader import both

FOLDER = Path(os.environ.get("BULKHEAD_DATA", "data")) / "histories"
HUGE = "elle/huge-scc.edn.xz"
OURS = ("npz", "jsonl", "parquet")


def files():
    if not (FOLDER / "verdicts.csv").is_file():
        return [pytest.param(None, None, marks=pytest.mark.skip(reason=f"no folder {FOLDER}"))]
    with (FOLDER / "verdicts.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["path"]: row for row in csv.DictReader(file) if "edn" in row["format"]}
    assert rows
    return [pytest.param(path, row, id=path) for path, row in rows.items()]


FILES = pytest.mark.parametrize(("path", "row"), files())


@cache
def content(path):
    whole = (FOLDER / path).read_bytes()
    return lzma.decompress(whole) if path.endswith(".xz") else whole


@cache
def history_of(path):
    return edn_reader.read(io.BytesIO(content(path)))


@FILES
def test_it_is_what_the_table_says(path, row):
    history = both(content(path))
    check_history(history)
    never_ended = (history.outcome == Outcome.UNKNOWN) & (history.finished_ns == NONE)
    assert history.transactions - int(never_ended.sum()) == int(row["transactions"])
    lists = bool(np.any(history.kind >= OperationKind.APPEND))
    assert edn_reader.jepsen_kind(content(path)[:4096]) == row["format"]
    assert lists == (row["format"] == "jepsen-edn-list-append")
    assert history.has_sessions == ("no :process" not in row["note"])


@FILES
def test_it_has_the_operations_that_its_lines_state(path, row):
    """Counted by another way of reading: what :ok states, and what others write."""
    wanted = 0
    for line in content(path).decode().splitlines():
        code = line.partition(";")[0]
        if ":type :ok" in code:
            wanted += sum(code.count(step) for step in (":r ", ":w ", ":append "))
        elif ":type :fail" in code or ":type :info" in code:
            wanted += code.count(":w ") + code.count(":append ")
    history = history_of(path)
    opened = history.finished_ns == NONE
    assert history.operations - int(np.diff(history.first)[opened].sum()) == wanted


@FILES
def test_small_blocks_make_no_difference(path, row, monkeypatch):
    monkeypatch.setattr(edn_reader, "_BLOCK_BYTES", 100_000 if path == HUGE else 300)
    again = edn_reader.read(io.BytesIO(content(path)))
    assert same_history(again, history_of(path), lines=True)


@FILES
@pytest.mark.parametrize("form", OURS)
def test_our_formats_give_it_back(path, row, form):
    if form == "parquet":
        pytest.importorskip("pyarrow")
    history = history_of(path)
    again, _ = unpacked(form, packed(form, history))
    assert same_history(again, history, lines=form != "jsonl")
    check_history(again)


@FILES
def test_written_as_edn_it_says_the_same(path, row):
    history = history_of(path)
    again = edn_reader.read(io.BytesIO(packed("edn", history)))
    # Jepsen's processes die with an unknown outcome, so there the session ends; here it does not.
    continues = path.endswith("unknown-session-continues.edn")
    assert again.transactions == history.transactions
    assert (again.session_names == history.session_names) != continues
    assert rows_of(again, sessions=not continues) == rows_of(history, sessions=not continues)
    text = packed("edn", again)
    assert packed("edn", edn_reader.read(io.BytesIO(text))) == text


def rows_of(history, *, sessions):
    """What each transaction says, in the order of beginnings; of instants only the order.

    Where the outcome is unknown, an end says nothing: it is left out.
    """
    said = as_called(history)
    columns = said["transactions"]
    unknown = (history.outcome == Outcome.UNKNOWN).tolist()
    ends = [
        NONE if lost else end for end, lost in zip(columns["finished_ns"], unknown, strict=True)
    ]
    instants = sorted({*columns["invoked_ns"], *ends, NONE})
    order = {instant: place for place, instant in enumerate(instants)}
    with_sessions = sessions and history.has_sessions
    rows = [
        (
            order[columns["invoked_ns"][row]],
            order[ends[row]],
            columns["outcome"][row],
            history.session_names[columns["session"][row]] if with_sessions else None,
            said["operations"][history.first[row] : history.first[row + 1]],
        )
        for row in range(history.transactions)
    ]
    return sorted(rows), said["has"], said["initial"]
