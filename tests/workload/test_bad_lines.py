import copy
import gzip
import lzma

import pytest

from sim.workload.load import load
from sim.workload.readers.errors import TraceFileError
from sim.workload.types import TraceError
from tests.workload.conftest import jsonl_bytes, two_transfers

HEAD = b'{"schema": "bulkhead.trace/1"}\n'


def refusal(path) -> str:
    with pytest.raises(TraceFileError) as caught:
        load(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message.removeprefix(str(path))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"client": 0, "ops": [["r", 3]', ":2: no JSON at column"),
        (b"[1, 2]", ":2: [1, 2] is not an object"),
        (b'{"cleint": 0, "ops": []}', ":2: the line has an unknown name 'cleint' (did you mean"),
        (b'{"ops": []}', ":2: client is null"),
        (b'{"client": -1, "ops": []}', ":2: client is -1, not a number from 0"),
        (b'{"client": 2147483648, "ops": []}', ":2: client is 2147483648"),
        (b'{"client": true, "ops": []}', ":2: client is true"),
        (b'{"client": 1.0, "ops": []}', ":2: client is 1.0"),
        (b'{"client": 0, "ops": {}}', ":2: ops is {}, not a list"),
        (b'{"client": 0}', ":2: ops is null"),
        (b'{"client": 0, "ops": [["x", 1]]}', ':2: operation 0 is ["x", 1], not ["r", key]'),
        (b'{"client": 0, "ops": [["r", 1], ["r"]]}', ':2: operation 1 is ["r"]'),
        (b'{"client": 0, "ops": [["r", 1, 2]]}', ':2: operation 0 is ["r", 1, 2]'),
        (b'{"client": 0, "ops": [["add", 1]]}', ':2: operation 0 is ["add", 1]'),
        (b'{"client": 0, "ops": ["r"]}', ':2: operation 0 is "r"'),
        (b'{"client": 0, "ops": [["r", -1]]}', ":2: operation 0 has key -1"),
        (b'{"client": 0, "ops": [["r", 9223372036854775808]]}', "has key 9223372036854775808"),
        (b'{"client": 0, "ops": [["r", "1"]]}', ':2: operation 0 has key "1"'),
        (b'{"client": 0, "ops": [["add", 1, NaN]]}', ":2: operation 0 has amount NaN"),
        (b'{"client": 0, "ops": [["add", 1, 1e3]]}', ":2: operation 0 has amount 1000.0"),
        (b'{"client": 0, "ops": [], "arrival_ns": -5}', ":2: arrival_ns is -5"),
        (b'{"client": 0, "ops": [], "rollback": 1}', ":2: rollback is 1, neither true nor false"),
        (b'{"client": 0, "ops": [], "fence": "y"}', ':2: fence is "y", neither true nor false'),
        (b'{"client": 0, "client": 1, "ops": []}', ":2: the name 'client' twice in one object"),
        (b'{"client": 0, "ops": []} {}', ":2: no JSON at column 26: Extra data"),
        (b"\xff\xfe", ":2: byte 0xff at column 1 is not UTF-8"),
        (b"[" * 100_000, ":2: "),
        (b"9" * 5000, ":2: "),
        (b" " * 17_000_000, ":2: a line longer than 16 MiB"),
    ],
)
def test_a_bad_line_is_named_with_what_was_found(line, message, saved):
    found = refusal(saved(HEAD + line + b"\n"))
    assert message in found
    assert ";" in found


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"{}", ':1: no {"schema": "bulkhead.trace/1", ...} at the beginning'),
        (b'{"client": 0, "ops": []}', ":1: no {"),
        (b'{"schema": "bulkhead.history/1"}', ":1: schema 'bulkhead.history/1', expected"),
        (b'{"schema": "bulkhead.trace/1", "nam": "x"}', "(did you mean 'name'?)"),
        (b'{"schema": "bulkhead.trace/1", "name": 3}', ":1: name is not a text"),
        (b'{"schema": "bulkhead.trace/1", "notes": "x"}', ":1: notes are not a list of texts"),
        (b'{"schema": "bulkhead.trace/1", "initial_value": 1.5}', ":1: initial_value is 1.5"),
        (b'{"schema": "bulkhead.trace/1", "transactions": -1}', ":1: transactions is -1"),
        (b'{"schema": "bulkhead.trace/1", "conserved": {"keys": 1}}', ":1: conserved is not"),
        (
            b'{"schema": "bulkhead.trace/1", "conserved": {"keys": 0, "total": 1}}',
            ":1: keys is 0, not an integer from 1 up",
        ),
        (
            b'{"schema": "bulkhead.trace/1", "conserved": {"keys": 1, "total": null}}',
            ":1: conserved has no value",
        ),
    ],
)
def test_a_bad_head_is_named_with_what_was_found(head, message, saved):
    assert message in refusal(saved(head + b'\n{"client": 0, "ops": []}\n'))


def test_arrivals_are_given_for_all_transactions_or_for_none(saved):
    timed, untimed = b'{"client":0,"ops":[],"arrival_ns":1}\n', b'{"client":0,"ops":[]}\n'
    assert ":4: some transactions have" in refusal(saved(HEAD + timed + timed + untimed))
    assert ":3: some transactions have" in refusal(saved(HEAD + untimed + timed))


def test_a_file_without_transactions_is_refused(saved):
    assert ":1: no transaction" in refusal(saved(HEAD))


def test_a_file_cut_at_the_end_of_a_line_is_told_by_its_counts(saved):
    lines = jsonl_bytes(two_transfers()).splitlines(keepends=True)
    assert ":2: 1 transactions, but the head says 2" in refusal(saved(b"".join(lines[:2])))


def test_a_line_that_lost_an_operation_is_told_by_the_counts(saved):
    text = jsonl_bytes(two_transfers()).replace(b',["add",5,-1]', b"")
    assert ":3: 2 operations, but the head says 3" in refusal(saved(text))


@pytest.mark.parametrize("pack", [lambda text: text, gzip.compress, lzma.compress])
def test_a_file_cut_anywhere_is_refused(pack, saved):
    whole = pack(jsonl_bytes(two_transfers()))
    # The last line may do without its newline; a gzip or xz may not do without its end.
    ends = range(len(whole) - (whole[-1:] == b"\n"))
    for end in ends:
        refusal(saved(whole[:end]))


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_a_damaged_byte_in_a_compressed_file_is_refused_or_does_no_harm(pack, saved):
    whole = pack(jsonl_bytes(two_transfers()))
    good = load(saved(whole))
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        try:
            trace = load(saved(bytes(damaged)))
        except TraceFileError:
            continue
        assert trace.key.tolist() == good.key.tolist()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"hello", "the content begins with b'hello'"),
        (gzip.compress(b"hello", mtime=0), "the content begins with b'hello'"),
        (gzip.compress(b"", mtime=0), "the file is empty"),
    ],
)
def test_a_file_that_is_no_trace_says_what_a_trace_is(content, message, saved):
    found = refusal(saved(content))
    assert message in found
    assert "a trace is JSON Lines, npz or one of" in found


def test_a_file_that_cannot_be_read_is_refused_with_the_reason(tmp_path):
    assert "No such file" in refusal(tmp_path / "missing.jsonl")
    assert "Is a directory" in refusal(tmp_path)


def test_the_error_is_a_trace_error_and_survives_a_copy(saved):
    with pytest.raises(TraceError) as caught:
        load(saved(HEAD + b"{}"))
    assert str(copy.copy(caught.value)) == str(caught.value)
    assert caught.value.line == 2
