"""What the checks let compaction drop, on one key with every pattern of writes and deletes.

The rule of the reference must pass, and nothing passes that changes what a reader gets.
"""

from dataclasses import dataclass, replace

from hypothesis import find, given
from hypothesis import strategies as st

from sim.history import NONE
from specs.history.properties import check
from tests.specs.ledger import Ledger
from tests.specs.test_definitions import SEARCH

NAMES = ("needed_versions_kept", "acknowledged_commits_durable", "snapshot_reads")


@dataclass(frozen=True)
class Version:
    start: int
    commit: int
    tombstone: bool


@dataclass(frozen=True)
class Past:
    """Committed versions of key 0, the oldest first, and a reader that still runs."""

    versions: tuple[Version, ...]
    reader: int
    mark: int

    def shown(self, dropped=()):
        """Return the version that the reader finds, or None."""
        seen = [v for v in self.versions if v.commit < self.reader and v not in dropped]
        return seen[-1] if seen else None

    def below(self):
        return [v for v in self.versions if v.commit <= self.mark]


@st.composite
def pasts(draw, least=1):
    """Up to five versions; the reader begins at or above the mark, maybe amid a writer."""
    versions, now = [], 10
    for _ in range(draw(st.integers(least, 5))):
        start = now + draw(st.integers(1, 3)) * 2
        now = start + draw(st.integers(1, 5)) * 2
        versions.append(Version(start, now, draw(st.booleans())))
    mark = draw(st.integers(5, now // 2)) * 2
    reader = draw(st.integers(mark // 2, now // 2 + 1)) * 2 + 1
    return Past(tuple(versions), reader, mark)


def play(past, dropped):
    """Let it happen, drop in this order, and let the reader read what is left; judge it all."""
    ledger = Ledger()
    ledger.epoch(1)
    moments = [(past.reader, "begin", None)]
    for version in past.versions:
        moments += [(version.start, "write", version), (version.commit, "commit", version)]
    for _, what, version in sorted(moments, key=lambda moment: moment[0]):
        match what:
            case "begin":
                ledger.begin(past.reader, session=1)
            case "write":
                ledger.begin(version.start)
                (ledger.delete if version.tombstone else ledger.write)(version.start, 0)
            case "commit":
                ledger.commit(version.start, version.commit, [0])
    ledger.mark(past.mark)
    for version in dropped:
        ledger.collect(version.start, 0, version.commit, mark=past.mark)
    found = past.shown(dropped)
    ledger.read(past.reader, 0, NONE if found is None else found.start)
    ledger.finish(past.reader)
    return all(verdict.holds for verdict in check(*ledger.build(), NAMES))


def value(version):
    return 0 if version is None or version.tombstone else version.start


def by_the_rule(past, *, major):
    """Return what compaction drops: all below the mark but the newest, which may be forgotten."""
    below = past.below()
    forgets = major and below and below[-1].tombstone
    return below if forgets else below[:-1]


@given(pasts(), st.booleans())
def test_what_compaction_drops_by_the_rule_passes(past, major):
    assert play(past, by_the_rule(past, major=major))


@given(pasts(), st.sets(st.integers(0, 4)))
def test_nothing_passes_that_changes_what_the_reader_gets(past, places):
    dropped = [version for place, version in enumerate(past.versions) if place in places]
    changes = value(past.shown(dropped)) != value(past.shown())
    assert not (changes and play(past, dropped))


@given(pasts())
def test_one_drop_beyond_the_rule_does_not_pass(past):
    right = by_the_rule(past, major=True)
    for version in past.versions:
        if version not in right:
            assert not play(past, [*right, version])


@given(pasts(least=2))
def test_a_tombstone_does_not_pass_while_it_hides_something(drawn):
    newest = replace(drawn.versions[-1], tombstone=True)
    past = Past((*drawn.versions[:-1], newest), reader=newest.commit + 1, mark=newest.commit)
    below = past.below()
    assert not play(past, [below[-1]])
    assert not play(past, [below[-1], *below[:-1]])


def test_what_compaction_drops_by_start_does_not_pass_amid_a_commit_across_the_mark():
    def across(past):
        return any(v.start <= past.mark < past.reader < v.commit for v in past.versions[1:])

    past = find(pasts(), across, settings=SEARCH)
    by_start = [v for v in past.versions if v.start <= past.mark][:-1]
    assert not play(past, by_start)
    assert play(past, by_the_rule(past, major=True))
