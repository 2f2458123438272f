"""Chronos JSON is read transaction by transaction, with timestamps that keep their order."""

import json

import numpy as np
import pytest

from sim.history import NIL, NONE
from specs.history.formats.errors import HistoryFileError
from tests.specs.formats.foreign import CHRONOS, loaded, told


def transaction(operations, *, start=3, commit=4, session=0, **more):
    row = {"tid": 1, "sid": session, "sts": clock(start), "cts": clock(commit)}
    return row | {"ops": [dict(zip("tkv", row, strict=False)) for row in operations]} | more


def clock(value):
    if isinstance(value, tuple):
        return dict(zip("pl", value, strict=True))
    return value if value is None else {"p": value, "l": 0}


def written(*transactions):
    return json.dumps(transactions).encode()


def refusal(folder, content):
    with pytest.raises(HistoryFileError) as caught:
        loaded(folder, content, format="chronos-json")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_array_of_transactions_is_read(tmp_path):
    found = loaded(tmp_path, CHRONOS)
    assert found.format == "chronos-json"
    assert told(found.history) == ["7: w(5,6) r(8,nil)", "8: r(5,6)"]
    assert found.history.start_timestamp.tolist() == [3, 5]
    assert found.history.commit_timestamp.tolist() == [4, 5]
    assert found.history.line.tolist() == [1, 1, 2]


def test_numbers_may_stand_in_quotes_and_words_in_any_case(tmp_path):
    rows = [("WRITE", "5", "6"), ("Read", "8", None), ("w", 12, "7")]
    text = written(transaction(rows, start=("320316486", "0"), commit=("320316487", 0)))
    history = loaded(tmp_path, text).history
    assert told(history) == ["0: w(5,6) r(8,nil) w(12,7)"]
    assert history.key_labels is None
    assert (history.start_timestamp[0], history.commit_timestamp[0]) == (320316486, 320316487)


def test_names_may_be_texts(tmp_path):
    rows = [("w", "x", "a"), ("r", "y", "b"), ("w", -3, 2**64)]
    history = loaded(tmp_path, written(transaction(rows, session="s1"))).history
    assert told(history) == [f"s1: w(x,a) r(y,b) w(-3,{2**64})"]


def test_clocks_become_numbers_in_their_order(tmp_path):
    clocks = [(5, 1), (5, 0), (7, 0), (5, 2), (-4, 9), (7, 0)]
    rows = [
        transaction([("r", 1, None)], start=start, commit=(9, 9), session=place)
        for place, start in enumerate(clocks)
    ]
    history = loaded(tmp_path, written(*rows)).history
    stamps = history.start_timestamp
    for one, stamp in zip(clocks, stamps, strict=True):
        for other, later in zip(clocks, stamps, strict=True):
            assert (one < other, one == other) == (stamp < later, stamp == later)
    assert stamps.min() >= 0
    assert np.all(history.commit_timestamp > stamps)


def test_only_a_reader_may_lack_a_commit_timestamp(tmp_path):
    reader = transaction([("r", 1, None)], commit=None)
    history = loaded(tmp_path, written(reader)).history
    assert (history.start_timestamp[0], history.commit_timestamp[0]) == (3, NONE)
    writer = transaction([("w", 1, 2)], commit=None)
    assert "writes has no commit timestamp" in refusal(tmp_path, written(writer))


def test_a_session_follows_its_start_timestamps(tmp_path):
    late = transaction([("a", 1, 5), ("r", 1, [4, 5])], start=30, commit=40)
    other = transaction([("r", 1, [])], start=2, commit=3, session=1)
    early = transaction([("a", 1, 4)], start=10, commit=20)
    history = loaded(tmp_path, written(late, other, early)).history
    assert told(history) == ["1: R(1,[])", "0: a(1,4)", "0: a(1,5) R(1,[4,5])"]
    assert history.start_timestamp.tolist() == [2, 10, 30]
    history = loaded(tmp_path, written(other, early, late)).history
    assert told(history) == ["1: R(1,[])", "0: a(1,4)", "0: a(1,5) R(1,[4,5])"]


