import copy
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from scenarios import data
from scenarios.errors import UsageError
from sim.workload.fingerprint import fingerprint
from sim.workload.types import Access
from tests.workload.conftest import npz_bytes, two_transfers

# Transactions, operations and fingerprint of each recorded trace, as it must come out.
RECORDED = {
    "cobra/tpcc": (13_870, 320_217, "8a24aa25"),
    "cobra/rubis": (9_358, 47_027, "59969c3d"),
    "cobra/twitter": (9_990, 47_980, "5fd0f203"),
    "cobra/chengrw": (9_564, 76_512, "d6dd43d4"),
    "cobra/chengrm": (9_912, 79_296, "39a72abd"),
}


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A data folder of the test's own, with one known data set `test/two`."""
    content = npz_bytes(two_transfers())
    dataset = replace(
        data.DATASETS["cobra/tpcc"],
        name="test/two",
        file="two/two.npz",
        sha256=sha256(content).hexdigest(),
    )
    monkeypatch.setitem(data.DATASETS, "test/two", dataset)
    monkeypatch.setenv("BULKHEAD_DATA", str(tmp_path / "shelf"))
    path = tmp_path / "shelf/two/two.npz"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def test_a_data_set_is_found_and_read_by_its_name(shelf):
    assert data.locate("test/two") == shelf
    trace = data.load("test/two")
    assert trace.name == "test/two"
    assert trace.source.endswith("https://github.com/DBCobra/CobraLogs, MIT")
    assert fingerprint(trace) == fingerprint(two_transfers())


def test_a_missing_data_set_says_where_it_belongs_and_where_it_comes_from(shelf):
    shelf.unlink()
    with pytest.raises(data.MissingDataError) as missing:
        data.load("test/two")
    message = str(missing.value)
    assert "\n" not in message
    assert f"{shelf} does not exist" in message
    assert "https://github.com/DBCobra/CobraLogs" in message
    assert "BULKHEAD_DATA" in message
    assert str(copy.copy(missing.value)) == message


def test_other_bytes_under_a_known_name_are_refused(shelf):
    shelf.write_bytes(shelf.read_bytes() + b"\0")
    with pytest.raises(UsageError) as refusal:
        data.load("test/two")
    assert "is not the data set test/two that we know: its SHA-256 is" in str(refusal.value)


def test_an_unknown_name_gets_the_nearest_one():
    with pytest.raises(UsageError) as refusal:
        data.locate("cobra/tpc")
    assert str(refusal.value) == 'unknown data set "cobra/tpc" (did you mean "cobra/tpcc"?)'


def test_without_the_variable_data_lies_in_the_cache_of_the_user(monkeypatch, tmp_path):
    monkeypatch.delenv("BULKHEAD_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert data.folder().name == "data"
    assert "bulkhead" in data.folder().parts


def test_what_is_available_is_told_without_reading_it(shelf):
    present = {item.dataset.name: item.present for item in data.available()}
    assert present.pop("test/two") is True
    assert set(present) == set(data.DATASETS) - {"test/two"}
    assert not any(present.values())


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_trace_comes_out_as_it_was_recorded(name):
    try:
        trace = data.load(name)
    except data.MissingDataError as error:
        pytest.skip(str(error))
    transactions, operations, prefix = RECORDED[name]
    assert (trace.transactions, trace.operations) == (transactions, operations)
    assert fingerprint(trace).startswith(prefix)
    assert trace.clients == 24
    assert np.unique(trace.head(24).client).tolist() == list(range(24))
    # Against the file itself, client by client: the same operations in the same order.
    with np.load(data.locate(name), allow_pickle=False) as file:
        client, kind, key = (file[column].astype(np.int64) for column in ("client", "op", "key"))
    owner = np.repeat(trace.client, np.diff(trace.first))
    for number in range(24):
        assert np.array_equal(trace.key[owner == number], key[client == number + 10])
        assert np.array_equal(trace.kind[owner == number], kind[client == number + 10])
    assert not np.any(trace.kind == Access.ADD)
