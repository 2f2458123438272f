"""Recorded histories and our own runs on line, in the order in which transactions ended."""

import numpy as np
import pytest

from scenarios.library import shipped
from scenarios.load import load
from scenarios.resolve import resolve
from scenarios.run import run
from sim.history import Outcome
from specs.history.formats.load import read
from specs.history.isolation.levels import LEVELS
from specs.history.isolation.stream import Stream, arrivals
from specs.history.isolation.timestamps import check_timestamps
from tests.specs.isolation.test_timestamp_rules import FOLDER, STRONG, recorded


def on_line(history, level):
    """Return whether a stream holds, by ends, and the most versions that it kept."""
    end = np.maximum(history.start_timestamp, history.commit_timestamp)
    order = np.argsort(end, kind="stable")
    start = history.start_timestamp[order][history.outcome[order] != Outcome.ABORTED]
    late = int((np.maximum.accumulate(start) - start).max())
    stream = Stream(level, lateness=late, initial_value=history.initial_value)
    for arrival in arrivals(history, order.tolist()):
        stream.add(arrival)
    kept = stream.kept
    stream.finish()
    return stream, kept


@pytest.mark.skipif(not recorded(), reason="the collected histories are not here")
def test_every_recorded_history_gets_its_verdict_on_line():
    for row in recorded():
        if int(row["transactions"]) > 300:
            continue
        history = read(FOLDER / row["path"]).history
        stream, _ = on_line(history, LEVELS[row["level"]])
        assert stream.holds == (row["verdict"] == "valid"), row


@pytest.mark.parametrize(
    "name", ["bank-sums", "client-crash", "restart-of-all", "clock-drift-beyond-bound"]
)
def test_runs_get_the_verdict_of_the_whole_on_line(name):
    name = f"omid/{name}"
    history = run(resolve(load(shipped()[name].path, name=name), seed=1)).outcome.history
    stream, kept = on_line(history, STRONG)
    assert stream.holds == check_timestamps(history, STRONG).holds
    assert kept.versions < history.operations / 2
