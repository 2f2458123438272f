"""Lists, names, lines and what a file lacks: our formats give back all of it."""

import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import given

from sim.history import NIL, NONE, History, HistoryBuilder, OperationKind, Outcome
from specs.history.formats.errors import HistoryFileError
from specs.history.formats.labels import labels_of
from tests.specs.formats.samples import (
    as_called,
    labelled,
    packed,
    same_history,
    two_transactions,
    unpacked,
)

READ, WRITE, APPEND, READ_LIST = OperationKind


def lists(**changes):
    """Two transactions on lists, one of unknown outcome, with names and without instants."""
    builder = HistoryBuilder()
    nothing = (NONE,) * 6
    builder.add(
        (1, Outcome.COMMITTED, *nothing),
        [(APPEND, 0, 2, NONE, NONE), (READ_LIST, 1, NIL, NONE, NONE)],
    )
    builder.add((0, Outcome.UNKNOWN, *nothing), [(APPEND, 1, 0, NONE, NONE)])
    history = builder.build(session_names=("a", "b"), initial_value=NIL)
    columns = {name: getattr(history, name) for name in History.__dataclass_fields__} | {
        "element_first": np.array([0, 0, 2, 2]),
        "elements": np.array([0, 1]),
        "key_labels": labels_of([":x", -7]),
        "value_labels": labels_of([1 << 70, "one", 3]),
        "line": np.array([4, 4, 9]),
        "has_initial": False,
        "has_sessions": False,
    }
    return History(**columns | changes)


@given(labelled())
def test_npz_gives_back_any_history(history):
    assert same_history(unpacked("npz", packed("npz", history))[0], history, lines=True)


@given(labelled())
def test_json_lines_give_back_what_any_history_says(history):
    again, _ = unpacked("jsonl", packed("jsonl", history))
    assert as_called(again) == as_called(history)
    # Once read, the names have their numbers in the order of this file, and keep them.
    assert same_history(unpacked("jsonl", packed("jsonl", again))[0], again, lines=True)


@given(labelled())
def test_parquet_gives_back_any_history(history):
    pytest.importorskip("pyarrow")
    assert same_history(unpacked("parquet", packed("parquet", history))[0], history, lines=True)


def test_json_lines_say_names_where_they_are_used():
    head, first, second = map(json.loads, packed("jsonl", lists()).splitlines())
    assert (head["initial_value"], head["has_initial"], head["has_sessions"]) == (
        None,
        False,
        False,
    )
    assert first["operations"] == [
        ["a", ":x", 3, None, None],
        ["l", -7, [1 << 70, "one"], None, None],
    ]
    assert second["operations"] == [["a", -7, 1 << 70, None, None]]


def test_json_lines_are_where_their_operations_stand():
    history, _ = unpacked("jsonl", packed("jsonl", lists()))
    assert history.line.tolist() == [2, 2, 3]


def test_json_lines_of_plain_names_have_no_labels():
    text = packed("jsonl", two_transactions()[0]).replace(b'"w",4,7', b'"w",9223372036854775807,-8')
    history, _ = unpacked("jsonl", text)
    assert (history.key_labels, history.value_labels) == (None, None)
    assert (history.key[0], history.value[0]) == ((1 << 63) - 1, -8)


def test_one_text_among_values_makes_all_of_them_labels_and_the_initial_one_too():
    text = packed("jsonl", two_transactions()[0]).replace(b'"w",4,7', b'"w",4,"seven"')
    history, _ = unpacked("jsonl", text)
    assert history.value_labels.tolist() == ["seven", 7, 0]
    assert history.value.tolist() == [0, 1, 2]
    assert history.initial_value == 2
    assert history.key_labels is None


def test_a_history_of_registers_is_written_as_it_ever_was():
    history, oracle = two_transactions()
    with zipfile.ZipFile(io.BytesIO(packed("npz", history, oracle))) as archive:
        names = set(archive.namelist())
    assert not [name for name in names if "label" in name or "has_" in name or "element" in name]
    head = json.loads(packed("jsonl", history).splitlines()[0])
    assert set(head) == {
        "schema",
        "sessions",
        "initial_value",
        "conserved",
        "transactions",
        "operations",
    }


def test_equal_histories_with_names_are_equal_bytes():
    assert packed("npz", lists()) == packed("npz", lists())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"element_first": None}, "history.element_first: no such column, but lists"),
        ({"elements": None}, "history.elements: no such column, but lists"),
        ({"element_first": None, "elements": None}, "history.element_first: no such column, but"),
        ({"element_first": np.array([0, 0, 2])}, "history.element_first: 3 offsets for 3 oper"),
        ({"element_first": np.array([0, 0, 3, 3])}, "history.element_first: offsets that do not"),
        ({"element_first": np.array([0, 2, 0, 2])}, "history.element_first: offsets that do not"),
        (
            {"element_first": np.array([0, 1, 2, 2])},
            "history.element_first: elements at row 0, whi",
        ),
        ({"elements": np.array([0, 3])}, "history.elements: 3, but there are 3 labels"),
        ({"value": np.array([3, NIL, 0])}, "history.value: 3, but there are 3 labels"),
        ({"initial_value": 3}, "history.initial_value: 3, but there are 3 labels"),
        ({"key": np.array([0, 1, 2])}, "history.key: 2, but there are 2 labels"),
        ({"line": np.array([1, 2])}, "history.line: 2 rows, but 3 in history.kind"),
        ({"line": np.array([1, 0, 2])}, "history.line: 0 at row 1, not from 1 up"),
        ({"kind": np.array([2, 3, 4])}, "history.kind: 4 at row 2, not from 0 to 3"),
        ({"key_labels": labels_of([1.5, 2])}, "history.key_labels: a label that is no number"),
        ({"key_labels": labels_of([None, 2])}, "history.key_labels: a label that is no number"),
    ],
)
def test_columns_that_do_not_fit_are_named(changes, said):
    with pytest.raises(HistoryFileError) as caught:
        unpacked("npz", packed("npz", lists(**changes)))
    assert str(caught.value).startswith(f"column {said}")


def test_labels_that_are_no_json_are_named():
    columns = dict(np.load(io.BytesIO(packed("npz", lists()))))
    for damage in (b"nope-7", b"[[[[-7", b'":x"-x'):
        columns["history.key_labels"] = np.frombuffer(damage, dtype=np.uint8)
        file = io.BytesIO()
        np.savez(file, **columns)
        with pytest.raises(HistoryFileError, match=r"history\.key_labels: a label that is no num"):
            unpacked("npz", file.getvalue())


def test_a_small_file_of_huge_columns_is_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.npy", bytes(64 << 20))
    assert len(file.getvalue()) < 1 << 18
    with pytest.raises(HistoryFileError, match=r"columns of more than \d+ MiB; that is 100 times"):
        unpacked("npz", file.getvalue())
