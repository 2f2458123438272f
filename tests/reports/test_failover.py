"""What is drawn of a failover: the transactions that matter and nothing else."""

import numpy as np
import pytest

from reports.blame import KINDS, READ_PROPERTIES, flagged_reads
from reports.failover import Logs, failover_timeline
from reports.headline import failover_headline
from reports.leases import leases
from reports.outages import outages_of, windows_of
from reports.timeline import draw
from sim.history import NONE, OracleBuilder, OracleKind
from specs.history.properties import PROPERTIES
from tests.reports.figure2 import COMMIT, NODES, PAUSED_NS, READER, RESUMED_NS, WRITER, figure2
from tests.reports.manual import PICTURE
from tests.reports.manual import picture as manual_picture


def picture(figure, **more):
    logs = Logs(
        oracle=figure.oracle,
        history=figure.history,
        events=figure.events,
        spans=figure.spans,
        faults=figure.faults,
    )
    return failover_timeline(logs, title="title", subtitle="subtitle", **more)


@pytest.fixture(scope="module")
def fractured():
    figure = figure2(invalidation=False)
    return picture(
        figure,
        evidence=figure.evidence,
        transactions=(READER, WRITER),
        keys=(0, 1),
        property_name="snapshot_reads",
    )


def test_the_violating_read_is_the_only_bad_mark(fractured):
    bad = [mark for mark in fractured.marks if mark.severity == "bad"]
    assert [mark.label for mark in bad] == [f"T{READER} reads key 0: the initial value"]
    beside = [mark.label for mark in fractured.marks if mark.severity == "warning"]
    assert f"T{READER} reads key 1: T{WRITER}'s version" in beside


def test_the_late_commit_table_write_is_named_and_its_message_stands_out(fractured):
    assert [mark.label for mark in fractured.marks if mark.kind == "table_put"] == [
        f"late write: T{WRITER} committed at {COMMIT}"
    ]
    strong = [arrow for arrow in fractured.messages if arrow.strong]
    assert [(arrow.source, arrow.target) for arrow in strong] == [("tm.1", "ct.0")]
    assert fractured.messages[0] == strong[0]


def test_both_managers_show_their_leases_and_epochs(fractured):
    spans = [(span.node, span.label) for span in fractured.spans if span.kind == "lease"]
    assert spans == [("tm.1", "lease, epoch 1"), ("tm.2", "lease, epoch 50")]
    pauses = [span for span in fractured.spans if span.kind == "paused"]
    assert [(span.start_ns, span.end_ns) for span in pauses] == [(PAUSED_NS, RESUMED_NS)]


def test_columns_stand_in_a_fixed_order_of_roles(fractured):
    assert fractured.nodes == NODES


def test_transactions_that_do_not_matter_are_left_out(fractured):
    labels = " ".join(mark.label for mark in fractured.marks)
    assert "T17 " not in labels
    assert fractured.start_ns > 2_900_000_000
    assert all(arrow.sent_ns >= fractured.start_ns for arrow in fractured.messages)


def test_without_evidence_the_invalidation_is_the_story():
    figure = figure2(invalidation=True)
    told = picture(figure)
    assert not [mark for mark in told.marks if mark.severity == "bad"]
    labels = [mark.label for mark in told.marks]
    assert f"T{WRITER} marked invalid: it can no longer commit" in labels
    assert any("No effect" in label for label in labels)
    assert f"T{READER} reads key 1: the initial value" in labels
    assert "T41's late commit had no effect" in failover_headline(figure.oracle)


def test_without_trace_and_history_the_picture_still_tells_the_effects():
    figure = figure2(invalidation=False)
    told = failover_timeline(
        Logs(oracle=figure.oracle), title="t", subtitle="s", evidence=figure.evidence
    )
    assert not told.messages
    bad = [mark.label for mark in told.marks if mark.severity == "bad"]
    assert bad == [f"T{READER} finds key 1 written by T{WRITER}: committed at {COMMIT}"]
    draw(told)


def test_an_empty_log_can_be_drawn():
    oracle = OracleBuilder().build(node_names=NODES)
    told = failover_timeline(Logs(oracle=oracle), title="t", subtitle="s")
    assert told.marks == ()
    assert failover_headline(oracle) == ""


def test_a_log_without_failover_shows_its_first_transactions():
    builder = OracleBuilder()
    builder.add(OracleKind.START_ISSUED, 5, 1, 7, NONE, 7)
    builder.add(OracleKind.COMMIT_ISSUED, 9, 1, 7, NONE, 8)
    told = failover_timeline(Logs(oracle=builder.build(node_names=NODES)), title="t", subtitle="s")
    assert [mark.label for mark in told.marks] == ["T7 asks to begin", "accepts T7's commit at 8"]


