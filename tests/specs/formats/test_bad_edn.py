"""Wrong and damaged EDN: one line that names the place and the reason, or a good history."""

import io

import pytest

from specs.history.formats import edn_reader
from specs.history.formats.edn_forms import DEPTH_MAX, PARTS_MAX
from specs.history.formats.errors import HistoryFileError
from specs.history.formats.shape import check_history
from tests.specs.formats.test_edn_reader import REGISTERS, WAYS, both, line, read_in_one_way


def refusal(text):
    """The message that every way of reading gives."""
    messages = []
    for way in WAYS:
        with pytest.raises(HistoryFileError) as caught:
            read_in_one_way(text.encode(), *way)
        messages.append(str(caught.value))
    assert len(set(messages)) == 1
    assert "\n" not in messages[0]
    return messages[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{:type :ok :process 1 :f :txn}", "line 1: an :ok without a :value; a line is {:type"),
        ("\n{:process 1, :value [[:w 1 1]]}", "line 2: no :type; it is :invoke, :ok, :fail or"),
        (line("okay", 1, "[]"), "line 1: :type is :okay; it is :invoke, :ok, :fail or :info"),
        ("{:type ok :value []}", "line 1: :type is ok; it is"),
        (line("ok", 1, "[]", ", :type :ok"), "line 1: :type twice in one map"),
        (line("ok", 1, "[]", ", :index 1, :index 2"), "line 1: :index twice in one map"),
        (
            line("ok", 1, "[[:cas 1 2 3]]"),
            "line 1: the operation [:cas 1 2 3]; an operation is [:r",
        ),
        (line("ok", 1, "[[:r 1]]"), "line 1: the operation [:r 1]; "),
        (line("ok", 1, "[[:append 1]]"), "line 1: the operation [:append 1]; "),
        (line("ok", 1, "[7]"), "line 1: the operation 7; "),
        (line("ok", 1, "7"), "line 1: :value is 7; "),
        (line("ok", 1, "[[:w 1 [2]]]"), "line 1: the collection [2]; keys, values and elements"),
        (line("ok", 1, "[[:r {1 2} 3]]"), "line 1: the collection {1 2}; "),
        (line("ok", 1, "[[:r 1 [[2]]]]"), "line 1: the collection [2]; "),
        (line("ok", 1, "[[:r 1 #{2}]]"), "line 1: the collection #{2}; "),
        (line("ok", 1, "[[:r 1 [01]]]"), "line 1: the number 01 begins with a zero"),
        (line("ok", 1, "[[:r 01 nil]]"), "line 1: the number 01 begins with a zero"),
        (line("invoke", 1, "[[:r 1 [01]]]"), "line 1: the number 01 begins with a zero"),
        ("7", "line 1: 7 where a map should stand; a line is {:type :ok"),
        ("[{}\n[1]]", "line 1: no :type; "),
        ("\n[[1]]", "line 2: [1] where a map should stand"),
        ("{:type}", "line 1: a map with a name without a value"),
        ("{:type :ok", "line 1: the file ends inside a map that begins here; the file was cut"),
        ("[{:type :ok", "line 1: the file ends inside a map that begins here"),
        ("\n[", "line 2: the file ends inside a vector that begins here"),
        ('\n"abc\n', "line 2: the file ends inside a text that begins here"),
        ("{:type :ok]", "line 1: ']' at column 11 inside a map that begins in line 1"),
        ("}", "line 1: '}' at column 1 closes nothing"),
        ("{:a \0}", "line 1: the character '\\x00' at column 5"),
        ('{:a "b\\', "line 1: a backslash at the end of the line"),
        (
            line("invoke", 3, "[]") + "\n\n" + line("invoke", 3, "[]"),
            "line 3: an invocation, though that of line 1 by the same process is still open; ",
        ),
        (
            line("ok", 3, "[]") + "\n{:type :ok :value []}",
            "line 2: no :process, though other lines state one; all lines state the process, or",
        ),
        (
            line("ok", 1, "[[:w 1 1]]") + "\n" + line("ok", 1, "[[:append 1 1]]"),
            "line 2: a list, but a register in line 1; a history is of lists or of registers",
        ),
        (
            line("ok", 1, "[[:append 1 1]]") + "\n" + line("ok", 1, "[[:r 1 1]]"),
            "line 2: a register, but a list in line 1; ",
        ),
        ("{:type :ok :process 0 :f :read :value 3}", "line 1: no transaction, but :f :read; rw-"),
        ("[" * (DEPTH_MAX + 1), f"line 1: more than {DEPTH_MAX} forms inside each other at column"),
        ("#a " * (DEPTH_MAX + 1), f"line 1: more than {DEPTH_MAX} forms inside each other"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text, said):
    assert refusal(text).startswith(said)


def test_what_is_wrong_in_a_later_block_has_its_line(monkeypatch):
    monkeypatch.setattr(edn_reader, "_BLOCK_BYTES", 100)
    text = REGISTERS * 3
    assert refusal(text.replace(":index", ":at") + "{:type :oh}").startswith(
        "line 25: :type is :oh"
    )


def test_bytes_that_are_no_text_are_named():
    with pytest.raises(HistoryFileError, match="line 2: byte 0xff at column 3 is not UTF-8"):
        edn_reader.read(io.BytesIO(b"\n; \xff\n"))


def test_a_line_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(edn_reader, "_LINE_BYTES_MAX", 1000)
    monkeypatch.setattr(edn_reader, "_BLOCK_BYTES", 100)
    with pytest.raises(HistoryFileError, match="line 2: a line longer than 256 MiB"):
        edn_reader.read(io.BytesIO(b"\n" + b" " * 5000))


@pytest.mark.parametrize("part", ["1 ", "a ", "[] ", '"" ', "\n"])
def test_one_operation_cannot_fill_the_memory(part, monkeypatch):
    assert PARTS_MAX < 5_000_000
    monkeypatch.setattr("specs.history.formats.edn_forms.PARTS_MAX", 1000)
    text = '{:a "' + part * 2000 if part == "\n" else "{:a [" + part * 2000
    assert "an operation of more than 1000 parts" in refusal(text)


def test_numbers_of_any_length_are_names():
    digits = "9" * 10_000
    history = both(line("ok", 0, f"[[:append 1 {digits}] [:r 1 [{digits} -{digits}]]]"))
    assert history.elements.tolist() == [0, 1]
    assert history.value_labels.tolist() == [digits, f"-{digits}"]


IRREGULAR = b"""\xef\xbb\xbf; two transactions\r
[#jepsen.history.Op{:index 0 :type :invoke :process 0 :value [[:append :x 1] [:r "y" nil]]}\r
 {:index 1, :type :ok, :process 0, :f :txn, :value [[:append :x 1] [:r "y" [-2 36893488147419]]]}
 #_ {:type :ok} {:index 2, :type :info, :process :nemesis, :value #{n1 \\c}}
 {:index 3, :type :info, :process 1, :f :txn, :value [[:append 3 4]], :error "\\"\xc3\xa9"}]
"""
PLAIN = REGISTERS.encode()
TIMED = line("ok", 10, "[[:w 10 20]]", ', :time 1050, :error [:x "y" -30 "z"]').encode()
LISTS = PLAIN.replace(b":w", b":append").replace(b"[:r 4 8]", b"[:r 4 [7 8]]")


def outcome(content):
    """What becomes of a file: a history that fits together, or a message of one line."""
    try:
        history = edn_reader.read(io.BytesIO(content))
    except HistoryFileError as error:
        return message(error)
    check_history(history)
    return history


def message(error):
    assert error.line is not None
    assert "\n" not in str(error)
    return str(error)


@pytest.mark.parametrize("content", [PLAIN, LISTS, IRREGULAR])
def test_a_file_cut_anywhere_is_refused_or_shorter(content):
    whole = outcome(content).transactions
    shorter = 0
    for end in range(len(content)):
        found = outcome(content[:end])
        if not isinstance(found, str):
            assert found.transactions <= whole
            shorter += 1
    assert 0 < shorter < len(content) // 2


@pytest.mark.parametrize("content", [PLAIN, LISTS, IRREGULAR])
def test_a_changed_byte_anywhere_is_refused_or_gives_a_history(content):
    kinds = set()
    # One kind of damage a place, in turn: all of them everywhere take seven times as long.
    for turn, place in enumerate(range(0, len(content), 2)):
        damaged = bytearray(content)
        damaged[place] ^= (0x01, 0x10, 0x80)[turn % 3]
        kinds.add(type(outcome(bytes(damaged))))
        put = (b"\0", b'"', b"]", b"9" * 30)[turn % 4]
        kinds.add(type(outcome(content[:place] + put + content[place:])))
    assert len(kinds) == 2


@pytest.mark.parametrize(("content", "step"), [(PLAIN, 5), (LISTS, 5), (TIMED, 1)])
def test_damaged_lines_are_read_the_same_in_both_ways(content, step):
    for turn, place in enumerate(range(0, len(content), step)):
        put = (b"0", b" ", b"-", b"]")[turn % 4]
        damaged = (content[:place] + put + content[place + 1 :]).decode()
        if isinstance(outcome(damaged.encode()), str):
            refusal(damaged)
        else:
            both(damaged)
