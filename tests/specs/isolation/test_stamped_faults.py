"""Broken checkers of timestamps, streams and schedules: each is shown by a small history."""

from itertools import permutations

import pytest

from sim.history import NONE, Outcome
from specs.history import replay
from specs.history.isolation import stamped, stream, stream_keys, timestamps
from specs.history.isolation.levels import LEVELS
from specs.history.isolation.stream import Stream, arrivals
from specs.history.isolation.timestamps import check_timestamps
from specs.history.replay import BEGIN, COMMIT, ReplayError, replay_snapshots
from tests.specs.isolation.faults import replacing
from tests.specs.isolation.oracle import Operation, Transaction
from tests.specs.isolation.oracle import history_of as plain_history_of
from tests.specs.isolation.stamped import (
    APPEND,
    READ,
    READ_LIST,
    WRITE,
    Stamped,
    explained,
    history_of,
)

DONE, UNKNOWN, FAILED = Outcome.COMMITTED, Outcome.UNKNOWN, Outcome.ABORTED
LEVEL = LEVELS["session-si-timestamps"]


def txn(start, commit, *operations, session=0, outcome=DONE):
    return Stamped(session, outcome, start, commit, operations)


def w(key, value):
    return WRITE, key, value


def r(key, value):
    return READ, key, value


EXAMPLES = [
    [txn(1, 2, w(0, 5), r(0, 0))],
    [txn(1, 2, w(0, 5)), txn(3, NONE, r(0, 0), session=1)],
    [txn(1, 4, w(0, 5)), txn(3, 6, w(0, 6), session=1)],
    [txn(1, 4, w(0, 5)), txn(3, 6, w(1, 6))],
    [txn(1, 2, w(0, 5)), txn(2, NONE, r(0, 5), session=1)],
    [txn(1, 2, w(0, 5)), txn(2, NONE, r(0, 0), session=1)],
    [txn(2, 2, r(0, 0), w(0, 5))],
    [txn(1, 3, w(0, 5)), txn(3, 4, w(0, 6))],
    [txn(1, 2, w(0, 5), outcome=UNKNOWN), txn(3, NONE, r(0, 5), session=1)],
    [txn(1, 2, w(0, 5), outcome=UNKNOWN), txn(3, NONE, r(0, 0), session=1)],
    [txn(1, 6, w(0, 5), outcome=UNKNOWN), txn(3, NONE, r(1, 0))],
    [txn(1, 2, w(0, 5), outcome=FAILED), txn(3, NONE, r(0, 5), session=1)],
    [
        txn(1, NONE, w(0, 5), outcome=UNKNOWN),
        txn(3, NONE, r(0, 0), session=1),
        txn(5, NONE, r(0, 5), session=1),
    ],
    [txn(1, 2, (APPEND, 0, 5)), txn(3, NONE, (READ_LIST, 0, ()), session=1)],
    [txn(1, 2, (APPEND, 0, 5)), txn(3, 4, (APPEND, 0, 6), (READ_LIST, 0, (5, 6)), session=1)],
    [txn(1, 2, w(0, 5)), txn(3, 4, w(0, 6), session=1), txn(9, NONE, r(0, 6), session=2)],
    [txn(1, 2, w(0, 5)), txn(3, 4, w(0, 6), session=1), txn(9, NONE, r(0, 5), session=2)],
]
ON_LINE = [each for each in EXAMPLES if all(t.outcome != UNKNOWN or t.commit != NONE for t in each)]


def by_timestamps(transactions):
    return check_timestamps(history_of(transactions), LEVEL).holds


def on_line(transactions):
    """Stream a history in every order of arrival; all must come to one verdict."""
    history = history_of(transactions)
    found = set()
    for order in permutations(range(history.transactions)):
        starts = [transactions[row].start for row in order]
        late = max(max(starts[: n + 1]) - start for n, start in enumerate(starts))
        checking = Stream(LEVEL, lateness=late, initial_value=0)
        for arrival in arrivals(history, order):
            checking.add(arrival)
        checking.finish()
        found.add(checking.holds)
    assert len(found) == 1
    return found == {True}


def _early(history, readers, counts, begin, end, placed, place=stamped._place):
    place(history, readers, counts, begin, end, placed)
    end[placed] = begin[placed] - 1


