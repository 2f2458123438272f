"""Find the cycle that explains a rejection best, and the reasons of what it rests on.

Orders were settled round by round, each because of edges of earlier rounds: so the reason of an
edge is a cycle of earlier edges and the opposite order, and reasons of reasons come to an end. Of
all cycles the one with the fewest read-write dependencies, then the fewest transactions, says most.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from sim.history import Integers
from specs.history.isolation.arrows import Arrow, Hop, Loop, loop_of
from specs.history.isolation.chains import Chains
from specs.history.isolation.choices import Conflict, Step
from specs.history.isolation.facts import INITIAL, Facts
from specs.history.isolation.graph import Edge, Graph, components, lightest_path

TRIED_MAX: Final = 100
"""So many edges of a component are tried as the begin of a cycle."""


class Finder:
    """Looks for cycles in one graph."""

    def __init__(self, graph: Graph, chains: Chains | None, facts: Facts | None = None) -> None:
        self.graph = graph
        self.facts = facts
        """What the reads are that force the orders of the weaker levels."""
        self.source, self.target, self.kind, self.key, self.round = graph.columns()
        self.chains = chains
        inside = (self.kind == int(Edge.INNER)) | (self.kind == int(Edge.SESSION))
        self._free: list[bool] = inside.tolist()
        """By edge, whether a path takes it for nothing."""
        self._head = {} if chains is None else _by_node(graph.commit(chains.head))
        self._tail = {} if chains is None else _by_node(graph.commit(chains.tail))
        self._moment = {} if chains is None else _by_node(chains.overwritten)
        self._follow: dict[int, dict[int, list[tuple[int, int]]]] = {}
        """Edges out of every node, up to a round."""
        self._reasons: dict[tuple[int, int], Loop] = {}

    def best(self) -> Loop:
        """Return the best cycle of the first round that has one."""
        for last in range(int(self.round.max()) + 1):
            edges = np.flatnonzero(self.round <= last)
            component = components(self.graph.nodes, self.source[edges], self.target[edges])
            inside = edges[component[self.source[edges]] == component[self.target[edges]]]
            if len(inside):
                return self._best_among(inside, component)
        raise AssertionError("there is a cycle")

    def _best_among(self, inside: Integers, component: Integers) -> Loop:
        size = np.bincount(component)
        smallest = inside[np.argsort(size[component[self.source[inside]]], kind="stable")]
        tried = smallest[:TRIED_MAX]
        follow = self._out_of(inside)
        loops = []
        seen: set[tuple[int, ...]] = set()
        for edge in tried.tolist():
            path = self._search(follow, int(self.target[edge]), int(self.source[edge]))
            assert path is not None, "both ends lie in one component"
            places = [edge, *path]
            mark = tuple(sorted(places))
            if mark not in seen:
                seen.add(mark)
                loops.append(places)
        best = min(loops, key=self._weight)
        for place in best:
            # Nothing comes before the initial state, so what is forced to is a cycle already.
            if self.facts is not None and self.round[place] and self.target[place] >= self._events:
                return self._forced(place, self.facts)
        return loop_of(self.graph, [self.hop(place) for place in best])

    def _weight(self, places: list[int]) -> tuple[int, int, int]:
        overwrites = sum(
            1
            for place in places
            if self.kind[place] == Edge.OVERWRITES and self.source[place] < self._events
        )
        derived = sum(1 for place in places if self.round[place] > 0)
        return derived, overwrites, len(places)

    @property
    def _events(self) -> int:
        graph = self.graph
        return graph.transactions if graph.merged else 2 * graph.transactions

    def hop(self, place: int) -> Hop:
        """Return an edge with its reason."""
        plain = Hop(
            source=int(self.source[place]),
            target=int(self.target[place]),
            kind=int(self.kind[place]),
            key=int(self.key[place]),
        )
        if self.round[place] == 0:
            return plain
        if self.chains is None:
            assert self.facts is not None, "without chains, reads force orders"
            return replace(plain, reason=self._forced(place, self.facts))
        order = self._order_of(place)
        return replace(plain, reason=self.reason(*order, before=int(self.round[place])))

    def _forced(self, place: int, facts: Facts) -> Loop:
        """Return the cycle that the opposite of a forced order would close.

        A reader that had the earlier writer in its past would have missed its version.
        """
        earlier, later = int(self.source[place]), int(self.target[place])
        key = int(self.key[place])
        version = later if later < self._events else INITIAL
        missed = (facts.reader_from == version) & (facts.reader_key == key)
        found: list[list[int]] = []
        for reader in dict.fromkeys(facts.reader[missed].tolist()):
            path = self.path(earlier, reader, 0) if reader != earlier else None
            if path:
                found.append(path)
        path = min(found, key=lambda each: (len(each), self.kind[each[0]] != Edge.READS))
        arrows = loop_of(self.graph, [self.hop(each) for each in path]).arrows
        back = Arrow(source=arrows[-1].target, target=earlier, kind="rw", key=key)
        return Loop(arrows=(*arrows, back))

    def assumed(self, step: Step) -> Hop:
        """Return an edge that a choice adds."""
        assert self.chains is not None, "only chains are chosen"
        assert step.order is not None, "a chosen edge orders chains"
        earlier, _ = step.order
        is_write = step.source == int(self.graph.commit(self.chains.tail[earlier]))
        return Hop(
            source=step.source,
            target=step.target,
            kind=int(Edge.WRITES if is_write else Edge.OVERWRITES),
            key=int(self.chains.key[earlier]),
            assumed=True,
        )

    def _order_of(self, place: int) -> tuple[int, int]:
        """Return the chains that an edge of a later round orders."""
        source, target, key = (
            int(column[place]) for column in (self.source, self.target, self.key)
        )
        assert self.chains is not None, "only chains are ordered in rounds"
        if self.kind[place] == Edge.WRITES:
            earlier = self._pick(self._tail, source, key)
            later = self._pick(self._head, target if self.graph.merged else target + 1, key)
        else:
            earlier = self._moment[source][0]
            later = self._pick(self._head, target, key)
        return earlier, later

    def _pick(self, chains: dict[int, list[int]], node: int, key: int) -> int:
        assert self.chains is not None, "there are chains"
        return next(each for each in chains[node] if self.chains.key[each] == key)

    def reason(self, earlier: int, later: int, *, before: int) -> Loop:
        """Return the cycle that the opposite order of two chains would close."""
        if (earlier, later) in self._reasons:
            return self._reasons[earlier, later]
        chains, graph = self.chains, self.graph
        assert chains is not None, "only chains are ordered in rounds"
        key = int(chains.key[earlier])
        last = before - 1
        begin = int(graph.begin(chains.head[earlier]))
        commit = int(graph.commit(chains.head[earlier]))
        tail = int(graph.commit(chains.tail[later]))
        path = self.path(begin, tail, last)
        assumed = [Hop(tail, begin, int(Edge.WRITES), key, assumed=True)]
        if path is None:
            readers = chains.reader[chains.reader_chain == later]
            for reader in graph.begin(readers).tolist():
                path = self.path(commit, reader, last)
                if path is not None:
                    assumed = [Hop(reader, commit, int(Edge.OVERWRITES), key, assumed=True)]
                    break
        assert path is not None, "an order was settled for a reason"
        loop = loop_of(graph, assumed + [self.hop(place) for place in path])
        self._reasons[earlier, later] = loop
        return loop

    def path(self, begin: int, end: int, last: int) -> list[int] | None:
        """Return the edges of a path with as few dependencies as possible; None without one."""
        if last not in self._follow:
            self._follow[last] = self._out_of(np.flatnonzero(self.round <= last))
        return self._search(self._follow[last], begin, end)

    def _search(
        self, follow: dict[int, list[tuple[int, int]]], begin: int, end: int
    ) -> list[int] | None:
        return lightest_path(follow, begin, end, free=self._free.__getitem__)

    def _out_of(self, edges: Integers) -> dict[int, list[tuple[int, int]]]:
        """Return the given edges, with their targets, by the node that they leave."""
        follow: dict[int, list[tuple[int, int]]] = {}
        for edge in edges.tolist():
            node, other = int(self.source[edge]), int(self.target[edge])
            follow.setdefault(node, []).append((edge, other))
        return follow


def cycles_of(finder: Finder, conflict: Conflict) -> tuple[Loop, ...]:
    """Return the cycles of a conflict, with the orders that each assumes marked."""
    loops = []
    for cycle in conflict.cycles:
        hops = [
            finder.hop(step.edge) if step.order is None else finder.assumed(step) for step in cycle
        ]
        loops.append(loop_of(finder.graph, hops))
    return tuple(sorted(loops, key=lambda loop: loop.size))


def _by_node(nodes: Integers) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for chain, node in enumerate(nodes.tolist()):
        found.setdefault(node, []).append(chain)
    return found
