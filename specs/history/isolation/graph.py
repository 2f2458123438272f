"""A growing graph of begin and commit events, its order, and its cycles.

Transaction `t` has the events `begin(t)` and `commit(t)`; at the serializable levels they are one.
More nodes stand for moments: "a version is overwritten", "so many transactions have ended".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from heapq import heapify, heappop, heappush
from typing import Final

import numpy as np
import numpy.typing as npt

from sim.history import Integers

Rank = npt.NDArray[np.int64]

_NARROW: Final = 16
"""Levels of at most so many nodes are passed node by node."""
_CORE_MAX: Final = 50_000
"""So many edges on cycles are searched in less time than SciPy takes to be imported."""


class Edge(IntEnum):
    """Why one event comes before another."""

    INNER = 0
    """A transaction begins before it commits."""
    SESSION = 1
    READS = 2
    """The writer of a version commits before a reader of it begins (WR)."""
    WRITES = 3
    """Of two writers of a key one commits before the other begins (WW)."""
    OVERWRITES = 4
    """A reader of a version begins before its next writer commits (RW), or a part of that."""
    REAL_TIME = 5


class Graph:
    """Nodes and edges in columns; every edge remembers its kind, its key and its round."""

    def __init__(self, transactions: int, *, merged: bool) -> None:
        self.transactions = transactions
        self.merged = merged
        self.nodes = transactions if merged else 2 * transactions
        self.round = 0
        """Edges are added round by round: those of a round follow from those of earlier ones."""
        self._parts: list[tuple[Integers, Integers, Integers, Integers, int]] = []
        self._columns: tuple[Integers, Integers, Integers, Integers, Integers] | None = None

    def begin(self, transactions: Integers) -> Integers:
        """Return the nodes at which transactions begin."""
        return transactions if self.merged else 2 * transactions

    def commit(self, transactions: Integers) -> Integers:
        """Return the nodes at which transactions commit."""
        return transactions if self.merged else 2 * transactions + 1

    def add_nodes(self, count: int) -> Integers:
        """Return new nodes, which stand for moments."""
        first = self.nodes
        self.nodes += count
        return np.arange(first, self.nodes, dtype=np.int64)

    def add(self, source: Integers, target: Integers, kind: Edge, key: Integers | int = -1) -> None:
        """Add edges of one kind; of a transaction to itself none is needed where it is one node."""
        source, target = np.atleast_1d(source), np.atleast_1d(target)
        keys = np.broadcast_to(np.asarray(key, dtype=np.int64), source.shape)
        if self.merged:
            apart = source != target
            source, target, keys = source[apart], target[apart], keys[apart]
        if len(source):
            kinds = np.full(len(source), int(kind), dtype=np.int64)
            self._parts.append((source, target, kinds, keys, self.round))
            self._columns = None

    @property
    def parts(self) -> int:
        """Count the calls that added edges so far."""
        return len(self._parts)

    def ends(self, since: int = 0) -> tuple[Integers, Integers]:
        """Return sources and targets of all edges, or of those since so many parts were there."""
        parts = self._parts[since:]
        return _joined([part[0] for part in parts]), _joined([part[1] for part in parts])

    def columns(self) -> tuple[Integers, Integers, Integers, Integers, Integers]:
        """Return source, target, kind, key and round of every edge."""
        if self._columns is None:
            sizes = [len(part[0]) for part in self._parts]
            rounds = np.repeat([part[4] for part in self._parts], sizes).astype(np.int64)
            source, target, kind, key = (
                _joined([part[:4][column] for part in self._parts]) for column in range(4)
            )
            self._columns = source, target, kind, key, rounds
        return self._columns

    def copy(self) -> Graph:
        """Return a graph that starts with the same edges."""
        other = Graph(self.transactions, merged=self.merged)
        other.nodes, other.round = self.nodes, self.round
        other._parts = list(self._parts)
        return other

    def rank(self) -> Rank | None:
        """Return the place of every node in one order that all edges follow; None for a cycle."""
        return topological_rank(self.nodes, *self.ends())

    def components(self) -> Integers:
        """Return the number of the strongly connected component of every node."""
        return components(self.nodes, *self.ends())


def _joined(parts: list[Integers]) -> Integers:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def components(nodes: int, source: Integers, target: Integers) -> Integers:
    """Return a number for every node that nodes of one strongly connected component share."""
    inside = np.ones(len(source), dtype=np.bool_)
    # Whoever only leads to cycles, or only comes from them, is on none.
    for begin, end in ((source, target), (target, source)):
        found, _ = _taken_off(nodes, begin[inside], end[inside])
        off = np.zeros(nodes, dtype=np.bool_)
        off[found] = True
        inside &= ~(off[source] | off[target])
    label = np.arange(nodes, dtype=np.int64)
    core = np.flatnonzero(inside)
    if not len(core):
        return label
    there, ends = np.unique(np.concatenate([source[core], target[core]]), return_inverse=True)
    one, other = ends.reshape(-1)[: len(core)], ends.reshape(-1)[len(core) :]
    shared = _connected if len(core) <= _CORE_MAX else _connected_fast
    label[there] = there[shared(len(there), one, other)]
    return label


def _connected_fast(nodes: int, source: Integers, target: Integers) -> Integers:
    """Return, for every node, one node of its component."""
    # It takes longer to import than most histories take to check.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(source), dtype=np.int8)
    matrix = coo_array((ones, (source, target)), shape=(nodes, nodes)).tocsr()
    _, labels = connected_components(matrix, directed=True, connection="strong")
    _, first, number = np.unique(labels, return_index=True, return_inverse=True)
    one_of: Integers = first.astype(np.int64)[number.reshape(-1)]
    return one_of


def _connected(nodes: int, source: Integers, target: Integers) -> Integers:
    """Return, for every node, one node of its component (Tarjan, 1972)."""
    first, follow = (column.tolist() for column in successors(nodes, source, target))
    seen, low = [-1] * nodes, [0] * nodes
    place, stands = first[:], [0] * nodes
    open_nodes: list[int] = []
    label = np.full(nodes, -1, dtype=np.int64)
    count = 0
    for root in range(nodes):
        path = [root] if seen[root] < 0 else []
        while path:
            node = path[-1]
            if seen[node] < 0:
                seen[node] = low[node] = count
                count += 1
                stands[node] = len(open_nodes)
                open_nodes.append(node)
            if place[node] < first[node + 1]:
                other = follow[place[node]]
                place[node] += 1
                if seen[other] < 0:
                    path.append(other)
                elif label[other] < 0:
                    low[node] = min(low[node], seen[other])
                continue
            path.pop()
            if path:
                low[path[-1]] = min(low[path[-1]], low[node])
            if low[node] == seen[node]:
                label[open_nodes[stands[node] :]] = node
                del open_nodes[stands[node] :]
    return label


@dataclass(frozen=True, slots=True)
class Levels:
    """All nodes by the length of the longest path to them."""

    order: Integers
    """The nodes of one level after those of another."""
    bounds: list[int]
    """Where each level begins in that order, and where the last one ends."""

    def rank(self) -> Rank:
        """Return the place of every node in the order."""
        rank = np.empty(len(self.order), dtype=np.int64)
        rank[self.order] = np.arange(len(self.order))
        return rank


def levels_of(nodes: int, source: Integers, target: Integers) -> Levels | None:
    """Return the nodes by the length of the longest path to them; None where there is a cycle."""
    order, bounds = _taken_off(nodes, source, target)
    return Levels(order, bounds) if len(order) == nodes else None


def _taken_off(nodes: int, source: Integers, target: Integers) -> tuple[Integers, list[int]]:
    """Return the nodes that no cycle leads to, level by level, and where each level begins."""
    first, follow = successors(nodes, source, target)
    missing = np.bincount(target, minlength=nodes)
    sweep = _Sweep(first, follow, missing)
    found: list[Integers] = []
    bounds = [0]
    level = np.flatnonzero(missing == 0)
    while len(level):
        if len(level) > _NARROW:
            found.append(level)
            bounds.append(bounds[-1] + len(level))
            level = sweep.wide(level)
        else:
            passed, level = sweep.narrow(level, bounds)
            found.append(passed)
    return _joined(found), bounds


@dataclass(slots=True)
class _Sweep:
    """Takes nodes off a graph, level by level."""

    first: Integers
    follow: Integers
    missing: Integers
    """How many predecessors of each node are still there."""

    def wide(self, level: Integers) -> Integers:
        """Take off a level at once; return the next one."""
        reached = self.follow[spread(self.first[level], self.first[level + 1])]
        np.subtract.at(self.missing, reached, 1)
        ready = reached[self.missing[reached] == 0]
        # Who is ready by way of several edges is taken once: the last of them says so.
        self.missing[ready] = np.arange(len(ready))
        once: Integers = ready[self.missing[ready] == np.arange(len(ready))]
        return once

    def narrow(self, level: Integers, bounds: list[int]) -> tuple[Integers, Integers]:
        """Take off levels node by node while they are narrow; return these nodes and the rest.

        A level of a few nodes costs less so than the calls that would take it off at once.
        """
        first, follow, missing = self.first.data, self.follow.data, self.missing.data
        passed: list[int] = []
        here: list[int] = level.tolist()
        while 0 < len(here) <= _NARROW:
            passed += here
            bounds.append(bounds[-1] + len(here))
            following: list[int] = []
            for node in here:
                for place in range(first[node], first[node + 1]):
                    other = follow[place]
                    missing[other] -= 1
                    if not missing[other]:
                        following.append(other)
            here = following
        return np.array(passed, dtype=np.int64), np.array(here, dtype=np.int64)


def topological_rank(nodes: int, source: Integers, target: Integers) -> Rank | None:
    """Return the place of every node in one order that all edges follow; None for a cycle."""
    levels = levels_of(nodes, source, target)
    return None if levels is None else levels.rank()


class Hinted:
    """Topological ranks in which, of all nodes that may come next, the earliest does."""

    def __init__(self, nodes: int, source: Integers, target: Integers, hint: Integers) -> None:
        first, follow = successors(nodes, source, target)
        self._first, self._follow = first.tolist(), follow.tolist()
        self._missing = np.bincount(target, minlength=nodes).tolist()
        # Numbers that are all different compare faster than pairs.
        by_hint = np.argsort(hint, kind="stable")
        turn = np.empty(nodes, dtype=np.int64)
        turn[by_hint] = np.arange(nodes)
        self._turns, self._node_at = turn.tolist(), by_hint.tolist()

    def rank(self, source: Integers, target: Integers) -> Rank | None:
        """Return the place of every node with a few more edges; None where there is a cycle."""
        first, follow, turns, node_at = self._first, self._follow, self._turns, self._node_at
        missing = self._missing.copy()
        more: dict[int, list[int]] = {}
        for node, other in zip(source.tolist(), target.tolist(), strict=True):
            more.setdefault(node, []).append(other)
            missing[other] += 1
        ready = [turn for turn, count in zip(turns, missing, strict=True) if not count]
        heapify(ready)
        order = []
        while ready:
            node = node_at[heappop(ready)]
            order.append(node)
            following = follow[first[node] : first[node + 1]]
            if node in more:
                following += more[node]
            for other in following:
                missing[other] -= 1
                if not missing[other]:
                    heappush(ready, turns[other])
        if len(order) < len(missing):
            return None
        rank = np.empty(len(order), dtype=np.int64)
        rank[np.array(order, dtype=np.int64)] = np.arange(len(order))
        return rank


def lightest_path(
    follow: Mapping[int, Sequence[tuple[int, int]]],
    begin: int,
    end: int,
    *,
    free: Callable[[int], bool],
) -> list[int] | None:
    """Return the edges of a path with as few that are not free as possible; None without one.

    `follow` has, for each node, the edges that leave it and where they lead.
    """
    came: dict[int, tuple[int, int]] = {}
    weight = {begin: 0}
    queue = deque([begin])
    done: set[int] = set()
    while queue and end not in done:
        node = queue.popleft()
        if node in done:
            continue
        done.add(node)
        for edge, other in follow.get(node, ()):
            costs = not free(edge)
            if weight[node] + costs < weight.get(other, 1 << 62):
                weight[other] = weight[node] + costs
                came[other] = (edge, node)
                if costs:
                    queue.append(other)
                else:
                    queue.appendleft(other)
    if end not in done:
        return None
    path = []
    node = end
    while node != begin:
        edge, node = came[node]
        path.append(edge)
    return path[::-1]


def successors(nodes: int, source: Integers, target: Integers) -> tuple[Integers, Integers]:
    """Return where each node's successors begin, and all successors in that order."""
    order = np.argsort(source, kind="stable")
    first = np.zeros(nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(source, minlength=nodes), out=first[1:])
    return first, target[order]


def spread(first: Integers, end: Integers) -> Integers:
    """Return the numbers of all ranges `first[i] .. end[i] - 1`, one range after the other."""
    sizes = end - first
    total = int(sizes.sum())
    if total == 0:
        return np.zeros(0, dtype=np.int64)
    starts = np.cumsum(sizes) - sizes
    numbers: Integers = np.arange(total, dtype=np.int64) + np.repeat(first - starts, sizes)
    return numbers