def test_a_list_that_is_null_is_empty(tmp_path):
    rows = [("r", 1, None), ("a", 1, 5), ("r", 2, None), ("r", 1, [5])]
    found = loaded(tmp_path, written(transaction(rows)))
    assert told(found.history) == ["0: R(1,[]) a(1,5) r(2,nil) R(1,[5])"]
    assert found.history.initial_value == NIL


def test_zero_is_what_keys_start_with_if_no_read_says_null(tmp_path):
    zero = transaction([("r", 1, 0), ("w", 1, 5)])
    found = loaded(tmp_path, written(zero))
    assert found.history.initial_value == 0
    assert found.assumptions[0].startswith("every key starts at 0")
    null, write = (
        transaction(
            [
                (
                    "r",
                    2,
                )
            ]
        ),
        transaction([("w", 2, 0)], session=1),
    )
    for other in (null, write):
        found = loaded(tmp_path, written(zero, other))
        assert (found.history.initial_value, found.history.value[0]) == (NIL, 0)
        assert found.assumptions[0].startswith("every key starts at null")


def test_an_empty_array_is_an_empty_history(tmp_path):
    found = loaded(tmp_path, b" [ ] ")
    assert (found.format, found.history.transactions) == ("chronos-json", 0)


def test_many_transactions_are_read_in_pieces(tmp_path):
    rows = [
        transaction([("w", i % 7, i), ("r", i % 5, "é")], start=i, commit=i) for i in range(20_000)
    ]
    text = json.dumps(rows, indent=1, ensure_ascii=False).encode()
    assert len(text) > 3 << 20
    history = loaded(tmp_path, text).history
    labels = history.value_labels
    assert labels[history.value[::2]].tolist() == list(range(20_000))
    assert history.start_timestamp.tolist() == list(range(20_000))
    place = text.rindex(b'"t": "w"')
    broken = text[:place] + b'"t": "x"' + text[place + 8 :]
    line = text[: text.rindex(b'"tid"')].count(b"\n")
    assert refusal(tmp_path, broken).startswith(f"line {line}: {{'k': ")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{}", "line 1: '{' instead of '['"),
        (b"[5]", "line 1: 5 is no transaction; a transaction is"),
        (b'[{"sid": 1}]', "line 1: {'sid': 1} is no transaction"),
        (written(transaction([("x", 1, 2)])), "is no operation"),
        (written(transaction([("w",)])), "{'t': 'w'} is no operation"),
        (written(transaction([], more=1) | {"ops": [7]}), "7 is no operation"),
        (written(transaction([(5, 1, 2)])), "is no operation"),
        (written(transaction([("w", 1, None)])), "a write of null"),
        (written(transaction([("a", 1, None)])), "a write of null"),
        (written(transaction([("r", None, 1)])), "a key that is null"),
        (written(transaction([("w", 1, [2])])), "[2] is no value"),
        (written(transaction([("r", 1, [2, None])])), "a list with null in it"),
        (written(transaction([("r", 1, [2, 0.5])])), "0.5 is no element"),
        (written(transaction([("r", 1, 0.5)])), "line 1: 0.5 is no value"),
        (written(transaction([("r", True, 5)])), "line 1: True is no key"),
        (written(transaction([("r", {}, 5)])), "line 1: {} is no key"),
        (written(transaction([], session=None)), "is no transaction"),
        (written(transaction([], start=(1.5, 0))), "the timestamps {'l': 0, 'p': 1.5}"),
        (written(transaction([], start=(2**63, 0))), "the timestamps"),
        (written(transaction([], start=("1_0", 0))), "the timestamps"),
        (written(transaction([]) | {"cts": 7}), "the timestamps"),
        (written(transaction([])) + b"[", "line 1: '[' after the end"),
        (written(transaction([]))[:-1], "the end, before ','"),
        (b"[" + b"[" * 100_000, "nested too deeply"),
        (b'[{"a": "' + b"x" * (9 << 20) + b'"}]', "a value of more than 8 Mi letters"),
        (b'["\xff"]', "not UTF-8"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, content, said):
    assert said in refusal(tmp_path, content)
