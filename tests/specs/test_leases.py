"""The lease has one believer at a time, in true time."""

from specs.history.case import Case
from specs.history.leases import lease_spans
from tests.specs.ledger import Ledger

US = 1000


def test_two_managers_that_trust_the_lease_at_once_are_named():
    run = Ledger()
    first = run.lease("tm.1", 50 * US)
    run.now = 20 * US
    second = run.lease("tm.2", 80 * US)
    verdict = run.judge("one_lease_holder")
    assert verdict.premise == 1
    assert verdict.evidence.timestamps == (21 * US, 50 * US)
    assert verdict.evidence.events == (first, second)
    assert verdict.evidence.sentence == (
        "tm.1 and tm.2 both trusted their lease from 0.021 ms to 0.050 ms."
    )


def test_a_lease_taken_when_the_other_ends_is_right():
    run = Ledger()
    run.lease("tm.1", 21 * US)
    run.now = 20 * US
    run.lease("tm.2", 80 * US)
    verdict = run.judge("one_lease_holder")
    assert verdict.holds
    assert verdict.premise == 1


def test_a_halt_ends_the_belief():
    run = Ledger()
    run.lease("tm.1", 50 * US)
    run.release("tm.1")
    run.lease("tm.2", 80 * US)
    assert run.judge("one_lease_holder").holds


def test_a_renewal_extends_the_belief():
    run = Ledger()
    run.lease("tm.1", 10 * US)
    renewed = run.lease("tm.1", 30 * US)
    run.now = 20 * US
    run.lease("tm.2", 80 * US)
    verdict = run.judge("one_lease_holder")
    assert verdict.evidence.timestamps == (21 * US, 30 * US)
    assert renewed in verdict.evidence.events


def test_one_manager_never_disputes_with_itself():
    run = Ledger()
    run.lease("tm.1", 10 * US)
    run.lease("tm.1", 30 * US)
    run.release("tm.1")
    run.lease("tm.1", 60 * US)
    assert run.judge("one_lease_holder").holds


def test_a_long_belief_is_seen_behind_short_ones():
    run = Ledger()
    run.lease("tm.1", 100 * US)
    run.lease("tm.2", 3 * US)
    run.lease("region.0", 50 * US)
    verdict = run.judge("one_lease_holder")
    assert "tm.1 and tm.2" in verdict.evidence.sentence
    assert "1 more like it" in verdict.evidence.sentence


def test_spans_join_renewals_and_stop_at_releases():
    run = Ledger()
    run.lease("tm.1", 5 * US)
    run.lease("tm.1", 9 * US)
    run.release("tm.1")
    run.now = 20 * US
    run.lease("tm.1", 30 * US)
    spans = lease_spans(Case(*run.build()))
    assert [(span.from_ns, span.until_ns) for span in spans] == [
        (1 * US, 3 * US),
        (21 * US, 30 * US),
    ]
