"""Find the cycle that explains a rejection best, and those that settled the orders it rests on.

Orders were settled round by round, each because of edges of earlier rounds: so the reason of an
order is a cycle of earlier edges and the opposite order, and reasons of reasons come to an end.
Of all cycles one that needs neither real time nor sessions comes first, then the one with the
fewest orders that need a reason, the fewest read-write dependencies, the fewest others.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Final

import numpy as np

from sim.history import Integers
from specs.history.isolation.arrows import Hop, Loop, Order, loop_of
from specs.history.isolation.chains import Chains
from specs.history.isolation.graph import Edge, Graph, components, successors
from specs.history.isolation.lineage import Lineage

WORK_MAX: Final = 1_000_000
"""So many edges are looked at in the search for a shortest cycle; then the best so far is it."""
_DERIVED, _OVERWRITES, _OTHERS = 1 << 45, 1 << 30, 1 << 15
"""What edges cost: no number of cheaper ones outweighs a dearer one."""
_SPARED: Final = ((Edge.SESSION, Edge.REAL_TIME), (Edge.REAL_TIME,), ())
"""Kinds of edges to do without, the most first."""

Path = list[int]
"""Edges, one after the other."""


class Finder:
    """Looks for cycles in the graph of a decision."""

    def __init__(self, graph: Graph, chains: Chains | None, lineage: Lineage) -> None:
        self.graph = graph
        self.chains = chains
        self.lineage = lineage
        self.source, self.target, self.kind, self.key, self.round = graph.columns()
        self.cost = self._costs()
        self._networks: dict[tuple[int, tuple[Edge, ...]], Network] = {}
        self._rounds: dict[Order, int] = {}
        self._chain: dict[tuple[int, ...], int] = {}

    def _costs(self) -> Integers:
        events = self.graph.transactions * (1 if self.graph.merged else 2)
        overwrites = (self.kind == Edge.OVERWRITES) & (self.source < events)
        others = (self.kind == Edge.READS) | (self.kind == Edge.WRITES)
        cost = _OVERWRITES * overwrites + _OTHERS * (others | overwrites)
        # Of real time, what leads from an event to the moments counts, not how many there are.
        cost += (self.kind == Edge.SESSION) | (self.kind == Edge.REAL_TIME) & (self.source < events)
        total: Integers = (cost + _DERIVED * (self.round > 0)).astype(np.int64)
        return total

    def best_path(self) -> Path:
        """Return the edges of the best cycle of the first round that has one."""
        paths = self.best_paths()
        return min(paths, key=lambda path: int((self.round[path] > 0).sum()))

    def best_paths(self) -> list[Path]:
        """Return the best cycles of the first round that has one, each with more kinds of edges."""
        for last in range(int(self.round.max()) + 1):
            inside = self._on_cycles(np.flatnonzero(self.round <= last))
            if len(inside):
                return self._best_of(inside)
        raise AssertionError("there is a cycle")

    def loop(self, path: Path) -> Loop:
        """Return the arrows of a cycle of edges."""
        return self.lineage.ordered(loop_of(self.graph, self.hops(path)))

    def _on_cycles(self, edges: Integers) -> Integers:
        """Return those of some edges that lie on cycles of them."""
        component = components(self.graph.nodes, self.source[edges], self.target[edges])
        found: Integers = edges[component[self.source[edges]] == component[self.target[edges]]]
        return found

    def _best_of(self, inside: Integers) -> list[Path]:
        """Return the best of the cycles in edges that all lie on some, without some kinds."""
        found: list[Path] = []
        sizes: set[int] = set()
        for spared in _SPARED:
            fewer = self._on_cycles(inside[~np.isin(self.kind[inside], spared)])
            if not len(fewer) or len(fewer) in sizes:
                continue
            sizes.add(len(fewer))
            if not (self.round[fewer] > 0).any():
                plain = self._on_cycles(fewer[self.kind[fewer] != Edge.OVERWRITES])
                # What needs no reason, and the fewest kinds of edges, is the best of all.
                return [self._lightest(plain if len(plain) else fewer)]
            found.append(self._lightest(fewer))
        return found

    def _lightest(self, inside: Integers) -> Path:
        component = components(self.graph.nodes, self.source[inside], self.target[inside])
        size = np.bincount(component)
        here = component[self.source[inside]]
        smallest = inside[here == here[np.argmin(size[here])]]
        network = Network(self, smallest)
        # Every cycle has an edge of the dearest kind without which there would be none.
        starts = smallest
        for dear in (self.round[smallest] > 0, self.kind[smallest] == Edge.OVERWRITES):
            if dear.any() and not len(self._on_cycles(smallest[~dear])):
                starts = smallest[dear]
                break
        found: tuple[int, Path] | None = None
        for edge in starts.tolist():
            if found is not None and network.work > WORK_MAX:
                break
            limit = None if found is None else found[0] - int(self.cost[edge])
            ends = {int(self.source[edge])}
            path = network.path(int(self.target[edge]), ends, limit=limit)
            if path is not None:
                cost = int(self.cost[[edge, *path]].sum())
                if found is None or cost < found[0]:
                    found = cost, [edge, *path]
        assert found is not None, "both ends of an edge lie in one component"
        return found[1]

    def settled(self) -> dict[Order, int]:
        """Return the orders of chains that rounds have added, with their rounds."""
        if self._rounds or self.chains is None:
            return self._rounds
        later = np.flatnonzero((self.round > 0) & (self.kind == Edge.WRITES))
        chains, graph = self.chains, self.graph
        tails = _numbered(graph.commit(chains.tail), chains.key)
        heads = _numbered(graph.begin(chains.head), chains.key)
        for edge in later.tolist():
            source, target, key = (int(each[edge]) for each in (self.source, self.target, self.key))
            earlier, following = tails[source, key], heads[target, key]
            order = Order(key, int(chains.head[earlier]), int(chains.head[following]))
            self._rounds.setdefault(order, int(self.round[edge]))
        return self._rounds

    def number(self, key: int, head: int) -> int:
        """Return the number of the chain of a key that begins with a writer."""
        assert self.chains is not None, "there are chains"
        if not self._chain:
            self._chain = _numbered(self.chains.key, self.chains.head)
        return self._chain[key, head]

    def reason(self, order: Order) -> Loop | None:
        """Return the cycle that the opposite of an order would close; None where there is none."""
        last = self.settled().get(order, int(self.round.max()) + 1) - 1
        best: tuple[int, Loop] | None = None
        for spared in _SPARED:
            found = self._closed(order, last, spared)
            if found is not None and found[0] < _OVERWRITES * 2:
                return found[1]
            if found is not None and (best is None or found[0] < best[0]):
                best = found
        return None if best is None else best[1]

    def _closed(self, order: Order, last: int, spared: tuple[Edge, ...]) -> tuple[int, Loop] | None:
        """Return the cycle that the opposite of an order closes, and what it costs."""
        chains, graph = self.chains, self.graph
        assert chains is not None, "only chains are ordered in rounds"
        network = self._network(last, spared)
        earlier, later = (self.number(order.key, head) for head in order[1:])
        ends = np.array([int(chains.head[earlier]), int(chains.tail[later])])
        begins, commits = graph.begin(ends).tolist(), graph.commit(ends).tolist()
        readers = graph.begin(chains.reader[chains.reader_chain == later]).tolist()
        found: list[tuple[int, Path, Hop]] = []
        for source, targets, kind in (
            (begins[0], {commits[1]}, Edge.WRITES),
            (commits[0], set(readers), Edge.OVERWRITES),
        ):
            path = network.path(source, targets)
            if path is not None:
                cost = int(self.cost[path].sum()) + _OVERWRITES * (kind == Edge.OVERWRITES)
                target = int(self.target[path[-1]]) if path else source
                found.append((cost, path, Hop(target, source, int(kind), order.key)))
        if not found:
            return None
        cost, path, assumed = min(found, key=lambda each: each[0])
        return cost, self.lineage.ordered(loop_of(graph, [assumed, *self.hops(path)]))

    def _network(self, last: int, spared: tuple[Edge, ...]) -> Network:
        """Return the edges up to a round, without some kinds."""
        if (last, spared) not in self._networks:
            edges = (self.round <= last) & ~np.isin(self.kind, spared)
            self._networks[last, spared] = Network(self, np.flatnonzero(edges))
        return self._networks[last, spared]

    def hops(self, path: Path) -> list[Hop]:
        """Return edges as what cycles are made of."""
        columns = (self.source, self.target, self.kind, self.key)
        return [Hop(*(int(column[edge]) for column in columns)) for edge in path]


class Network:
    """Some edges of a graph, searched for lightest paths."""

    def __init__(self, finder: Finder, edges: Integers) -> None:
        source, target = finder.source[edges], finder.target[edges]
        nodes = finder.graph.nodes
        self._first, _ = successors(nodes, source, target)
        order = np.argsort(source, kind="stable")
        self._edge = edges[order]
        self._target = target[order]
        self._cost = finder.cost[edges][order]
        self.work = 0
        """How many edges were looked at."""

    def path(self, begin: int, ends: set[int], *, limit: int | None = None) -> Path | None:
        """Return the edges of the lightest path to any end, None without one below the limit."""
        best = {begin: 0}
        came: dict[int, tuple[int, int]] = {}
        done: set[int] = set()
        queue = [(0, begin)]
        while queue:
            cost, node = heappop(queue)
            if node in ends:
                return _back(came, begin, node)
            if node in done or (limit is not None and cost >= limit):
                continue
            done.add(node)
            for edge, other, more in self._leaving(node):
                if cost + more < best.get(other, 1 << 62):
                    best[other] = cost + more
                    came[other] = edge, node
                    heappush(queue, (cost + more, other))
        return None

    def _leaving(self, node: int) -> Iterator[tuple[int, int, int]]:
        low, high = int(self._first[node]), int(self._first[node + 1])
        self.work += high - low
        columns = (self._edge, self._target, self._cost)
        return zip(*(column[low:high].tolist() for column in columns), strict=True)


def _back(came: dict[int, tuple[int, int]], begin: int, end: int) -> Path:
    path, node = [], end
    while node != begin:
        edge, node = came[node]
        path.append(edge)
    return path[::-1]


def _numbered(*columns: Integers) -> dict[tuple[int, ...], int]:
    """Return the number of each row of some columns."""
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return {row: number for number, row in enumerate(rows)}
