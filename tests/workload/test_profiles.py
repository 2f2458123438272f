"""Files that describe a workload drive generators; what they cannot mean is refused."""

import json

import numpy as np
import pytest

from sim.workload.boundaries import Rule
from sim.workload.fingerprint import fingerprint
from sim.workload.generate.settings import SettingError
from sim.workload.load import Reading, load
from sim.workload.profiles.registry import PROFILES
from sim.workload.readers.errors import TraceFileError
from sim.workload.types import Access

CORE = b"# A comment\nrecordcount=50\nworkload=site.ycsb.workloads.CoreWorkload\n"
HALVES = CORE + b"readproportion=0.5\nupdateproportion=0.5\nrequestdistribution=zipfian\n"
SERIES = b"""workload=site.ycsb.workloads.TimeSeriesWorkload
recordcount=64
fieldcount=2
tagcardinality=1,2,2
timestampinterval=60
querytimespan=120
tagpairdelimiter==
readproportion=0.5
insertproportion=0.5
"""
CLUSTERS = b"""|  cluster  | key size |  operation  | Zipf alpha  |
|:---------:|:--------:|:-----------:|:-----------:|
| cluster1  |    80    | get:0.50 set:0.25 delete:0.25 | 1.5 |
| cluster2  |    80    | cas:0.50 incr:0.50 | 0 |
| cluster3  |   N/A    |     N/A     |     NA      |
| cluster4  |    80    | gat:1.00 | 1.0 |
"""
CONFIG = {
    "test_config": {
        "getRatio": 0.75,
        "setRatio": 0.15,
        "loneGetRatio": 0.1,
        "numKeys": 1000,
        "popDistFile": "pop.json",
        "enableLookaside": False,
    }
}
POPULAR = {"popularityBuckets": [1, 99, 900], "popularityWeights": [500, 400, 100]}


def drawn(path, *, transactions=2000, requests=None, clients=3, **reading):
    rule = Rule(transactions=transactions, requests=requests, clients=clients)
    return load(path, Reading(rule=rule, **reading))


def share(trace, kind):
    return float(np.mean(trace.kind == kind))


@pytest.fixture
def model(tmp_path):
    """Return a function that writes a model of a cache, with changes."""

    def write(popular=POPULAR, **changes):
        test = {**CONFIG["test_config"], **changes}
        (tmp_path / "pop.json").write_text(json.dumps(popular))
        path = tmp_path / "config.json"
        path.write_text(json.dumps({"test_config": test}))
        return path

    return write


def test_a_property_file_gives_its_shares_and_its_records(saved):
    trace = drawn(saved(HALVES), requests=5)
    assert trace.operations == 10_000
    assert trace.key.max() < 50
    assert abs(share(trace, Access.WRITE) - 0.5) < 0.02
    assert "request distribution: zipfian" in trace.notes
    assert drawn(saved(HALVES), keys=7).key.max() == 6


def test_what_a_property_file_leaves_out_has_ycsbs_default(saved):
    trace = drawn(saved(CORE))
    assert abs(share(trace, Access.WRITE) - 0.05) < 0.01
    assert "request distribution: uniform" in trace.notes


def test_a_time_series_is_read_over_consecutive_intervals_and_grows(saved):
    trace = drawn(saved(SERIES), requests=1)
    inserted = trace.key[trace.kind == Access.WRITE]
    assert inserted.tolist() == list(range(64, 64 + len(inserted)))
    visible = 64
    for begin, end in zip(trace.first[:-1], trace.first[1:], strict=True):
        if trace.kind[begin] == Access.WRITE:
            visible += 1
            continue
        assert 1 <= end - begin <= 3
        assert np.all(np.diff(trace.key[begin:end]) == 8)
        assert trace.key[end - 1] < visible


def test_a_cluster_gives_its_operations_and_its_law(saved):
    trace = drawn(saved(CLUSTERS), part="cluster1", keys=1000)
    assert abs(share(trace, Access.READ) - 0.5) < 0.02
    assert abs(share(trace, Access.WRITE) - 0.25) < 0.02
    assert abs(share(trace, Access.DELETE) - 0.25) < 0.02
    weights = np.arange(1, 1001) ** -1.5
    assert abs(np.mean(trace.key == 0) - 1 / weights.sum()) < 0.02


def test_a_cas_reads_and_writes_and_an_increment_adds_one(saved):
    trace = drawn(saved(CLUSTERS), part="cluster2", keys=1000)
    assert abs(share(trace, Access.ADD) - 1 / 3) < 0.02
    assert share(trace, Access.READ) == share(trace, Access.WRITE)
    assert set(trace.amount[trace.kind == Access.ADD].tolist()) == {1}
    assert abs(np.mean(trace.key < 500) - 0.5) < 0.02


def test_a_model_gives_its_ratios_and_its_popularities(model):
    trace = drawn(model())
    assert abs(share(trace, Access.WRITE) - 0.15) < 0.01
    there = trace.key[trace.key < 1000]
    assert abs(len(there) / trace.operations - 0.9) < 0.01
    assert abs(np.mean(there == 0) - 0.5) < 0.02
    assert abs(np.mean((there > 0) & (there < 100)) - 0.4) < 0.02
    lone = trace.key >= 1000
    assert set(trace.kind[lone].tolist()) == {Access.READ}


def test_groups_shrink_with_the_keys_and_none_is_lost(model):
    trace = drawn(model(loneGetRatio=0), keys=20)
    assert trace.key.max() < 20
    # Of one, two and eighteen keys: the smallest group joins its neighbour.
    assert abs(np.mean(trace.key < 2) - 0.9) < 0.02


