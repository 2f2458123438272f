"""What a file is, is told by its content; a name insists."""

import numpy as np
import pytest

from specs.history.formats.errors import HistoryFileError
from specs.history.formats.load import FORMATS, detected, read
from specs.history.formats.shape import check_history
from tests.specs.formats.foreign import (
    CHRONOS,
    FILES,
    POLYSI,
    dbcop,
    document,
    loaded,
    told,
)
from tests.specs.formats.samples import packed, same_history, same_oracle, two_transactions

EDN = b"{:type :invoke, :f :txn, :process 0, :value [[:r 5 nil]]}\n"
EDN += b"{:type :ok, :f :txn, :process 0, :value [[:r 5 nil]]}\n"
LISTS = EDN.replace(b":r 5 nil", b":append 5 1")
ELLE = b'[{"type":"ok","f":"txn","process":0,"value":[["r",5,null]]}]\n'


def refusal(folder, content, **options):
    with pytest.raises(HistoryFileError) as caught:
        loaded(folder, content, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"PK\x03\x04", "npz"),
        (b"PAR1\x15\0", "parquet"),
        (b'{ "schema": "bulkhead.history/1"', "jsonl"),
        (b'{"schema": "bulkhead.trace/1"', "jsonl"),
        (b"\xef\xbb\xbf {:index 0", "jepsen-edn-rw-register"),
        (b"; a comment\n", "jepsen-edn-rw-register"),
        (b"#jepsen.history.Op{:index 0", "jepsen-edn-rw-register"),
        (b"[\n{:type", "jepsen-edn-rw-register"),
        (b"[[:r 1 2]]", "jepsen-edn-rw-register"),
        (ELLE, "jepsen-edn-rw-register"),
        (b'{"value": [["r", 1, 2]], "process": 1}', "jepsen-edn-rw-register"),
        (b"", "jepsen-edn-rw-register"),
        (b'{"value": [["r", 1, 2, true]]}', "viper"),
        (b'[ {\n "sid": 1', "chronos-json"),
        (b"[]", "chronos-json"),
        (b'{"data": [', "dbcop"),
        (b"  r(1,2,3,4)", "polysi-text"),
        (b"\nw 1 2", "awdit"),
        (b"-----\n", "awdit"),
        (b"12\r\n0 1 A", "veristrong-list"),
    ],
)
def test_the_first_bytes_tell_the_format(head, name):
    assert detected(head) == name


@pytest.mark.parametrize("head", [b"hello", b"r\n", b"{'a'", b'{"a": 1}', b"\0\1\2", b'["x"]'])
def test_other_bytes_are_of_no_format(tmp_path, head):
    if head.startswith(b"{'"):
        assert detected(head).startswith("jepsen")
        return
    said = refusal(tmp_path, head)
    assert said.startswith("an unknown format that begins with b")
    assert "insist on its format if it is one of npz, jsonl," in said


@pytest.mark.parametrize("name", FILES)
def test_every_sample_is_read_by_content_and_by_name(tmp_path, name):
    found = loaded(tmp_path, FILES[name])
    expected = "dbcop" if name == "dbcop-json" else name
    assert found.format == expected
    assert found.oracle is None
    assert found.assumptions
    check_history(found.history)
    again = loaded(tmp_path, FILES[name], format=expected)
    assert (again.format, told(again.history)) == (expected, told(found.history))


def test_jepsens_histories_are_named_by_what_they_hold(tmp_path):
    for content, name in (
        (EDN, "jepsen-edn-rw-register"),
        (LISTS, "jepsen-edn-list-append"),
        (ELLE, "jepsen-edn-rw-register"),
    ):
        found = loaded(tmp_path, content)
        assert (found.format, found.history.transactions) == (name, 1)
        assert "start" in found.assumptions[0]
    assert loaded(tmp_path, b"").assumptions == ("the file holds no transaction",)


@pytest.mark.parametrize("form", ["npz", "jsonl"])
def test_our_own_formats_come_with_what_they_hold(tmp_path, form):
    history, oracle = two_transactions()
    found = loaded(tmp_path, packed(form, history, oracle))
    assert found.format == form
    assert same_history(found.history, history)
    assert same_oracle(found.oracle, oracle if form == "npz" else None)
    assert found.assumptions == ()


def test_insisting_on_another_format_is_refused_by_its_reader(tmp_path):
    for name in FORMATS:
        if name not in ("polysi-text", "plume-text", "parquet"):
            refusal(tmp_path, POLYSI, format=name)
    assert "no operation" in refusal(tmp_path, CHRONOS, format="awdit")
    said = refusal(tmp_path, POLYSI, format="polysi")
    assert said.startswith("'polysi' is no format; known are npz, jsonl, parquet, dbcop, cobra,")


def test_what_cannot_be_opened_is_refused(tmp_path):
    with pytest.raises(HistoryFileError, match="No such file or directory; name a history"):
        read(tmp_path / "none")
    with pytest.raises(HistoryFileError, match="no log of Cobra or Viper"):
        read(tmp_path)
    (tmp_path / "T0.log").mkdir()
    with pytest.raises(HistoryFileError, match="no log of Cobra or Viper"):
        read(tmp_path)


def test_an_error_says_its_byte_and_survives_a_worker_process():
    import pickle  # noqa: TID251  # worker processes use it

    error = HistoryFileError("this", "do that", 3, "x", 17)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  # made one line above
    assert str(copy) == str(error) == "line 3: column x: byte 17: this; do that"
    assert (copy.line, copy.column, copy.byte) == (3, "x", 17)


def test_a_large_sample_is_read_in_many_pieces(tmp_path):
    rows = [
        {"events": [["w", i % 10, i + 1], ["r", i % 7, None]], "committed": i % 3 > 0}
        for i in range(30_000)
    ]
    history = loaded(tmp_path, document([rows[:1], [], rows[1:]])).history
    assert history.value[::2].tolist() == list(range(1, 30_001))
    assert history.session_names == ("0", "1", "2")
    assert np.bincount(history.session).tolist() == [1, 0, 29_999]
    assert np.count_nonzero(history.outcome == 1) == 20_000


@pytest.mark.parametrize("form", ["npz", "jsonl"])
@pytest.mark.parametrize("name", [*FILES, "large numbers"])
def test_what_was_read_can_be_kept_in_our_own_formats(tmp_path, form, name):
    large = dbcop([[([(1, 2**64 - 1, 2**63, 1), (0, 7, 0, 1)], 1)]])
    history = loaded(tmp_path, FILES.get(name, large)).history
    kept = loaded(tmp_path, packed(form, history)).history
    assert told(kept) == told(history)
    assert (kept.has_initial, kept.session_names) == (history.has_initial, history.session_names)
