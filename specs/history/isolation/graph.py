"""A growing graph of begin and commit events, its order, and its cycles.

Transaction `t` has the events `begin(t)` and `commit(t)`; at the serializable levels they are one.
More nodes stand for moments: "a version is overwritten", "so many transactions have ended".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from heapq import heapify, heappop, heappush

import numpy as np
import numpy.typing as npt

from sim.history import Integers

Rank = npt.NDArray[np.int64]


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
        source, target, *_ = self.columns()
        return topological_rank(self.nodes, source, target)

    def components(self) -> Integers:
        """Return the number of the strongly connected component of every node."""
        source, target, *_ = self.columns()
        return components(self.nodes, source, target)


def _joined(parts: list[Integers]) -> Integers:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def components(nodes: int, source: Integers, target: Integers) -> Integers:
    """Return the number of the strongly connected component of every node."""
    # It takes longer to import than most histories take to check.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(source), dtype=np.int8)
    matrix = coo_array((ones, (source, target)), shape=(nodes, nodes)).tocsr()
    _, labels = connected_components(matrix, directed=True, connection="strong")
    return np.asarray(labels, dtype=np.int64)


def levels_of(nodes: int, source: Integers, target: Integers) -> list[Integers] | None:
    """Return the nodes by the length of the longest path to them; None where there is a cycle."""
    first, follow = successors(nodes, source, target)
    missing = np.bincount(target, minlength=nodes)
    level = np.flatnonzero(missing == 0)
    found: list[Integers] = []
    seen = 0
    while len(level):
        found.append(level)
        seen += len(level)
        reached = follow[spread(first[level], first[level + 1])]
        if not len(reached):
            break
        nodes_reached, times = np.unique(reached, return_counts=True)
        missing[nodes_reached] -= times
        level = nodes_reached[missing[nodes_reached] == 0]
    return found if seen == nodes else None


def topological_rank(nodes: int, source: Integers, target: Integers) -> Rank | None:
    """Return the place of every node in one order that all edges follow; None for a cycle."""
    levels = levels_of(nodes, source, target)
    if levels is None:
        return None
    rank = np.empty(nodes, dtype=np.int64)
    if levels:
        rank[np.concatenate(levels)] = np.arange(nodes)
    return rank


def hinted_rank(nodes: int, source: Integers, target: Integers, hint: Integers) -> Rank | None:
    """Return the topological rank in which, of all nodes that may come next, the earliest does."""
    first, follow = (column.tolist() for column in successors(nodes, source, target))
    missing = np.bincount(target, minlength=nodes).tolist()
    when = hint.tolist()
    ready = [(when[node], node) for node in range(nodes) if not missing[node]]
    heapify(ready)
    rank = np.empty(nodes, dtype=np.int64)
    seen = 0
    while ready:
        _, node = heappop(ready)
        rank[node] = seen
        seen += 1
        for other in follow[first[node] : first[node + 1]]:
            missing[other] -= 1
            if not missing[other]:
                heappush(ready, (when[other], other))
    return rank if seen == nodes else None


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