def test_a_first_read_fills_a_lookaside_cache(model):
    trace = drawn(model(enableLookaside=True, setRatio=0, loneGetRatio=0, getRatio=1))
    written = trace.key[trace.kind == Access.WRITE]
    assert len(np.unique(written)) == len(written) == len(np.unique(trace.key))


def test_another_seed_draws_another_workload(model):
    path = model()
    assert fingerprint(drawn(path, seed=1)) == fingerprint(drawn(path, seed=1))
    assert fingerprint(drawn(path, seed=1)) != fingerprint(drawn(path, seed=2))


@pytest.mark.parametrize("name", PROFILES)
def test_every_description_is_told_by_its_content_alone(name):
    files = {
        "ycsb_properties": HALVES,
        "twitter_statistics": CLUSTERS,
        "cachelib_model": json.dumps(CONFIG).encode(),
    }
    assert [key for key, content in files.items() if PROFILES[name].looks(content)] == [name]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (CORE + b"no equals sign\n", ':4: "no equals sign"; a line is name=value'),
        (CORE + b"readproportion=often\n", ':4: readproportion is "often"; expected a share'),
        (CORE + b"readproportion=1.5\n", ':4: readproportion is "1.5"; expected a share'),
        (CORE + b"requestdistribution=odd\n", ':4: requestdistribution is "odd"; expected one of'),
        (CORE + b"scanlengthdistribution=zipfian\n", ":4: scanlengthdistribution"),
        (CORE + b"maxscanlength=0\n", ':4: maxscanlength is "0"; expected a number from 1'),
        (CORE + b"readproportion=0\nupdateproportion=0\n", ":4: readproportion"),
        (b"recordcount=5\nworkload=site.Own\n", ':2: workload is "site.Own"; expected Core'),
        (SERIES + b"tagcardinality=1,x\n", ':10: tagcardinality is "1,x"'),
        (CLUSTERS + b"| cluster5 | 3 |\n", ":7: 2 cells; the head has 4"),
        (CLUSTERS.replace(b"Zipf alpha", b"alpha"), ':1: no column "Zipf alpha"'),
    ],
)
def test_a_malformed_description_is_told_with_its_line(content, message, saved):
    path = saved(content)
    with pytest.raises(TraceFileError) as refusal:
        drawn(path, part="cluster1" if content.startswith(b"|") else None)
    assert str(refusal.value).startswith(f"{path}{message}")


def test_an_operation_that_nobody_knows_is_told_with_its_line(saved):
    with pytest.raises(TraceFileError, match=':6: operation "gat"; expected one of get'):
        drawn(saved(CLUSTERS), part="cluster4")


@pytest.mark.parametrize(
    ("changes", "popular", "message"),
    [
        ({"getRatio": 1.5}, POPULAR, "getRatio is 1.5; expected a ratio"),
        ({"getRatio": True}, POPULAR, "getRatio is True"),
        ({"getRatio": 0, "setRatio": 0, "loneGetRatio": 0}, POPULAR, "no operation has a ratio"),
        ({"numKeys": "many"}, POPULAR, "numKeys is many; expected 1 to"),
        ({"popDistFile": "../pop.json"}, POPULAR, "popDistFile is '../pop.json'"),
        ({"popDistFile": "none.json"}, POPULAR, "No such file"),
        ({}, {"popularityBuckets": [1]}, 'no list "popularityWeights"'),
        ({}, POPULAR | {"popularityWeights": [1, 2]}, "3 popularityBuckets and 2 popularity"),
        ({}, POPULAR | {"popularityWeights": [1, 0, 2]}, "has 0 at place 1; expected numbers"),
    ],
)
def test_a_malformed_model_is_told(changes, popular, message, model):
    with pytest.raises(TraceFileError) as refusal:
        drawn(model(popular, **changes))
    assert message in str(refusal.value)


def test_a_model_that_is_no_json_is_told_with_its_line(saved):
    with pytest.raises(TraceFileError, match=":2: no JSON"):
        load(saved(b'{"test_config": 1,\n}'))


@pytest.mark.parametrize(
    ("content", "reading", "message"),
    [
        (HALVES, Reading(part="x"), "part = 'x': expected none"),
        (HALVES, Reading(rule=Rule(window_ns=5)), "window = '5 ns': expected none: a description"),
        (HALVES, Reading(rule=Rule(writes_ppm=5)), "writes = 5: expected none"),
        (CLUSTERS, Reading(), "part = None: expected one of cluster1, cluster2"),
        (CLUSTERS, Reading(part="cluster11"), "did you mean 'cluster1'?"),
        (CLUSTERS, Reading(part="cluster3"), "a cluster with statistics: one of cluster1"),
        (SERIES, Reading(keys=3), "keys = 3: expected a value of each of 8 series"),
        (b"1\n2\n", Reading(keys=3), "keys = 3: expected none: the trace is a recording"),
        (b"1\n2\n", Reading(format="lirz"), "did you mean 'lirs'?"),
        (
            b'{"schema": "bulkhead.trace/1"}\n{"client": 0, "ops": []}',
            Reading(rule=Rule(requests=4)),
            "requests = 4: expected none: the trace holds transactions",
        ),
    ],
)
def test_settings_without_a_meaning_are_refused(content, reading, message, saved):
    with pytest.raises(SettingError) as refusal:
        load(saved(content), reading)
    assert message in str(refusal.value)
