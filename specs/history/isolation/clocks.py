"""Who reaches whom, by clocks: for every event, the earliest event of every path that follows it.

A bit for every pair of events would take gigabytes. The events lie on a few paths that the graph
itself orders (the sessions, where they count), so an event reaches another one exactly if it
reaches an event of the other's path that is not later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from sim.history import Integers
from specs.history.isolation.facts import Facts
from specs.history.isolation.graph import Graph, Levels, levels_of, spread

CELLS_MAX: Final = 150_000_000
"""Four bytes each; where clocks would take more, there are none."""
_FEW: Final = 12
"""So many edges are followed one by one in less time than at once."""
_ANSWERS: Final = 1 << 21
"""So many are looked up at a time."""
_FEW_TRANSACTIONS: Final = 1000
"""Paths of so few transactions need not be as few as possible."""
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

    def only(self, transactions: Integers) -> Paths:
        """Return the paths of some transactions; whoever lies on others lies on path -1."""
        wanted = np.zeros(self.count, dtype=np.bool_)
        wanted[self.path[transactions]] = True
        number = np.where(wanted, np.cumsum(wanted) - 1, -1)
        return Paths(path=number[self.path], position=self.position, count=int(wanted.sum()))

    def parts(self, size: int) -> Iterator[Paths]:
        """Yield so many paths at a time; there is one part where there is no path."""
        for low in range(0, max(self.count, 1), size):
            there = (self.path >= low) & (self.path < low + size)
            path = np.where(there, self.path - low, -1)
            count = min(size, self.count - low)
            yield Paths(path=path, position=self.position, count=count)


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
    """Return, for each transaction, one that read from it, so that nobody is named twice.

    Of all ways to do so it is one that names most, and so leaves the fewest paths.
    """
    of_others, follows = facts.reader_from >= 0, facts.followed >= 0
    writer = np.concatenate([facts.reader_from[of_others], facts.followed[follows]])
    reader = np.concatenate([facts.reader[of_others], facts.follower[follows]])
    if facts.count <= _FEW_TRANSACTIONS:
        return _named_once(writer, reader, facts.count)
    # It takes longer to import than a small history takes to check.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    ones = np.ones(len(writer), dtype=np.bool_)
    shape = (facts.count, facts.count)
    matrix = coo_array((ones, (writer, reader)), shape=shape).tocsr()
    matched = maximum_bipartite_matching(matrix, perm_type="column")
    return np.asarray(matched, dtype=np.int64)


def _named_once(writer: Integers, reader: Integers, count: int) -> Integers:
    """Return a reader for each writer, as far as a first try finds them."""
    following = np.full(count, -1, dtype=np.int64)
    # Each reader keeps the last of its writers, each writer then the first of its readers.
    order = np.lexsort((-writer, reader))
    first = np.unique(reader[order], return_index=True)[1]
    writer, reader = writer[order][first], reader[order][first]
    order = np.lexsort((reader, writer))
    first = np.unique(writer[order], return_index=True)[1]
    following[writer[order][first]] = reader[order][first]
    return following


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """Who reaches whom in a graph as it was.

    The clock of a node has, for each path, the place of the earliest event that the node reaches
    or is; `NEVER` where it reaches none.
    """

    clock: Clock
    """By node."""
    levels: Levels
    source: Integers
    """Edges that are enough to reach whatever the graph reaches, ..."""
    target: Integers
    parts: int
    """... of a graph to which so many parts had been added."""


def clocks_of(graph: Graph, paths: Paths, before: Clocks | None = None) -> Clocks | None:
    """Return the clocks of a graph; None where there is a cycle.

    `before` are the clocks of the graph before edges were added to it.
    """
    source, target = graph.ends(0 if before is None else before.parts)
    if before is not None:
        source = np.concatenate([before.source, source])
        target = np.concatenate([before.target, target])
    clock = np.empty((graph.nodes, paths.count), dtype=np.int32)
    enough = _enough(graph, paths, (source, target), clock)
    if enough is None:
        return None
    source, target = source[enough], target[enough]
    levels = levels_of(graph.nodes, source, target)
    if levels is None:
        return None
    _sweep(clock, levels, source, target)
    return Clocks(clock=clock, levels=levels, source=source, target=target, parts=graph.parts)


def _enough(
    graph: Graph, paths: Paths, edges: tuple[Integers, Integers], clock: Clock
) -> Integers | None:
    """Return the edges that others do not imply, and enter their targets into the clocks.

    None where an edge leads back on its own path. Along a path only the steps count; of all edges
    from a path to a node the last one does, of all from a node to a path the first.
    """
    source, target = edges
    path, place = _lie(graph, paths)
    flat = clock.reshape(-1)
    on_paths = path[source] == path[target]
    on_paths &= path[source] >= 0
    ahead = place[target] - place[source]
    if (ahead[on_paths] <= 0).any():
        return None
    step = 2 if graph.merged else 1
    kept = np.flatnonzero(~on_paths | (ahead == step))
    from_path = kept[path[source[kept]] >= 0]
    cell = target[from_path] * paths.count + path[source[from_path]]
    flat.fill(-1)
    np.maximum.at(flat, cell, place[source[from_path]])
    late = place[source[from_path]] == flat[cell]
    kept = np.sort(np.concatenate([from_path[late], kept[path[source[kept]] < 0]]))
    to_path = kept[path[target[kept]] >= 0]
    cell = source[to_path] * paths.count + path[target[to_path]]
    flat.fill(NEVER)
    events = np.flatnonzero(path >= 0)
    np.minimum.at(flat, cell, place[target[to_path]])
    # On its own path an event reaches itself: what it steps to is entered, but no edge back is.
    early = (place[target[to_path]] == flat[cell]) | on_paths[to_path]
    flat[events * paths.count + path[events]] = place[events]
    return np.sort(np.concatenate([to_path[early], kept[path[target[kept]] < 0]]))


def _lie(graph: Graph, paths: Paths) -> tuple[Integers, npt.NDArray[np.int32]]:
    """Return on which path every node lies, -1 for moments, and where on it."""
    everybody = np.arange(graph.transactions)
    path = np.full(graph.nodes, -1, dtype=np.int64)
    place = np.zeros(graph.nodes, dtype=np.int32)
    if not graph.merged:
        path[graph.commit(everybody)] = paths.path
        place[graph.commit(everybody)] = paths.commit(everybody)
    path[graph.begin(everybody)] = paths.path
    place[graph.begin(everybody)] = paths.begin(everybody)
    return path, place


def _sweep(clock: Clock, levels: Levels, source: Integers, target: Integers) -> None:
    """Let every clock know what the clocks of those that follow know, the last level first."""
    if not clock.size:
        return
    rank = levels.rank()
    by_rank = np.argsort(rank[source])
    source, target = source[by_rank], target[by_rank]
    new = np.ones(len(source), dtype=np.bool_)
    new[1:] = source[1:] != source[:-1]
    starts = np.flatnonzero(new)
    rows = source[starts]
    edge_bounds = np.searchsorted(rank[source], levels.bounds).tolist()
    row_bounds = np.searchsorted(rank[rows], levels.bounds).tolist()
    sources, targets = source.data, target.data
    for level in range(len(levels.bounds) - 2, -1, -1):
        low, high = edge_bounds[level], edge_bounds[level + 1]
        if high - low <= _FEW:
            for edge in range(low, high):
                row = clock[sources[edge]]
                np.minimum(row, clock[targets[edge]], out=row)
            continue
        begin, end = row_bounds[level], row_bounds[level + 1]
        following = clock.take(target[low:high], axis=0)
        earliest = np.minimum.reduceat(following, starts[begin:end] - low, axis=0)
        here = rows[begin:end]
        clock[here] = np.minimum(clock.take(here, axis=0), earliest)


@dataclass(frozen=True, slots=True)
class Places:
    """Items of keys, sorted by key, path and place on the path."""

    code: Integers
    item: Integers
    group_key: Integers
    """The keys and paths that occur together, each pair once."""
    group_path: Integers
    group_end: Integers
    """Where the items of each pair end."""
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
        code, group = code[order], group[order]
        last = np.ones(len(group), dtype=np.bool_)
        last[:-1] = group[1:] != group[:-1]
        ends = np.flatnonzero(last)
        groups = group[ends]
        return cls(
            code=code,
            item=item[order],
            group_key=groups // paths.count,
            group_path=groups % paths.count,
            group_end=ends + 1,
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
        found = []
        last = max(len(self.item) - 1, 0)
        for query, begin, end in self._ranges(key, clock, row):
            passed = skip[query]
            own = (begin < end) & (self.item[np.minimum(begin, last)] == passed)
            while own.any():
                begin[own] += 1
                own = (begin < end) & (self.item[np.minimum(begin, last)] == passed)
            there = begin < end
            found.append((query[there], self.item[begin[there]]))
        return (
            np.concatenate([pair[0] for pair in found]),
            np.concatenate([pair[1] for pair in found]),
        )

    def count_from(self, key: Integers, clock: Clock, row: Integers) -> int:
        """Count the items that the queries reach, once for each query."""
        return sum(int((end - begin).sum()) for _, begin, end in self._ranges(key, clock, row))

    def _ranges(
        self, key: Integers, clock: Clock, row: Integers
    ) -> Iterator[tuple[Integers, Integers, Integers]]:
        """Yield queries, once for each path of their keys, and the ranges of what they reach.

        Not all at a time: there may be more than there is memory for.
        """
        low = np.searchsorted(self.group_key, key, side="left")
        high = np.searchsorted(self.group_key, key, side="right")
        part = np.cumsum(high - low) // _ANSWERS
        bounds = np.flatnonzero(part[1:] != part[:-1]) + 1
        for first, end in pairwise([0, *bounds.tolist(), len(key)]):
            group = spread(low[first:end], high[first:end])
            query = np.repeat(np.arange(first, end), high[first:end] - low[first:end])
            path = self.group_path[group]
            reached = np.minimum(clock[row[query], path].astype(np.int64), self.events - 1)
            top = (self.group_key[group] * self.paths + path) * self.events
            yield query, np.searchsorted(self.code, top + reached), self.group_end[group]
