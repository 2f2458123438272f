"""Histories of dbcop, in bincode and in JSON, say what they held and what is wrong with them."""

import struct

import numpy as np
import pytest

from sim.history import NIL
from specs.history.formats.errors import HistoryFileError
from tests.specs.formats.foreign import DBCOP, DBCOP_JSON, dbcop, document, loaded, told

HEAD = len(dbcop([])) - 8


def refusal(folder, content):
    with pytest.raises(HistoryFileError) as caught:
        loaded(folder, content, format="dbcop")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_bincode_is_read(tmp_path):
    found = loaded(tmp_path, DBCOP)
    assert found.format == "dbcop"
    assert told(found.history) == ["0: w(3,7) r(4,0)", "0!: w(3,8)", "1: r(3,7)"]
    assert (found.history.initial_value, found.history.has_initial) == (0, True)
    assert found.assumptions == ("every key starts at 0, written by nobody",)


def test_an_event_that_did_not_succeed_is_left_out_and_counted(tmp_path):
    events = [(0, 1, 9, 0), (1, 1, 2, 1), (1, 2, 2, 0)]
    found = loaded(tmp_path, dbcop([[(events, 1), ([], 1)]]))
    assert told(found.history) == ["0: w(1,2)", "0: "]
    assert found.assumptions[1].startswith("2 events that did not succeed")


def test_numbers_above_63_bits_keep_their_names(tmp_path):
    events = [(1, 2**64 - 1, 2**63, 1), (0, 7, 0, 1)]
    history = loaded(tmp_path, dbcop([[(events, 1)]])).history
    assert told(history) == [f"0: w({2**64 - 1},{2**63}) r(7,0)"]
    assert history.value_labels[history.initial_value] == 0


def test_a_number_that_looks_like_another_format_is_no_other_format(tmp_path):
    for first in (b"{", b"[", b"r ", b"r(", b"PK", b"\x1f\x8b", b"1\n", b"S", b"=", b" "):
        content = first.ljust(8, b"\0") + DBCOP[8:]
        assert loaded(tmp_path, content).history.transactions == 3, first


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (DBCOP + b"\0", f"byte {len(DBCOP)}: 1 bytes after the last session; the file was cut"),
        (DBCOP[:-1] + b"\2", f"byte {len(DBCOP) - 1}: 2 where committed is 0 or 1"),
        (dbcop([[([(2, 1, 1, 1)], 1)]]), f"byte {HEAD + 24}: 2 where write is 0 or 1"),
        (dbcop([[([(1, 1, 1, 3)], 1)]]), f"byte {HEAD + 41}: 3 where success is 0 or 1"),
        (DBCOP[:100] + b"\0\0\0\0\0\0\0\x80", "bytes are left"),
        (DBCOP[:20], "byte 40: the file ends before the count of bytes of info"),
        (DBCOP[:48] + b"\xff" + DBCOP[49:], "byte 48: info is not UTF-8"),
    ],
)
def test_what_is_wrong_is_named_by_its_byte(tmp_path, content, said):
    assert said in refusal(tmp_path, content)


@pytest.mark.parametrize("count", [2**63, 2**64 - 1, 2**31, 1 << 20])
def test_a_huge_count_allocates_nothing(tmp_path, count):
    claim = struct.pack("<Q", count)
    for place in (HEAD, HEAD + 8, HEAD + 16):
        refused = refusal(tmp_path, DBCOP[:place] + claim + DBCOP[place + 8 :])
        assert f"byte {place}: {count} " in refused


def test_an_empty_history_is_one(tmp_path):
    history = loaded(tmp_path, dbcop([])).history
    assert (history.transactions, history.operations, history.session_names) == (0, 0, ())


def test_json_is_read_in_both_forms_of_an_event(tmp_path):
    found = loaded(tmp_path, DBCOP_JSON)
    assert found.format == "dbcop"
    assert told(found.history) == ["0: r(5,nil) w(5,1)", "1!: r(5,1)"]
    assert found.history.initial_value == NIL
    assert np.all(found.history.line == 1)


def test_version_0_is_what_nobody_wrote_except_where_somebody_wrote_it(tmp_path):
    row = {"committed": True}
    one = row | {"events": [["r", 1, 0], ["r", 2, 0], ["w", 2, 5]]}
    other = row | {"events": [["w", 1, 0], ["r", 3, None]]}
    found = loaded(tmp_path, document([[one], [other]]))
    assert told(found.history) == ["0: r(1,0) r(2,nil) w(2,5)", "1: w(1,0) r(3,nil)"]
    found = loaded(tmp_path, document([[row | {"events": [["r", 1, 0]]}]]))
    assert (told(found.history), found.history.initial_value) == (["0: r(1,0)"], 0)


def test_variables_may_be_texts(tmp_path):
    events = [["w", "x", 1], ["r", "y", 0], ["w", "12", 1]]
    found = loaded(tmp_path, document([[{"events": events, "committed": True}]]))
    assert told(found.history) == ["0: w(x,1) r(y,0) w(12,1)"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"params": {}}', 'line 1: no "data"'),
        (b'{"data": [],\n"data": []}', 'line 2: "data" twice'),
        (document([[{"events": []}]]), "line 1: {'events': []} is no transaction"),
        (document([[{"events": [["x", 1, 2]], "committed": True}]]), "is no event"),
        (document([[{"events": [["w", 1, None]], "committed": True}]]), "says null"),
        (document([[{"events": [["w", 1, 1.5]], "committed": True}]]), "1.5 is no name or"),
        (document([[{"events": [["w", True, 1]], "committed": True}]]), "True is no name or"),
        (b'{"data": [[5]]}', "line 1: 5 is no transaction"),
        (b'{"data": []} x', "line 1: 'x' after the end"),
        (b'{"data": [[{"events": [], "committed": tru', "no JSON at 'tru'"),
        (b'{"data": [[{"events": x}]]}', "no JSON at 'x}]]}'"),
        (b'{"data": [[{"events": [], "committed": true}', "the end, before ','"),
        (b'{"data": ' + b"[" * 100_000, "line 1: nested too deeply"),
        (b'{"info": ' + b"[" * 100_000, "line 1: nested too deeply"),
        (b'{"info": ' + b"9" * 5000 + b"}", "line 1: Exceeds the limit"),
    ],
)
def test_wrong_json_is_named_by_its_line(tmp_path, content, said):
    assert said in refusal(tmp_path, content)
