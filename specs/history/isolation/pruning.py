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
from specs.history.isolation.clocks import Clock, Paths, clocks_of
from specs.history.isolation.graph import Graph, spread


@dataclass(frozen=True, slots=True)
class _Places:
    """Events that belong to chains, sorted by key, path and place on the path."""

    code: Integers
    chain: Integers
    group_key: Integers
    """The keys and paths that occur together, each pair once."""
    group_path: Integers
    events: int
    paths: int

    @classmethod
    def of(
        cls, key: Integers, path: Integers, event: Integers, chain: Integers, paths: Paths
    ) -> _Places:
        """Sort events; `event` is below twice the number of transactions."""
        events = 2 * len(paths.path) + 2
        group = key * paths.count + path
        code = group * events + event
        order = np.argsort(code)
        groups = np.unique(group)
        return cls(
            code=code[order],
            chain=chain[order],
            group_key=groups // paths.count,
            group_path=groups % paths.count,
            events=events,
            paths=paths.count,
        )

    def first_from(self, chains: Chains, clock: Clock, at: Integers) -> tuple[Integers, Integers]:
        """Return pairs of chains of a key: the event `at` the one reaches an event of the other.

        Of all others with an event on one path, the pair has the earliest.
        """
        low = np.searchsorted(self.group_key, chains.key, side="left")
        high = np.searchsorted(self.group_key, chains.key, side="right")
        group = spread(low, high)
        earlier = np.repeat(np.arange(len(chains)), high - low)
        path = self.group_path[group]
        reached = clock[at[earlier], path].astype(np.int64)
        top = (self.group_key[group] * self.paths + path) * self.events
        begin = np.searchsorted(self.code, top + np.minimum(reached, self.events - 1))
        end = np.searchsorted(self.code, top + self.events - 1)
        # The first event may be the chain's own; then the next one counts.
        own = (begin < end) & (self.chain[np.minimum(begin, len(self.chain) - 1)] == earlier)
        while own.any():
            begin[own] += 1
            bounded = np.minimum(begin, len(self.chain) - 1)
            own = (begin < end) & (self.chain[bounded] == earlier)
        found = begin < end
        return earlier[found], self.chain[begin[found]]


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
    tails = _Places.of(
        chains.key, paths.path[chains.tail], paths.commit(chains.tail), everyone, paths
    )
    by_begin = tails.first_from(chains, clock, rank[graph.begin(chains.head)])
    readers = _Places.of(
        chains.key[chains.reader_chain],
        paths.path[chains.reader],
        paths.begin(chains.reader),
        chains.reader_chain,
        paths,
    )
    by_commit = (everyone[:0], everyone[:0])
    if len(readers.chain):
        by_commit = readers.first_from(chains, clock, rank[graph.commit(chains.head)])
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
) -> np.ndarray:
    """Say of each order whether the graph has both of its edges already, or paths for them."""
    rank, clock = timed
    head = chains.head[later]
    path = paths.path[head]
    writes = clock[rank[graph.commit(chains.tail[earlier])], path] <= paths.begin(head)
    commit = paths.begin(head) if graph.merged else paths.commit(head)
    overwrites = clock[rank[chains.overwritten[earlier]], path] <= commit
    silent = np.bincount(chains.reader_chain, minlength=len(chains)) == 0
    result: np.ndarray = writes & (overwrites | silent[earlier])
    return result


def open_pairs(graph: Graph, chains: Chains, paths: Paths, timed: tuple[Integers, Clock]) -> int:
    """Count the pairs of chains whose order is still open."""
    rank, clock = timed
    size = np.bincount(chains.key)
    total = int((size * (size - 1) // 2).sum())
    places = _Places.of(
        chains.key,
        paths.path[chains.head],
        paths.begin(chains.head),
        np.arange(len(chains)),
        paths,
    )
    low = np.searchsorted(places.group_key, chains.key, side="left")
    high = np.searchsorted(places.group_key, chains.key, side="right")
    group = spread(low, high)
    earlier = np.repeat(np.arange(len(chains)), high - low)
    path = places.group_path[group]
    reached = clock[rank[graph.commit(chains.tail)][earlier], path].astype(np.int64)
    top = (places.group_key[group] * places.paths + path) * places.events
    begin = np.searchsorted(places.code, top + np.minimum(reached, places.events - 1))
    end = np.searchsorted(places.code, top + places.events - 1)
    settled = int((end - begin).sum())
    if graph.merged:
        # A chain of one transaction reaches itself there.
        settled -= int((chains.head == chains.tail).sum())
    return total - settled
