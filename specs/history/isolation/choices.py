"""Choose the orders of writers that nothing settles, or show that no choice works.

A guess that respects all that is known comes first: the chains of each key in the order that they
have in one topological order of the graph. Where it closes cycles, each of them forbids a
combination of orders; a solver finds orders that no cycle seen so far forbids, and the next guess
respects them. Every forbidden combination is a real cycle, and every round forbids its own guess,
so this ends. The solver is told the guess as its first idea (phases), without which it takes many
times as many rounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from sim.history import Integers
from specs.history.isolation.chains import Chains
from specs.history.isolation.graph import (
    Graph,
    Hinted,
    components,
    levels_of,
    lightest_path,
    topological_rank,
)

CYCLES_MAX: Final = 100
"""So many cycles are looked for in a round."""
SOLVER: Final = "glucose4"
"""It obeys initial phases; cadical takes them and does not."""

Pair = tuple[int, int]
"""Two chains of a key, the earlier one first."""


@dataclass(frozen=True, slots=True)
class Step:
    """An edge of a cycle: its ends, and its place among the known edges, -1 where it is chosen.

    `order` is then the order of two chains that it is part of.
    """

    source: int
    target: int
    edge: int
    order: Pair | None = None


Cycle = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Cycles of which every choice of orders closes at least one."""

    cycles: tuple[Cycle, ...]


@dataclass(frozen=True, slots=True)
class _Orders:
    """Orders of chains, and the two edges of each, WW and RW."""

    earlier: Integers
    later: Integers
    source: Integers
    target: Integers

    @classmethod
    def of(cls, graph: Graph, chains: Chains, earlier: Integers, later: Integers) -> _Orders:
        """Return the edges of some orders."""
        head = chains.head[later]
        return cls(
            earlier=earlier,
            later=later,
            source=np.concatenate(
                [graph.commit(chains.tail[earlier]), chains.overwritten[earlier]]
            ),
            target=np.concatenate([graph.begin(head), graph.commit(head)]),
        )

    def pair(self, edge: int) -> Pair:
        """Return the order that an edge is part of."""
        place = edge % len(self.earlier)
        return int(self.earlier[place]), int(self.later[place])


def choose(
    graph: Graph,
    chains: Chains,
    hint: Integers,
    enough: tuple[Integers, Integers] | None = None,
) -> Integers | Conflict:
    """Return a rank of all nodes under some choice of all orders, or why there is none.

    `hint` is when each node may have happened, as far as anybody can tell: it decides nothing, and
    a good one saves rounds. `enough` are edges that reach all that those of the graph reach.
    """
    known = graph.ends() if enough is None else enough
    chooser = _Chooser()
    hinted = Hinted(graph.nodes, *known, hint)
    place = hint
    while True:
        decided = chooser.decided()
        orders = _Orders.of(graph, chains, *decided)
        rank = None
        # Most often there is a cycle, and to see one takes no hints.
        if not len(decided[0]) or levels_of(graph.nodes, *_with(known, orders)) is not None:
            rank = hinted.rank(orders.source, orders.target)
        if rank is not None:
            place = rank
            neighbours = _neighbours(graph, chains, rank)
            both = [np.concatenate(pair) for pair in zip(decided, neighbours, strict=True)]
            orders = _Orders.of(graph, chains, both[0], both[1])
            complete = topological_rank(graph.nodes, *_with(known, orders))
            if complete is not None:
                return complete
        source, target = graph.ends()
        edges = _with((source, target), orders)
        for cycle in _cycles(graph.nodes, edges, len(source), orders):
            chooser.forbid(cycle)
        if not chooser.solve(place[graph.commit(chains.tail)]):
            return Conflict(chooser.core())


def _with(edges: tuple[Integers, Integers], orders: _Orders) -> tuple[Integers, Integers]:
    """Return edges with those of some orders behind them."""
    return (
        np.concatenate([edges[0], orders.source]),
        np.concatenate([edges[1], orders.target]),
    )


def _neighbours(graph: Graph, chains: Chains, rank: Integers) -> tuple[Integers, Integers]:
    """Return which chain follows which when the chains of each key stand by rank."""
    order = np.lexsort((rank[graph.commit(chains.tail)], chains.key))
    same = chains.key[order[1:]] == chains.key[order[:-1]]
    return order[:-1][same], order[1:][same]


