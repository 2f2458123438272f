"""What is written is read again, byte for byte the same every time."""

import io
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.history import HistoryBuilder
from specs.history.formats import blocks, jsonl
from specs.history.formats.shape import SCHEMA
from tests.specs.formats.samples import (
    histories,
    many,
    oracles,
    packed,
    same_history,
    same_oracle,
    two_transactions,
    unpacked,
)


@given(histories(), st.none() | oracles())
def test_npz_gives_back_any_history_and_log(history, oracle):
    history_again, oracle_again = unpacked("npz", packed("npz", history, oracle))
    assert same_history(history_again, history)
    assert same_oracle(oracle_again, oracle)


@given(histories())
def test_json_lines_give_back_any_history(history):
    again, oracle = unpacked("jsonl", packed("jsonl", history))
    assert same_history(again, history)
    assert oracle is None


@pytest.mark.parametrize("form", ["npz", "jsonl"])
def test_a_history_longer_than_one_block_comes_back(form):
    history = many(2 * blocks.BLOCK + 5)
    assert same_history(unpacked(form, packed(form, history))[0], history)


@pytest.mark.parametrize("form", ["npz", "jsonl"])
def test_an_empty_history_comes_back(form):
    history = HistoryBuilder().build(session_names=())
    assert same_history(unpacked(form, packed(form, history))[0], history)


def test_read_columns_can_be_written_to():
    history, _ = unpacked("npz", packed("npz", *two_transactions()))
    history.value[0] = 5
    assert history.value[0] == 5


def test_npz_files_know_no_date_and_are_equal_for_equal_histories():
    content = packed("npz", *two_transactions())
    assert content == packed("npz", *two_transactions())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_numpy_alone_reads_our_npz_without_pickles():
    history, oracle = two_transactions()
    columns = np.load(io.BytesIO(packed("npz", history, oracle)), allow_pickle=False)
    assert columns["schema"].tobytes().decode() == SCHEMA
    assert columns["history.commit_timestamp"].tolist() == [6, -1]
    assert columns["oracle.at_ns"].tolist() == [15, 35]
    assert columns["oracle.node_names"].tobytes().decode() == "tm.1région.0"
    assert columns["oracle.node_names_first"].tolist() == [0, 4, 13]


def test_the_lines_in_the_format_description_are_a_history():
    lines = [line.strip() for line in jsonl.__doc__.split("\n\n")[1].splitlines()]
    text = " ".join(lines).replace("} {", "}\n{")
    history, _ = unpacked("jsonl", text.encode())
    assert (history.transactions, history.operations) == (1, 2)
    assert packed("jsonl", history).decode().strip() == text.replace(": ", ":").replace(", ", ",")


def test_the_package_of_formats_imports_none_of_them():
    code = "import sys, specs.history.formats; print(*sorted(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = shown.stdout.split()
    assert [name for name in loaded if name.split(".")[0] in ("numpy", "pyarrow", "zipfile")] == []
