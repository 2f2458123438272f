"""Formats of requests: what each says, and what is refused with file, line and expectation."""

import gzip
import lzma
import tracemalloc

import pytest
import zstandard

from sim.workload.boundaries import Rule
from sim.workload.formats.registry import FORMATS
from sim.workload.load import Reading, load
from sim.workload.readers.errors import TraceFileError
from sim.workload.readers.opened import opened
from tests.workload.recordings import BLOCK, IO, KINDS, KV, KVM, LLM, SMALL, XEN, xen_npz

PACKINGS = {
    "plain": bytes,
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "zstandard": zstandard.ZstdCompressor().compress,
    "zstandard in frames": lambda content: (
        zstandard.ZstdCompressor().compress(content[:7])
        + zstandard.ZstdCompressor().compress(content[7:])
    ),
}


def named(name: str) -> str | None:
    return name if FORMATS[name].looks is None else None


@pytest.mark.parametrize(
    ("name", "packing"),
    # An npz is compressed itself.
    [(name, packing) for name in SMALL for packing in PACKINGS if name != "xen_npz"]
    + [("xen_npz", "plain")],
)
def test_a_recording_is_read_by_its_content_however_it_is_compressed(name, packing, saved):
    content, keys = SMALL[name]
    path = saved(PACKINGS[packing](content))
    trace = load(path, Reading(format=named(name)))
    assert trace.key.tolist() == keys
    assert FORMATS[name].words in trace.notes
    if name in KINDS:
        assert trace.kind.tolist() == KINDS[name]


def test_every_format_of_requests_has_a_small_recording():
    assert set(SMALL) == set(FORMATS)


@pytest.mark.parametrize("name", SMALL)
def test_only_its_own_format_recognises_a_recording(name):
    content, _ = SMALL[name]
    found = [form.name for form in FORMATS.values() if form.looks and form.looks(content)]
    assert found == ([] if named(name) else [name])


MALFORMED = [
    ("oltp", b"7 2 0 0\n9 1 0\n", ':2: "9 1 0"; a line is "start count 0 number"'),
    ("oltp", b"7 2 0 0\n9 0 0 1\n", ":2: 0 pages at once; expected 1 to 65536"),
    ("oltp", b"7 2 0 0\n-9 1 0 1\n", ':2: "-9 1 0 1"'),
    ("adapt_size", b"1 5 68\n2 x 7454\n", ':2: "2 x 7454"; a line is "number key size"'),
    ("lirs", b"10\n11\n1O\n", ':3: "1O"; a line is a key'),
    ("lirs", b"10\n" + b"9" * 20 + b"\n", ':2: "99999999999999999999"'),
    ("lirs", b"10\n\xb2\n", ":2: byte 0xb2 at column 1 is not UTF-8"),
    ("lirs", "10\n²\n".encode(), ':2: "²"'),
    ("lirs", b"10\n" + b" " * 70_000, ":2: a line longer than 64 KiB"),
    ("address", b"l 0x1f 1\nx 0x20 0\n", ':2: "x 0x20 0"; a line is "l 0xADDRESS number"'),
    ("address", b"l 0x1f 1\nl 0xzz 0\n", ':2: "l 0xzz 0"'),
    ("words32", b"\0\0\0\1\0\0", ": 2 bytes after the last key, at byte 0; a key has 4 bytes"),
    ("words64", b"\0" * 17, ": 1 bytes after the last key, at byte 0"),
    ("cachelib_kv", b"op_time,key,op\n5,ab,GET\n", ':1: no column "op_count"; found op_time'),
    ("cachelib_kv", KV + b"5,ab,2,GET,2,9\n", ":2: 6 cells; the head has 7"),
    ("cachelib_kv", KV + b"5,ab,2,GOT,2,9,u\n", ':2: op is "GOT"; expected one of GET'),
    ("cachelib_kv", KV + b"5,ab,2,GET,x,9,u\n", ':2: op_count is "x"; expected a number'),
    ("cachelib_kv", KV + b"5,,2,GET,2,9,u\n", ":2: nothing under key"),
    ("cachelib_block", BLOCK + b"5,a,eat.x,1,h\n", ':2: op_name is "eat"'),
    ("cloudphysics", IO + b"1,5,2b,512,90\n", ':2: op is "2b"; expected one of 28, 2a'),
    ("cloudphysics", IO + b"1,-5,2a,512,90\n", ':2: time is "-5"; expected a number'),
    ("azure_llm", LLM + b"2023-13-16 18:17:03,1,1\n", ':2: TIMESTAMP is "2023-13-16 18:17:03"'),
    ("kvmexit", KVM + b"7 EXIT_REASON_HLT 1\n", ':6: "7 EXIT_REASON_HLT 1"; expected PID, TID'),
    ("kvmexit", KVM + b"7 8 EXIT_REASON_HLT one\n", ':6: "7 8 EXIT_REASON_HLT one"'),
    ("xentrace", XEN[:-1], ": a record breaks off at byte 83; the file was cut short"),
    ("xentrace", XEN[:14], ": a record breaks off at byte 14"),
    ("xentrace", XEN[12:], ": the first record is event 0x2800a, not a CPU change (0x1f003)"),
    ("xen_npz", xen_npz()[:400], ": not a whole npz file"),
    ("azure_llm", LLM + b"yesterday,1,1\n", ':2: TIMESTAMP is "yesterday"; expected one like'),
]


