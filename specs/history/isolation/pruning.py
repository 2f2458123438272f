"""Orders of writers that the rest of the history already settles.

Let X and Y be two chains of a key. Y cannot come before X when Y's head begins before X's tail
commits, nor when Y's head commits before a reader of X's last version begins. Then X comes before
Y, which may settle more. No pair is ever listed: of all chains on one path that X must precede,
the earliest is enough, since it precedes the others for the same reason.
"""

from __future__ import annotations

import numpy as np

from sim.history import Integers
from specs.history.isolation.chains import Chains, add_order
from specs.history.isolation.clocks import Clock, Paths, Places, clocks_of
from specs.history.isolation.facts import Flags
from specs.history.isolation.graph import Graph


def prune(graph: Graph, chains: Chains, paths: Paths) -> tuple[Integers, Clock] | None:
    """Add every order that is settled; return rank and clocks, None where that closes a cycle."""
    while True:
        timed = clocks_of(graph, paths)
        if timed is None:
            return None
        if not len(chains):
            return timed
        rank, clock = timed
        earlier, later = _settled(graph, chains, paths, rank, clock)
        new = ~_implied(graph, chains, paths, (rank, clock), earlier, later)
        if not new.any():
            return timed
        graph.round += 1
        pairs = np.unique(earlier[new] * len(chains) + later[new])
        add_order(graph, chains, pairs // len(chains), pairs % len(chains))


def _settled(
    graph: Graph, chains: Chains, paths: Paths, rank: Integers, clock: Clock
) -> tuple[Integers, Integers]:
    """Return pairs of chains whose order is settled, with all that they imply."""
    everyone = np.arange(len(chains))
    tails = Places.of(
        paths,
        key=chains.key,
        path=paths.path[chains.tail],
        event=paths.commit(chains.tail),
        item=everyone,
    )
    begins = clock, rank[graph.begin(chains.head)]
    by_begin = tails.first_from(chains.key, *begins, skip=everyone)
    readers = Places.of(
        paths,
        key=chains.key[chains.reader_chain],
        path=paths.path[chains.reader],
        event=paths.begin(chains.reader),
        item=chains.reader_chain,
    )
    commits = clock, rank[graph.commit(chains.head)]
    by_commit = readers.first_from(chains.key, *commits, skip=everyone)
    return (
        np.concatenate([by_begin[0], by_commit[0]]),
        np.concatenate([by_begin[1], by_commit[1]]),
    )


def _implied(
    graph: Graph,
    chains: Chains,
    paths: Paths,
    timed: tuple[Integers, Clock],
    earlier: Integers,
    later: Integers,
) -> Flags:
    """Say of each order whether the graph has both of its edges already, or paths for them."""
    rank, clock = timed
    head = chains.head[later]
    path = paths.path[head]
    writes = clock[rank[graph.commit(chains.tail[earlier])], path] <= paths.begin(head)
    commit = paths.begin(head) if graph.merged else paths.commit(head)
    overwrites = clock[rank[chains.overwritten[earlier]], path] <= commit
    silent = np.bincount(chains.reader_chain, minlength=len(chains)) == 0
    result: Flags = writes & (overwrites | silent[earlier])
    return result


def open_pairs(graph: Graph, chains: Chains, paths: Paths, timed: tuple[Integers, Clock]) -> int:
    """Count the pairs of chains whose order is still open."""
    rank, clock = timed
    size = np.bincount(chains.key)
    total = int((size * (size - 1) // 2).sum())
    places = Places.of(
        paths,
        key=chains.key,
        path=paths.path[chains.head],
        event=paths.begin(chains.head),
        item=np.arange(len(chains)),
    )
    settled = places.count_from(chains.key, clock, rank[graph.commit(chains.tail)])
    if graph.merged:
        # A chain of one transaction reaches itself there.
        settled -= int((chains.head == chains.tail).sum())
    return total - settled
