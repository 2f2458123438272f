"""Chains of versions: what reads a version and writes its key follows it directly.

Between a version and the transaction that read and overwrote it no other writer of the key fits, at
snapshot isolation (it would have to commit before that transaction began and after) as at
serializability. So the versions of a key fall into chains, and what is left open is the order of
whole chains. The chain that overwrote the initial state comes before all others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.history import Integers
from specs.history.isolation.facts import INITIAL, Facts, Flags
from specs.history.isolation.graph import Edge, Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class LostUpdate:
    """Two transactions that read one version of a key, and both overwrote it."""

    key: int
    first: int
    second: int
    version_of: int
    """Whose version, `INITIAL` for the initial state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chains:
    """The chains whose place among those of their key is open, in columns, by key.

    `overwritten[c]` is the node "somebody overwrites the last version of chain `c`", which comes
    after the begins of all its readers and before the commit of the head of every later chain.
    """

    key: Integers
    head: Integers
    tail: Integers
    overwritten: Integers
    reader_chain: Integers
    """Readers of last versions: of which chain."""
    reader: Integers
    """Readers of last versions: who."""

    def __len__(self) -> int:
        """Count the chains."""
        return len(self.key)

    def ends(self) -> Integers:
        """Return the transactions on which the order of chains depends."""
        return np.concatenate([self.head, self.tail, self.reader])


def lost_updates(facts: Facts) -> list[LostUpdate]:
    """Return one lost update for every version that was overwritten twice by who had read it."""
    follower, followed, key = facts.follower, facts.followed, facts.follower_key
    order = np.lexsort((follower, followed, key))
    follower, followed, key = follower[order], followed[order], key[order]
    same = (key[1:] == key[:-1]) & (followed[1:] == followed[:-1])
    twice = np.flatnonzero(same & (follower[1:] != follower[:-1]))
    return [
        LostUpdate(
            key=int(key[place]),
            first=int(follower[place]),
            second=int(follower[place + 1]),
            version_of=int(followed[place]),
        )
        for place in twice.tolist()
    ]


def chain_up(facts: Facts, graph: Graph) -> Chains:
    """Add to the graph all that chains settle, and return those whose order is open.

    There must be no lost update, and no circle of reading and overwriting.
    """
    write_of = _Writes(facts)
    followed, key = facts.followed, facts.follower_key
    write = write_of.place(key, facts.follower)
    later = followed != INITIAL
    before = write_of.place(key[later], followed[later])
    # A version that is followed is followed by one write.
    next_write = np.full(len(facts.writer), -1, dtype=np.int64)
    next_write[before] = write[later]
    chain = _roots(next_write)
    is_head = np.ones(len(facts.writer), dtype=np.bool_)
    is_head[write[later]] = False
    is_tail = next_write < 0
    first = np.zeros(len(facts.writer), dtype=np.bool_)
    first[write[~later]] = True
    _overwrites_within(facts, graph, write_of, next_write)
    return _open(facts, graph, write_of, (chain, is_head, is_tail, first))


class _Writes:
    """Final writes, found by key and writer."""

    def __init__(self, facts: Facts) -> None:
        self._count = facts.count
        code = facts.writer_key * facts.count + facts.writer
        self._order = np.argsort(code)
        self._code = code[self._order]

    def place(self, key: Integers, writer: Integers) -> Integers:
        """Return the places of writes that are there."""
        return self._order[np.searchsorted(self._code, key * self._count + writer)]


def _roots(following: Integers) -> Integers:
    """Return, for every write, the first one of its chain."""
    before = np.arange(len(following), dtype=np.int64)
    has = np.flatnonzero(following >= 0)
    before[following[has]] = has
    while True:
        jumped = before[before]
        if np.array_equal(jumped, before):
            return before
        before = jumped


def _overwrites_within(facts: Facts, graph: Graph, write_of: _Writes, next_write: Integers) -> None:
    """Order readers of a version before the one that follows it in its chain."""
    of_others = facts.reader_from != INITIAL
    read = write_of.place(facts.reader_key[of_others], facts.reader_from[of_others])
    following = next_write[read]
    reader = facts.reader[of_others]
    known = following >= 0
    overwriter = facts.writer[following[known]]
    reader, key = reader[known], facts.reader_key[of_others][known]
    apart = reader != overwriter
    graph.add(
        graph.begin(reader[apart]),
        graph.commit(overwriter[apart]),
        Edge.OVERWRITES,
        key[apart],
    )


