import io
import zipfile

import numpy as np
import pytest

from sim.workload.load import load
from sim.workload.readers.errors import TraceFileError
from tests.workload.conftest import npz_bytes, two_transfers


def refusal(path) -> str:
    with pytest.raises(TraceFileError) as caught:
        load(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message.removeprefix(str(path))


def columns_of(content: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def npz_of(**columns) -> bytes:
    file = io.BytesIO()
    np.savez(file, **columns)
    return file.getvalue()


def ours(**changes) -> bytes:
    columns = columns_of(npz_bytes(two_transfers())) | changes
    return npz_of(**{name: values for name, values in columns.items() if values is not None})


def cobra(**changes) -> bytes:
    columns = {
        "client": np.array([10, 10, 12, 12, 12], dtype=np.uint8),
        "txn": np.array([0, 1, 2, 2, 5], dtype=np.uint32),
        "op": np.array([0, 1, 0, 1, 1], dtype=np.uint8),
        "key": np.array([7, 8, 9, 9, 7], dtype=np.uint32),
        "aborts": np.array([[10, 3, 2], [12, 0, 2]], dtype=np.uint32),
    } | changes
    return npz_of(**{name: values for name, values in columns.items() if values is not None})


def test_a_cobra_trace_is_read_with_its_clients_in_turn(saved):
    trace = load(saved(cobra()))
    assert trace.client.tolist() == [0, 1, 0, 1]
    assert trace.first.tolist() == [0, 1, 3, 4, 5]
    assert trace.kind.tolist() == [0, 0, 1, 1, 1]
    assert trace.key.tolist() == [7, 9, 9, 8, 7]
    assert "the recording saw 3 of 7 transactions abort" in trace.notes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"op": np.array([0, 1])}, " column op: 2 rows, but column client has 5"),
        ({"key": np.arange(6)}, " column key: 6 rows, but column client has 5"),
        ({"op": np.array([0, 1, 0, 1, 2])}, " column op: 2 at row 4; expected 0 to 1"),
        ({"key": np.array([0, 1, -4, 1, 2])}, " column key: -4 at row 2"),
        ({"key": np.array([0, 1, 2**63, 1, 2], dtype=np.uint64)}, "column key: 92233720368547758"),
        ({"key": np.array([0.0, 1, 2, 3, 4])}, " column key: type float64; a column holds int"),
        ({"key": np.zeros((5, 1), dtype=int)}, " column key: 2 dimensions"),
        ({"key": np.array(3)}, " column key: 0 dimensions"),
        ({"key": np.array([b"a"] * 5)}, " column key: type |S1"),
        ({"txn": np.array([0, 1, 2, 2, 1])}, " column txn: goes back from 2 to 1 at row 4"),
        (
            {"client": np.array([10, 10, 12, 10, 12])},
            " column client: transaction 2 has clients 12 and 10, row 3",
        ),
        ({"aborts": np.array([10, 3, 2])}, " column aborts: shape (3,)"),
        ({"aborts": np.array([[10, 3, 2], [11, 0, 2]])}, " column aborts: other clients or"),
        ({"aborts": np.array([[10, 3, 2], [12, 0, 3]])}, " column aborts: other clients or"),
        ({"aborts": None}, ": no column 'aborts'; found client, txn, op, key; expected client"),
        ({"extra": np.array([1])}, ": unknown column 'extra'"),
        ({"kye": np.array([1])}, ": unknown column 'kye' (did you mean 'key'?)"),
        (
            {name: np.zeros(0, dtype=int) for name in ("client", "txn", "op", "key")},
            ": no operation",
        ),
    ],
)
def test_a_mixed_up_cobra_trace_names_the_column(changes, message, saved):
    assert message in refusal(saved(cobra(**changes)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"amount": None}, ": no column 'amount'"),
        ({"clinet": np.array([0, 1])}, ": unknown column 'clinet' (did you mean 'client'?)"),
        ({"client": np.array([0])}, ": 1 transactions, but the head says 2"),
        ({"kind": np.array([0, 2])}, ": 2 operations, but the head says 3"),
        ({"kind": np.array([0, 2, 9])}, " column kind: 9 at row 2; expected 0 to 5"),
        ({"key": np.array([3, 5])}, ": column key has another length than column kind"),
        ({"key": np.array([3, 5, -1])}, " column key: -1 at row 2"),
        ({"client": np.array([0, 2**31])}, " column client: 2147483648 at row 1"),
        ({"first": np.array([0, 2, 1])}, ": operation offsets do not ascend from 0"),
        ({"first": np.array([0, 2, 9])}, ": offsets end at 9, operations at 3"),
        ({"first": np.array([0, 3])}, ": 2 transactions but 2 offsets"),
        ({"first": np.zeros(0, dtype=int)}, " column first: no offset"),
        (
            {"amount": np.array([4, -1, 0])},
            " column amount: amount 4 at row 0, which neither adds nor waits",
        ),
        ({"amount": np.array([0, -1])}, ": column amount has another length"),
        ({"arrival_ns": np.array([1])}, ": column arrival_ns has another length"),
        ({"arrival_ns": np.array([1, -1])}, " column arrival_ns: -1 at row 1"),
        ({"rollback": np.array([0, 2])}, " column rollback: 2 at row 1; expected 0 to 1"),
        ({"fence": np.array([1])}, ": column fence has another length"),
        ({"header": np.frombuffer(b"{", dtype=np.uint8)}, " column header: "),
        ({"header": np.frombuffer(b"\xff", dtype=np.uint8)}, " column header: "),
        (
            {"header": np.frombuffer(b'{"schema": "x"}', dtype=np.uint8)},
            " column header: schema 'x', expected 'bulkhead.trace/1'",
        ),
    ],
)
def test_a_mixed_up_trace_of_our_own_names_the_column(changes, message, saved):
    assert message in refusal(saved(ours(**changes)))


def test_python_objects_are_refused_before_they_run(saved):
    objects = np.array([{"run": "me"}] * 5, dtype=object)
    found = refusal(saved(cobra(key=objects)))
    assert " column key: Python objects; store plain integers" in found


def test_other_columns_are_listed_and_the_formats_named(saved):
    found = refusal(saved(npz_of(a=np.arange(3), b=np.arange(3))))
    assert ": columns a, b; a trace is JSON Lines" in found
    assert ": no columns; a trace is" in refusal(saved(npz_of()))


def test_an_archive_of_something_else_is_refused(saved):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "hello")
        archive.writestr("header.npy", "no array")
    assert "no column 'client'" in refusal(saved(file.getvalue()))


def test_a_column_that_claims_more_than_it_holds_is_refused(saved):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        file, {"descr": "<i8", "fortran_order": False, "shape": (10**15,)}
    )
    whole = io.BytesIO(cobra())
    target = io.BytesIO()
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, file.getvalue() if name == "key.npy" else old.read(name))
    assert " column key: unreadable: " in refusal(saved(target.getvalue()))


@pytest.mark.parametrize("content", [npz_bytes(two_transfers()), cobra()], ids=["ours", "cobra"])
def test_an_npz_cut_anywhere_is_refused(content, saved):
    for end in range(0, len(content), 7):
        refusal(saved(content[:end]))


@pytest.mark.parametrize("content", [npz_bytes(two_transfers()), cobra()], ids=["ours", "cobra"])
def test_a_damaged_byte_in_an_npz_is_refused_or_does_no_harm(content, saved):
    good = load(saved(content))
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 0x55
        try:
            trace = load(saved(bytes(damaged)))
        except TraceFileError:
            continue
        assert trace.key.tolist() == good.key.tolist()
