"""Orders of writers that the rest of the history already settles.

Let X and Y be two chains of a key. Y cannot come before X when Y's head begins before X's tail
commits, nor when Y's head commits before a reader of X's last version begins. Then X comes before
Y, which may settle more. No pair is ever listed: of all chains on one path that X must precede,
the earliest is enough, since it precedes the others for the same reason.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.history import Integers
from specs.history.isolation.chains import Chains, add_order
from specs.history.isolation.clocks import Clock, Clocks, Paths, Places, clocks_of
from specs.history.isolation.facts import Flags
from specs.history.isolation.graph import Graph


def prune(graph: Graph, chains: Chains, paths: Paths) -> Clocks | None:
    """Add every order that is settled; return the clocks then, None where that closes a cycle."""
    timed: Clocks | None = None
    settler = _Settler.of(chains, paths)
    while True:
        timed = clocks_of(graph, paths, timed)
        if timed is None or not len(chains):
            return timed
        earlier, later = settler.settled(graph, timed.clock)
        new = ~_implied(graph, chains, paths, timed, earlier, later)
        if not new.any():
            return timed
        graph.round += 1
        pairs = np.unique(earlier[new] * len(chains) + later[new])
        add_order(graph, chains, pairs // len(chains), pairs % len(chains))


@dataclass(slots=True)
class _Settler:
    """Finds orders that are settled, by the events that the heads of chains reach."""

    chains: Chains
    tails: Places
    readers: Places
    before: list[Clock]
    """The clocks of all heads' begins and commits when they were looked at last."""

    @classmethod
    def of(cls, chains: Chains, paths: Paths) -> _Settler:
        """Sort what heads may reach."""
        return cls(
            chains,
            Places.of(
                paths,
                key=chains.key,
                path=paths.path[chains.tail],
                event=paths.commit(chains.tail),
                item=np.arange(len(chains)),
            ),
            Places.of(
                paths,
                key=chains.key[chains.reader_chain],
                path=paths.path[chains.reader],
                event=paths.begin(chains.reader),
                item=chains.reader_chain,
            ),
            [],
        )

    def settled(self, graph: Graph, clock: Clock) -> tuple[Integers, Integers]:
        """Return pairs of chains whose order has become settled, with all that they imply.

        What the head of a chain has not reached anew has settled nothing anew.
        """
        now = [clock[graph.begin(self.chains.head)], clock[graph.commit(self.chains.head)]]
        found = []
        for place, (places, reached) in enumerate(
            zip((self.tails, self.readers), now, strict=True)
        ):
            query = np.arange(len(self.chains))
            if self.before:
                query = np.flatnonzero((reached != self.before[place]).any(axis=1))
            pairs = places.first_from(self.chains.key[query], reached, query, skip=query)
            found.append((query[pairs[0]], pairs[1]))
        self.before = now
        return (
            np.concatenate([found[0][0], found[1][0]]),
            np.concatenate([found[0][1], found[1][1]]),
        )


def _implied(
    graph: Graph,
    chains: Chains,
    paths: Paths,
    timed: Clocks,
    earlier: Integers,
    later: Integers,
) -> Flags:
    """Say of each order whether the graph has both of its edges already, or paths for them."""
    clock = timed.clock
    head = chains.head[later]
    path = paths.path[head]
    writes = clock[graph.commit(chains.tail[earlier]), path] <= paths.begin(head)
    commit = paths.begin(head) if graph.merged else paths.commit(head)
    overwrites = clock[chains.overwritten[earlier], path] <= commit
    silent = np.bincount(chains.reader_chain, minlength=len(chains)) == 0
    result: Flags = writes & (overwrites | silent[earlier])
    return result


def open_pairs(graph: Graph, chains: Chains, paths: Paths, timed: Clocks) -> int:
    """Count the pairs of chains whose order is still open."""
    size = np.bincount(chains.key)
    total = int((size * (size - 1) // 2).sum())
    places = Places.of(
        paths,
        key=chains.key,
        path=paths.path[chains.head],
        event=paths.begin(chains.head),
        item=np.arange(len(chains)),
    )
    settled = places.count_from(chains.key, timed.clock, graph.commit(chains.tail))
    if graph.merged:
        # A chain of one transaction reaches itself there.
        settled -= int((chains.head == chains.tail).sum())
    return total - settled
