"""Jepsen's EDN: what a second reader finds in it, and in which order."""

from collections import Counter

import pytest
from hypothesis import given

from sim.history import NONE, HistoryBuilder, OperationKind, Outcome
from specs.history.formats.errors import HistoryFileError
from tests.specs.formats.samples import many, packed, recordings, two_transactions

READ, WRITE = OperationKind.READ, OperationKind.WRITE


def parsed(history):
    """The lines as a library for EDN reads them, keywords as plain words."""
    edn_format = pytest.importorskip("edn_format")

    def plain(value):
        if isinstance(value, edn_format.Keyword):
            return value.name
        if isinstance(value, edn_format.ImmutableDict):
            return {plain(name): plain(part) for name, part in value.items()}
        if isinstance(value, edn_format.ImmutableList):
            return [plain(part) for part in value]
        return value

    return [plain(edn_format.loads(line)) for line in packed("edn", history).decode().splitlines()]


def built(*transactions, sessions=2):
    """Transactions given as (session, outcome, begin, end, operations)."""
    builder = HistoryBuilder()
    for start, (session, outcome, begin_ns, end_ns, operations) in enumerate(transactions):
        row = (session, outcome, start, NONE, begin_ns, begin_ns, begin_ns, end_ns)
        builder.add(row, operations)
    return builder.build(session_names=tuple(f"client.{i}" for i in range(sessions)))


def shape(lines):
    return [(line["type"], line["process"], line["time"]) for line in lines]


def test_two_transactions_written_out():
    assert packed("edn", *two_transactions()).decode().splitlines() == [
        "{:index 0 :type :invoke :process 0 :f :txn :value [[:w 4 7]] :time 10}",
        "{:index 1 :type :ok :process 0 :f :txn :value [[:w 4 7]] :time 60}",
        "{:index 2 :type :invoke :process 1 :f :txn :value [[:r 4 nil] [:r 3 nil]] :time 70}",
        "{:index 3 :type :info :process 1 :f :txn :value [[:r 4 nil] [:r 3 nil]] :time 95}",
    ]


def test_only_what_committed_tells_what_it_read_and_the_initial_value_is_nil():
    reads = [(READ, 1, 5, 9, 1), (READ, 2, 0, NONE, 1), (READ, 3, 0, 9, 1)]
    history = built((0, Outcome.COMMITTED, 1, 2, reads), (0, Outcome.ABORTED, 3, 4, reads))
    values = [line["value"] for line in parsed(history)]
    silent = [["r", 1, None], ["r", 2, None], ["r", 3, None]]
    assert values == [silent, [["r", 1, 5], ["r", 2, None], ["r", 3, 0]], silent, silent]


def test_a_process_dies_with_an_unknown_outcome_and_its_session_goes_on_as_another():
    ends = (Outcome.COMMITTED, Outcome.UNKNOWN, Outcome.COMMITTED, Outcome.UNKNOWN, Outcome.ABORTED)
    rows = [(1, outcome, 10 * i, 10 * i + 5, []) for i, outcome in enumerate(ends)]
    processes = [line["process"] for line in parsed(built(*rows))]
    assert processes == [1, 1, 1, 1, 3, 3, 3, 3, 5, 5]


def test_at_one_instant_invocations_come_before_the_completions_of_others():
    rows = [(0, Outcome.COMMITTED, 1, 5, []), (1, Outcome.COMMITTED, 5, 9, [])]
    assert shape(parsed(built(*rows))) == [
        ("invoke", 0, 1),
        ("invoke", 1, 5),
        ("ok", 0, 5),
        ("ok", 1, 9),
    ]


def test_at_one_instant_a_process_still_ends_before_it_begins_again():
    rows = [(0, Outcome.COMMITTED, 1, 5, []), (0, Outcome.ABORTED, 5, 5, [])]
    assert shape(parsed(built(*rows))) == [
        ("invoke", 0, 1),
        ("ok", 0, 5),
        ("invoke", 0, 5),
        ("fail", 0, 5),
    ]


@given(recordings())
def test_every_process_alternates_and_lines_are_in_the_order_of_time(history):
    lines = parsed(history)
    assert [line["index"] for line in lines] == list(range(2 * history.transactions))
    assert [line["time"] for line in lines] == sorted(line["time"] for line in lines)
    open_values, dead = {}, set()
    for line in lines:
        process = line["process"]
        assert process not in dead
        if line["type"] == "invoke":
            assert process not in open_values
            open_values[process] = line["value"]
            continue
        began = open_values.pop(process)
        assert [step[:2] for step in line["value"]] == [step[:2] for step in began]
        if line["type"] == "info":
            dead.add(process)
    assert not open_values
    kinds = Counter(line["type"] for line in lines)
    outcomes = Counter(history.outcome.tolist())
    assert [kinds["ok"], kinds["fail"], kinds["info"]] == [outcomes[i] for i in (1, 2, 3)]


@given(recordings())
def test_real_time_of_the_history_is_the_order_of_the_lines(history):
    lines = parsed(history)
    begins = {}
    for place, line in enumerate(lines):
        begins.setdefault((line["type"] == "invoke", line["time"]), []).append(place)
    for (invoke, ended_ns), ends in begins.items():
        for (other_invoke, begun_ns), starts in begins.items():
            if not invoke and other_invoke and ended_ns < begun_ns:
                assert max(ends) < min(starts)


def test_long_histories_are_numbered_through():
    lines = packed("edn", many(3000)).decode().splitlines()
    assert len(lines) == 6000
    assert lines[-1].startswith("{:index 5999 :type :ok ")


def test_an_empty_history_is_an_empty_file():
    assert packed("edn", built()) == b""


def refusal(*rows):
    with pytest.raises(HistoryFileError) as caught:
        packed("edn", built(*rows))
    return str(caught.value)


def test_values_that_do_not_tell_their_writer_are_refused():
    twice = [(WRITE, 3, 100, 0, 1)]
    assert refusal((0, Outcome.COMMITTED, 1, 2, twice), (0, Outcome.COMMITTED, 3, 4, twice)) == (
        "column value: the value 100 is written to key 3 twice; "
        "rw-register needs a new value for every write; export as jsonl or npz"
    )


def test_one_value_for_two_keys_is_fine():
    writes = [(WRITE, 3, 100, 0, 1), (WRITE, 4, 100, 0, 1)]
    assert len(parsed(built((0, Outcome.COMMITTED, 1, 2, writes)))) == 2


def test_transactions_without_instants_are_refused():
    assert "column finished_ns: transaction 1 has" in refusal(
        (0, Outcome.COMMITTED, 1, 2, []), (1, Outcome.COMMITTED, 1, NONE, [])
    )
    assert "column invoked_ns: transaction 0 has" in refusal((0, Outcome.COMMITTED, NONE, 2, []))


def test_a_session_that_does_two_things_at_once_is_refused():
    assert "transaction 1 of session client.0 begins before" in refusal(
        (0, Outcome.COMMITTED, 1, 5, []), (0, Outcome.COMMITTED, 4, 6, [])
    )


def test_time_that_runs_backward_is_refused():
    assert "transaction 0 of session client.0 ends before" in refusal(
        (0, Outcome.COMMITTED, 5, 4, [])
    )
