"""The check on line: the verdict of the whole in any order of arrival, with bounded memory."""

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from sim.history import NONE, History, Outcome
from sim.kernel.streams import Streams, below
from specs.history.isolation import stream_keys
from specs.history.isolation.decide import NotApplicable
from specs.history.isolation.facts import UnsupportedHistory
from specs.history.isolation.levels import LEVELS
from specs.history.isolation.stamped import MalformedTimestamps
from specs.history.isolation.stream import Arrival, Found, LateTransaction, Stream, arrivals
from specs.history.isolation.timestamps import check_timestamps
from tests.specs.isolation.stamped import APPEND, INITIAL, READ, WRITE, Stamped, history_of
from tests.specs.isolation.stamped import malformed as is_malformed
from tests.specs.isolation.stamped_small import INSTANTS_MAX, timed

PLAIN, STRONG = LEVELS["si-timestamps"], LEVELS["session-si-timestamps"]
DONE, UNKNOWN = Outcome.COMMITTED, Outcome.UNKNOWN
EVER = 8 * INSTANTS_MAX


def streamed(history: History, order, level=STRONG, lateness=EVER) -> tuple[Stream, list[Found]]:
    stream = Stream(level, lateness=lateness, initial_value=history.initial_value)
    found = [each for arrival in arrivals(history, order) for each in stream.add(arrival)]
    return stream, [*found, *stream.finish()]


def ordered(transactions: list[Stamped]) -> list[Stamped]:
    """Put sessions into the order in which a stream takes them."""
    return sorted(
        transactions,
        key=lambda each: (
            each.start,
            each.outcome == DONE,
            each.start if each.commit == NONE else each.commit,
        ),
    )


@pytest.mark.parametrize("level", [PLAIN, STRONG], ids=lambda level: level.name)
@pytest.mark.parametrize("lists", [False, True])
@pytest.mark.parametrize("unknown", [False, True])
def test_the_last_word_is_that_of_the_check_of_the_whole(level, lists, unknown) -> None:
    @settings(max_examples=200, deadline=None)
    @given(transactions=timed(lists=lists, unknown=unknown), data=st.data())
    def agrees(transactions: list[Stamped], data: st.DataObject) -> None:
        assume(not is_malformed([each for each in transactions if each.outcome != 2]))
        history = history_of(ordered(transactions))
        order = data.draw(st.permutations(range(history.transactions)))
        starts = [int(history.start_timestamp[row]) for row in order]
        late = max(max(starts[: n + 1]) - start for n, start in enumerate(starts))
        verdict = check_timestamps(history, level)
        stream, found = streamed(history, order, level, late + data.draw(st.integers(0, 2)))
        event(" ".join(sorted({each.kind for each in verdict.violations})))
        assert stream.holds == verdict.holds == (not found)
        if unknown:
            return
        assert {each.kind for each in found} == {each.kind for each in verdict.violations}
        for kind in ("int", "ext", "session"):
            whole = [
                (each.transactions, each.operations)
                for each in verdict.violations
                if each.kind == kind
            ]
            online = [(each.transactions, each.operations) for each in found if each.kind == kind]
            assert sorted(online) == sorted(whole)

    agrees()


def arrival(number, start, commit, *operations, session=0, outcome=DONE):
    return Arrival(
        number=number,
        session=session,
        outcome=outcome,
        start=start,
        commit=commit,
        first=10 * number,
        operations=tuple((kind, key, value, NONE) for kind, key, value in operations),
    )


def stream_of(level=STRONG, lateness=5):
    return Stream(level, lateness=lateness, initial_value=INITIAL)


def test_what_no_late_arrival_can_mend_is_told_at_once():
    stream = stream_of()
    assert stream.add(arrival(0, 1, 4, (WRITE, 0, 5))) == ()
    overlap = stream.add(arrival(1, 3, 6, (WRITE, 0, 6), session=1))
    assert overlap == (Found("noconflict", (0, 1), (0, 10)),)
    inner = stream.add(arrival(2, 3, NONE, (READ, 1, 0), (READ, 1, 7), session=2))
    assert inner == (Found("int", (2,), (21, 20)),)


def test_a_read_is_told_once_nothing_older_may_arrive():
    stream = stream_of()
    assert stream.add(arrival(0, 4, NONE, (READ, 0, 5))) == ()
    assert stream.add(arrival(1, 9, NONE, session=1)) == ()
    assert stream.add(arrival(2, 10, NONE, session=2)) == (Found("ext", (0,), (0,)),)
    stream = stream_of()
    assert stream.add(arrival(0, 4, NONE, (READ, 0, 5))) == ()
    assert stream.add(arrival(1, 2, 3, (WRITE, 0, 5), session=1)) == ()
    assert stream.add(arrival(2, 10, NONE, session=2)) == ()


