import gzip
import io
import lzma
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings

from sim.kernel.streams import Streams
from sim.workload.arrange import dense_clients
from sim.workload.fingerprint import fingerprint
from sim.workload.generate.kinds import GENERATORS
from sim.workload.load import load
from tests.workload.conftest import jsonl_bytes, npz_bytes, traces, two_transfers

FORMS = {
    "jsonl": jsonl_bytes,
    "jsonl.gz": lambda trace: gzip.compress(jsonl_bytes(trace)),
    "jsonl.xz": lambda trace: lzma.compress(jsonl_bytes(trace)),
    "npz": npz_bytes,
}


@pytest.mark.parametrize("form", FORMS)
@given(trace=traces())
@settings(max_examples=40)
def test_a_written_trace_is_read_back_whole(form, trace):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trace"
        path.write_bytes(FORMS[form](trace))
        again = load(path)
    expected = dense_clients(trace)
    assert fingerprint(again) == fingerprint(expected)
    assert (again.name, again.source) == (expected.name, expected.source)
    assert again.notes == expected.notes


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", GENERATORS)
def test_every_built_in_workload_survives_a_file(form, kind, saved):
    trace = GENERATORS[kind](transactions=5000, clients=3).generate(Streams(1))
    again = load(saved(FORMS[form](trace)))
    assert fingerprint(again) == fingerprint(trace)
    assert again.conserved == trace.conserved


@pytest.mark.parametrize("form", ["npz", "jsonl"])
def test_writing_twice_gives_the_same_bytes(form):
    assert FORMS[form](two_transfers()) == FORMS[form](two_transfers())


def test_json_lines_are_what_a_person_would_write():
    head, *rows = jsonl_bytes(two_transfers()).decode().splitlines()
    assert head.startswith('{"schema":"bulkhead.trace/1","name":"two","source":"by hand"')
    assert rows == [
        '{"client":0,"ops":[["r",3],["add",5,-1]],"arrival_ns":10}',
        '{"client":1,"ops":[["w",4]],"arrival_ns":20,"rollback":true}',
    ]


def test_a_gzip_of_several_members_is_one_trace(saved):
    text = jsonl_bytes(two_transfers())
    cut = text.index(b"\n") + 1
    path = saved(gzip.compress(text[:cut]) + gzip.compress(text[cut:]))
    assert fingerprint(load(path)) == fingerprint(two_transfers())


def test_a_handwritten_file_needs_little(saved):
    text = '\ufeff{"schema": "bulkhead.trace/1"}\r\n\r\n{"client": 7, "ops": [["add", 5, 1]]}'
    trace = load(saved(text.encode()))
    assert trace.name == "trace"
    assert trace.source == "trace"
    assert trace.client.tolist() == [0]
    assert trace.amount.tolist() == [1]
    assert trace.rollback is None
    assert trace.arrival_ns is None


def test_a_long_trace_is_read_line_by_line(saved):
    # A reader that asked for all lines at once would need the whole file in memory.
    class Counting(io.BytesIO):
        largest = 0

        def readline(self, size=-1, /):
            line = super().readline(size)
            Counting.largest = max(Counting.largest, len(line))
            return line

        def read(self, size=-1, /):
            raise AssertionError("read the file whole")

    from sim.workload.readers.jsonl import read_jsonl

    trace = GENERATORS["bank"](transactions=3000, clients=3).generate(Streams(1))
    again = read_jsonl(Counting(jsonl_bytes(trace)), Path("trace"))
    assert fingerprint(again) == fingerprint(trace)
    assert Counting.largest < 600
