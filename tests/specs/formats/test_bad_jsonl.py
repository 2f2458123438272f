"""Damaged and foreign JSON Lines are refused with the line, what was found, and how to mend it."""

import json

import pytest

from specs.history.formats.errors import HistoryFileError
from tests.specs.formats.samples import packed, same_history, two_transactions, unpacked


def refusal(content):
    with pytest.raises(HistoryFileError) as caught:
        unpacked("jsonl", content)
    message = str(caught.value)
    assert "\n" not in message
    return message


def lines():
    return packed("jsonl", two_transactions()[0]).splitlines(keepends=True)


def changed(line, **changes):
    """A good file in which names of one line (from 1) have other values."""
    rows = [json.loads(text) for text in lines()]
    rows[line - 1] |= changes
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def test_blank_lines_and_a_byte_order_mark_change_nothing():
    text = b"\xef\xbb\xbf" + b"\n".join(lines()) + b"\n\n"
    assert same_history(unpacked("jsonl", text)[0], two_transactions()[0])


def test_a_history_without_counts_is_read():
    head, *rest = lines()
    row = json.loads(head)
    del row["transactions"], row["operations"]
    text = json.dumps(row).encode() + b"\n" + b"".join(rest)
    assert same_history(unpacked("jsonl", text)[0], two_transactions()[0])


def test_a_file_cut_short_anywhere_is_refused():
    text = b"".join(lines())
    for end in range(len(text) - 1):  # the last line break may be missing
        assert refusal(text[:end]).startswith("line ")


def test_a_file_cut_at_the_end_of_a_line_is_told_by_its_counts():
    assert "line 2: 1 transactions up to here, but line 1 says 2" in refusal(b"".join(lines()[:2]))


def test_an_empty_file_has_no_schema():
    assert refusal(b"") == (
        "line 1: no schema; "
        'the first line is {"schema": "bulkhead.history/1", "sessions": [...], ...}'
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[]\n", "line 1: no schema"),
        (b'{"schema": "bulkhead.trace/1"}\n', 'line 1: schema "bulkhead.trace/1"'),
        (b'{"schema": 1, "schema": 2}\n', "line 1: the name 'schema' twice"),
        (b"PK\x03\x04\xff", "line 1: byte 0xff at column 5 is not UTF-8"),
        (b"nonsense\n", "line 1: no JSON at column 1"),
        (b"[" * 200_000, "line 1: "),
        (b"9" * 5000, "line 1: "),
    ],
)
def test_other_files_are_refused(content, said):
    assert said in refusal(content)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sessions": "client.0"}, 'sessions is "client.0", not a list of names'),
        ({"sessions": [1]}, "sessions is [1], not a list of names"),
        ({"initial_value": [0]}, "initial_value is [0], not a whole number or a text"),
        ({"has_initial": 1}, "has_initial is 1, not true or false"),
        ({"has_sessions": None}, "has_sessions is null, not true or false"),
        ({"sessions": ["\ud800"]}, 'sessions is ["\\ud800"], not a list of names'),
        ({"conserved": {"keys": 1}}, 'conserved is {"keys": 1}, not {"keys": ..., "total": ...}'),
        ({"conserved": {"keys": -1, "total": 0}}, "conserved keys is -1"),
        ({"transactions": "2"}, 'transactions is "2", not a whole number from 0'),
        ({"transactions": 3}, "line 3: 2 transactions up to here, but line 1 says 3"),
        ({"operations": 2}, "line 3: 3 operations up to here, but line 1 says 2"),
        ({"colour": 1}, "the name 'colour', which is not one of schema, sessions"),
    ],
)
def test_a_wrong_head_is_named(change, said):
    assert said in refusal(changed(1, **change))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"session": 2}, "session 2, but line 1 names 2"),
        ({"session": None}, "session is null, not a whole number from 0"),
        ({"session": True}, "session is true"),
        ({"outcome": "lost"}, 'outcome is "lost", not one of committed, aborted, unknown'),
        ({"outcome": ["lost"]}, 'outcome is ["lost"]'),
        ({"begun_ns": -1}, "begun_ns is -1, not a whole number from 0 to 9223372036854775807 or"),
        ({"begun_ns": 1.5}, "begun_ns is 1.5"),
        ({"begun_ns": float("nan")}, "begun_ns is NaN"),
        ({"begun_ns": 1 << 63}, "begun_ns is 9223372036854775808"),
        ({"operations": None}, "operations is null, not a list"),
        (
            {"operations": [["r", 1, 2, 3]]},
            'operation 0 is ["r", 1, 2, 3], not ["r", "w" or "a", key',
        ),
        ({"operations": [["x", 1, 2, 3, 4]]}, 'operation 0 is ["x", 1, 2, 3, 4]'),
        ({"operations": ["rwrwr"]}, 'operation 0 is "rwrwr"'),
        ({"operations": [["r", 1.5, 2, 3, 4]]}, "operation 0: key is 1.5, not a whole number"),
        ({"operations": [["w", "\udfff", 2, 3, 4]]}, 'operation 0: key is "\\udfff", not a'),
        ({"operations": [["r", 1, True, 3, 4]]}, "operation 0: value is true"),
        ({"operations": [["r", 1, [2], 3, 4]]}, "operation 0: value is [2]"),
        ({"operations": [["l", 1, 2, 3, 4]]}, 'operation 0 is ["l", 1, 2, 3, 4]'),
        ({"operations": [["l", 1, [2, None], 3, 4]]}, "operation 0: an element is null"),
        ({"operations": [["l", 1, [2, [3]], 3, 4]]}, "operation 0: an element is [3]"),
        ({"colour": 1}, "a name 'colour' that no transaction has"),
    ],
)
def test_a_wrong_transaction_is_named(change, said):
    message = refusal(changed(2, **change))
    assert message.startswith(f"line 2: {said}")
    assert message.endswith('"operations": [["r", 3, 0, null, 30], ...]}')


def test_a_missing_name_is_named():
    rows = [json.loads(text) for text in lines()]
    del rows[2]["begun_ns"]
    text = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    assert refusal(text).startswith("line 3: no begun_ns; ")


def test_a_line_that_is_no_object_is_shown():
    assert "line 3: [1, 2] is not an object" in refusal(b"".join(lines()[:2]) + b"[1, 2]\n")
