"""Damaged and foreign Parquet is refused with one line that says why."""

import io
import json

import pytest

from specs.history.formats import parquet
from specs.history.formats.errors import ExtraMissing, HistoryFileError
from tests.specs.formats.samples import many, packed, same_history, two_transactions, unpacked

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def refusal(content):
    with pytest.raises(HistoryFileError) as caught:
        unpacked("parquet", content)
    message = str(caught.value)
    assert "\n" not in message
    return message


def good():
    return packed("parquet", two_transactions()[0])


def saved(table, head=None):
    metadata = dict(table.schema.metadata or {})
    if head is not None:
        metadata[parquet.METADATA] = json.dumps(head).encode()
    file = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(metadata), file)
    return file.getvalue()


def table():
    return pq.read_table(io.BytesIO(good()))


def head():
    return json.loads(table().schema.metadata[parquet.METADATA])


def test_a_table_that_another_program_saved_is_read():
    words = table().column("outcome").cast(pa.string())
    other = table().set_column(1, "outcome", words)
    history, oracle = unpacked("parquet", saved(other))
    assert same_history(history, two_transactions()[0])
    assert oracle is None


def test_a_file_cut_short_anywhere_is_refused():
    content = good()
    for end in range(0, len(content), 97):
        assert "no whole table of ours" in refusal(content[:end])


def test_a_changed_byte_anywhere_is_refused_or_gives_a_history():
    content = good()
    for place in range(0, len(content), 31):
        damaged = bytearray(content)
        damaged[place] ^= 0x41
        try:
            history, _ = unpacked("parquet", bytes(damaged))
        except HistoryFileError:
            continue
        assert history.transactions == 2


def test_another_table_is_no_history():
    assert "no schema; a history says 'bulkhead'" in refusal(saved(pa.table({"a": [1]})))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"schema": "bulkhead.history/2"}, 'the metadata is wrong: schema "bulkhead.history/2"'),
        ({"sessions": 3}, "the metadata is wrong: sessions is 3, not a list of names"),
        ({"sessions": ["a"]}, "column history.session: 1 at row 1, not from 0 to 0"),
        ({"key_labels": 3}, "the metadata is wrong: key_labels is 3, not a list of numbers and"),
        ({"key_labels": [None]}, "the metadata is wrong: key_labels is [null], not a list"),
        ({"key_labels": ["a"]}, "column history.key: 4, but there are 1 labels"),
        ({"colour": 1}, "the metadata is wrong: the name 'colour', which is not one of"),
    ],
)
def test_wrong_metadata_is_named(changes, said):
    assert refusal(saved(table(), head() | changes)).startswith(said)


def test_metadata_that_is_no_object_is_named():
    for wrong in (3, [], "x"):
        assert refusal(saved(table(), wrong)).startswith("the metadata is wrong: ")


@pytest.mark.parametrize("name", ["session", "outcome", "finished_ns", "operations"])
def test_a_missing_column_is_named(name):
    assert name in refusal(saved(table().drop_columns([name])))


def test_columns_of_another_kind_are_refused():
    texts = pa.array(["a", "b"])
    for name in ("session", "operations"):
        place = table().column_names.index(name)
        assert "no whole table of ours" in refusal(saved(table().set_column(place, name, texts)))
    far = pa.array([0, 1 << 40])
    assert "no whole table of ours" in refusal(saved(table().set_column(0, "session", far)))
    lost = pa.array(["lost", "committed"])
    assert "history.outcome: -1 at row 0" in refusal(saved(table().set_column(1, "outcome", lost)))


def test_a_small_file_of_many_rows_is_refused():
    rows = 10_000_000
    none = pa.nulls(rows, pa.int64())
    many = pa.table(dict.fromkeys(("session", "start_timestamp"), none))
    content = saved(many, head())
    assert len(content) < 100_000
    assert f"{2 * rows} values, more than" in refusal(content)


def test_a_small_file_of_many_operations_is_refused(monkeypatch):
    monkeypatch.setattr(parquet, "FREE_BYTES", 1 << 10)
    monkeypatch.setattr(parquet, "RATIO_MAX", 1)
    content = packed("parquet", many(4000))
    assert len(content) * 2 < 4000 * 13 * 8
    assert "values, more than" in refusal(content)


def test_without_pyarrow_one_line_names_the_extra(monkeypatch):
    content = good()
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ExtraMissing, match="pip install 'bulkhead"):
        unpacked("parquet", content)
