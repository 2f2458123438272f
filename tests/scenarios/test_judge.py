"""What a scenario expects is compared with what came, and a limit decides nothing."""

from pathlib import Path

import pytest

from scenarios.exits import Exit, worst
from scenarios.library import shipped
from scenarios.load import load, parse
from scenarios.resolve import resolve
from scenarios.run import run
from tests.scenarios.commands import BANK, FRACTURED


def record(text, *, mutant=None, **options):
    source = parse(text.encode(), name="s.toml", folder=Path())
    return run(resolve(source, mutant=mutant), **options).record


def expected(text, *lines):
    return text + "\n[expect]\n" + "\n".join(lines) + "\n"


def met(record):
    return {each.name: each.met for each in record.expectations}


def told(record, name):
    return next((each.expected, each.actual) for each in record.expectations if each.name == name)


VIOLATED = ('snapshot_reads = "violated"', 'stable_resolution = "violated"')


def test_every_property_of_the_variant_is_expected_to_hold_without_being_named():
    whole = record(BANK)
    assert {"snapshot_reads", "bank_sum", "one_lease_holder"} <= set(met(whole))
    assert all(met(whole).values())
    assert whole.exit == Exit.MET


def test_conserved_sum_is_not_expected_where_nothing_is_conserved():
    assert "bank_sum" not in met(record(FRACTURED))
    named = record(expected(FRACTURED, 'bank_sum = "holds"'))
    assert told(named, "bank_sum") == ("judged", "does not apply")
    assert named.exit == Exit.UNMET


def test_violation_is_met_when_expected_and_unmet_when_not():
    broken = record(FRACTURED, mutant="no_invalidation")
    assert set(broken.unmet) == {"snapshot_reads", "stable_resolution"}
    assert broken.exit == Exit.UNMET
    assert record(expected(FRACTURED, *VIOLATED), mutant="no_invalidation").exit == Exit.MET


def test_expected_violation_that_does_not_come_is_unmet():
    whole = record(expected(FRACTURED, *VIOLATED))
    assert told(whole, "snapshot_reads") == ("violated", "holds")
    assert whole.exit == Exit.UNMET


def test_violation_must_have_the_reason_that_was_named():
    right = expected(FRACTURED, *VIOLATED, 'mechanism = "invalidation"')
    assert record(right, mutant="no_invalidation").exit == Exit.MET
    wrong = expected(FRACTURED, *VIOLATED, 'mechanism = "begin_barrier"')
    other = record(wrong, mutant="no_invalidation")
    assert told(other, "mechanism") == ("begin_barrier", "invalidation")
    assert other.exit == Exit.UNMET


def test_violation_that_the_mutant_is_not_needed_for_has_another_reason():
    # The clock breaks the lease here, whatever the mutant does.
    beyond = BANK.replace("= 60", "= 3000") + (
        '\n[clocks]\n"tm.1" = "-400000ppm"\n'
        '\n[[faults]]\nkind = "partition"\nsources = ["tm.1"]\ntargets = ["coordinator"]\n'
        'start = "100ms"\nlength = "10s"\n'
    )
    lines = ('one_lease_holder = "violated"', 'mechanism = "lease_wait"')
    alone = record(expected(beyond, *lines))
    assert "one_lease_holder" in alone.violated
    assert met(alone)["mechanism"]
    mutant = record(expected(beyond, *lines), mutant="lease_wait_halved")
    assert told(mutant, "mechanism") == ("lease_wait", "none")


@pytest.mark.parametrize(
    ("line", "name", "actual", "good"),
    [
        ("committed = { min = 1 }", "committed", None, True),
        ("committed = { max = 1 }", "committed", None, False),
        ('begin_p50 = { max = "1s" }', "begin_p50", None, True),
        ('begin_p50 = { min = "1s" }', "begin_p50", None, False),
        ('recovery = { max = "4s" }', "recovery", "never measured", False),
    ],
)
def test_metric_is_held_against_its_bounds(line, name, actual, good):
    bounded = record(expected(BANK, line))
    assert met(bounded)[name] is good
    if actual:
        assert told(bounded, name)[1] == actual


def test_mark_must_be_seen():
    pairs = BANK.replace('"bank"', '"pairs"')
    seen = record(expected(pairs.replace("= 60", "= 400"), 'marks = ["write_skew"]'))
    assert told(seen, "mark write_skew") == ("seen", "seen")
    never = record(expected(BANK, 'marks = ["failovers"]'))
    assert told(never, "mark failovers") == ("seen", "never seen")
    assert never.exit == Exit.UNMET


def test_run_that_a_limit_cut_short_decides_only_what_it_violated():
    limited = "\n[limits]\nevents_max = 300\n"
    cut = record(BANK + limited)
    assert cut.outcome == "undecided"
    assert cut.exit == Exit.UNDECIDED
    assert {actual for _, actual in (told(cut, name) for name in met(cut))} == {"undecided"}
    late = record(FRACTURED + "\n[limits]\nevents_max = 400\n", mutant="no_invalidation")
    assert late.exit in (Exit.UNMET, Exit.UNDECIDED)


def test_code_that_wins_is_the_gravest():
    assert worst([Exit.MET, Exit.UNDECIDED]) == Exit.UNDECIDED
    assert worst([Exit.UNDECIDED, Exit.UNMET]) == Exit.UNMET
    assert worst([Exit.UNMET, Exit.INTERRUPTED]) == Exit.INTERRUPTED
    assert worst([Exit.INTERRUPTED, Exit.BUG]) == Exit.BUG
    assert worst([Exit.BUG, Exit.USAGE]) == Exit.USAGE
    assert worst([]) == Exit.USAGE


def test_who_watches_a_run_sees_every_property_judged():
    seen = []
    finished = run(resolve(load(shipped()["omid/figure-2"].path)), observe=seen.append)
    told = [glimpse.verdicts for glimpse in seen if glimpse.verdicts]
    count = len(finished.record.verdicts)
    assert told == [f"{n} of {count} properties judged, all hold" for n in range(1, count + 1)]