def test_every_kind_of_effect_can_be_told():
    builder = OracleBuilder()
    for i, kind in enumerate(OracleKind):
        builder.add(kind, i, 1, 7, 3, 9, 1)
    oracle = builder.build(node_names=NODES)
    told = failover_timeline(
        Logs(oracle=oracle), title="t", subtitle="s", evidence=range(len(OracleKind))
    )
    assert len(told.marks) == len(OracleKind)
    draw(told)


def test_more_effects_than_fit_are_left_out_with_a_note():
    builder = OracleBuilder()
    builder.add(OracleKind.START_ISSUED, 0, 1, 7, NONE, 7)
    for key in range(300):
        builder.add(OracleKind.COMMIT_TABLE_PUT, 10 + key, 5, 7, NONE, 9, 1)
    told = failover_timeline(
        Logs(oracle=builder.build(node_names=NODES)),
        title="t",
        subtitle="s",
        evidence=(0, 300),
    )
    assert len(told.marks) == 90
    assert told.notes == ("211 further effects of these transactions are not shown.",)
    assert told.marks[-1].severity == "bad"


def test_a_renewed_lease_is_one_span_and_ends_with_the_belief():
    builder = OracleBuilder()
    for at_ns, until in ((0, 10), (7, 17), (14, 24)):
        builder.add(OracleKind.LEASE_HELD, at_ns, 1, NONE, NONE, until, 1)
    builder.add(OracleKind.LEASE_HELD, 20, 2, NONE, NONE, 30, 2)
    builder.add(OracleKind.LEASE_RELEASED, 26, 2, NONE)
    builder.add(OracleKind.LEASE_HELD, 40, 1, NONE, NONE, 50, 3)
    spans = leases(builder.build(node_names=NODES))
    assert [(span.node, span.start_ns, span.end_ns) for span in spans] == [
        ("tm.1", 0, 24),
        ("tm.2", 20, 26),
        ("tm.1", 40, 50),
    ]


def fault(at_ns, node, name, **detail):
    return {
        "at_ns": at_ns,
        "kind": "fault",
        "node": node,
        "peer": "",
        "name": name,
        "message": -1,
        "detail": detail,
    }


def test_outages_pair_their_ends_and_a_crash_ends_a_pause():
    events = [
        fault(1, "a", "pause"),
        fault(5, "a", "crash"),
        fault(9, "a", "restart"),
        fault(11, "b", "pause"),
        fault(12, "b", "resume"),
        fault(20, "a", "crash"),
        fault(21, "", "partition", fault="a is cut off"),
        fault(25, "", "partition ends", fault="a is cut off"),
        fault(26, "c", "clock step", fault="the clock of c steps"),
    ]
    spans = [(s.node, s.kind, s.start_ns, s.end_ns) for s in outages_of(events, end_ns=30)]
    assert spans == [
        ("a", "paused", 1, 5),
        ("a", "crashed", 5, 9),
        ("b", "paused", 11, 12),
        ("a", "crashed", 20, 30),
    ]
    windows = {window.label: window for window in windows_of(events, end_ns=30)}
    assert (windows["a is cut off"].start_ns, windows["a is cut off"].end_ns) == (21, 25)
    assert windows["the clock of c steps"].nodes == ("c",)


def test_every_property_knows_what_to_draw_in_red():
    assert set(KINDS) | set(READ_PROPERTIES) == set(PROPERTIES)
    assert not set(KINDS) & set(READ_PROPERTIES)


def test_the_figure_is_a_valid_log():
    oracle = figure2(invalidation=True).oracle
    assert np.all(np.diff(oracle.at_ns[-12:]) >= 0)


def test_the_picture_in_the_manual_is_what_the_code_draws():
    assert PICTURE.read_text() == manual_picture(), "run: python -m tests.reports.manual"


def test_the_read_that_met_the_undecided_version_is_blamed_not_a_later_one_of_its_key():
    figure = figure2(invalidation=False)
    first = figure.evidence[-3]
    assert figure.oracle.kind[first] == OracleKind.RESOLVED
    found = flagged_reads(
        figure.history,
        figure.oracle,
        property_name="snapshot_reads",
        transactions=(READER, WRITER),
        keys=(1, 0),
        evidence=figure.evidence,
    )
    reads = {int(figure.history.key[row]): word for row, word in found.items()}
    assert reads == {1: "bad", 0: "warning"}
    assert (
        flagged_reads(
            figure.history,
            figure.oracle,
            property_name="one_lease_holder",
            transactions=(READER,),
            keys=(1,),
            evidence=figure.evidence,
        )
        == {}
    )
