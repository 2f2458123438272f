"""Whatever is done to a file, it is read or refused with one line; it is never our own error."""

import io
import struct
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specs.history.formats import cobra, load, viper
from specs.history.formats.cobra_log import Log
from specs.history.formats.errors import HistoryFileError
from specs.history.formats.shape import check_history
from tests.specs.formats.foreign import AWDIT, COBRA, FILES, VIPER, cobra_log, dbcop, tar

HUGE = [struct.pack(order + "Q", n) for order in "<>" for n in (2**63, 2**64 - 1, 2**32)]
PIECES = (b"\0", b"\r", b"\xff", *HUGE)
LOGS = {"cobra": (cobra, COBRA), "viper": (viper, VIPER)}


def in_memory(content, form=None):
    """What comes of a file with this content, without a file."""
    return load.read_file(io.BytesIO(content), format=form)


def is_refused(reader, *arguments):
    """Whether a file is refused, in one line; what is read must be sound."""
    said = None
    try:
        history = reader(*arguments).history
    except HistoryFileError as error:
        said = str(error)
    if said is not None:
        assert "\n" not in said
        assert len(said) < 700
        return True
    check_history(history)
    for labels, column in (
        (history.key_labels, history.key),
        (history.value_labels, history.value),
    ):
        assert labels is None or not len(column) or column.max() < len(labels)
    return False


def damages(content):
    """Contents with a piece cut out, a bit flipped, or bytes put in or over others."""
    yield from (content[:end] for end in range(len(content)))
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        yield bytes(damaged)
        for piece in PIECES[place % 3 :: 3]:
            yield content[:place] + piece + content[place + len(piece) :]
        if not place % 4:
            yield content[:place] + b"\xef\xbb\xbf" + content[place:]


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_read_or_refused(name):
    forms = (None, "dbcop" if name == "dbcop-json" else name)
    refused = [
        is_refused(in_memory, damaged, form)
        for place, damaged in enumerate(damages(FILES[name]))
        for form in forms[: 1 + place % 2]
    ]
    assert sum(refused) > len(refused) // 3


@pytest.mark.parametrize("name", LOGS)
def test_a_damaged_log_is_read_or_refused(name):
    reader, files = LOGS[name]
    logs = [Log(number, content) for number, content in enumerate(files.values())]
    for log in logs:
        others = [other for other in logs if other is not log]
        refused = [
            is_refused(reader.read, [Log(log.number, damaged), *others])
            for damaged in damages(log.content)
        ]
        assert sum(refused) > len(refused) // 3


def test_a_damaged_tar_file_is_read_or_refused():
    content = tar(COBRA)[: 6 * 512]
    for place in (*range(160), *range(255, 270), *range(510, 600)):
        for piece in (b"\xff", b"\0", b"7", HUGE[0]):
            is_refused(in_memory, content[:place] + piece + content[place + len(piece) :])


SMALLEST = {
    "breaks of AWDIT": b"w 1 2\n" + b"-\n=\n" * 100_000,
    "operations of AWDIT": b"r 1 2\n" * 60_000,
    "blank lines": b"r 1 2\n" + b"\n" * 400_000,
    "operations of PolySI": b"r(1,1,1,1)\n" * 40_000,
    "transactions of PolySI": b"".join(b"r(1,1,1,%d)\n" % i for i in range(30_000)),
    "transactions of dbcop": dbcop([[([], 1)] * 40_000]),
    "sessions of dbcop": dbcop([[]] * 50_000),
    "events of dbcop": dbcop([[([(0, 1, 1, 1)] * 20_000, 1)]]),
    "texts of dbcop": dbcop([], info="x" * 60_000),
    "transactions of Chronos": b'[{"sid":0,"sts":{"p":0},"cts":{"p":0},"ops":[]}'
    + b',{"sid":0,"sts":{"p":0},"cts":{"p":0},"ops":[]}' * 8_000
    + b"]",
    "lists of JSON": b'[{"sid":[' + b"[]," * 130_000 + b"[]]}]",
    "elements of VeriStrong": b"1\n0 0 R 0 200000 " + b"1 " * 200_000,
    "transactions of Cobra": tar(
        {"T0.log": b"".join(cobra_log((number, [])) for number in range(20_000))}
    ),
    "files of tar": tar({f"T{number}.log": b"" for number in range(700)}),
}


@pytest.mark.parametrize("name", SMALLEST)
def test_memory_is_a_small_multiple_of_the_file(name):
    content = SMALLEST[name]
    is_refused(in_memory, AWDIT)  # what is imported stays out of the measurement
    tracemalloc.start()
    is_refused(in_memory, content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 * len(content) + (8 << 20), f"{peak / len(content):.0f} times the file"


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from([None, *FILES, "npz", "jsonl"]))
def test_any_bytes_are_read_or_refused(content, name):
    is_refused(in_memory, content, "dbcop" if name == "dbcop-json" else name)


@settings(deadline=None)
@given(st.data())
def test_pieces_of_files_put_together_are_read_or_refused(data):
    parts = []
    for _ in range(data.draw(st.integers(1, 4))):
        content = data.draw(st.sampled_from(list(FILES.values())))
        start = data.draw(st.integers(0, len(content)))
        parts.append(content[start : data.draw(st.integers(start, len(content)))])
    name = data.draw(st.sampled_from([None, *load.FORMATS]))
    if name != "parquet":
        is_refused(in_memory, b"".join(parts), name)