def _open(
    facts: Facts,
    graph: Graph,
    write_of: _Writes,
    roles: tuple[Integers, Flags, Flags, Flags],
) -> Chains:
    """Return the chains of keys that have several, and put the initial state before them."""
    chain, is_head, is_tail, first = roles
    heads = np.flatnonzero(is_head)
    heads = heads[np.argsort(facts.writer_key[heads], kind="stable")]
    place = np.full(len(chain), -1, dtype=np.int64)
    place[heads] = np.arange(len(heads))
    tail = np.empty(len(heads), dtype=np.int64)
    tails = np.flatnonzero(is_tail)
    tail[place[chain[tails]]] = tails
    key = facts.writer_key[heads]
    leads = first[heads]
    _initial_first(facts, graph, (key, facts.writer[heads], leads))
    of_others = np.flatnonzero(facts.reader_from != INITIAL)
    read = write_of.place(facts.reader_key[of_others], facts.reader_from[of_others])
    ends = is_tail[read]
    reader_chain, reader = place[chain[read[ends]]], facts.reader[of_others[ends]]
    size = np.bincount(key, minlength=len(facts.keys))
    several = size[key] > 1
    number = np.where(several, np.cumsum(several) - 1, -1)
    kept = several[reader_chain] if len(reader_chain) else np.zeros(0, dtype=np.bool_)
    reader_chain, reader = number[reader_chain[kept]], reader[kept]
    count = int(several.sum())
    overwritten = graph.add_nodes(count)
    graph.add(
        graph.begin(reader),
        overwritten[reader_chain],
        Edge.OVERWRITES,
        key[several][reader_chain],
    )
    chains = Chains(
        key=key[several],
        head=facts.writer[heads[several]],
        tail=facts.writer[tail[several]],
        overwritten=overwritten,
        reader_chain=reader_chain,
        reader=reader,
    )
    _leaders_first(graph, chains, leads[several])
    return chains


def _initial_first(facts: Facts, graph: Graph, chains: tuple[Integers, Integers, Flags]) -> None:
    """Order readers of the initial state of a key before its first writers."""
    key, head, leads = chains
    leader = np.full(len(facts.keys), -1, dtype=np.int64)
    leader[key[leads]] = head[leads]
    led = leader >= 0
    initial = facts.reader_from == INITIAL
    initial &= leader[facts.reader_key] != facts.reader
    reader, reader_key = facts.reader[initial], facts.reader_key[initial]
    # The readers of one key meet in a node, and from there go on to all of its heads.
    moment = np.full(len(facts.keys), -1, dtype=np.int64)
    wanted = np.unique(reader_key)
    moment[wanted] = graph.add_nodes(len(wanted))
    graph.add(graph.begin(reader), moment[reader_key], Edge.OVERWRITES, reader_key)
    follows = (moment[key] >= 0) & (leads | ~led[key])
    graph.add(moment[key[follows]], graph.commit(head[follows]), Edge.OVERWRITES, key[follows])


def _leaders_first(graph: Graph, chains: Chains, leads: Flags) -> None:
    """Order the chain that overwrote the initial state of a key before its other chains."""
    leader = np.flatnonzero(leads)
    begin = np.searchsorted(chains.key, chains.key[leader], side="left")
    end = np.searchsorted(chains.key, chains.key[leader], side="right")
    for first, low, high in zip(leader.tolist(), begin.tolist(), end.tolist(), strict=True):
        others = np.arange(low, high)
        others = others[others != first]
        add_order(graph, chains, np.full(len(others), first), others)


def add_order(graph: Graph, chains: Chains, earlier: Integers, later: Integers) -> None:
    """Order chains of the same key: versions of one before those of the other."""
    key = chains.key[earlier]
    graph.add(graph.commit(chains.tail[earlier]), graph.begin(chains.head[later]), Edge.WRITES, key)
    graph.add(chains.overwritten[earlier], graph.commit(chains.head[later]), Edge.OVERWRITES, key)
