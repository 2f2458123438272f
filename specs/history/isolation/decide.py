"""Decide whether some execution at an isolation level explains a history of registers.

Snapshot isolation holds exactly if what each read says is possible at all, and some order of the
writers of each key makes the graph of begins and commits acyclic: every edge goes forward in an
execution, and every topological order is one (facts, then chains, pruning, and a choice for what
they leave open). With begin and commit as one event the same graph decides serializability.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sim.history import NONE, History, Integers
from specs.history.isolation.chains import Chains, LostUpdate, chain_up, lost_updates
from specs.history.isolation.choices import Conflict, choose
from specs.history.isolation.clocks import CELLS_MAX, paths_of
from specs.history.isolation.facts import Facts, Misread, facts_of
from specs.history.isolation.graph import Edge, Graph
from specs.history.isolation.levels import Level
from specs.history.isolation.lists import facts_of_lists, has_lists
from specs.history.isolation.pruning import open_pairs, prune
from specs.history.isolation.weak import add_forced

_HINT = 1 << 40
"""The end of all sessions, on the scale of hints."""


class NotApplicable(Exception):
    """A level asks for what a history does not state; the message says how to mend that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """The graph of what is known has a cycle, with no choice left in it."""

    graph: Graph


Contradiction = tuple[Misread, ...] | tuple[LostUpdate, ...] | Circle | Conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What became of a history at a level.

    An accepted one has a schedule: the events in an order that explains it, `2 * t` for the begin
    and `2 * t + 1` for the commit of transaction `t` of the facts. A rejected one has a
    contradiction.
    """

    level: Level
    facts: Facts
    schedule: Integers | None = None
    contradiction: Contradiction | None = None
    graph: Graph | None = None
    chains: Chains | None = None

    @property
    def holds(self) -> bool:
        """Say whether the level explains the history."""
        return self.schedule is not None


def decide(history: History, level: Level) -> Decision:
    """Decide any level but those by timestamps; raises `UnsupportedHistory`, `NotApplicable`."""
    if level.sessions and not history.has_sessions:
        raise NotApplicable(f"the history states no sessions, which {level.name} needs: try si")
    repeatable = level.name != "read-committed"
    if has_lists(history):
        facts = facts_of_lists(history, repeatable=repeatable)
    else:
        facts = facts_of(history, repeatable=repeatable)
    if facts.misreads:
        return Decision(level=level, facts=facts, contradiction=facts.misreads)
    graph = _known(facts, level)
    if graph.rank() is None:
        return Decision(level=level, facts=facts, contradiction=Circle(graph=graph), graph=graph)
    if level.family == "weak":
        add_forced(facts, graph, level.name)
        rank = graph.rank()
        if rank is None:
            circle = Circle(graph=graph)
            return Decision(level=level, facts=facts, contradiction=circle, graph=graph)
        return Decision(level=level, facts=facts, schedule=_schedule(graph, rank), graph=graph)
    lost = lost_updates(facts)
    if lost:
        return Decision(level=level, facts=facts, contradiction=tuple(lost), graph=graph)
    return _ordered(facts, level, graph)


def _ordered(facts: Facts, level: Level, graph: Graph) -> Decision:
    chains = chain_up(facts, graph)
    outcome = _arranged(facts, level, graph, chains)
    if isinstance(outcome, Conflict | Circle):
        return Decision(level=level, facts=facts, contradiction=outcome, graph=graph, chains=chains)
    schedule = _schedule(graph, outcome)
    return Decision(level=level, facts=facts, schedule=schedule, graph=graph, chains=chains)


def _arranged(
    facts: Facts, level: Level, graph: Graph, chains: Chains
) -> Integers | Conflict | Circle:
    """Return a rank of all nodes under some order of all chains, or why there is none."""
    rank = graph.rank()
    if rank is None:
        return Circle(graph=graph)
    if not len(chains):
        return rank
    if not level.sessions and facts.history.has_sessions:
        # Whatever holds with sessions holds without; and sessions make a search short.
        stricter = graph.copy()
        _add_sessions(facts, stricter)
        found = _arranged(facts, replace(level, sessions=True), stricter, chains)
        if not isinstance(found, Conflict | Circle):
            return found
    enough = None
    paths = paths_of(facts, sessions=level.sessions).only(chains.ends())
    if graph.nodes * paths.count <= CELLS_MAX:
        timed = prune(graph, chains, paths)
        if timed is None:
            return Circle(graph=graph)
        if open_pairs(graph, chains, paths, timed) == 0:
            return timed.levels.rank()
        enough = timed.source, timed.target
    return choose(graph, chains, _hint(facts, graph), enough)


def _hint(facts: Facts, graph: Graph) -> Integers:
    """Return when each node may have happened: as its session goes on, the rest at once."""
    order = np.argsort(facts.session, kind="stable")
    sizes = np.bincount(facts.session)
    place = np.empty(facts.count, dtype=np.int64)
    place[order] = np.arange(facts.count) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    progress = (2 * place + 1) * _HINT // (2 * sizes[facts.session])
    hint = np.full(graph.nodes, -1, dtype=np.int64)
    everyone = np.arange(facts.count)
    hint[graph.commit(everyone)] = progress + _HINT // (4 * sizes[facts.session])
    hint[graph.begin(everyone)] = progress
    return hint


def _schedule(graph: Graph, rank: Integers) -> Integers:
    """Return the begins and commits by rank."""
    if graph.merged:
        order = np.argsort(rank[: graph.transactions], kind="stable")
        return np.stack([2 * order, 2 * order + 1], axis=1).reshape(-1)
    return np.argsort(rank[: 2 * graph.transactions], kind="stable")


def _known(facts: Facts, level: Level) -> Graph:
    """Return the graph of what every execution at the level respects, whoever wrote first."""
    graph = Graph(facts.count, merged=level.merged)
    everyone = np.arange(facts.count)
    if not level.merged:
        graph.add(graph.begin(everyone), graph.commit(everyone), Edge.INNER)
    if level.sessions:
        _add_sessions(facts, graph)
    if level.real_time:
        _add_real_time(facts, graph)
    of_others = facts.reader_from >= 0
    graph.add(
        graph.commit(facts.reader_from[of_others]),
        graph.begin(facts.reader[of_others]),
        Edge.READS,
        facts.reader_key[of_others],
    )
    if level.family == "order":
        follows = facts.followed >= 0
        graph.add(
            graph.commit(facts.followed[follows]),
            graph.begin(facts.follower[follows]),
            Edge.WRITES,
            facts.follower_key[follows],
        )
    elif facts.shown:
        earlier, later, key = facts.shown
        graph.add(graph.commit(earlier), graph.begin(later), Edge.WRITES, key)
    return graph


def _add_sessions(facts: Facts, graph: Graph) -> None:
    """Order transactions of a session; one that nobody vouches for may come late."""
    order = np.argsort(facts.session, kind="stable")
    session, vouched = facts.session[order], facts.vouched[order]
    places = np.arange(len(order))
    # The last vouched transaction before each place.
    last = np.maximum.accumulate(np.where(vouched, places, -1))
    before = np.concatenate([[-1], last[:-1]]) if len(last) else last
    has = (before >= 0) & (session[np.maximum(before, 0)] == session)
    graph.add(graph.commit(order[before[has]]), graph.begin(order[places[has]]), Edge.SESSION)


def _add_real_time(facts: Facts, graph: Graph) -> None:
    """Order what had ended before what was invoked after it, by way of moments."""
    invoked = facts.history.invoked_ns[facts.row]
    finished = facts.history.finished_ns[facts.row]
    if (invoked == NONE).any() or (finished[facts.vouched] == NONE).any():
        raise NotApplicable("the history does not state when transactions began and ended")
    ended = np.flatnonzero(facts.vouched)
    ended = ended[np.argsort(finished[ended], kind="stable")]
    moments = graph.add_nodes(len(ended))
    graph.add(graph.commit(ended), moments, Edge.REAL_TIME)
    graph.add(moments[:-1], moments[1:], Edge.REAL_TIME)
    last = np.searchsorted(finished[ended], invoked, side="left") - 1
    has = np.flatnonzero(last >= 0)
    graph.add(moments[last[has]], graph.begin(has), Edge.REAL_TIME)
