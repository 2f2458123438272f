"""Why no execution explains a history: a tree of cases, each of which ends in a cycle.

Two writers of a key came in one order or in the other. Where an order closes a cycle, the opposite
is settled, and other cycles may rest on it. Where neither does so alone, both cases are told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sim.history import NONE
from specs.history.isolation.arrows import Arrow, Hop, Loop, Order, loop_of
from specs.history.isolation.chains import LostUpdate
from specs.history.isolation.choices import Conflict, Step
from specs.history.isolation.facts import INITIAL
from specs.history.isolation.graph import Edge
from specs.history.isolation.lineage import Lineage
from specs.history.isolation.loops import Finder, Path

EXACT_MAX: Final = 7
"""With so many open orders at most, the smallest tree of cases is found; with more, a small one."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A cycle."""

    loop: Loop


@dataclass(frozen=True, slots=True)
class Split:
    """Two cases: an order holds, or its opposite."""

    order: Order
    holds: Node
    otherwise: Node


Node = Leaf | Split
Clause = tuple[Loop, frozenset[Order]]
"""A cycle, and the orders that it assumes."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A tree of cases, and the orders that are settled: each rests on earlier ones only.

    What settles an order is the tree of cases of its opposite, or an operation: a read of a list
    that shows it.
    """

    root: Node
    settled: Mapping[Order, Node | int] = field(default_factory=dict)

    def loops(self) -> tuple[Loop, ...]:
        """Return the cycles in which the cases end."""
        return tuple(leaf.loop for leaf in leaves(self.root))

    def all_loops(self) -> tuple[Loop, ...]:
        """Return these cycles and those of the reasons."""
        nodes = (self.root, *(each for each in self.settled.values() if not isinstance(each, int)))
        return tuple(leaf.loop for node in nodes for leaf in leaves(node))


def leaves(node: Node) -> Iterator[Leaf]:
    """Yield the ends of all cases."""
    if isinstance(node, Leaf):
        yield node
    else:
        yield from leaves(node.holds)
        yield from leaves(node.otherwise)


def proof_of_circle(finder: Finder) -> Proof:
    """Return why the known graph has a cycle."""
    return min((_of_path(finder, path) for path in finder.best_paths()), key=_weight)


def _of_path(finder: Finder, path: Path) -> Proof:
    loop = finder.loop(path)
    settled: dict[Order, Node | int] = {}
    for order in loop.orders:
        _settle(finder, order, settled)
    return _proof_of_one(loop, settled)


def _proof_of_one(loop: Loop, settled: dict[Order, Node | int]) -> Proof:
    """Return a proof by one cycle; two that need nothing else are told as they exclude orders."""
    if len(settled) == 1:
        ((order, reason),) = settled.items()
        if isinstance(reason, Leaf):
            return _of_two(order, loop, reason.loop)
    return Proof(Leaf(loop), settled)


def _weight(proof: Proof) -> tuple[int, int, int]:
    """Return what is the less the better: no real time, no sessions, few orders, few arrows."""
    loops = proof.all_loops()
    kinds = {arrow.kind for loop in loops for arrow in loop.arrows}
    return (
        2 if "rt" in kinds else int("so" in kinds),
        len(loops),
        sum(len(loop.arrows) for loop in loops),
    )


def _of_two(order: Order, loop: Loop, other: Loop) -> Proof:
    """Return a proof of two cycles, one for each order of two writers.

    Where sessions, reads and writes alone settle the order, only the other cycle is a surprise.
    """
    if _is_plain(other):
        return Proof(Leaf(loop), {order: Leaf(other)})
    if _is_plain(loop):
        return Proof(Leaf(other), {order.opposite: Leaf(loop)})
    if order.later < order.earlier:
        order, loop, other = order.opposite, other, loop
    return Proof(Split(order, Leaf(loop), Leaf(other)))


def _is_plain(loop: Loop) -> bool:
    """Say whether a cycle surprises nobody: no read is overtaken, but by who overwrote first."""
    return loop.overwrites == 0 or (
        len(loop.arrows) == len({arrow.kind for arrow in loop.arrows}) == 2
        and {arrow.kind for arrow in loop.arrows} == {"ww", "rw"}
        and all(arrow.version == INITIAL for arrow in loop.arrows)
    )


def proof_of_update(lineage: Lineage, update: LostUpdate) -> Proof:
    """Return why two transactions cannot both directly overwrite one version."""
    key, version = update.key, update.version_of
    order = Order(key, update.first, update.second)
    for one in (order, order.opposite):
        if not lineage.has_read(one.earlier, key, version):
            # Only a list shows that it follows, and so that the other one comes later.
            return Proof(Leaf(_overtaken(one, version)), {one: lineage.key(key).longest})
    return Proof(
        Split(order, Leaf(_overtaken(order, version)), Leaf(_overtaken(order.opposite, version)))
    )


def _overtaken(order: Order, version: int) -> Loop:
    """Return the cycle of a first writer, and a second one that read what was there before it."""
    key, first, second = order
    return Loop(
        arrows=(
            Arrow(source=first, target=second, kind="ww", key=key, order=order),
            Arrow(source=second, target=first, kind="rw", key=key, version=version),
        )
    )


