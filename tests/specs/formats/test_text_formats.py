"""The texts of PolySI, Plume, AWDIT and VeriStrong are read line by line."""

import pytest

from sim.history import NIL
from specs.history.formats.errors import HistoryFileError
from tests.specs.formats.foreign import AWDIT, PLUME, POLYSI, VERISTRONG, loaded, told


def refusal(folder, content, **options):
    with pytest.raises(HistoryFileError) as caught:
        loaded(folder, content, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_text_of_polysi_is_read(tmp_path):
    found = loaded(tmp_path, POLYSI)
    assert found.format == "polysi-text"
    assert told(found.history) == ["0: r(5,0) w(5,1)", "1: r(5,1)", "0: w(6,1)"]
    assert (found.history.initial_value, found.history.has_initial) == (0, True)
    assert found.history.line.tolist() == [1, 2, 3, 4]


def test_lines_of_a_transaction_may_lie_apart(tmp_path):
    text = b"w(1,1,2,5)\nw(1,2,3,5)\n\n w ( 9 , 3 , 2 , 4 )\nr(1,1,2,5)\r\n"
    history = loaded(tmp_path, text.replace(b" w (", b"w(")).history
    assert told(history) == ["2: w(1,1) r(1,1)", "3: w(1,2)", "2: w(9,3)"]
    assert history.line.tolist() == [1, 5, 2, 4]


def test_a_transaction_that_spells_out_what_keys_start_with_is_none(tmp_path):
    found = loaded(tmp_path, PLUME)
    assert found.format == "plume-text"
    assert told(found.history) == ["1: r(5,nil) w(6,5)", "1!: w(6,9)", "2: r(6,nil)"]
    assert found.history.session_names == ("1", "2")
    assert found.history.initial_value == NIL
    assert found.assumptions == (
        "transaction 0 of session 0 spells out what the keys start with, and is not counted",
    )


def test_zeros_that_are_spelled_out_stay_zeros(tmp_path):
    found = loaded(tmp_path, b"w(5,0,0,0)\nr(5,0,1,1)\nr(6,0,1,1)\n")
    assert (told(found.history), found.history.initial_value) == (["1: r(5,0) r(6,0)"], 0)


@pytest.mark.parametrize(
    "text",
    [
        b"w(5,3,0,0)\nr(5,3,1,1)\nr(6,0,1,1)\n",
        b"w(5,3,0,0)\nr(5,3,0,1)\n",
        b"w(5,3,0,0)\nr(5,3,0,0)\n",
        b"w(5,3,0,0)\nw(5,4,0,0)\nr(5,3,1,1)\n",
        b"w(5,3,0,0)\nw(5,3,1,1)\n",
        b"w(5,3,0,0)\nr(5,null,1,1)\n",
        b"w(5,3,0,1)\nr(5,3,1,2)\n",
        b"r(5,3,1,1)\nw(5,3,0,0)\n",
    ],
    ids=[
        "another key is read",
        "its session goes on",
        "it reads",
        "it writes a key twice",
        "another writes the same",
        "a key starts at null",
        "it is not number 0",
        "it does not come first",
    ],
)
def test_another_first_transaction_is_one(tmp_path, text):
    history = loaded(tmp_path, text).history
    assert any("w(5,3)" in row for row in told(history))
    assert history.operations == text.count(b"\n")


def test_insisting_on_polysi_leaves_a_first_transaction_in_its_place(tmp_path):
    text = b"w(5,3,0,0)\nr(5,3,1,1)\n"
    assert told(loaded(tmp_path, text, format="plume-text").history) == ["1: r(5,nil)"]
    found = loaded(tmp_path, text, format="polysi-text")
    assert (found.format, told(found.history)) == ("polysi-text", ["0: w(5,3)", "1: r(5,3)"])
    assert "line 5: the transaction -1; PolySI's text has no signs" in refusal(
        tmp_path, PLUME, format="polysi-text"
    )


def test_failed_lines_that_follow_each_other_are_one_transaction(tmp_path):
    text = b"w(1,1,2,-1)\nw(2,1,2,-1)\nw(1,2,3,-1)\nw(1,3,2,-1)\nr(1,0,2,7)\n"
    found = loaded(tmp_path, text)
    assert told(found.history) == ["2!: w(1,1) w(2,1)", "3!: w(1,2)", "2!: w(1,3)", "2: r(1,0)"]


def test_null_is_what_nobody_wrote_and_so_is_0_where_nobody_wrote_it(tmp_path):
    found = loaded(tmp_path, b"r(1,null,0,1)\nr(2,0,0,1)\nw(3,0,0,1)\nr(3,0,1,2)\n")
    assert told(found.history) == ["0: r(1,nil) r(2,nil) w(3,0)", "1: r(3,0)"]
    assert (found.format, found.history.initial_value) == ("plume-text", NIL)


def test_signed_and_large_numbers_keep_their_names(tmp_path):
    history = loaded(tmp_path, b"w(-5,18446744073709551615,1,1)\nr(7,0,-2,3)\n").history
    assert told(history) == ["1: w(-5,18446744073709551615)", "-2: r(7,0)"]
    assert history.value_labels[history.initial_value] == 0
    assert history.key.min() >= 0


def test_the_text_of_awdit_is_read(tmp_path):
    found = loaded(tmp_path, AWDIT)
    assert found.format == "awdit"
    assert told(found.history) == ["0: w(0,1)", "0: r(0,1) w(1,0)", "1: r(1,0)"]
    assert found.history.has_initial is False
    assert found.history.line.tolist() == [1, 3, 4, 6]


def test_breaks_of_awdit_may_follow_each_other(tmp_path):
    text = b"=====\n---\nw 0 1\n-\n---\n=\n===\n---\nr 0 1\n-----\n=====\n"
    history = loaded(tmp_path, text).history
    assert told(history) == ["0: w(0,1)", "1: r(0,1)"]


def test_the_lists_of_veristrong_are_read(tmp_path):
    found = loaded(tmp_path, VERISTRONG)
    assert found.format == "veristrong-list"
    assert told(found.history) == ["0: a(5,17) R(5,[17])", "1: R(5,[])", "0: a(6,-2)"]
    apart = VERISTRONG.replace(b"4\n", b"5\n") + b"0 1 R 6 2 -2 9\n"
    assert told(loaded(tmp_path, apart).history)[0] == "0: a(5,17) R(5,[17]) R(6,[-2,9])"


def test_a_byte_order_mark_and_other_ends_of_lines_change_nothing(tmp_path):
    for text in (POLYSI, PLUME, AWDIT, VERISTRONG):
        expected = told(loaded(tmp_path, text).history)
        other = b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n") + b"\r\n\t\n"
        assert told(loaded(tmp_path, other).history) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"r(1,2,3)\n", "line 1: 'r(1,2,3)' is no operation; a line is r(key,value,session"),
        (b"r(1,2,3,4)\n\nx(1,2,3,4)\n", "line 3: 'x(1,2,3,4)' is no operation"),
        (b"r(1,2,3,4)\nr(1,\0,3,4)\n", r"line 2: 'r(1,\x00,3,4)' is no operation"),
        (b"r(1,2,3,4) r(1,2,3,4)\n", "line 1: 'r(1,2,3,4) r(1,2,3,4)' is no operation"),
        (b"w(1,null,3,4)\n", "line 1: a write of null"),
        (b"r(1," + b"9" * 21 + b",3,4)\n", "is no operation"),
        (b"r 1 2\nr 1\n", "line 2: 'r 1' is no operation; a line is r KEY VALUE"),
        (b"w 1 -2\n", "line 1: 'w 1 -2' is no operation"),
        (b"w 1 2\n=-=\n", "line 2: '=-=' is no operation"),
        (b"w 1 \xff\n", r"line 1: 'w 1 \xff' is no operation"),
        (b"w 1 " + b"2" * 50 + b"\n", "line 1: 'w 1 22222222222222222222222222222222222…'"),
        (b"2\n0 1 A 5 17\n", "line 2: 1 operations up to here, but the first line says 2"),
        (b"1\n0 1 A 5\n", "line 2: '0 1 A 5' is no operation"),
        (b"1\n0 1 R 5 2 1\n", "line 2: '0 1 R 5 2 1' is no operation"),
        (b"1\n0 1 R 5 x 1\n", "line 2: 'x' is no whole number"),
        (b"2\n0 1 A 5 1\n1 1 A 5 2\n", "line 3: transaction 1 in sessions 0 and 1"),
        (b"99999999999999999999\n0 1 A 5 1\n", "says 99999999999999999999"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, text, said):
    assert said in refusal(tmp_path, text)


def test_a_line_without_end_is_refused(tmp_path):
    for text in (POLYSI, AWDIT):
        endless = text + b"r" + b" " * (9 << 20)
        assert "a line longer than 8 MiB" in refusal(tmp_path, endless)


def test_many_lines_are_read_in_blocks(tmp_path):
    count = 40_000
    text = b"".join(b"w(%d,%d,%d,%d)\n" % (i % 9, i, i % 5, i // 3) for i in range(count))
    history = loaded(tmp_path, text).history
    assert history.operations == count
    assert sorted(history.value.tolist()) == list(range(count))
    text = b"".join(b"w %d %d\n" % (i % 9, i) for i in range(count))
    assert loaded(tmp_path, text).history.value.tolist() == list(range(count))
    far = text + b"r 0 %d\n" % 2**63
    history = loaded(tmp_path, far).history
    assert history.value_labels[history.value].tolist() == [*range(count), 2**63]