@dataclass(slots=True)
class _Chooser:
    """What is forbidden so far, and the orders that avoid it."""

    variables: dict[Pair, int] = field(default_factory=dict)
    """By pair, the smaller chain first: the variable "it comes before the other"."""
    cycles: list[Cycle] = field(default_factory=list)
    clauses: list[list[int]] = field(default_factory=list)
    ahead: dict[Pair, bool] = field(default_factory=dict)
    solver: Any = None
    told: int = 0
    """How many clauses the solver has."""

    def decided(self) -> tuple[Integers, Integers]:
        """Return the orders decided so far: earlier and later chains."""
        pairs = [(a, b) if ahead else (b, a) for (a, b), ahead in self.ahead.items()]
        columns = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        return columns[:, 0], columns[:, 1]

    def literal(self, order: Pair) -> int:
        """Return the literal "the one chain comes before the other"."""
        pair = (min(order), max(order))
        variable = self.variables.setdefault(pair, len(self.variables) + 1)
        return variable if order == pair else -variable

    def forbid(self, cycle: Cycle) -> None:
        """Forbid the orders that a cycle needs."""
        orders = dict.fromkeys(step.order for step in cycle if step.order is not None)
        self.cycles.append(cycle)
        self.clauses.append([-self.literal(order) for order in orders])

    def solve(self, place: Integers) -> bool:
        """Find orders that nothing forbids, by preference those of the chains' places."""
        from pysat.solvers import Solver

        if self.solver is None:
            self.solver = Solver(name=SOLVER)
        for clause in self.clauses[self.told :]:
            self.solver.add_clause(clause)
        self.told = len(self.clauses)
        self.solver.set_phases(
            [
                variable if place[first] < place[second] else -variable
                for (first, second), variable in self.variables.items()
            ]
        )
        if not _solved(self.solver):
            return False
        model = set(self.solver.get_model())
        self.ahead = {pair: variable in model for pair, variable in self.variables.items()}
        return True

    def core(self) -> tuple[Cycle, ...]:
        """Return cycles that forbid everything, and none of which can be spared."""
        from pysat.solvers import Solver

        offset = len(self.variables)
        needed = list(range(len(self.clauses)))
        with Solver(name=SOLVER) as solver:
            for place in needed:
                solver.add_clause([-(offset + 1 + place), *self.clauses[place]])
            spared = -1
            while True:
                without = [place for place in needed if place != spared]
                if not _solved(solver, [offset + 1 + place for place in without]):
                    core = {literal - offset - 1 for literal in solver.get_core() or ()}
                    needed = [place for place in needed if place in core]
                later = [place for place in needed if place > spared]
                if not later:
                    return tuple(self.cycles[place] for place in needed)
                spared = later[0]


def _solved(solver: Any, assumptions: Sequence[int] = ()) -> bool:
    """Say whether a solver found a model; it takes an interrupt itself, which is passed on."""
    import pysolvers

    try:
        return bool(solver.solve(assumptions=list(assumptions)))
    except pysolvers.error as error:
        raise KeyboardInterrupt from error


def _cycles(
    nodes: int, edges: tuple[Integers, Integers], known: int, orders: _Orders
) -> list[Cycle]:
    """Return cycles through chosen edges, each with as few of them as any through its edge."""
    source, target = edges
    component = components(nodes, source, target)
    inside = np.flatnonzero(component[source] == component[target])
    follow: dict[int, list[tuple[int, int]]] = {}
    for edge, one, other in zip(
        inside.tolist(), source[inside].tolist(), target[inside].tolist(), strict=True
    ):
        follow.setdefault(one, []).append((edge, other))
    chosen = inside[inside >= known]
    if len(chosen) > CYCLES_MAX:
        chosen = chosen[np.linspace(0, len(chosen) - 1, CYCLES_MAX).astype(np.int64)]
    found = []
    for edge in chosen.tolist():
        path = lightest_path(
            follow, int(target[edge]), int(source[edge]), free=lambda place: place < known
        )
        assert path is not None, "both ends lie in one component"
        places = [edge, *path]
        found.append(
            tuple(
                Step(
                    source=int(source[place]),
                    target=int(target[place]),
                    edge=place if place < known else -1,
                    order=orders.pair(place - known) if place >= known else None,
                )
                for place in places
            )
        )
    return found