def proof_of_conflict(finder: Finder, conflict: Conflict) -> Proof:
    """Return why every choice of orders closes a cycle."""
    loops = []
    for cycle in conflict.cycles:
        hops = [_hop(finder, step) for step in cycle]
        loops.append(finder.lineage.ordered(loop_of(finder.graph, hops)))
    settled: dict[Order, Node | int] = {}
    assumed = {
        frozenset((order, order.opposite))
        for cycle in conflict.cycles
        for order in _of(finder, cycle)
    }
    for loop in loops:
        for order in loop.orders:
            if frozenset((order, order.opposite)) not in assumed:
                _settle(finder, order, settled)
    clauses = _reduced(loops, settled)
    closed = [loop for loop, needs in clauses if not needs]
    if closed:
        loop = min(closed, key=_size)
        return _proof_of_one(loop, {each: settled[each] for each in _needed(loop, settled)})
    return Proof(_cases(clauses), settled)


def _reduced(loops: Sequence[Loop], settled: dict[Order, Node | int]) -> list[Clause]:
    """Return cycles with what they assume; where that is one order, the opposite is settled."""
    while True:
        clauses = [
            (loop, frozenset(order for order in loop.orders if order not in settled))
            for loop in loops
        ]
        single = [(loop, order) for loop, needs in clauses if len(needs) == 1 for order in needs]
        if not single or any(not needs for _, needs in clauses):
            return clauses
        loop, order = min(single, key=lambda each: _size(each[0]))
        settled[order.opposite] = Leaf(loop)


def _needed(loop: Loop, settled: Mapping[Order, Node | int]) -> list[Order]:
    """Return the settled orders that a cycle rests on, in the order in which they were settled."""
    found: set[Order] = set()
    waiting = [loop]
    while waiting:
        for order in waiting.pop().orders:
            if order in settled and order not in found:
                found.add(order)
                reason = settled[order]
                if isinstance(reason, Leaf):
                    waiting.append(reason.loop)
    return [order for order in settled if order in found]


def _size(loop: Loop) -> tuple[int, int]:
    return loop.overwrites, len(loop.arrows)


def _of(finder: Finder, cycle: Sequence[Step]) -> Iterator[Order]:
    chains = finder.chains
    assert chains is not None, "only chains are chosen"
    for step in cycle:
        if step.order is not None:
            earlier, later = step.order
            key, head = int(chains.key[earlier]), chains.head
            yield Order(key, int(head[earlier]), int(head[later]))


def _hop(finder: Finder, step: Step) -> Hop:
    if step.order is None:
        return finder.hops([step.edge])[0]
    assert finder.chains is not None, "only chains are chosen"
    earlier, _ = step.order
    is_write = step.source == int(finder.graph.commit(finder.chains.tail[earlier]))
    kind = Edge.WRITES if is_write else Edge.OVERWRITES
    return Hop(step.source, step.target, int(kind), int(finder.chains.key[earlier]))


def _settle(finder: Finder, order: Order, settled: dict[Order, Node | int]) -> None:
    """Enter what settles an order, after what that rests on."""
    if order in settled:
        return
    lineage = finder.lineage
    shown = lineage.list_that_orders(order)
    if shown != NONE:
        settled[order] = shown
        return
    loop = _from_the_start(lineage, order) or finder.reason(order)
    assert loop is not None, "an order was settled for a reason"
    for each in loop.orders:
        if each != order.opposite:
            _settle(finder, each, settled)
    settled[order] = Leaf(loop)


def _from_the_start(lineage: Lineage, order: Order) -> Loop | None:
    """Return why a chain whose first writer read the initial state comes before another one."""
    key, head, other = order
    reads = lineage.key(key).reads.get(head, [])
    if not any(source == INITIAL for _, source in reads):
        return None
    tail = lineage.chain(key, other)[-1]
    return Loop(
        arrows=(
            Arrow(source=tail, target=head, kind="ww", key=key, order=order.opposite),
            Arrow(source=head, target=tail, kind="rw", key=key, version=INITIAL),
        )
    )


def _cases(clauses: Sequence[Clause]) -> Node:
    """Return a small tree of cases in each of which some cycle has all that it assumes."""
    pairs = list(
        dict.fromkeys(min(order, order.opposite) for _, needs in clauses for order in sorted(needs))
    )
    exact = len(pairs) <= EXACT_MAX
    known: dict[frozenset[Order], tuple[tuple[int, int], Node]] = {}

    def smallest(taken: frozenset[Order]) -> tuple[tuple[int, int], Node]:
        if taken in known:
            return known[taken]
        closed = [loop for loop, needs in clauses if needs <= taken]
        if closed:
            loop = min(closed, key=_size)
            known[taken] = (1, len(loop.arrows)), Leaf(loop)
            return known[taken]
        opposed = {order.opposite for order in taken}
        left = [needs - taken for _, needs in clauses if not needs & opposed]
        shortest = min(left, key=lambda needs: (len(needs), sorted(needs)))
        tried = {min(order, order.opposite) for needs in left for order in needs}
        best: tuple[tuple[int, int], Node] | None = None
        for order in sorted(tried) if exact else sorted(shortest)[:1]:
            holds, otherwise = smallest(taken | {order}), smallest(taken | {order.opposite})
            size = holds[0][0] + otherwise[0][0], holds[0][1] + otherwise[0][1]
            if best is None or size < best[0]:
                best = size, Split(order, holds[1], otherwise[1])
        assert best is not None, "every choice of orders closes a cycle"
        known[taken] = best
        return best

    return smallest(frozenset())[1]
