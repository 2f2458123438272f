"""The register: names, order, sources, and what every verdict must look like."""

import numpy as np
import pytest

from sim.history import HistoryBuilder, OracleBuilder, OracleKind
from sim.omid.variants import VARIANTS
from specs.history.case import Case
from specs.history.properties import PROPERTIES, UnknownProperty, check, marks
from specs.history.verdict import LINES_MAX
from specs.history.wording import row_text
from tests.specs.ledger import Ledger


def test_the_register_has_every_property_that_a_variant_promises_and_no_other():
    assert {name for each in VARIANTS.values() for name in each.properties} == set(PROPERTIES)


def test_every_property_says_what_it_means_and_who_says_so():
    for name, entry in PROPERTIES.items():
        assert entry.name == name
        assert len(entry.summary.split()) > 5
        assert entry.source


def test_verdicts_come_in_the_order_of_the_register_whatever_the_order_asked_for():
    run = Ledger()
    run.writer(10, 12, [0])
    names = [verdict.property for verdict in check(*run.build(), ["own_writes", "snapshot_reads"])]
    assert names == ["snapshot_reads", "own_writes"]


def test_an_unknown_property_is_refused_with_the_known_ones():
    with pytest.raises(UnknownProperty, match='"snapshot_read"; known: timestamps_unique'):
        check(*Ledger().build(), ["snapshot_read"])


def test_an_empty_run_keeps_every_property_without_a_premise():
    history = HistoryBuilder().build(session_names=())
    oracle = OracleBuilder().build(node_names=())
    verdicts = check(history, oracle, PROPERTIES)
    assert [verdict.holds for verdict in verdicts] == [True] * len(PROPERTIES)
    assert [verdict.premise for verdict in verdicts] == [0] * len(PROPERTIES)
    assert set(marks(history, oracle).values()) == {0}


def test_a_history_without_a_log_is_judged():
    run = Ledger()
    run.writer(10, 12, [0])
    history, _ = run.build()
    oracle = OracleBuilder().build(node_names=())
    assert not check(history, oracle, ["acknowledged_commits_durable"])[0].holds


def test_every_kind_of_row_has_words():
    run = Ledger()
    for kind in OracleKind:
        run.row(kind, "tm.1", 10, key=0, timestamp=12, extra=1)
    case = Case(*run.build())
    texts = [row_text(case, row) for row in range(len(case.oracle))]
    assert len(set(texts)) == len(OracleKind)


def test_a_story_never_has_more_than_its_lines():
    run = Ledger()
    run.epoch(1)
    run.begin(10)
    for _ in range(20):
        run.write(10, 0)
        run.field(10, 0, 12)
        run.put(10, 12, before=1)
        run.reply(10, 13)
    verdict = run.judge("one_commit_timestamp")
    assert len(verdict.evidence.lines) <= LINES_MAX
    assert list(verdict.evidence.events) == sorted(verdict.evidence.events)


@pytest.mark.parametrize("far", [1 << 40, (1 << 62) + 3])
def test_timestamps_and_keys_may_lie_far_apart(far):
    run = Ledger()
    run.epoch(1)
    run.begin(far + 10)
    run.write(far + 10, 0, 71)
    run.write(far + 10, far, 72)
    run.commit(far + 10, far + 12, [0, far])
    run.reader(far + 20, {0: far + 10, far: far + 10})
    assert all(verdict.holds for verdict in check(*run.build()))


def test_evidence_is_plain_integers():
    run = Ledger()
    run.writer(10, 12, [0])
    run.reader(20, {0: -1})
    evidence = run.judge("snapshot_reads").evidence
    numbers = (*evidence.transactions, *evidence.keys, *evidence.timestamps, *evidence.events)
    assert {type(number) for number in numbers} == {int}
    assert not any(isinstance(number, np.integer) for number in numbers)