def _eager(self, watermark, advance=Stream._advance):
    advance(self, watermark + self.lateness + 1)


def _forgetful(self, before):
    self.versions.clear()
    self.ends.clear()
    return 1


def _late(self, watermark, advance=Stream._advance):
    """Judge nothing before the end."""


FAULTS = {
    "reads may contradict themselves": (by_timestamps, timestamps, "_internal", lambda *_: []),
    "reads may be of anything": (by_timestamps, timestamps, "_external", lambda *_: []),
    "writers may overlap": (by_timestamps, timestamps, "_conflicts", lambda *_: []),
    "sessions may go backwards": (by_timestamps, timestamps, "_sessions", lambda *_: []),
    "lists are not read": (by_timestamps, timestamps, "check_lists", lambda *_: ([], [])),
    "starts come before commits at one instant": (by_timestamps, stamped, "_START", 0),
    "unknown outcomes never count": (
        by_timestamps,
        stamped,
        "_readers_of_unknown",
        lambda *_: {},
    ),
    "unknown commits are early": (by_timestamps, stamped, "_place", _early),
    "versions are not compared": (on_line, stream_keys, "_compare", lambda *_: None),
    "the watermark runs ahead": (on_line, Stream, "_advance", _eager),
    "the watermark stands still": (on_line, Stream, "_advance", _late),
    "too much is forgotten": (on_line, stream_keys.Register, "forget", _forgetful),
    "a stream lets reads differ": (on_line, stream, "_differ", lambda *_: False),
    "a stream counts every unknown": (
        on_line,
        stream_keys.Register,
        "_explained",
        lambda self, visible, read: visible,
    ),
}


def wrong(judge):
    """Return the first example that is judged wrongly."""
    for transactions in EXAMPLES if judge is by_timestamps else ON_LINE:
        expected = explained(transactions, sessions=True)
        try:
            verdict = judge(transactions)
        except Exception as error:  # noqa: BLE001  # a fault may end in any
            return transactions, error
        if verdict != expected:
            return transactions, verdict
    return None


@pytest.mark.parametrize("judge", [by_timestamps, on_line], ids=lambda judge: judge.__name__)
def test_whole_checkers_judge_every_example_right(judge):
    assert wrong(judge) is None


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_checker_judges_an_example_wrongly(fault, monkeypatch):
    judge, module, name, with_ = FAULTS[fault]
    replacing(module, name, with_)(monkeypatch)
    assert wrong(judge) is not None


def plain(*operations, session=0, outcome=DONE, invoked=0, finished=0):
    return Transaction(session, outcome, operations, invoked, finished)


WRITER = plain(Operation(WRITE, 0, 5), invoked=1, finished=2)
STALE = plain(Operation(READ, 0, 0), session=1, invoked=3, finished=4)
SCHEDULES = {
    "_check_places": ([WRITER, STALE], [(0, BEGIN), (0, COMMIT)], {}),
    "_check_orders": ([WRITER, STALE], [(1, BEGIN), (1, COMMIT), (0, BEGIN), (0, COMMIT)], {}),
    "_read": ([WRITER, STALE], [(0, BEGIN), (0, COMMIT), (1, BEGIN), (1, COMMIT)], {}),
    "_claim": (
        [WRITER, plain(Operation(WRITE, 0, 6), session=1)],
        [(0, BEGIN), (1, BEGIN), (0, COMMIT), (1, COMMIT)],
        {"real_time": False},
    ),
}


@pytest.mark.parametrize("part", SCHEDULES)
def test_each_part_of_the_replay_refuses_a_wrong_schedule(part, monkeypatch):
    transactions, schedule, options = SCHEDULES[part]
    history = plain_history_of(transactions)
    with pytest.raises(ReplayError):
        replay_snapshots(history, schedule, sessions=True, **{"real_time": True, **options})
    write = replay._write
    if part == "_claim":
        keys = replay._Key
        monkeypatch.setattr(
            replay, "_write", lambda held, done: write({k: keys(0) for _, k, *_ in done}, done)
        )
    monkeypatch.setattr(replay, part, lambda *given, **named: None)
    replay_snapshots(history, schedule, sessions=True, **{"real_time": True, **options})