@pytest.mark.parametrize(("name", "content", "message"), MALFORMED)
def test_a_malformed_line_is_told_with_file_line_and_what_was_expected(
    name, content, message, saved
):
    path = saved(content)
    with pytest.raises(TraceFileError) as refusal:
        load(path, Reading(format=name))
    assert str(refusal.value).startswith(f"{path}{message}")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", SMALL)
def test_every_format_refuses_some_malformed_line(name):
    assert name in {each for each, _, _ in MALFORMED}


@pytest.mark.parametrize("packing", ["gzip", "xz", "zstandard"])
@pytest.mark.parametrize("left", [7, 20, -1, -5])
def test_a_compressed_recording_that_breaks_off_is_refused(packing, left, saved):
    content = b"".join(b"%d\n" % (number * 7919 % 10007) for number in range(20_000))
    path = saved(PACKINGS[packing](content)[:left])
    with pytest.raises(TraceFileError, match=r"compressed bytes break off: .*; the file was cut"):
        load(path, Reading(format="lirs"))


def test_damage_within_zstandard_is_refused(saved):
    packed = bytearray(PACKINGS["zstandard"](bytes(range(256)) * 99))
    packed[6:20] = bytes(14)
    with pytest.raises(TraceFileError, match="the compressed bytes break off"):
        load(saved(bytes(packed)), Reading(format="words32"))


def test_no_more_of_a_file_is_read_than_is_asked_for(saved):
    path = saved(b"1\n2\n3\n4\nthis is no key\n")
    rule = Rule(requests=2, transactions=2)
    assert load(path, Reading(rule=rule)).key.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("name", ["words32", "words64"])
def test_a_format_without_a_mark_must_be_named(name, saved):
    with pytest.raises(TraceFileError, match="format = words32, words64"):
        load(saved(SMALL[name][0]))


def test_a_recording_without_requests_is_refused(saved):
    with pytest.raises(TraceFileError, match="no request"):
        load(saved(IO))


@pytest.mark.parametrize("packing", ["plain", "gzip", "zstandard"])
def test_a_recording_is_never_held_as_a_whole(packing, saved):
    count = 40_000
    path = saved(PACKINGS[packing](b"1 1 0 %d\n" % 123_456_789 * count))
    tracemalloc.start()
    try:
        with opened(path) as file:
            assert sum(1 for _ in FORMATS["oltp"].requests(file, path)) == count
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Of 640,000 bytes, a window of the compression and a few lines at a time.
    assert peak < 300_000
