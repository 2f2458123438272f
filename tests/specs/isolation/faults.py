"""Ways to break the checker on purpose: each leaves out or bends one thing that it rests on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
import pytest

from sim.history import History, Outcome
from specs.history.isolation import chains, choices, decide, lists, pruning, weak
from specs.history.isolation.facts import Facts
from specs.history.isolation.graph import Edge, Graph

Plant = Callable[[pytest.MonkeyPatch], None]


class Fault(NamedTuple):
    """A broken checker, and where to look for what shows it."""

    name: str
    level: str
    plant: Plant
    lists: bool = False
    since: int = 0
    """From which small history on to look: what shows some faults is rare."""


def _nothing(*given: Any, **named: Any) -> None:
    return None


def replacing(module: Any, name: str, with_: Any) -> Plant:
    """Put something else in the place of a part."""
    return lambda patch: patch.setattr(module, name, with_)


def without_edges(kind: Edge) -> Plant:
    """Leave edges of a kind out of what every execution respects."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        known = decide._known

        def some(facts: Facts, level: Any) -> Graph:
            graph, thinner = known(facts, level), Graph(facts.count, merged=level.merged)
            thinner.nodes = graph.nodes
            thinner._parts = [part for part in graph._parts if part[2][0] != kind]
            return thinner

        patch.setattr(decide, "_known", some)

    return plant


def changing_facts(change: Callable[[Facts], Facts]) -> Plant:
    """Change what the history says before anything follows from it."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        for name in ("facts_of", "facts_of_lists"):
            original = getattr(decide, name)
            patch.setattr(
                decide, name, lambda h, original=original, **more: change(original(h, **more))
            )

    return plant


def without_misreads(kind: str) -> Plant:
    """Take reads of a kind for right."""
    return changing_facts(
        lambda facts: replace(
            facts, misreads=tuple(each for each in facts.misreads if each.kind != kind)
        )
    )


def as_if(outcome: Outcome) -> Plant:
    """Take unknown outcomes for known ones."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        for name in ("facts_of", "facts_of_lists"):
            original = getattr(decide, name)

            def changed(history: History, original: Any = original, **more: Any) -> Facts:
                known = np.where(history.outcome == Outcome.UNKNOWN, outcome, history.outcome)
                return original(replace(history, outcome=known.astype(np.int8)), **more)

            patch.setattr(decide, name, changed)

    return plant


def deciding(**changes: Any) -> Plant:
    """Decide another level than the one asked for."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        known = decide._known
        ordered = decide._ordered
        patch.setattr(decide, "_known", lambda f, level: known(f, replace(level, **changes)))
        patch.setattr(
            decide, "_ordered", lambda f, level, g: ordered(f, replace(level, **changes), g)
        )

    return plant


def _overwrites_only(graph: Graph, all_: Any, earlier: Any, later: Any) -> None:
    head, key = all_.head[later], all_.key[earlier]
    graph.add(all_.overwritten[earlier], graph.commit(head), Edge.OVERWRITES, key)


def _half_a_choice(*, writes: bool) -> Plant:
    def plant(patch: pytest.MonkeyPatch) -> None:
        original = choices._Orders.of

        def half(*given: Any) -> Any:
            orders = original(*given)
            size = len(orders.earlier)
            kept = slice(0, size) if writes else slice(size, None)
            return replace(orders, source=orders.source[kept], target=orders.target[kept])

        patch.setattr(choices._Orders, "of", half)

    return plant


def _backwards(patch: pytest.MonkeyPatch) -> None:
    settled = pruning._Settler.settled
    patch.setattr(pruning._Settler, "settled", lambda *given: settled(*given)[::-1])


def _reaching_too_far(patch: pytest.MonkeyPatch) -> None:
    clocks_of = pruning.clocks_of

    def early(*given: Any) -> Any:
        timed = clocks_of(*given)
        return timed and replace(timed, clock=np.maximum(timed.clock - 2, 0))

    patch.setattr(pruning, "clocks_of", early)


def _events_in_one_place(patch: pytest.MonkeyPatch) -> None:
    from specs.history.isolation.clocks import Paths

    patch.setattr(Paths, "commit", Paths.begin)


def _searching(then: Plant) -> Plant:
    """Leave every order to the search, and break that."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(decide, "CELLS_MAX", 0)
        then(patch)

    return plant


