"""Jepsen's EDN: what a second reader finds in it, and in which order."""

import io
import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from sim.history import NIL, NONE, HistoryBuilder, OperationKind, Outcome
from specs.history.formats import edn_reader
from specs.history.formats.errors import HistoryFileError
from specs.history.formats.labels import labels_of
from tests.specs.formats.samples import many, packed, recordings, two_transactions

READ, WRITE, APPEND, READ_LIST = OperationKind


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


def test_a_session_that_does_two_things_at_once_is_refused():
    assert "transaction 1 of session client.0 begins before" in refusal(
        (0, Outcome.COMMITTED, 1, 5, []), (0, Outcome.COMMITTED, 4, 6, [])
    )


def lists(*, key_labels=None, value_labels=None, **changes):
    """One transaction that appends and reads, and one that nobody heard of again."""
    history = built(
        (0, Outcome.COMMITTED, 1, 4, [(APPEND, 0, 2, NONE, NONE), (READ_LIST, 0, NIL, NONE, NONE)]),
        (1, Outcome.UNKNOWN, 2, NONE, [(APPEND, 1, 0, NONE, NONE), (READ_LIST, 1, NIL, -1, -1)]),
    )
    return replace(
        history,
        initial_value=NIL,
        element_first=np.array([0, 0, 3, 3, 3]),
        elements=np.array([0, 1, 2]),
        key_labels=None if key_labels is None else labels_of(key_labels),
        value_labels=None if value_labels is None else labels_of(value_labels),
        **changes,
    )


def test_lists_are_written_with_their_elements():
    assert packed("edn", lists()).decode().splitlines() == [
        "{:index 0 :type :invoke :process 0 :f :txn :value [[:append 0 2] [:r 0 nil]] :time 1}",
        "{:index 1 :type :invoke :process 1 :f :txn :value [[:append 1 0] [:r 1 nil]] :time 2}",
        "{:index 2 :type :ok :process 0 :f :txn :value [[:append 0 2] [:r 0 [0 1 2]]] :time 4}",
        "{:index 3 :type :info :process 1 :f :txn :value [[:append 1 0] [:r 1 nil]] :time 4}",
    ]


def test_keys_and_values_are_what_their_labels_say():
    names, values = [":x", "a b"], [1 << 64, "-3", 'say "é"\n']
    text = packed("edn", lists(key_labels=names, value_labels=values)).decode()
    assert '[:append :x "say \\"\\u00e9\\"\\n"] [:r :x [18446744073709551616 "-3" "say' in text
    assert '[:append "a b" 18446744073709551616]' in text
    again = edn_reader.read(io.BytesIO(text.encode()))
    assert again.key_labels.tolist() == [":x", '"a b"']
    assert again.value_labels.tolist() == ['"say \\"é\\"\\n"', 1 << 64, '"-3"']


def test_what_would_not_be_one_name_is_quoted():
    for label in ("a b", "", "[1]", "a;b", "#x", "a\nb", '"', "5", "{}", "\0", "a]"):
        text = packed("edn", lists(key_labels=[label, ":y"]))
        assert edn_reader.read(io.BytesIO(text)).key_labels.tolist() == [json.dumps(label), ":y"]


def test_a_label_of_edn_comes_back_as_it_is():
    for label in (":a/b", "x", '"q\\"q"', "1.5", "-5", "\\a", "nil", "true"):
        text = packed("edn", lists(key_labels=[label, ":y"]))
        said = edn_reader.read(io.BytesIO(text)).key_labels.tolist()[0]
        assert said == (json.dumps(label) if label == "-5" else label)


def test_lists_and_registers_in_one_history_are_refused():
    history = lists()
    history.kind[0] = WRITE
    with pytest.raises(HistoryFileError, match="lists as well as registers; EDN holds one or the"):
        packed("edn", history)


def test_an_element_that_is_appended_twice_is_refused():
    history = lists(key_labels=["k", "l"])
    history.kind[1], history.value[1] = APPEND, 2
    with pytest.raises(HistoryFileError, match="the value 2 is written to key k twice; list-app"):
        packed("edn", replace(history, element_first=None, elements=None))


def test_without_sessions_no_line_has_a_process():
    assert b":process" not in packed("edn", lists(has_sessions=False))


def test_what_began_nobody_knows_when_has_no_invocation():
    rows = [(0, Outcome.COMMITTED, NONE, 5, []), (0, Outcome.COMMITTED, 7, 8, [])]
    assert shape(parsed(built(*rows))) == [("ok", 0, 5), ("invoke", 0, 7), ("ok", 0, 8)]


def test_a_session_whose_name_is_a_number_is_that_process():
    rows = [(1, Outcome.UNKNOWN, 1, 2, []), (1, Outcome.COMMITTED, 3, 4, [])]
    history = built(*rows)
    for names, process in (
        (("7", "4"), [4, 4, 12, 12]),
        (("7", "x"), [1, 1, 3, 3]),
        (("7", "7"), [1, 1, 3, 3]),
        (("7", "04"), [1, 1, 3, 3]),
    ):
        lines = parsed(replace(history, session_names=names))
        assert sorted(line["process"] for line in lines) == process


def test_where_whatever_is_read_was_written_nothing_is_nil():
    history = built((0, Outcome.COMMITTED, 1, 2, [(READ, 1, 0, NONE, 1)]))
    assert parsed(history)[1]["value"] == [["r", 1, None]]
    assert parsed(replace(history, has_initial=False))[1]["value"] == [["r", 1, 0]]


@given(recordings())
def test_what_is_written_is_read_again(history):
    again = edn_reader.read(io.BytesIO(packed("edn", history)))
    assert sorted(again.outcome.tolist()) == sorted(history.outcome.tolist())
    committed = history.outcome == Outcome.COMMITTED
    counts = np.bincount(history.owner()[(history.kind == WRITE)], minlength=len(committed))
    reads = (history.kind == READ) & np.repeat(committed, np.diff(history.first))
    assert again.operations == int(counts.sum()) + int(reads.sum())
    written = again.kind == WRITE
    assert sorted(again.value[written].tolist()) == sorted(
        history.value[history.kind == WRITE].tolist()
    )


def test_time_that_runs_backward_is_refused():
    assert "transaction 0 of session client.0 ends before" in refusal(
        (0, Outcome.COMMITTED, 5, 4, [])
    )
