"""Blocks of lines that are written alike: taken apart at once they are what they are one by one."""

import io
from dataclasses import fields
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specs.history.formats import edn_reader, jepsen_columns
from specs.history.formats.edn_lines import taken_apart
from specs.history.formats.errors import HistoryFileError
from tests.specs.formats.test_edn_reader import (
    REGISTERS,
    WAYS,
    assert_the_same,
    both,
    line,
    read_in_one_way,
)

NAMES = ("index", "type", "process", "f", "value", "time")
NUMBERS = st.one_of(st.integers(0, 40), st.integers(0, 10**18 - 1))
ELEMENTS = st.lists(NUMBERS, max_size=5).map(lambda found: f"[{' '.join(map(str, found))}]")
APPENDS = st.builds("[:append {} {}]".format, NUMBERS, NUMBERS)
WRITES = st.builds("[:w {} {}]".format, NUMBERS, NUMBERS)
LISTS = st.one_of(APPENDS, st.builds("[:r {} {}]".format, NUMBERS, ELEMENTS | st.just("nil")))
REGISTER_STEPS = st.one_of(WRITES, st.builds("[:r {} {}]".format, NUMBERS, NUMBERS))
PIECES = (
    *(b"0", b"-1", b"99999999999999999999", b"nil", b"[", b"]", b"{", b"}", b"[]", b" ", b"  "),
    *(b",", b":", b'"', b";", b"#_", b"\n", b"\r", b"\xff", b":w ", b":r ", b":ok", b"7 8", b""),
)


@st.composite
def texts(draw):
    """Lines of one layout, in which processes do one thing at a time."""
    stated = [name for name in NAMES if name in ("type", "value") or draw(st.booleans())]
    names = draw(st.permutations(stated))
    apart = draw(st.sampled_from((", ", " ")))
    steps = draw(st.sampled_from((LISTS, REGISTER_STEPS)))
    busy, lines = set(), []
    for index in range(draw(st.integers(1, 12))):
        process = draw(st.integers(0, 4))
        type_ = "invoke"
        if process in busy:
            busy.remove(process)
            type_ = draw(st.sampled_from(("ok", "ok", "fail", "info")))
        else:
            busy.add(process)
        said = {
            "index": index,
            "type": f":{type_}",
            "process": process,
            "f": ":txn",
            "value": f"[{' '.join(draw(st.lists(steps, max_size=4)))}]",
            "time": 1000 * index,
        }
        lines.append(f"{{{apart.join(f':{name} {said[name]}' for name in names)}}}\n")
    return "".join(lines)


@st.composite
def damaged(draw):
    """Such lines with a few pieces in them that do not belong there."""
    content = draw(texts()).encode()
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(content)))
        piece, over = draw(st.sampled_from(PIECES)), draw(st.integers(0, 3))
        content = content[:place] + piece + content[place + over :]
    return content


@given(texts())
def test_lines_that_are_alike_are_taken_apart_at_once_and_mean_the_same(text):
    rows = taken_apart(text, 7, text.count("\n"))
    assert rows is not None
    assert list(rows.line) == list(range(7, 7 + text.count("\n")))
    both(text)


@given(damaged())
def test_damaged_lines_mean_the_same_or_are_refused_in_the_same_words(content):
    said = []
    for way in WAYS[:2]:
        try:
            said.append(read_in_one_way(content, *way))
        except HistoryFileError as error:
            said.append(str(error))
    assert type(said[0]) is type(said[1])
    if isinstance(said[0], str):
        assert said[0] == said[1]
    else:
        assert_the_same(*said)


@given(st.lists(texts(), min_size=2, max_size=4), st.integers(1, 300))
def test_layouts_may_change_from_block_to_block(parts, size):
    text = "".join(parts)
    with mock.patch.object(edn_reader, "_BLOCK_BYTES", size):
        outcomes = []
        for way in WAYS:
            try:
                outcomes.append(read_in_one_way(text.encode(), *way))
            except HistoryFileError as error:
                outcomes.append(str(error))
    for other in outcomes[1:]:
        if isinstance(other, str):
            assert outcomes[0] == other
        else:
            assert_the_same(outcomes[0], other)


ALIKE = line("invoke", 1, "[[:r 1 nil]]") + "\n"


@pytest.mark.parametrize(
    "more",
    [
        line("ok", 1, "[[:r 1 nil]]"),  # no line break
        line("ok", 1, "[[:r 1 nil]]", ", :error :x") + "\n",
        line("ok", 1, "[[:r 1 nil]]", ", :index 01") + "\n",
        line("ok", 1, "[[:r 1 nil]] ") + "\n",
        line("ok", 1, "[[:r 1 nil] ]") + "\n",
        line("ok", ":nemesis", "[[:r 1 nil]]") + "\n",
        "\n",
        " " + ALIKE,
        ALIKE.replace("\n", "\r\n"),
        ALIKE.replace("{", "#jepsen.history.Op{"),
        ALIKE.replace("txn", "read"),
        "; " + ALIKE,
        ALIKE.replace("\n", " ") + ALIKE,
    ],
)
def test_one_line_that_differs_leaves_the_block_to_be_read_line_by_line(more):
    assert taken_apart(ALIKE, 1, 1) is not None
    assert taken_apart(ALIKE + more, 1, (ALIKE + more).count("\n")) is None


def test_what_no_line_may_lack_or_say_twice_is_not_taken_apart():
    for text in ("", "\n", "{:type :ok}\n", "{:value []}\n", "{:type :ok, :type :ok, :value []}\n"):
        assert taken_apart(text, 1, text.count("\n")) is None


def test_a_form_over_several_lines_is_not_cut_by_a_block_that_begins_inside_it():
    text = "#_ [\n" + ALIKE + "]\n" + REGISTERS
    for size in range(1, 12):
        with mock.patch.object(edn_reader, "_BLOCK_BYTES", size):
            assert_the_same(edn_reader.read(io.BytesIO(text.encode())), both(text))


OPERATIONS = st.lists(st.lists(LISTS | REGISTER_STEPS, max_size=4).map(" ".join), max_size=6)


@given(OPERATIONS)
def test_letters_and_words_give_the_same_columns(operations):
    lines = "".join(f"{text}\n" for text in operations).encode()
    quick, slow = jepsen_columns._by_letters(lines), jepsen_columns._by_words(operations)
    if not any(operations):
        assert quick is None
        return
    for field in fields(slow):
        one, other = getattr(quick, field.name), getattr(slow, field.name)
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)


@pytest.mark.parametrize(
    "text",
    [
        *("[:r 1 [01]]", "[:r 1 [00]]", "[:r 1 [1  2]]", "[:r 1 [ 1]]", "[:r 1 [1 ]]"),
        *("[:r 1 [ ]]", "[:w 1 1000000000000000000]", "[:append -10 1]", "[:r 1 [-10]]"),
    ],
)
def test_numbers_of_other_forms_are_left_to_words(text):
    assert jepsen_columns._by_letters(f"{text}\n".encode()) is None
