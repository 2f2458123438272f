"""Who reaches whom, by clocks: for every event, the earliest event of every path that follows it.

A bit for every pair of events would take gigabytes. The events lie on a few paths that the graph
itself orders (the sessions, where they count), so an event reaches another one exactly if it
reaches an event of the other's path that is not later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from sim.history import Integers
from specs.history.isolation.facts import Facts
from specs.history.isolation.graph import Graph, levels_of, spread

CELLS_MAX: Final = 150_000_000
"""Four bytes each; where clocks would take more, there are none."""
NEVER: Final = np.iinfo(np.int32).max

Clock = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """A partition of the transactions into paths of the graph."""

    path: Integers
    position: Integers
    count: int

    def begin(self, transactions: Integers) -> Integers:
        """Return the places of begins on their paths."""
        return 2 * self.position[transactions]

    def commit(self, transactions: Integers) -> Integers:
        """Return the places of commits on their paths."""
        return 2 * self.position[transactions] + 1


def paths_of(facts: Facts, *, sessions: bool) -> Paths:
    """Return the sessions as paths, or paths along reads where sessions do not count.

    A transaction that nobody vouches for orders nobody after it in its session: it is a path.
    """
    following = _in_session(facts) if sessions else _along_reads(facts)
    before = np.full(facts.count, -1, dtype=np.int64)
    has = np.flatnonzero(following >= 0)
    before[following[has]] = has
    heads = np.flatnonzero(before < 0)
    path = np.full(facts.count, -1, dtype=np.int64)
    position = np.zeros(facts.count, dtype=np.int64)
    path[heads] = np.arange(len(heads))
    here, step = heads, 0
    while len(here):
        step += 1
        follow = following[here]
        going = follow >= 0
        path[follow[going]] = path[here[going]]
        position[follow[going]] = step
        here = follow[going]
    return Paths(path=path, position=position, count=len(heads))


def _in_session(facts: Facts) -> Integers:
    """Return who comes next in the session of each transaction, -1 for nobody."""
    following = np.full(facts.count, -1, dtype=np.int64)
    vouched = np.flatnonzero(facts.vouched)
    vouched = vouched[np.argsort(facts.session[vouched], kind="stable")]
    same = facts.session[vouched[1:]] == facts.session[vouched[:-1]]
    following[vouched[:-1][same]] = vouched[1:][same]
    return following


def _along_reads(facts: Facts) -> Integers:
    """Return, for each transaction, one that read from it, so that nobody is named twice."""
    following = np.full(facts.count, -1, dtype=np.int64)
    of_others = facts.reader_from >= 0
    writer, reader = facts.reader_from[of_others], facts.reader[of_others]
    # Each reader keeps the last of its writers, each writer then the first of its readers.
    order = np.lexsort((-writer, reader))
    first = np.unique(reader[order], return_index=True)[1]
    writer, reader = writer[order][first], reader[order][first]
    order = np.lexsort((reader, writer))
    first = np.unique(writer[order], return_index=True)[1]
    following[writer[order][first]] = reader[order][first]
    return following


def clocks_of(graph: Graph, paths: Paths) -> tuple[Integers, Clock] | None:
    """Return the rank of every node, and the clocks by rank; None where there is a cycle.

    The clock of a node has, for each path, the place of the earliest event that the node reaches
    or is; `NEVER` where it reaches none.
    """
    source, target, *_ = graph.columns()
    levels = levels_of(graph.nodes, source, target)
    if levels is None:
        return None
    rank = np.empty(graph.nodes, dtype=np.int64)
    if levels:
        rank[np.concatenate(levels)] = np.arange(graph.nodes)
    clock = np.full((graph.nodes, paths.count), NEVER, dtype=np.int32)
    everybody = np.arange(graph.transactions)
    if not graph.merged:
        clock[rank[graph.commit(everybody)], paths.path] = paths.commit(everybody)
    clock[rank[graph.begin(everybody)], paths.path] = paths.begin(everybody)
    order = np.argsort(rank[source], kind="stable")
    begins, ends = rank[source][order], rank[target][order]
    first = np.searchsorted(begins, np.arange(graph.nodes + 1))
    bounds = np.cumsum([0, *map(len, levels)])
    for low, high in zip(bounds[-2::-1].tolist(), bounds[:0:-1].tolist(), strict=True):
        here = np.arange(low, high)
        here = here[first[here + 1] > first[here]]
        if len(here):
            following = clock[ends[spread(first[here], first[here + 1])]]
            offsets = np.cumsum(first[here + 1] - first[here]) - (first[here + 1] - first[here])
            earliest = np.minimum.reduceat(following, offsets, axis=0)
            clock[here] = np.minimum(clock[here], earliest)
    return rank, clock


@dataclass(frozen=True, slots=True)
class Places:
    """Items of keys, sorted by key, path and place on the path."""

    code: Integers
    item: Integers
    group_key: Integers
    """The keys and paths that occur together, each pair once."""
    group_path: Integers
    paths: int
    events: int
    """More than any place on a path."""

    @classmethod
    def of(
        cls, paths: Paths, *, key: Integers, path: Integers, event: Integers, item: Integers
    ) -> Places:
        """Sort items."""
        events = 2 * len(paths.path) + 2
        group = key * paths.count + path
        code = group * events + event
        order = np.argsort(code, kind="stable")
        groups = np.unique(group)
        return cls(
            code=code[order],
            item=item[order],
            group_key=groups // paths.count,
            group_path=groups % paths.count,
            paths=paths.count,
            events=events,
        )

    def first_from(
        self, key: Integers, clock: Clock, row: Integers, *, skip: Integers
    ) -> tuple[Integers, Integers]:
        """Return, for each query and path, the first item of its key that the clock has reached.

        `row` is the clock's row for each query; the item `skip` of a query is passed over. The
        result is pairs of a query and an item.
        """
        query, begin, end = self._ranges(key, clock, row)
        passed = skip[query]
        last = max(len(self.item) - 1, 0)
        own = (begin < end) & (self.item[np.minimum(begin, last)] == passed)
        while own.any():
            begin[own] += 1
            own = (begin < end) & (self.item[np.minimum(begin, last)] == passed)
        found = begin < end
        return query[found], self.item[begin[found]]

    def count_from(self, key: Integers, clock: Clock, row: Integers) -> int:
        """Count the items that the queries reach, once for each query."""
        _, begin, end = self._ranges(key, clock, row)
        return int((end - begin).sum())

    def _ranges(
        self, key: Integers, clock: Clock, row: Integers
    ) -> tuple[Integers, Integers, Integers]:
        """Return queries, once for each path of their keys, and the ranges of what they reach."""
        low = np.searchsorted(self.group_key, key, side="left")
        high = np.searchsorted(self.group_key, key, side="right")
        group = spread(low, high)
        query = np.repeat(np.arange(len(key)), high - low)
        path = self.group_path[group]
        reached = np.minimum(clock[row[query], path].astype(np.int64), self.events - 1)
        top = (self.group_key[group] * self.paths + path) * self.events
        begin = np.searchsorted(self.code, top + reached)
        end = np.searchsorted(self.code, top + self.events - 1)
        return query, begin, end
