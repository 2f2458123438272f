"""Compaction never changes what a snapshot above the low water mark reads, whatever is in a region.

A region lives through steps that Hypothesis draws: transactions on one key that overlap, commit,
delete, crash between their writes, late copies of writes, and compactions under a mark that rises.
A plain list of what committed says what each snapshot must read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from sim.history import NONE, FieldWriter, OracleKind
from sim.omid.interactive import InteractiveWorld
from sim.omid.messages import Row
from sim.omid.settings import MS, Topology
from sim.omid.world import Setup
from sim.workload.types import TraceBuilder
from tests.omid.deployments import QUIET

KEY = 7
INITIAL = 0


@dataclass(slots=True)
class Written:
    """One transaction on the key; `commit` is NONE while it is open, and for good if it aborts."""

    start: int
    tombstone: bool
    commit: int = NONE


class OneKey:
    """A region with one key, and what its snapshots must read."""

    def __init__(self, variant: str, mutant: str | None, *, careful: bool) -> None:
        self.careful = careful
        empty = TraceBuilder().build(name="steps", source="a test")
        topology = Topology(clients=1, managers=1, regions=1, commit_table_regions=1)
        self.world = InteractiveWorld(
            Setup(
                seed=1,
                workload=empty,
                network=QUIET,
                variant=variant,
                mutant=mutant,
                topology=topology,
            )
        )
        self.step = 50 if variant == "omid-apache" else 1
        self.region, self.table = self.world.regions[0], self.world.tables[0]
        self.region.major_every = 2
        self.now = self.mark = self.step
        self.open: list[Written] = []
        self.ended: list[Written] = []

    def next(self) -> int:
        """Return the next timestamp."""
        self.now += self.step
        return self.now

    def begin(self, tombstone: bool) -> None:
        """Let a transaction begin, and write or delete the key."""
        writer = Written(self.next(), tombstone)
        self.open.append(writer)
        self.put(writer)

    def commit(self, tombstone: bool) -> None:
        """Let a transaction begin and commit at once."""
        self.begin(tombstone)
        self.end(len(self.open) - 1, "complete")

    def put(self, writer: Written) -> None:
        """Put its version, maybe once more."""
        value = INITIAL if writer.tombstone else writer.start
        self.region.put(KEY, writer.start, value, 0, writer.tombstone)

    def end(self, which: int, how: str) -> None:
        """Let an open transaction end; it commits where a manager lets it."""
        if not self.open:
            return
        writer = self.open.pop(which % len(self.open))
        newest = max((each.commit for each in self.ended), default=NONE)
        refused = writer.start <= self.mark or newest > writer.start
        self.ended.append(writer)
        if how == "stay":
            return
        if how == "roll back" or refused:
            self.region.remove(KEY, writer.start)
            return
        writer.commit = self.next()
        if how == "leave the row":
            self.table.rows[writer.start] = Row(writer.commit, False)
        else:
            self.region.put_commit_field(KEY, writer.start, writer.commit, FieldWriter.WRITER)

    def copy(self, which: int) -> None:
        """Let a late copy of a write arrive."""
        if self.ended:
            self.put(self.ended[which % len(self.ended)])

    def compact(self, percent: int, major: bool) -> None:
        """Let the mark rise by a share of what is left, and compact under it."""
        steps = (self.now - self.mark) // self.step
        mark = self.mark + steps * percent // 100 * self.step
        while self.careful and (straddling := self.straddlers(mark)):
            mark = min(straddling) - self.step
        self.mark = max(mark, self.mark)
        self.region.run(self.region.compact(self.mark, major=major))
        self.world.pass_time(20 * MS)

    def straddlers(self, mark: int) -> list[int]:
        """Return who began at or below a mark and committed above it, by start timestamp."""
        return [each.start for each in self.ended if each.start <= mark < each.commit]

    def shown(self, snapshot: int) -> int:
        """Return what a reader at a snapshot gets from the store."""
        for record in self.region.cells.get(KEY, ()):
            commit = record.commit
            row = self.table.rows.get(record.version)
            if commit == NONE and row is not None and not row.invalid:
                commit = row.commit
            if NONE < commit < snapshot:
                return record.value
        return INITIAL

    def due(self, snapshot: int) -> int:
        """Return what it must get."""
        seen = [each for each in self.ended if NONE < each.commit < snapshot]
        if not seen:
            return INITIAL
        newest = max(seen, key=lambda each: each.commit)
        return INITIAL if newest.tombstone else newest.start

    def wrong(self) -> list[int]:
        """Return the snapshots above the mark that get what they must not."""
        snapshots = range(self.mark + self.step, self.now + 2 * self.step, self.step)
        return [each for each in snapshots if self.shown(each) != self.due(each)]


places = st.integers(0, 3)
ends = st.sampled_from(["complete", "complete", "leave the row", "roll back", "stay"])
begins = st.tuples(st.just("begin"), st.booleans())
steps = st.one_of(
    begins,
    st.tuples(st.just("commit"), st.booleans()),
    st.tuples(st.just("end"), places, ends),
    st.tuples(st.just("copy"), places),
    st.tuples(st.just("compact"), st.sampled_from([0, 50, 100, 100]), st.booleans()),
)
lives = st.lists(steps, min_size=8, max_size=30)
SEARCH = settings(
    max_examples=3000,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def live(
    life: Sequence[tuple[Any, ...]],
    *,
    variant: str = "omid",
    mutant: str | None = None,
    careful: bool = False,
) -> OneKey:
    """Let a region live to its end, or until a snapshot is wrong."""
    one = OneKey(variant, mutant, careful=careful)
    for name, *how in life:
        getattr(one, name)(*how)
        if one.wrong():
            break
    return one


@settings(max_examples=300)
@given(lives)
def test_no_compaction_changes_what_a_snapshot_above_the_mark_reads(life: Any) -> None:
    assert live(life).wrong() == []


@settings(max_examples=100)
@given(lives)
def test_a_major_compaction_leaves_one_version_below_the_mark_and_no_tombstone(life: Any) -> None:
    one = live([*life, ("compact", 100, True)])
    left = one.region.cells.get(KEY, ())
    assert [each for each in left if each.commit == NONE and each.version <= one.mark] == []
    below = [each for each in left if NONE < each.commit <= one.mark]
    assert len(below) <= 1
    assert [each for each in below if each.tombstone] == []


@pytest.mark.parametrize(
    "mutant",
    [
        "collection_bound_drops_fields",
        "collection_order_by_start",
        "tombstones_dropped_in_minor",
        "no_version_below_mark",
    ],
)
def test_a_broken_compaction_changes_it(mutant: str) -> None:
    life = find(lives, lambda life: bool(live(life, mutant=mutant).wrong()), settings=SEARCH)
    assert live(life).wrong() == []


@settings(max_examples=100)
@given(lives)
def test_the_compactor_of_apache_is_right_where_nobody_commits_across_the_mark(life: Any) -> None:
    assert live(life, variant="omid-apache", careful=True).wrong() == []


@pytest.mark.parametrize("tombstone", [False, True])
def test_the_compactor_of_apache_is_wrong_where_somebody_commits_across_the_mark(
    tombstone: bool,
) -> None:
    life = [
        ("begin", False),
        ("end", 0, "complete"),
        ("begin", tombstone),
        ("begin", False),
        ("end", 0, "complete"),
        ("compact", 60, True),
    ]
    assert live(life).wrong() == []
    one = live(life, variant="omid-apache")
    _, second, _ = sorted([*one.ended, *one.open], key=lambda each: each.start)
    assert second.start <= one.mark < second.commit
    assert one.wrong() == list(range(one.mark + one.step, second.commit + 1, one.step))


def test_the_compactor_of_apache_gives_no_mark_to_what_a_tombstone_hides() -> None:
    life = [
        ("begin", False),
        ("end", 0, "stay"),
        ("begin", True),
        ("end", 0, "complete"),
        ("compact", 100, True),
    ]
    marked = {name: live(life, variant=name).table.rows for name in ("omid", "omid-apache")}
    assert [row.invalid for row in marked["omid"].values()] == [True]
    assert marked["omid-apache"] == {}


def test_a_scanner_of_apache_asks_once_about_a_transaction() -> None:
    one = OneKey("omid-apache", None, careful=False)
    for key in (KEY, KEY + 1, KEY + 2):
        one.region.put(key, 2 * one.step, 5, 0)
    one.mark = 3 * one.step
    one.region.run(one.region.compact(one.mark, major=False))
    one.world.pass_time(20 * MS)
    log = one.world.oracle.build(node_names=one.world.node_names)
    assert log.rows_of(OracleKind.COMMIT_TABLE_INVALIDATED).size == 1
    assert log.rows_of(OracleKind.CELL_COLLECTED).size == 3
