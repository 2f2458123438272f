"""Cycles between transactions, as a reader can follow them.

A cycle of the graph passes begins, commits and moments. What a reader wants are arrows between
transactions: who read whose version, who overwrote what somebody read, what came later in a
session. An arrow between two writers may rest on an order that no operation shows: then the
opposite order would close a cycle of its own, or it is what the cycle assumes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from specs.history.isolation.graph import Edge, Graph


class Order(NamedTuple):
    """The versions of one chain of a key come before those of another one.

    A chain is named by its first writer; at the weak levels every writer is its own chain.
    """

    key: int
    earlier: int
    later: int

    @property
    def opposite(self) -> Order:
        """Return the other order of the two."""
        return Order(self.key, self.later, self.earlier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """One dependency: `target` comes after `source`.

    `kind` is `wr`, `ww`, `rw`, `so` or `rt`. `order` is what a `ww` or `rw` rests on where
    operations alone do not show it: it is assumed, or `reason` is the cycle that the opposite
    would close (None where that takes more than one cycle, or where a list shows it).
    """

    source: int
    target: int
    kind: str
    key: int = -1
    version: int = -1
    """Whose version the source of a `rw` read, -1 for what was there before anybody wrote."""
    order: Order | None = None
    reason: Loop | None = None
    assumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """A cycle of arrows, from a transaction back to itself."""

    arrows: tuple[Arrow, ...]

    @property
    def transactions(self) -> tuple[int, ...]:
        """Return the transactions in the order of the arrows."""
        return tuple(arrow.source for arrow in self.arrows)

    @property
    def overwrites(self) -> int:
        """Count the arrows from a reader to who overwrote what it read."""
        return sum(arrow.kind == "rw" for arrow in self.arrows)

    @property
    def orders(self) -> tuple[Order, ...]:
        """Return the orders that no operation shows, each once."""
        return tuple(dict.fromkeys(arrow.order for arrow in self.arrows if arrow.order))


@dataclass(frozen=True, slots=True)
class Hop:
    """An edge of the graph on a cycle."""

    source: int
    target: int
    kind: int
    key: int


_KINDS = {
    Edge.READS: "wr",
    Edge.WRITES: "ww",
    Edge.OVERWRITES: "rw",
    Edge.SESSION: "so",
    Edge.REAL_TIME: "rt",
}


def loop_of(graph: Graph, hops: list[Hop]) -> Loop:
    """Return the arrows of a cycle: moments and the inside of transactions are passed over."""
    start = next(place for place, hop in enumerate(hops) if is_event(graph, hop.source))
    hops = hops[start:] + hops[:start]
    arrows: list[Arrow] = []
    source, parts = transaction_at(graph, hops[0].source), list[Hop]()
    for hop in hops:
        if hop.kind != Edge.INNER:
            parts.append(hop)
        if not is_event(graph, hop.target) or not parts:
            continue
        target = transaction_at(graph, hop.target)
        if target != source:
            last = parts[-1]
            arrows.append(
                Arrow(source=source, target=target, kind=_KINDS[Edge(last.kind)], key=last.key)
            )
        source, parts = target, []
    return Loop(arrows=tuple(_joined(arrows)))


def is_event(graph: Graph, node: int) -> bool:
    """Say whether a node is the begin or the commit of a transaction."""
    return node < (graph.transactions if graph.merged else 2 * graph.transactions)


def transaction_at(graph: Graph, node: int) -> int:
    """Return the transaction whose begin or commit a node is."""
    return node if graph.merged else node // 2


def _joined(arrows: list[Arrow]) -> list[Arrow]:
    """Join what follows in one session, or in real time, to one arrow."""
    joined: list[Arrow] = []
    for arrow in arrows:
        last = joined[-1] if joined else None
        if last is not None and last.kind == arrow.kind and arrow.kind in ("so", "rt"):
            joined[-1] = Arrow(source=last.source, target=arrow.target, kind=arrow.kind)
        else:
            joined.append(arrow)
    if len(joined) > 2 and joined[0].kind == joined[-1].kind and joined[0].kind in ("so", "rt"):
        first, last = joined[0], joined.pop()
        joined[0] = Arrow(source=last.source, target=first.target, kind=first.kind)
    return joined