def test_a_transaction_older_than_the_watermark_is_refused_by_name():
    stream = stream_of()
    stream.add(arrival(0, 10, NONE))
    stream.add(arrival(1, 5, NONE, session=1))
    with pytest.raises(LateTransaction, match="transaction 2 started at 4, before the watermark 5"):
        stream.add(arrival(2, 4, 20, (WRITE, 0, 5), session=2))
    assert stream.kept.keys == 0


@pytest.mark.parametrize(
    ("late", "error"),
    [
        (arrival(1, 3, 4, (WRITE, 0, 6)), MalformedTimestamps),
        (arrival(1, 6, 4, (WRITE, 1, 6)), MalformedTimestamps),
        (arrival(1, NONE, 4, (WRITE, 1, 6)), NotApplicable),
        (arrival(1, 3, NONE, (WRITE, 1, 6)), NotApplicable),
        (arrival(1, 3, 6, (APPEND, 0, 6)), UnsupportedHistory),
        (arrival(1, 3, 6, (WRITE, 1, 5), (APPEND, 1, 6)), UnsupportedHistory),
    ],
)
def test_what_has_no_verdict_is_refused(late, error):
    stream = stream_of()
    stream.add(arrival(0, 1, 4, (WRITE, 0, 5)))
    with pytest.raises(error):
        stream.add(late)


@pytest.mark.parametrize("start", [1, NONE])
def test_reads_of_commits_at_unknown_instants_are_counted_not_judged(start):
    stream = stream_of()
    stream.add(arrival(0, start, NONE, (WRITE, 0, 5), outcome=UNKNOWN))
    stream.add(arrival(1, 3, NONE, (READ, 0, 5), session=1))
    assert stream.finish() == ()
    assert stream.unjudged == 1


def test_what_was_surely_overwritten_is_judged_without_a_commit_timestamp():
    stream = stream_of()
    stream.add(arrival(0, 1, NONE, (WRITE, 0, 5), outcome=UNKNOWN))
    stream.add(arrival(1, 2, 3, (WRITE, 0, 6), session=1))
    stream.add(arrival(2, 4, NONE, (READ, 0, 5), session=2))
    assert [each.kind for each in stream.finish()] == ["ext"]
    assert stream.unjudged == 0


LATENESS = 40


def long_run(count, *, seed=1):
    """Yield a right run over ten keys whose transactions arrive somewhat out of order."""
    chance = Streams(seed).at("arrivals")
    state = dict.fromkeys(range(10), 0)
    due = []
    for number in range(count):
        key = below(chance, 10)
        start = 10 * number
        operations = [(READ, key, state[key]), (WRITE, key, number + 1)]
        lost = number % 7 == 0
        if not lost:
            state[key] = number + 1
        due.append(
            arrival(
                number,
                start,
                start + 5,
                *operations[lost:],
                session=number % 4,
                outcome=UNKNOWN if lost else DONE,
            )
        )
    # Nobody overtakes more than three others.
    return sorted(due, key=lambda each: each.start + below(chance, LATENESS - 9))


def test_memory_is_bounded_by_lateness_keys_and_sessions():
    most = 0
    stream = stream_of(lateness=LATENESS)
    for each in long_run(3000):
        assert stream.add(each) == ()
        kept = stream.kept
        # One start every 10 instants; unknown outcomes wait for a read of their key.
        recent = LATENESS // 10 + 1
        assert kept.transactions <= recent
        assert kept.versions <= recent + 10 + 10
        assert kept.keys <= 10
        assert kept.sessions <= 4
        most = max(most, kept.versions)
    assert most > 10
    assert stream.finish() == ()
    assert stream.holds


def test_a_stream_that_forgets_nothing_breaks_the_bound(monkeypatch):
    monkeypatch.setattr(stream_keys.Register, "forget", lambda register, before: 0)
    stream = stream_of(lateness=LATENESS)
    for each in long_run(300):
        stream.add(each)
    assert stream.kept.versions > 100


def test_a_stale_read_long_after_is_still_caught():
    stream = stream_of(lateness=LATENESS)
    run = long_run(500)
    last = max(run, key=lambda each: each.start)
    (_, key, _, _), *_ = last.operations
    found = [told for each in run for told in stream.add(each)]
    stale = arrival(1000, last.start + 20, NONE, (READ, key, 1), session=9)
    found += [*stream.add(stale), *stream.finish()]
    assert [(each.kind, each.transactions[0]) for each in found] == [("ext", 1000)]
