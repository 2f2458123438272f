"""Orders, levels, components and clocks are those that a plain search finds."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specs.history.isolation import clocks, graph
from specs.history.isolation.clocks import NEVER, clocks_of, paths_of
from specs.history.isolation.decide import decide
from specs.history.isolation.facts import facts_of
from specs.history.isolation.graph import Edge, Graph, Hinted, components, levels_of
from specs.history.isolation.levels import LEVELS
from tests.specs.isolation.oracle import Transaction, history_of
from tests.specs.isolation.small import histories

EDGES = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=30)


def columns(edges):
    table = np.array(edges, dtype=np.int64).reshape(-1, 2)
    return table[:, 0].copy(), table[:, 1].copy()


def reached(nodes, edges):
    """Return who reaches whom, as a set of pairs."""
    follow = {node: [b for a, b in edges if a == node] for node in range(nodes)}
    pairs = set()
    for node in range(nodes):
        waiting = list(follow[node])
        while waiting:
            other = waiting.pop()
            if (node, other) not in pairs:
                pairs.add((node, other))
                waiting += follow[other]
    return pairs


@given(edges=EDGES, narrow=st.sampled_from([0, 2, 16]), core=st.sampled_from([0, 1000]))
def test_components_and_orders_are_those_of_a_plain_search(edges, narrow, core):
    pairs = reached(12, edges)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph, "_NARROW", narrow)
        patch.setattr(graph, "_CORE_MAX", core)
        label = components(12, *columns(edges))
        levels = levels_of(12, *columns(edges))
        by_hint = Hinted(12, *columns(edges[::2]), np.arange(12)[::-1])
        hinted = by_hint.rank(*columns(edges[1::2]))
    for one in range(12):
        for other in range(12):
            together = one == other or {(one, other), (other, one)} <= pairs
            assert (label[one] == label[other]) == together
    acyclic = all(one != other for one, other in pairs)
    assert (levels is not None) == (hinted is not None) == acyclic
    if levels is None or hinted is None:
        return
    rank = levels.rank()
    level = np.searchsorted(levels.bounds, rank, side="right")
    for one, other in edges:
        assert level[one] < level[other]
        assert hinted[one] < hinted[other]


def test_of_all_that_may_come_next_the_earliest_does():
    hinted = Hinted(4, *columns([(3, 0)]), np.array([0, 7, 5, 6]))
    assert hinted.rank(*columns([])).tolist() == [2, 3, 0, 1]
    assert hinted.rank(*columns([(1, 2)])).tolist() == [1, 2, 3, 0]


@pytest.mark.parametrize("few", [0, 12])
@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize("sessions", [False, True])
def test_clocks_know_who_reaches_whom(few, merged, sessions):
    @settings(max_examples=25, deadline=None)
    @given(transactions=histories(transactions_max=6), data=st.data())
    def agree(transactions: list[Transaction], data: st.DataObject) -> None:
        facts = facts_of(history_of(transactions))
        known = known_graph(facts, merged=merged, sessions=sessions)
        if known.rank() is None or not facts.count:
            return
        paths = paths_of(facts, sessions=sessions)
        before = clocks_of(known, paths)
        rank = before.levels.rank()
        moment = known.add_nodes(1)
        for _ in range(3):
            node = st.integers(0, known.nodes - 2)
            one, other = sorted(data.draw(st.tuples(node, node)), key=rank.__getitem__)
            if one != other:
                known.add(np.array([one]), np.array([other]), Edge.WRITES)
        known.add(np.array([int(np.argmin(rank))]), moment, Edge.OVERWRITES)
        timed = clocks_of(known, paths, before)
        assert timed is not None
        source, target = known.ends()
        pairs = reached(known.nodes, list(zip(source.tolist(), target.tolist(), strict=True)))
        everybody = np.arange(facts.count)
        for node in range(known.nodes):
            due = np.full(paths.count, NEVER)
            for event, place in (
                (known.begin(everybody), paths.begin(everybody)),
                *([] if merged else [(known.commit(everybody), paths.commit(everybody))]),
            ):
                for transaction in everybody:
                    other = int(event[transaction])
                    if other == node or (node, other) in pairs:
                        path = paths.path[transaction]
                        due[path] = min(due[path], place[transaction])
            assert timed.clock[node].tolist() == due.tolist()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clocks, "_FEW", few)
        patch.setattr(clocks, "_FEW_TRANSACTIONS", 100 * few)
        agree()


def known_graph(facts, *, merged, sessions):
    """Return the graph of reads, and of sessions in which everybody is vouched for."""
    known = Graph(facts.count, merged=merged)
    everybody = np.arange(facts.count)
    if not merged:
        known.add(known.begin(everybody), known.commit(everybody), Edge.INNER)
    if sessions:
        paths = paths_of(facts, sessions=True)
        for one in range(facts.count):
            for other in range(facts.count):
                after = paths.position[other] == paths.position[one] + 1
                if paths.path[one] == paths.path[other] and after:
                    known.add(
                        known.commit(np.array([one])), known.begin(np.array([other])), Edge.SESSION
                    )
    for writer, reader in (
        (facts.reader_from, facts.reader),
        (facts.followed, facts.follower),
    ):
        there = writer >= 0
        known.add(known.commit(writer[there]), known.begin(reader[there]), Edge.READS)
    return known


@settings(max_examples=40, deadline=None)
@given(transactions=histories())
@pytest.mark.parametrize("name", ["si", "serializable"])
def test_the_way_by_sessions_is_a_short_cut_only(name, transactions):
    history = history_of(transactions)
    without = dataclasses.replace(history, has_sessions=False)
    assert decide(history, LEVELS[name]).holds == decide(without, LEVELS[name]).holds


@settings(max_examples=40, deadline=None)
@given(transactions=histories())
@pytest.mark.parametrize("name", ["session-si", "si", "serializable"])
def test_where_there_is_no_room_for_clocks_the_verdict_is_the_same(name, transactions):
    history = history_of(transactions)
    expected = decide(history, LEVELS[name]).holds
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("specs.history.isolation.decide.CELLS_MAX", 0)
        assert decide(history, LEVELS[name]).holds == expected


@settings(max_examples=40, deadline=None)
@given(transactions=histories())
def test_causal_orders_are_found_in_parts_as_well(transactions):
    history = history_of(transactions)
    expected = decide(history, LEVELS["causal"]).holds
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("specs.history.isolation.weak.CELLS_MAX", 1)
        patch.setattr("specs.history.isolation.clocks._ANSWERS", 1)
        assert decide(history, LEVELS["causal"]).holds == expected
