"""Causal consistency, read atomicity and read committed: levels that need no choice.

Each says which writers a transaction that reads a version must order before that version's writer:
those of the key that it has already read from (read committed), those that it read from or that
came before it in its session (read atomic), those that lie anywhere in its past (causal). The level
holds exactly if these orders, the sessions and the reads have no cycle together (Biswas and Enea,
OOPSLA'19). What a key holds before anybody writes it was written before everything else. A list
that was read shows the order of its writers, whatever the level.
"""

from __future__ import annotations

import numpy as np

from sim.history import Integers
from specs.history.isolation.clocks import CELLS_MAX, Paths, Places, clocks_of, paths_of
from specs.history.isolation.facts import INITIAL, Facts
from specs.history.isolation.graph import Edge, Graph, spread


def add_forced(facts: Facts, graph: Graph, name: str) -> None:
    """Add the orders of writers that a level forces to the graph of sessions and reads.

    The graph has one node a transaction and no cycle. One node more stands for the initial state.
    """
    (initial,) = graph.add_nodes(1)
    everyone = np.arange(facts.count)
    graph.add(np.full(facts.count, initial), everyone, Edge.INNER)
    graph.round += 1
    if name == "read-committed":
        earlier, source, key = _read_before(facts, program_order=True)
    elif name == "read-atomic":
        parts = [_read_before(facts, program_order=False), _in_session_before(facts)]
        earlier, source, key = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    else:
        earlier, source, key = _in_the_past(facts, graph)
    later = np.where(source == INITIAL, initial, source)
    apart = earlier != later
    graph.add(earlier[apart], later[apart], Edge.WRITES, key[apart])


Forced = tuple[Integers, Integers, Integers]
"""Writers, the writers that they come before, and of which key."""


def _read_before(facts: Facts, *, program_order: bool) -> Forced:
    """Return the writers that readers of a later one have read from, before that or anywhere."""
    of_others = facts.reader_from != INITIAL
    reader, writer = facts.reader[of_others], facts.reader_from[of_others]
    when = facts.reader_operation[of_others]
    order = np.lexsort((when, writer, reader))
    reader, writer, when = reader[order], writer[order], when[order]
    new = np.ones(len(reader), dtype=np.bool_)
    new[1:] = (reader[1:] != reader[:-1]) | (writer[1:] != writer[:-1])
    reader, writer, when = reader[new], writer[new], when[new]
    # All keys that each of them wrote ...
    by_writer = np.argsort(facts.writer, kind="stable")
    low = np.searchsorted(facts.writer[by_writer], writer, side="left")
    high = np.searchsorted(facts.writer[by_writer], writer, side="right")
    key = facts.writer_key[by_writer[spread(low, high)]]
    reader, writer, when = (np.repeat(each, high - low) for each in (reader, writer, when))
    # ... and all reads of these keys in the same transaction.
    code = facts.reader * len(facts.keys) + facts.reader_key
    by_code = np.argsort(code, kind="stable")
    wanted = reader * len(facts.keys) + key
    low = np.searchsorted(code[by_code], wanted, side="left")
    high = np.searchsorted(code[by_code], wanted, side="right")
    read = by_code[spread(low, high)]
    earlier, when, key = (np.repeat(each, high - low) for each in (writer, when, key))
    source = facts.reader_from[read]
    counts = source != earlier
    if program_order:
        counts &= facts.reader_operation[read] > when
    return earlier[counts], source[counts], key[counts]


def _in_session_before(facts: Facts) -> Forced:
    """Return, for each read, the last writer of its key before it in its session."""
    paths = paths_of(facts, sessions=True)
    places = _backwards(facts, paths)
    # Of its own session each transaction has reached itself, and nothing of the others.
    low = places.code.searchsorted
    top = (facts.reader_key * paths.count + paths.path[facts.reader]) * places.events
    own = 2 * (facts.count - paths.position[facts.reader])
    begin = low(top + own + 1)
    found = begin < low(top + places.events - 1)
    earlier = places.item[begin[found]]
    return earlier, facts.reader_from[found], facts.reader_key[found]


def _backwards(facts: Facts, paths: Paths) -> Places:
    """Return all writers that lie on these paths, which run backwards."""
    there = paths.path[facts.writer] >= 0
    writer = facts.writer[there]
    return Places.of(
        paths,
        key=facts.writer_key[there],
        path=paths.path[writer],
        event=2 * (facts.count - paths.position[writer]),
        item=writer,
    )


def _in_the_past(facts: Facts, graph: Graph) -> Forced:
    """Return, for each read, the last writer of its key on every path of its past."""
    reverse = Graph(facts.count, merged=True)
    source, target, kind, *_ = graph.columns()
    counts = (kind == Edge.SESSION) | (kind == Edge.READS)
    reverse.add(target[counts], source[counts], Edge.READS)
    found: list[Forced] = []
    everywhere = paths_of(facts, sessions=True).only(facts.writer)
    for paths in everywhere.parts(max(1, CELLS_MAX // max(1, facts.count))):
        backwards = Paths(path=paths.path, position=facts.count - paths.position, count=paths.count)
        timed = clocks_of(reverse, backwards)
        assert timed is not None, "sessions and reads have no cycle"
        query, earlier = _backwards(facts, paths).first_from(
            facts.reader_key, timed.clock, facts.reader, skip=facts.reader
        )
        source = facts.reader_from[query]
        # What the version's writer has in its own past it follows without being told.
        path, place = backwards.path[earlier], backwards.begin(earlier)
        new = (source == INITIAL) | (timed.clock[source, path] > place)
        found.append((earlier[new], source[new], facts.reader_key[query[new]]))
    earlier, source, key = (np.concatenate(columns) for columns in zip(*found, strict=True))
    return earlier, source, key
