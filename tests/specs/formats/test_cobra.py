"""Folders of Cobra's logs are read whole or refused, and contradictions inside them show."""

import lzma

import numpy as np
import pytest

from sim.history import NIL, NONE
from specs.history.formats.errors import HistoryFileError
from specs.history.formats.load import read
from tests.specs.formats.foreign import (
    COBRA,
    INITIAL,
    NULL,
    VIPER,
    cobra_log,
    in_folder,
    loaded,
    tar,
    told,
)


def refusal(folder, files, **options):
    with pytest.raises(HistoryFileError) as caught:
        in_folder(folder, files, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def write(number, key=5, hash_=11):
    return ("W", number, key, hash_)


def test_a_folder_is_read(tmp_path):
    found = in_folder(tmp_path, COBRA)
    assert found.format == "cobra"
    assert told(found.history) == ["T0: r(5,nil) w(5,100)", "T1: r(5,100)", "T1: w(6,101)"]
    assert found.history.initial_value == NIL
    assert np.all(found.history.finished_ns == NONE)
    assert len(found.assumptions) == 1


def test_a_tar_file_is_read_like_its_folder(tmp_path):
    files = {f"some/folder/{name}": content for name, content in COBRA.items()}
    for content in (tar(files), lzma.compress(tar(files))):
        found = loaded(tmp_path, content)
        assert found.format == "cobra"
        assert told(found.history) == told(in_folder(tmp_path, COBRA).history)


def test_logs_are_sorted_by_number_and_other_names_are_left_alone(tmp_path):
    files = {f"T{n}.log": cobra_log((n, [write(n)])) for n in range(2, 12)}
    files |= {"T3.debug": b"x", "T3.log.error": b"x", "README": b"x", "T4.log.d/T1.log": b"x"}
    history = in_folder(tmp_path, files).history
    assert history.session_names == tuple(f"T{n}" for n in range(2, 12))
    assert history.value.tolist() == list(range(2, 12))


def test_instants_are_read_where_a_log_states_them(tmp_path):
    logs = {
        "T0.log": cobra_log((1, [write(100)]), (2, []), instants=[(10, 20), (30, 2**62)]),
        "T1.log": cobra_log((3, [write(101)])),
    }
    history = in_folder(tmp_path, logs).history
    assert history.invoked_ns.tolist() == [10, 30, NONE]
    assert history.finished_ns.tolist() == [20, 2**62, NONE]
    logs["T0.log"] = cobra_log((1, []), instants=[(2**63, 2)])
    assert f"byte 0: T0.log has the instant {2**63}" in refusal(tmp_path, logs)


def test_reads_of_marks_read_what_the_key_started_with(tmp_path):
    marks = [(INITIAL, INITIAL), (NULL, NULL), (INITIAL, NULL), (INITIAL, 0x23332333)]
    rows = [("R", writer, number, key, 0) for key, (writer, number) in enumerate(marks)]
    history = in_folder(tmp_path, {"T0.log": cobra_log((1, rows))}).history
    assert np.all(history.value == NIL)


def test_large_numbers_keep_their_names(tmp_path):
    rows = [write(2**63 + 1, key=2**64 - 1), ("R", 1, 2**63 + 1, 2**64 - 1, 11)]
    rows.append(("R", INITIAL, INITIAL, 4, 0))
    history = in_folder(tmp_path, {"T0.log": cobra_log((1, rows))}).history
    name = f"({2**64 - 1},{2**63 + 1})"
    assert told(history) == [f"T0: w{name} r{name} r(4,nil)"]


@pytest.mark.parametrize(
    "read_",
    [
        ("R", 7, 100, 5, 11),
        ("R", 1, 100, 5, 12),
        ("R", 1, 100, 6, 11),
        ("R", INITIAL, 100, 5, 11),
    ],
    ids=["another writer", "another hash", "another key", "a mark as writer"],
)
def test_a_read_that_contradicts_its_write_returns_what_nobody_wrote(tmp_path, read_):
    logs = {"T0.log": cobra_log((1, [write(100)])), "T1.log": cobra_log((2, [read_, read_]))}
    found = in_folder(tmp_path, logs)
    value = found.history.value
    assert value[1] == value[2]
    assert value[1] != NIL
    assert value[1] not in value[:1]
    label = f"100 as of transaction {read_[1]} with hash {read_[4]}"
    assert found.history.value_labels[value[1]] == label
    assert found.assumptions[-1] == (
        f"2 reads (first: of key {read_[3]} by transaction 2, write 100) name "
        "a writer or a hash that contradicts the write"
    )


def test_numbers_of_writes_may_repeat_on_other_keys(tmp_path):
    rows = [write(100, key=5), write(100, key=6, hash_=12)]
    reads = [("R", 1, 100, 5, 11), ("R", 1, 100, 6, 12), ("R", 1, 100, 6, 11)]
    logs = {"T0.log": cobra_log((1, rows)), "T1.log": cobra_log((2, reads))}
    found = in_folder(tmp_path, logs)
    assert told(found.history)[1].startswith("T1: r(5,100) r(6,100) r(6,100asoftransaction1")
    assert found.assumptions[-1].startswith("1 read (of key 6 by transaction 2, write 100) names")


def test_what_a_key_started_with_cannot_be_two_things(tmp_path):
    reads = [("R", INITIAL, INITIAL, 5, 1), ("R", INITIAL, INITIAL, 5, 2)]
    found = in_folder(tmp_path, {"T0.log": cobra_log((1, reads))})
    assert found.history.value[0] == NIL
    assert found.history.value_labels[found.history.value[1]].endswith("with hash 2")


def test_a_read_of_a_write_that_no_log_has_is_told(tmp_path):
    found = in_folder(tmp_path, {"T0.log": cobra_log((1, [("R", 7, 99, 5, 11)]))})
    assert told(found.history) == ["T0: r(5,99)"]
    assert found.assumptions[-1] == (
        "1 read (of key 5 by transaction 1, write 99) names a write that no log has: "
        "a lost log looks the same"
    )


def test_a_folder_with_a_gap_is_refused_by_name(tmp_path):
    logs = {f"T{n}.log": cobra_log((n * n, [write(n)])) for n in (1, 3, 9)}
    assert refusal(tmp_path, logs) == (
        "the folder has no T2.log and T4.log to T8.log; "
        "fetch the whole folder: a missing log may hold the writes that others read"
    )


def test_a_gap_is_told_where_transactions_are_numbered_without_one(tmp_path):
    logs = {f"T{n}.log": cobra_log((n // 2 + 7, [write(n)])) for n in (0, 2, 4)}
    found = in_folder(tmp_path, logs)
    assert found.history.transactions == 3
    assert found.assumptions[1] == (
        "the folder has no T1.log and T3.log, and nothing committed there: "
        "transactions are numbered from 7 to 9 without a gap"
    )


def test_the_last_transaction_of_a_log_may_have_no_end(tmp_path):
    whole = COBRA["T1.log"]
    for end in (b"", b"\xff"):
        history = in_folder(tmp_path, {**COBRA, "T1.log": whole[:-9] + end}).history
        assert told(history)[1:] == ["T1: r(5,100)", "T1?: w(6,101)"]


def test_a_log_may_end_with_a_byte_of_ones_and_may_be_empty(tmp_path):
    logs = {"T0.log": COBRA["T0.log"] + b"\xff", "T1.log": b""}
    history = in_folder(tmp_path, logs).history
    assert told(history) == ["T0: r(5,nil) w(5,100)"]
    assert history.session_names == ("T0", "T1")


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (b"W" + bytes(24), "byte 0: T0.log has a record W outside a transaction"),
        (cobra_log((1, []))[:9] * 2, "byte 9: T0.log has a record S inside a transaction"),
        (b"S" + bytes(8) + b"C" + bytes(7) + b"\1", "byte 9: T0.log has a commit of transaction 1"),
        (cobra_log((1, [])) + b"\xff\xff", "byte 18: T0.log has no record (byte 0xff)"),
        (cobra_log((1, [("A", 1)])), "byte 9: T0.log has an abort, which Cobra never logs"),
        (cobra_log((1, [write(1)]))[:-2], "byte 34: T0.log has a record C of 7 bytes"),
        (cobra_log((1, []), (1, [])), "transaction 1 twice (T0.log)"),
        (cobra_log((INITIAL, [])), "a transaction of the number 0xbebeebee"),
        (b"X", "byte 0: T0.log has no record (byte 0x58)"),
    ],
)
def test_a_wrong_log_is_named_with_its_byte(tmp_path, log, said):
    assert said in refusal(tmp_path, {"T0.log": log})


def test_a_folder_without_logs_and_a_log_without_folder_are_refused(tmp_path):
    assert "no log of Cobra or Viper in this folder" in refusal(tmp_path, {"x.log": b"S"})
    with pytest.raises(HistoryFileError, match=r"one log of Cobra, maybe; name the folder"):
        loaded(tmp_path, COBRA["T0.log"])
    with pytest.raises(HistoryFileError, match=r"a file; cobra keeps a history in a folder"):
        loaded(tmp_path, COBRA["T0.log"], format="cobra")
    assert "logs of cobra; that is not awdit" in refusal(tmp_path, COBRA, format="awdit")


def test_logs_of_two_folders_are_not_mixed(tmp_path):
    files = {f"{folder}/{name}": log for folder in "ab" for name, log in COBRA.items()}
    with pytest.raises(HistoryFileError, match=r"logs T<number>\.log in a and in b; name the"):
        loaded(tmp_path, tar(files))
    with pytest.raises(HistoryFileError, match=r"two logs T1\.log"):
        loaded(tmp_path, tar(COBRA | {"T01.log": b""}))


def test_the_logs_of_viper_are_read_and_those_of_cobra_beside_them_preferred(tmp_path):
    found = in_folder(tmp_path, VIPER)
    assert (found.format, found.history.initial_value) == ("viper", NIL)
    assert told(found.history) == ["J0: w(5,17) r(8,nil)", "J1: r(5,17)"]
    assert told(loaded(tmp_path, tar(VIPER)).history) == told(found.history)
    both = VIPER | {f"log/{name}": log for name, log in COBRA.items()}
    assert read(tmp_path / "history").format == "viper"
    assert in_folder(tmp_path, both).format == "cobra"
    assert loaded(tmp_path, tar(both)).format == "cobra"


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (b'{"value": [["range", 1, 2, [], []]]}', "['range', 1, 2, [], []] is no read or write"),
        (b'{"value": [["w", 1, null, true]]}', "is no read or write"),
        (b'{"value": [["w", 1.5, 2, true]]}', "1.5 is no key or value"),
        (b'{"isInitial": true, "value": []}', "a transaction of initial values"),
        (b'{"values": []}', "is no transaction"),
        (b'\n{"value": [', "line 2: the file ends inside a value"),
    ],
)
def test_a_wrong_log_of_viper_is_named(tmp_path, log, said):
    refused = refusal(tmp_path, {"J0.log": log})
    assert said in refused
    assert "(in J0.log)" in refused


def test_logs_of_viper_with_a_gap_are_refused(tmp_path):
    assert "no J1.log" in refusal(tmp_path, {"J0.log": b"", "J2.log": b""})