def _one_by_one(then: Plant) -> Plant:
    """Take lists one by one, and break that."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(lists, "facts_at_once", lambda history: None)
        then(patch)

    return plant


def _forbidding_too_much(patch: pytest.MonkeyPatch) -> None:
    forbid = choices._Chooser.forbid

    def shorter(self: Any, cycle: Any) -> None:
        forbid(self, cycle)
        self.clauses[-1] = self.clauses[-1][:1]

    patch.setattr(choices._Chooser, "forbid", shorter)


def _giving_up(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(choices._Chooser, "solve", lambda self, place: False)
    patch.setattr(choices._Chooser, "core", lambda self: ())


def _always_repeatable(patch: pytest.MonkeyPatch) -> None:
    original = decide.facts_of
    patch.setattr(decide, "facts_of", lambda history, repeatable: original(history))


NONE_FORCED: Final = (np.zeros(0, dtype=np.int64),) * 3


def _no_order(*given: Any, **named: Any) -> Any:
    return NONE_FORCED


SI, PLAIN, SER = "session-si", "si", "serializable"

FAULTS: Final = (
    *(
        # What is read and then written is ordered by the read already, but not along lists.
        Fault(
            f"no {kind.name.lower()} edges at {level}",
            level,
            without_edges(kind),
            lists=kind == Edge.WRITES,
        )
        for kind, level in (
            (Edge.INNER, SI),
            (Edge.SESSION, SI),
            (Edge.READS, SI),
            (Edge.WRITES, SI),
            (Edge.REAL_TIME, "strong-si"),
            (Edge.SESSION, "causal"),
            (Edge.READS, "causal"),
            (Edge.READS, SER),
        )
    ),
    *(
        Fault(f"{kind} passes", SI, without_misreads(kind))
        for kind in ("internal", "garbage-read", "future-read", "g1a", "g1b")
    ),
    *(
        Fault(f"{kind} passes in lists", SI, without_misreads(kind), lists=True)
        for kind in ("internal", "garbage-read", "g1a", "g1b", "incompatible-order")
    ),
    Fault("unknown is committed", SI, as_if(Outcome.COMMITTED), since=380),
    Fault("unknown is failed", SI, as_if(Outcome.ABORTED)),
    Fault("unknown is failed in lists", SI, as_if(Outcome.ABORTED), lists=True),
    Fault(
        "sessions wait for unknown outcomes",
        SI,
        changing_facts(lambda facts: replace(facts, vouched=np.ones_like(facts.vouched))),
        since=1280,
    ),
    Fault("serializability as snapshot isolation", SER, deciding(merged=False)),
    Fault("snapshot isolation as serializability", PLAIN, deciding(merged=True)),
    Fault("sessions count without them", PLAIN, deciding(sessions=True)),
    Fault("real time counts without it", SI, deciding(real_time=True), since=240),
    Fault("lost updates pass", SI, replacing(decide, "lost_updates", lambda facts: [])),
    Fault("first chains anywhere", SI, replacing(chains, "_leaders_first", _nothing)),
    Fault("initial readers anywhere", SI, replacing(chains, "_initial_first", _nothing)),
    Fault(
        "overwrites in chains unseen",
        SI,
        replacing(chains, "_overwrites_within", _nothing),
        lists=True,
    ),
    Fault("first chains without writes", SI, replacing(chains, "add_order", _overwrites_only)),
    Fault("settled the other way round", SI, _backwards),
    Fault("clocks reach too far", SI, _reaching_too_far),
    Fault("begin and commit in one place", SI, _events_in_one_place, since=230),
    Fault("open orders unseen", SI, replacing(decide, "open_pairs", lambda *given: 0)),
    Fault(
        "any order is a choice",
        SI,
        _searching(replacing(decide, "choose", lambda graph, *given: graph.rank())),
    ),
    Fault("clauses too short", SI, _searching(_forbidding_too_much), since=980),
    Fault("choices without writes", SI, _searching(_half_a_choice(writes=False))),
    Fault("choices without overwrites", SI, _searching(_half_a_choice(writes=True)), since=260),
    Fault("one guess only", SI, _searching(_giving_up)),
    Fault("read committed repeats reads", "read-committed", _always_repeatable, since=620),
    Fault(
        "reads before force nothing", "read-committed", replacing(weak, "_read_before", _no_order)
    ),
    Fault(
        "fractures force nothing",
        "read-atomic",
        replacing(weak, "_read_before", _no_order),
        since=380,
    ),
    Fault(
        "sessions force nothing", "read-atomic", replacing(weak, "_in_session_before", _no_order)
    ),
    Fault("the past forces nothing", "causal", replacing(weak, "_in_the_past", _no_order)),
    Fault(
        "lists order nobody",
        SI,
        _one_by_one(replacing(lists, "_links", lambda *given: [])),
        lists=True,
    ),
    Fault(
        "lists order nobody at weak levels",
        "causal",
        _one_by_one(replacing(lists, "_shown", lambda *given: [])),
        lists=True,
    ),
    Fault(
        "torn lists pass",
        SI,
        _one_by_one(replacing(lists._Lists, "_check_end", _nothing)),
        lists=True,
    ),
)
