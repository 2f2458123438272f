"""Parquet: what pyarrow reads back, and what is said without it."""

import io
import json
import sys

import numpy as np
import pytest
from hypothesis import given

from sim.history import NIL, OPERATION_COLUMNS, TRANSACTION_COLUMNS, HistoryBuilder
from specs.history.formats import parquet
from specs.history.formats.errors import ExtraMissing
from specs.history.formats.shape import SCHEMA
from tests.specs.formats.samples import histories, many, packed, two_transactions


def table_of(history):
    pytest.importorskip("pyarrow")
    from pyarrow.parquet import read_table

    return read_table(io.BytesIO(packed("parquet", history)))


def flat(table):
    """The columns of transactions and operations as lists, words and nulls made numbers again."""
    numbers = {"committed": 1, "aborted": 2, "unknown": 3, "read": 0, "write": 1, None: -1}
    rows = table.to_pylist()
    operations = [operation for row in rows for operation in row["operations"]]
    return {
        name: [
            NIL if name == "value" and row[name] is None else numbers.get(row[name], row[name])
            for row in part
        ]
        for part, columns in ((rows, TRANSACTION_COLUMNS), (operations, OPERATION_COLUMNS))
        for name, _ in columns
    } | {"first": np.cumsum([0, *(len(row["operations"]) for row in rows)]).tolist()}


@given(histories())
def test_every_column_of_any_history_is_in_the_table(history):
    table = table_of(history)
    for name, values in flat(table).items():
        assert values == getattr(history, name).tolist(), name
    head = json.loads(table.schema.metadata[parquet.METADATA])
    assert head["schema"] == SCHEMA
    assert tuple(head["sessions"]) == history.session_names
    assert head["initial_value"] == history.initial_value
    assert (head["conserved"] is None) == (history.conserved is None)


def test_a_row_reads_like_a_sentence():
    assert table_of(two_transactions()[0]).to_pylist()[1] == {
        "session": 1,
        "outcome": "unknown",
        "start_timestamp": 8,
        "commit_timestamp": None,
        "invoked_ns": 70,
        "begun_ns": 80,
        "committing_ns": None,
        "finished_ns": None,
        "operations": [
            {"kind": "read", "key": 4, "value": 7, "version": 5, "at_ns": 90},
            {"kind": "read", "key": 3, "value": 0, "version": None, "at_ns": 95},
        ],
    }


def test_row_groups_join_without_a_seam(monkeypatch):
    monkeypatch.setattr(parquet, "_ROWS", 7)
    history = many(30)
    for name, values in flat(table_of(history)).items():
        assert values == getattr(history, name).tolist(), name


def test_an_empty_history_is_a_table_without_rows():
    table = table_of(HistoryBuilder().build(session_names=("a",)))
    assert table.num_rows == 0
    assert table.column_names[-1] == "operations"


def test_without_pyarrow_one_line_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ExtraMissing) as caught:
        packed("parquet", two_transactions()[0])
    assert str(caught.value) == (
        "Parquet needs the extra of that name: pip install 'bulkhead[parquet]'"
    )
