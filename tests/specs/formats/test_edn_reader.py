"""Jepsen's EDN, read: which transactions the lines are, and which lines are none."""

import io
import json
from itertools import pairwise

import numpy as np
import pytest

from sim.history import NIL, NONE, OperationKind, Outcome
from specs.history.formats import edn_reader, jepsen_columns
from tests.specs.formats.samples import as_called

READ, WRITE, APPEND, READ_LIST = OperationKind


WAYS = ((edn_reader._REGULAR, True), (edn_reader._REGULAR, False), (None, False))


def read_in_one_way(content, regular, at_once):
    """The history of a content, read with or without what makes reading quick."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jepsen_columns, "_SHORT_BYTES", 0 if at_once else 1 << 40)
        return edn_reader._read(io.BytesIO(content), regular=regular, at_once=at_once)


def assert_the_same(one, other):
    """Two histories are the same, down to the types of their columns."""
    for name in one.__dataclass_fields__:
        left, right = getattr(one, name), getattr(other, name)
        assert type(left) is type(right), name
        if isinstance(left, np.ndarray):
            assert left.dtype == right.dtype, name
            assert left.tolist() == right.tolist(), name
        else:
            assert left == right, name


def both(text):
    """The history of a text, after seeing that every way of reading gives the same."""
    content = text if isinstance(text, bytes) else text.encode()
    quickest, *others = (read_in_one_way(content, *way) for way in WAYS)
    for other in others:
        assert_the_same(quickest, other)
    return edn_reader.read(io.BytesIO(content))


def line(type_, process, value, more=""):
    return f"{{:type :{type_}, :process {process}, :f :txn, :value {value}{more}}}"


def steps(history):
    """Kind, key and value of every operation, by transaction."""
    called = as_called(history)["operations"]
    ends = history.first.tolist()
    return [[operation[:3] for operation in called[begin:end]] for begin, end in pairwise(ends)]


def spans(history):
    return list(zip(history.invoked_ns.tolist(), history.finished_ns.tolist(), strict=True))


REGISTERS = """{:index 0, :type :invoke, :process 0, :f :txn, :value [[:w 4 7] [:r 5 nil]]}
{:index 1, :type :invoke, :process 3, :f :txn, :value [[:r 4 nil] [:w 4 8]]}
{:index 2, :type :ok, :process 0, :f :txn, :value [[:w 4 7] [:r 5 nil]]}
{:index 3, :type :info, :process 3, :f :txn, :value [[:r 4 nil] [:w 4 8]]}
{:index 4, :type :invoke, :process 6, :f :txn, :value [[:r 4 nil] [:w 5 1]]}
{:index 5, :type :fail, :process 6, :f :txn, :value [[:r 4 nil] [:w 5 1]]}
{:index 6, :type :invoke, :process 0, :f :txn, :value [[:r 4 nil]]}
{:index 7, :type :ok, :process 0, :f :txn, :value [[:r 4 8]]}
"""


def test_processes_are_sessions_and_completions_are_transactions():
    history = both(REGISTERS)
    assert history.session_names == ("0", "3", "6")
    assert history.session.tolist() == [0, 1, 2, 0]
    assert history.outcome.tolist() == [
        Outcome.COMMITTED,
        Outcome.UNKNOWN,
        Outcome.ABORTED,
        Outcome.COMMITTED,
    ]
    assert steps(history) == [
        [(WRITE, 4, 7), (READ, 5, NIL)],
        [(WRITE, 4, 8)],
        [(WRITE, 5, 1)],
        [(READ, 4, 8)],
    ]
    assert history.initial_value == NIL
    assert history.line.tolist() == [3, 3, 4, 6, 8]
    assert spans(history) == [(0, 2), (1, 3), (4, 5), (6, 7)]
    assert (history.elements, history.key_labels, history.value_labels) == (None, None, None)


def test_lists_are_read_whole_and_nil_is_the_empty_one():
    history = both(
        line("invoke", 0, "[[:append 3 1] [:r 3 nil] [:r 4 nil] [:r 5 nil]]")
        + "\n"
        + line("ok", 0, "[[:append 3 1] [:r 3 [1 2]] [:r 4 []] [:r 5 nil]]")
    )
    expected = [(APPEND, 3, 1), (READ_LIST, 3, [1, 2]), (READ_LIST, 4, []), (READ_LIST, 5, [])]
    assert steps(history) == [expected]
    assert history.value.tolist() == [1, NIL, NIL, NIL]


def test_the_element_0_is_not_the_initial_value():
    history = both(line("ok", 0, "[[:append 3 0] [:r 3 [0]]]"))
    assert steps(history) == [[(APPEND, 3, 0), (READ_LIST, 3, [0])]]


def test_a_session_goes_on_after_an_unknown_outcome_if_its_process_does():
    lines = [line("invoke", 0, "[[:w 1 1]]"), line("info", 0, "[[:w 1 1]]")]
    history = both("\n".join([*lines, line("invoke", 0, "[[:r 1 nil]]")]))
    assert history.session.tolist() == [0, 0]
    assert history.finished_ns.tolist() == [1, NONE]


def test_an_invocation_that_nothing_completes_is_unknown_and_stands_at_the_end():
    history = both(
        "\n".join(
            [
                line("invoke", 5, "[[:r 1 nil] [:w 1 4]]"),
                line("invoke", 2, "[[:r 1 nil]]"),
                line("ok", 2, "[[:r 1 4]]"),
            ]
        )
    )
    assert history.outcome.tolist() == [Outcome.COMMITTED, Outcome.UNKNOWN]
    assert steps(history) == [[(READ, 1, 4)], [(WRITE, 1, 4)]]
    assert spans(history) == [(1, 2), (0, NONE)]
    assert history.line.tolist() == [3, 1]


def test_a_completion_without_a_value_did_what_its_invocation_asked_for():
    for type_, outcome in (("fail", Outcome.ABORTED), ("info", Outcome.UNKNOWN)):
        history = both(line("invoke", 1, "[[:w 1 4] [:r 2 nil]]") + "\n" + line(type_, 1, "nil"))
        assert history.outcome.tolist() == [outcome]
        assert steps(history) == [[(WRITE, 1, 4)]]
        assert spans(history) == [(0, 1)]
        assert history.line.tolist() == [1]


def test_what_others_than_clients_did_is_skipped():
    other = [
        "{:type :info, :process :nemesis, :f :start, :value {:isolated #{n1 n2}}}",
        "{:type :invoke, :process 0, :f :read, :value nil}",
        "#_ {:type :ok}",
        "; {:type :ok}",
        "",
    ]
    history = both("\n".join([*other, *REGISTERS.splitlines(), *other]))
    assert steps(history) == steps(both(REGISTERS))
    assert history.line.tolist() == [8, 8, 9, 11, 13]


def test_index_is_the_order_where_every_line_has_its_own():
    lines = REGISTERS.splitlines()
    turned = both("\n".join([*lines[4:], *lines[:4]]))
    assert as_called(turned) == as_called(both(REGISTERS))


def test_lines_are_the_order_where_an_index_is_missing_or_there_twice():
    lines = [line("ok", 1, "[[:w 1 1]]", ", :index 9"), line("ok", 1, "[[:w 1 2]]", ", :index 5")]
    assert steps(both("\n".join(lines))) == [[(WRITE, 1, 2)], [(WRITE, 1, 1)]]
    for more in (line("ok", 1, "[[:w 1 3]]"), line("ok", 1, "[[:w 1 3]]", ", :index 5")):
        history = both("\n".join([*lines, more]))
        assert steps(history) == [[(WRITE, 1, 1)], [(WRITE, 1, 2)], [(WRITE, 1, 3)]]
        assert history.finished_ns.tolist() == [0, 1, 2]


def test_without_invocations_no_beginning_is_known():
    history = both(line("ok", 1, "[[:w 1 1]]") + "\n" + line("ok", 2, "[[:r 1 1]]"))
    assert spans(history) == [(NONE, 0), (NONE, 1)]


def test_one_vector_of_maps_is_read_like_lines():
    lines = REGISTERS.splitlines()
    for text in (f"[{' '.join(lines)}]", "[" + "\n ".join(lines) + "]\n", f"[\n{REGISTERS}]"):
        history = both(text)
        assert steps(history) == steps(both(REGISTERS))
        assert spans(history) == spans(both(REGISTERS))
    assert set(both(f"\n[{' '.join(lines)}]").line.tolist()) == {2}


def test_maps_may_go_over_lines_and_stand_side_by_side():
    lines = REGISTERS.replace(":value ", ":value\n").replace(", ", "\n,").replace("}\n{", "}{")
    assert steps(both(lines)) == steps(both(REGISTERS))


def test_names_come_in_any_order_with_or_without_commas_and_tags():
    text = (
        '#jepsen.history.Op{:value [[ :w 4 7]  [:r 5 nil] ] :time 1.5 :error [:x "}"] :index 0 '
        ":type :ok :process 0}\n#jepsen.history.Op{:process 0, :type :ok, :index 1 :value "
        "([:r 4 7])}"
    )
    assert steps(both(text)) == [[(WRITE, 4, 7), (READ, 5, NIL)], [(READ, 4, 7)]]


def test_errors_and_other_names_do_not_make_a_line_irregular():
    for more in (", :error :timeout", ', :error [:oh "no {" 3]', ', :time 5, :node "n1"'):
        assert edn_reader._REGULAR.fullmatch(line("ok", 1, "[[:w 1 1]]", more))


def test_names_that_are_no_plain_numbers_become_labels():
    text = "\n".join(
        [
            line("ok", 0, "[[:append :x 1] [:append y -3] [:r 4 [9]]]"),
            line(
                "ok",
                0,
                '[[:append "x" "a\\nb"] [:append "\\u0078" 2.5] [:r 18446744073709551616 [9]]]',
            ),
        ]
    )
    history = both(text)
    assert history.key_labels.tolist() == [":x", "y", 4, '"x"', 1 << 64]
    assert history.key.tolist() == [0, 1, 2, 3, 3, 4]
    assert history.value_labels.tolist() == [1, -3, '"a\\nb"', "2.5", 9]
    assert history.value.tolist() == [0, 1, NIL, 2, 3, NIL]
    assert history.elements.tolist() == [4, 4]


def test_labels_stay_what_they_are_beside_numbers_that_do_not_fit():
    history = both(
        "\n".join(
            [
                line("ok", 0, "[[:append 1 :x] [:append 1 3]]"),
                line("invoke", 1, "[[:append 1 2] [:r 1 [:x -5]]]"),
                line("ok", 0, f"[[:r 1 [:x {1 << 70}]]]"),
                line("ok", 0, f"[[:r 1 [3 {1 << 70}]]]"),
            ]
        )
    )
    assert history.value_labels.tolist() == [":x", 3, 2, 1 << 70]


def test_large_numbers_that_fit_need_no_labels():
    high = (1 << 63) - 1
    history = both(line("ok", 0, f"[[:append {high} {high}] [:r {high} [{high} +7 -0]]]"))
    assert history.key_labels is None
    assert history.value_labels is None
    assert steps(history) == [[(APPEND, high, high), (READ_LIST, high, [high, 7, 0])]]


def test_names_of_what_does_not_count_leave_no_labels():
    history = both(line("ok", 0, "[[:w 1 5]]") + "\n" + line("info", 0, "[[:r :x nil] [:w 2 6]]"))
    assert history.key_labels is None


def test_processes_may_have_names():
    history = both("\n".join(line("ok", name, "[[:w 1 1]]") for name in (":a", 7, '"b"', -1)))
    assert sorted(history.session_names) == sorted([":a", "7", '"b"', "-1"])
    assert len(set(history.session.tolist())) == 4


ASKED = "{:type :invoke, :value [[:r 1 nil] [:append 2 %d]]}"
TOLD = "{:type :ok, :value [[:r 1 %s] [:append 2 %d]]}"


def test_without_processes_every_transaction_is_a_session():
    history = both("\n".join([ASKED % 3, TOLD % ([], 3), ASKED % 4, TOLD % ("nil", 4)]))
    assert history.has_sessions is False
    assert history.session.tolist() == [0, 1]
    assert len(history.session_names) == 2
    assert spans(history) == [(0, 1), (2, 3)]


def test_without_processes_equal_operations_belong_together():
    history = both("\n".join([ASKED % 3, ASKED % 4, ASKED % 5, TOLD % ("[5]", 4), TOLD % ([], 3)]))
    assert spans(history) == [(1, 3), (0, 4), (2, NONE)]


def test_without_processes_the_beginning_of_equal_ones_is_not_made_later():
    read, told = "{:type :invoke :value [[:r 1 nil]]}", "{:type :ok :value [[:r 1 [%s]]]}"
    history = both("\n".join([read, read, told % "1", told % "2"]))
    assert spans(history) == [(0, 2), (0, 3)]
    assert spans(both("\n".join([read, read, told % "1"]))) == [(0, 2), (0, NONE)]


def as_json(key):
    def row(type_, process, value):
        return {"type": type_, "f": "txn", "value": value, "process": process}

    rows = [
        row("invoke", 0, [["w", key, 7], ["r", 5, None]]),
        row("ok", 0, [["w", key, 7], ["r", 5, None]]),
        row("invoke", "nemesis", None),
        row("invoke", 1, [["r", key, None]]),
        row("ok", 1, [["r", key, 7]]),
    ]
    return "[" + ",\n".join(json.dumps(row) for row in rows) + "]"


def test_json_of_the_same_names_is_read_too():
    expected = [[(WRITE, 4, 7), (READ, 5, NIL)], [(READ, 4, 7)]]
    for text in (as_json(4), "\ufeff \n" + as_json(4).replace(", ", " , ").replace("{", "{\n")):
        history = both(text)
        assert steps(history) == expected
        assert history.session_names == ("0", "1")
    assert both(as_json('a"b')).key_labels.tolist() == ['"a\\"b"', 5]


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"", "register"),
        (REGISTERS.encode(), "register"),
        (b"{:value [[:r 5 nil]]}", "register"),
        (b"{:value [[:r 5 7]]}", "register"),
        (b"{:value [[:r 5 [7]]]}", "list"),
        (b"; :w\n{:error [:w] :value [[ :append 4 2]]}", "list"),
        (b'[{"value":[["append",253,1]]}]', "list"),
        (b'[{"value":[["w","x",2]]}]', "register"),
    ],
)
def test_the_kind_is_told_by_the_first_operation_that_tells(head, kind):
    assert f"-{kind}" in edn_reader.jepsen_kind(head)


def test_an_empty_file_is_a_history_of_nothing():
    for text in ("", "\n\n", "; nothing\n", "[]", "\ufeff"):
        assert both(text).transactions == 0


def test_a_mark_before_the_first_line_and_windows_line_ends_change_nothing():
    text = "\ufeff" + REGISTERS.replace("\n", "\r\n")
    assert as_called(both(text)) == as_called(both(REGISTERS))
