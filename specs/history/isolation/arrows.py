"""Cycles between transactions, as a reader can follow them.

A cycle of the graph passes begins, commits and moments. What a reader wants are arrows between
transactions: who read whose version, who overwrote what somebody read, what came later in a
session. An arrow between two writers may itself need a reason: the cycle that the other order
would close.
"""

from __future__ import annotations

from dataclasses import dataclass

from specs.history.isolation.graph import Edge, Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """One dependency: `target` comes after `source`.

    `kind` is `wr`, `ww`, `rw`, `so` or `rt`. `reason` is why a `ww` or `rw` holds where its two
    writers could have come in either order; None where operations alone show it, or where it is
    what the cycle assumes.
    """

    source: int
    target: int
    kind: str
    key: int = -1
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
    def depth(self) -> int:
        """Return how many reasons stand one below the other at most."""
        return max(
            (1 + arrow.reason.depth for arrow in self.arrows if arrow.reason is not None),
            default=0,
        )

    @property
    def size(self) -> int:
        """Return how many arrows there are, those of reasons included."""
        return sum(1 + (arrow.reason.size if arrow.reason else 0) for arrow in self.arrows)


@dataclass(frozen=True, slots=True)
class Hop:
    """An edge of the graph on a cycle; `reason` and `assumed` as in an `Arrow`."""

    source: int
    target: int
    kind: int
    key: int
    reason: Loop | None = None
    assumed: bool = False


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
            arrows.append(_arrow(source, target, parts))
        source, parts = target, []
    return Loop(arrows=tuple(_joined(arrows)))


def is_event(graph: Graph, node: int) -> bool:
    """Say whether a node is the begin or the commit of a transaction."""
    return node < (graph.transactions if graph.merged else 2 * graph.transactions)


def transaction_at(graph: Graph, node: int) -> int:
    """Return the transaction whose begin or commit a node is."""
    return node if graph.merged else node // 2


def _arrow(source: int, target: int, parts: list[Hop]) -> Arrow:
    reasons = [part.reason for part in parts if part.reason is not None]
    return Arrow(
        source=source,
        target=target,
        kind=_KINDS[Edge(parts[-1].kind)],
        key=parts[-1].key,
        reason=reasons[0] if reasons else None,
        assumed=any(part.assumed for part in parts),
    )


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
