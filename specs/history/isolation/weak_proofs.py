"""Why no order of commits explains a history at causal consistency, read atomicity, read committed.

A transaction that reads a version although it has seen another writer of the key says that this
writer came before the version's. So there is a cycle: of such orders, sessions and reads.
"""

from __future__ import annotations

import numpy as np

from specs.history.isolation.arrows import Arrow, Loop, Order, loop_of
from specs.history.isolation.facts import INITIAL, Facts
from specs.history.isolation.graph import Edge
from specs.history.isolation.loops import Finder, Network, Path
from specs.history.isolation.proofs import Leaf, Node, Proof


def proof_of_weak(finder: Finder, facts: Facts, name: str) -> Proof:
    """Return why a weak level rejects a history."""
    path = finder.best_path()
    start = [edge for edge in path if finder.target[edge] >= finder.graph.transactions]
    if start:
        # Somebody read the initial state of a key after it had seen a write of it.
        writer, key = int(finder.source[start[0]]), int(finder.key[start[0]])
        return Proof(Leaf(_unseen(finder, facts, name, Order(key, INITIAL, writer))))
    loop = finder.loop(path)
    forced = loop.orders
    if len(forced) == 1:
        return _of_one(finder, facts, name, loop)
    settled: dict[Order, Node | int] = {
        order: Leaf(_unseen(finder, facts, name, order.opposite, assumed=True)) for order in forced
    }
    return Proof(Leaf(loop), settled)


def _of_one(finder: Finder, facts: Facts, name: str, loop: Loop) -> Proof:
    """Tell the read that returned an old version, where the rest of the cycle shows its age."""
    (order,) = loop.orders
    older = order.opposite
    shown = finder.lineage.between(*older) is None
    told = Leaf(_unseen(finder, facts, name, older, shown=shown))
    return Proof(told, {} if shown else {older: Leaf(loop)})


def _unseen(
    finder: Finder,
    facts: Facts,
    name: str,
    order: Order,
    *,
    assumed: bool = False,
    shown: bool = False,
) -> Loop:
    """Return the cycle of a read that returned the earlier version when it had seen the later."""
    key, version, writer = order
    chosen = (facts.reader_key == key) & (facts.reader_from == version) & (facts.reader != writer)
    found = _seen(finder, facts, name, writer, np.flatnonzero(chosen).tolist())
    assert found is not None, "an order was forced by a read"
    reader, seen = found
    overtaken = Arrow(
        source=reader,
        target=writer,
        kind="rw",
        key=key,
        version=version,
        order=None if version == INITIAL or shown else order,
        assumed=assumed,
    )
    return Loop(arrows=(overtaken, *seen))


def _seen(
    finder: Finder, facts: Facts, name: str, writer: int, reads: list[int]
) -> tuple[int, tuple[Arrow, ...]] | None:
    """Return a reader that has seen a writer as the level means it, and how."""
    readers = dict.fromkeys(int(facts.reader[read]) for read in reads)
    for reader in readers:
        latest = max(
            int(facts.reader_operation[read]) for read in reads if facts.reader[read] == reader
        )
        direct = (facts.reader == reader) & (facts.reader_from == writer)
        if name == "read-committed":
            direct &= facts.reader_operation < latest
        places = np.flatnonzero(direct)
        if len(places):
            first = places[np.argmin(facts.reader_operation[places])]
            key = int(facts.reader_key[first])
            return reader, (Arrow(source=writer, target=reader, kind="wr", key=key),)
    if name == "read-committed":
        return None
    for reader in readers:
        same = facts.session[reader] == facts.session[writer]
        if same and writer < reader and facts.vouched[writer]:
            return reader, (Arrow(source=writer, target=reader, kind="so"),)
    return None if name == "read-atomic" else _in_the_past(finder, writer, set(readers))


def _in_the_past(
    finder: Finder, writer: int, readers: set[int]
) -> tuple[int, tuple[Arrow, ...]] | None:
    inside = np.isin(finder.kind, (Edge.SESSION, Edge.READS))
    network = Network(finder, np.flatnonzero(inside))
    path: Path | None = network.path(writer, readers)
    if path is None:
        return None
    # Closed by an arrow that is dropped again, the path is a cycle like others.
    reader = int(finder.target[path[-1]])
    hops = finder.hops(path)
    closing = type(hops[0])(reader, writer, int(Edge.OVERWRITES), -1)
    return reader, loop_of(finder.graph, [*hops, closing]).arrows[:-1]
