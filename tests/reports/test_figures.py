"""Figures by matplotlib: right numbers, equal bytes, and nothing that only colour tells."""

import subprocess
import sys

import numpy as np
import pytest

from reports.recovery import Recoveries, recovery_grid, recovery_svg, spread
from reports.spacetime import Window
from reports.throughput import Series, quantiles, series_of, throughput_svg
from tests.reports.figure2 import figure2
from tests.reports.reading import parsed

MS = 1_000_000


def series(count=400):
    places = np.arange(count, dtype=np.int64)
    finished = np.sort(places * 7_919_117 % 10_000 * MS)
    outcome = np.where(places % 11 == 0, 2, np.where(places % 97 == 1, 3, 1)).astype(np.int8)
    latency = MS + places * 104_729_003 % (19 * MS)
    return Series(
        finished_ns=finished,
        outcome=outcome,
        begun_ns=finished,
        begin_latency_ns=latency // 10,
        committed_ns=finished[outcome == 1],
        commit_latency_ns=latency[outcome == 1],
    )


def throughput(**changes):
    told = {
        "title": "tm.2 commits 2 s after tm.1 crashed",
        "subtitle": "made by hand",
        "end_ns": 10_000 * MS,
        "faults": [Window(start_ns=3_000 * MS, end_ns=5_000 * MS, label="tm.1 is <down>")],
    }
    return throughput_svg(series(), **(told | changes))


def test_throughput_is_well_formed_accessible_and_names_its_faults():
    text = throughput()
    root = parsed(text)
    assert root.get("role") == "img"
    words = " ".join(element.text or "" for element in root.iter())
    for word in ("committed", "aborted", "unknown", "commit p99", "begin p50", "tm.1 is <down>"):
        assert word in words
    assert "10 ms" in words
    assert "made by hand; slices of 83.3 ms; 400 transactions" in words


def test_equal_input_gives_equal_bytes_in_another_process_too():
    program = (
        "import sys; sys.path.insert(0, '.');"
        "from tests.reports.test_figures import throughput, recoveries;"
        "from reports.recovery import recovery_svg;"
        "sys.stdout.write(throughput() + recovery_svg(recoveries(), title='t', subtitle='s'))"
    )
    other = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "17", "PATH": "/usr/bin", "MPLBACKEND": "svg"},
    ).stdout
    assert other == throughput() + recovery_svg(recoveries(), title="t", subtitle="s")


def test_a_quantile_is_the_nearest_rank_of_its_slice():
    at_ns = np.array([1, 2, 3, 4, 15, 40])
    values = np.array([40, 10, 30, 20, 7, 9])
    edges = np.array([0.0, 10.0, 20.0, 30.0, 40.0])
    assert quantiles(at_ns, values, edges, 0.5)[:2].tolist() == [20.0, 7.0]
    assert quantiles(at_ns, values, edges, 0.99)[0] == 40.0
    last = quantiles(at_ns, values, edges, 0.5)
    assert np.isnan(last[2])
    assert last[3] == 9.0


def test_a_history_gives_its_samples():
    found = series_of(figure2(invalidation=False).history)
    assert found.finished_ns.tolist() == [15_405_000_000, 15_403_580_000]
    assert found.begin_latency_ns.tolist() == [435_000, 250_000]
    assert found.commit_latency_ns.tolist() == [0]


def test_a_run_without_transactions_says_so():
    nothing = np.empty(0, dtype=np.int64)
    empty = Series(
        finished_ns=nothing,
        outcome=np.empty(0, dtype=np.int8),
        begun_ns=nothing,
        begin_latency_ns=nothing,
        committed_ns=nothing,
        commit_latency_ns=nothing,
    )
    text = throughput_svg(empty, title="t", subtitle="s", end_ns=0)
    assert "no samples" in text


@pytest.mark.parametrize("label", ["$x^2$", "a_b & <c>", "", "\x1b"])
def test_odd_labels_are_drawn_as_they_are(label):
    window = Window(start_ns=0, end_ns=5 * MS, label=label)
    parsed(throughput(faults=[window] * 6, title=label or "t"))


def recoveries():
    return [
        Recoveries(lease_ns=10_000 * MS, recovery_ns=np.array([4, 8, 12, 16]) * 1000 * MS, lost=1),
        Recoveries(lease_ns=1_000 * MS, recovery_ns=np.array([900 * MS])),
        Recoveries(lease_ns=5_000 * MS, recovery_ns=np.empty(0, dtype=np.int64)),
    ]


def test_recoveries_are_counted_by_lease_in_order():
    rows = recovery_grid(recoveries()).rows
    assert [row[:4] for row in rows] == [
        ("1", "1", "0", "0.9"),
        ("5", "0", "0", "not run"),
        ("10", "4", "1", "4"),
    ]
    assert rows[2][4:] == ("4", "8", "10", "16", "16")


def test_a_lease_that_was_not_measured_is_drawn_as_not_run():
    root = parsed(recovery_svg(recoveries(), title="found", subtitle="how"))
    words = " ".join(element.text or "" for element in root.iter())
    assert "not run" in words
    assert "Lease 10 s: 4 runs, median 8 s" in words


def test_dots_of_like_height_are_kept_apart():
    shifts = spread(np.zeros(50))
    assert shifts.min() >= 0
    assert shifts.max() < 1
    assert np.abs(np.diff(shifts)).min() > 0.3
