"""Damaged and foreign npz files are refused with one line that says where and why."""

import io
import zipfile

import numpy as np
import pytest

from specs.history.formats.errors import HistoryFileError
from tests.specs.formats.samples import (
    packed,
    same_history,
    same_oracle,
    two_transactions,
    unpacked,
)


def refusal(content):
    with pytest.raises(HistoryFileError) as caught:
        unpacked("npz", content)
    message = str(caught.value)
    assert "\n" not in message
    return message


def columns():
    """The columns of a good file, by name."""
    return dict(np.load(io.BytesIO(packed("npz", *two_transactions()))))


def saved(arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def changed(**changes):
    """A file in which some columns are others; dots in names are written as two underscores."""
    return saved(columns() | {name.replace("__", "."): c for name, c in changes.items()})


def test_columns_saved_by_numpy_are_read_too():
    history, oracle = unpacked("npz", changed())
    expected = two_transactions()
    assert same_history(history, expected[0])
    assert same_oracle(oracle, expected[1])


def test_a_file_cut_short_anywhere_is_refused():
    content = packed("npz", *two_transactions())
    for end in range(0, len(content), 7):
        assert "cut short" in refusal(content[:end])


def test_a_changed_byte_anywhere_is_refused_or_changes_nothing():
    content = packed("npz", *two_transactions())
    expected = two_transactions()
    for place in range(0, len(content), 5):
        damaged = bytearray(content)
        damaged[place] ^= 0x41
        try:
            history, oracle = unpacked("npz", bytes(damaged))
        except HistoryFileError:
            continue
        assert same_history(history, expected[0])
        assert same_oracle(oracle, expected[1])


def test_objects_are_never_unpickled():
    member = io.BytesIO()
    np.save(member, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    file = io.BytesIO(changed())
    kept = columns()
    del kept["history.key"]
    file = io.BytesIO(saved(kept))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("history.key.npy", member.getvalue())
    assert "column history.key: object" in refusal(file.getvalue())


def test_a_member_that_is_no_array_is_named():
    kept = columns()
    del kept["history.key"]
    file = io.BytesIO(saved(kept))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("history.key.npy", b"key")
    assert "column history.key: no array" in refusal(file.getvalue())


def test_another_npz_file_is_no_history():
    assert f'no schema; a history says "{"bulkhead.history/1"}"' in refusal(saved({"a": [1]}))


def test_another_version_is_named():
    schema = np.frombuffer(b"bulkhead.history/2", dtype=np.uint8)
    assert "schema 'bulkhead.history/2'" in refusal(changed(schema=schema))


@pytest.mark.parametrize("name", [n for n in columns() if n != "schema"])
def test_a_missing_column_is_named(name):
    kept = columns()
    del kept[name]
    assert f"column {name}: " in refusal(saved(kept))


def test_a_lost_oracle_log_is_missed():
    kept = {name: column for name, column in columns().items() if not name.startswith("oracle.")}
    assert "column oracle.kind: no such column" in refusal(saved(kept))


def test_an_oracle_log_that_nobody_announced_is_refused():
    assert "column oracle.kind: a column that" in refusal(changed(oracle_rows=np.array([-1])))


def test_an_unknown_column_is_named():
    assert "column history.colour: a column that" in refusal(changed(history__colour=[1]))


def test_a_column_that_is_there_twice_is_named():
    file = io.BytesIO(changed())
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("history.key.npy", b"")
    assert "column history.key: this name twice" in refusal(file.getvalue())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"history__key": np.array([1.0, 2, 3])}, "history.key: float64 in 1 dimensions"),
        ({"history__key": np.array([[1], [2], [3]])}, "history.key: int64 in 2 dimensions"),
        ({"history__key": np.array([1, 2])}, "history.key: 2 rows, but 3 in history.kind"),
        ({"history__key": np.array([1, -2, 3])}, "history.key: -2 at row 1, not from -1 up"),
        ({"history__outcome": np.array([1, 4], np.int8)}, "4 at row 1, not from 1 to 3"),
        ({"history__session": np.array([0, 2], np.int32)}, "2 at row 1, not from 0 to 1"),
        ({"history__kind": np.array([1, 0, 4], np.int8)}, "4 at row 2, not from 0 to 3"),
        ({"history__first": np.array([0, 3])}, "2 offsets for"),
        ({"history__first": np.array([0, 4, 3])}, "history.first: offsets that do not"),
        ({"history__first": np.array([0, 1, 2])}, "history.first: offsets that do not"),
        ({"history__initial_value": np.array([], np.int64)}, "0 numbers, expected 1"),
        ({"history__conserved": np.array([1])}, "1 numbers, expected 2"),
        ({"history__session_names_first": np.array([0, 9])}, "up to the 16 bytes"),
        ({"oracle__node_names_first": np.array([0, 6, 13])}, "oracle.node_names: not UTF-8"),
        ({"oracle__kind": np.array([1, 20], np.int8)}, "20 at row 1, not from 1 to 19"),
        ({"oracle__node": np.array([0, 2], np.int16)}, "2 at row 1, not from 0 to 1"),
        ({"oracle__key": np.array([0])}, "oracle.key: 1 rows, but 2 in oracle.kind"),
        ({"oracle_rows": np.array([3])}, "column oracle_rows: 3, but the log has 2"),
        ({"oracle__at_ns": np.array([0, -5])}, "oracle.at_ns: -5 at row 1"),
    ],
)
def test_columns_that_do_not_fit_are_named(change, said):
    assert said in refusal(changed(**change))


def test_a_column_that_promises_more_than_it_holds_is_refused():
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        member, {"descr": "<i8", "fortran_order": False, "shape": (1 << 60,)}
    )
    kept = columns()
    del kept["history.key"]
    file = io.BytesIO(saved(kept))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("history.key.npy", member.getvalue() + b"\0" * 24)
    assert "column history.key: 24 bytes for" in refusal(file.getvalue())


def test_a_password_is_not_asked_for():
    content = bytearray(packed("npz", *two_transactions()))
    directory = content.index(b"PK\x01\x02")
    content[directory + 8] |= 1
    content[6] |= 1
    assert "packed in another way" in refusal(bytes(content))
