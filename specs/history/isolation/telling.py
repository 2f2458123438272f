"""Tell a rejection in a few lines to somebody who did not write the checker."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from sim.history import NONE
from specs.history.isolation.arrows import Arrow, Loop, Order
from specs.history.isolation.chains import LostUpdate, lost_updates
from specs.history.isolation.choices import Conflict
from specs.history.isolation.decide import Circle, Decision, decide
from specs.history.isolation.facts import Facts, Misread
from specs.history.isolation.labels import Labels
from specs.history.isolation.lineage import Lineage
from specs.history.isolation.loops import Finder
from specs.history.isolation.naming import Name, name_of, named, strength
from specs.history.isolation.proofs import (
    Leaf,
    Node,
    Proof,
    proof_of_circle,
    proof_of_conflict,
    proof_of_update,
)
from specs.history.isolation.story import LINES_MAX, story_of
from specs.history.isolation.weak_proofs import proof_of_weak
from specs.history.isolation.words import Words

__all__ = ["LINES_MAX", "Anomaly", "anomalies_of"]

SIMPLER_MAX: Final = 2_000
"""Up to so many transactions it is found out whether sessions or real time are needed."""
_UPDATES_MAX: Final = 100
"""So many lost updates are told beside a cycle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """One contradiction: its name, who takes part, its cycle where it has one, and its story."""

    name: Name
    transactions: tuple[int, ...]
    """Rows of the history."""
    loops: tuple[Loop, ...]
    """One cycle; several where each order of some writers closes one of its own."""
    lines: tuple[str, ...]
    edges: tuple[tuple[int, int, str, str, str], ...] = ()
    """The cycles as plain data: rows of the history, kind, key, why the order holds."""
    operations: tuple[int, ...] = ()
    """Rows of the operations that show it, where no cycle names them."""
    proof: Proof | Misread | None = None
    """What shows it, down to operations; None at the levels by timestamps."""


def anomalies_of(decision: Decision) -> tuple[Anomaly, ...]:
    """Return what makes a level reject a history, the worst first; nothing if it holds."""
    contradiction = decision.contradiction
    if contradiction is None:
        return ()
    teller = _Teller(decision)
    if isinstance(contradiction, Circle | Conflict):
        told = [teller.cycle(contradiction)]
        if decision.level.family == "order" and decision.chains is None:
            told += [teller.lost(each) for each in lost_updates(decision.facts)[:_UPDATES_MAX]]
    else:
        told = [
            teller.misread(each) if isinstance(each, Misread) else teller.lost(each)
            for each in contradiction
        ]
    simpler = _simpler(decision)
    if simpler is not None:
        plain = anomalies_of(simpler)
        weakest = strength(plain[0].name)[0]
        told = [*plain, *(each for each in told if strength(each.name)[0] < weakest)]
    return tuple(sorted(told, key=lambda anomaly: strength(anomaly.name)))


def _simpler(decision: Decision) -> Decision | None:
    """Return the rejection by a level of fewer rules, None if it would accept, or takes too long.

    What it is rejected for there is a contradiction here as well, and needs no real time, or no
    sessions.
    """
    level, history = decision.level, decision.facts.history
    if level.family != "order" or not level.sessions or history.transactions > SIMPLER_MAX:
        return None
    if not isinstance(decision.contradiction, Circle | Conflict):
        return None
    for fewer in (
        replace(level, sessions=False, real_time=False),
        replace(level, real_time=False),
    ):
        if fewer != level:
            found = decide(history, fewer)
            if not found.holds:
                return found
    return None


class _Teller:
    """Tells the contradictions of one decision."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        self.facts = decision.facts
        self.labels = Labels(decision.facts)
        self.lineage = Lineage(decision.facts, chained=decision.level.family == "order")
        self.words = Words(self.labels, self.lineage, decision.level)

    def misread(self, found: Misread) -> Anomaly:
        """Tell a read that nothing explains."""
        labels, history = self.labels, self.labels.history
        owner = int(history.first.searchsorted(found.read, side="right")) - 1
        rows = [owner]
        if found.other == NONE:
            why = _ALONE.get(found.kind, "")
        else:
            other = int(history.first.searchsorted(found.other, side="right")) - 1
            writer, did = labels.row(other), labels.operation(found.other)
            why = _TOGETHER[found.kind].format(writer=writer, did=did)
            rows += [other] if other != owner else []
        read = f"{labels.row(owner)} reads {self.words.seen(found.read)}"
        places = "; ".join(f"{labels.row(row)}: {labels.place_of(row)}" for row in rows)
        return Anomaly(
            name=named(found.kind),
            transactions=tuple(rows),
            loops=(),
            lines=(f"{read}, {why}.", f"({places}.)"),
            operations=(found.read,) if found.other == NONE else (found.read, found.other),
            proof=found,
        )

    def lost(self, found: LostUpdate) -> Anomaly:
        """Tell that two transactions overwrote the version that both had read."""
        words, lineage, key = self.words, self.lineage, found.key
        pair = [found.first, found.second]
        readers = [each for each in pair if lineage.has_read(each, key, found.version_of)]
        read, source = lineage.read(readers[0], key, found.version_of)
        whose = f"which {words.name(source)} wrote" if source >= 0 else "which nobody had written"
        rows = [int(self.facts.row[each]) for each in (source, *pair)]
        rows = rows if source >= 0 else rows[1:]
        if len(readers) == len(pair):
            first, second = (words.name(each) for each in pair)
            lines = [
                f"{first} and {second} both read {words.seen(read)}, {whose}.",
                *(f"{words.name(each)} then {words.writes(each, key)}." for each in pair),
                "Whichever commits second overwrites what it has not seen.",
            ]
        else:
            (other,) = (each for each in pair if each not in readers)
            reader, shown = words.name(readers[0]), lineage.key(key).longest
            lines = [
                f"{reader} reads {words.seen(read)}, {whose}, and {words.writes(readers[0], key)}.",
                f"{words.name(other)} {words.writes(other, key)} in between.",
                f"{self.labels.owner(shown)} reads {words.seen(shown)}, which shows that.",
                f"So {reader} comes after what it has not seen.",
            ]
        return Anomaly(
            name=named("lost-update"),
            transactions=tuple(rows),
            loops=(),
            lines=(*lines, self._places(rows)),
            operations=_of_update(self.facts, found),
            proof=proof_of_update(lineage, found),
        )

    def cycle(self, found: Circle | Conflict) -> Anomaly:
        """Tell a cycle, or why every order of some writers closes one."""
        decision = self.decision
        assert decision.graph is not None, "a cycle lies in a graph"
        finder = Finder(decision.graph, decision.chains, self.lineage)
        if isinstance(found, Conflict):
            proof = proof_of_conflict(finder, found)
        elif decision.level.family == "weak":
            proof = proof_of_weak(finder, self.facts, decision.level.name)
        else:
            proof = proof_of_circle(finder)
        seen = dict.fromkeys(number for loop in proof.all_loops() for number in loop.transactions)
        rows = [int(self.facts.row[number]) for number in seen]
        loops = _told(proof)
        return Anomaly(
            name=name_of(proof),
            transactions=tuple(rows),
            loops=loops,
            lines=story_of(proof, self.words, self._places(rows)),
            edges=tuple(self._edge(proof, arrow) for loop in loops for arrow in loop.arrows),
            proof=proof,
        )

    def _places(self, rows: list[int]) -> str:
        shown = [f"{self.labels.row(row)}: {self.labels.place_of(row)}" for row in rows[:8]]
        more = f"; and {len(rows) - 8} more" if len(rows) > 8 else ""
        return f"({'; '.join(shown)}{more}.)"

    def _edge(self, proof: Proof, arrow: Arrow) -> tuple[int, int, str, str, str]:
        row = self.facts.row
        key = "" if arrow.key < 0 else self.labels.key(arrow.key)
        because = self.words.sentence(arrow)
        reason = proof.settled.get(arrow.order) if arrow.order else None
        if arrow.assumed:
            because = "assumed"
        elif arrow.order and isinstance(reason, int):
            because += f"; {self.words.shown(arrow.order, reason)}"
        elif isinstance(reason, Leaf):
            told = "; ".join(self.words.short(each) for each in reason.loop.arrows)
            because += f"; otherwise {told}"
        return int(row[arrow.source]), int(row[arrow.target]), arrow.kind, key, because


_ALONE: Final = {
    "garbage-read": "which nobody wrote: either it came from nowhere, or a part of the log is "
    "missing",
    "incompatible-order": "with an element twice",
    "internal": "which does not end with what it appended itself",
}
_TOGETHER: Final = {
    "internal": "after it {did} itself",
    "future-read": "which it writes itself only later",
    "g1a": "but {writer}, which {did}, failed",
    "g1b": "but {writer}, which {did}, wrote that key again before it ended",
    "incompatible-order": "where {writer} {did} in another order",
}


def _of_update(facts: Facts, found: LostUpdate) -> tuple[int, ...]:
    """Return the write that both read, then read and write of the one and of the other."""
    rows: list[int] = []
    for number in (found.version_of, found.first, found.second):
        reads = (facts.reader == number) & (facts.reader_key == found.key)
        writes = (facts.writer == number) & (facts.writer_key == found.key)
        rows += facts.reader_operation[reads].tolist() if number != found.version_of else []
        rows += facts.writer_operation[writes].tolist()
    return tuple(rows)


def _told(proof: Proof) -> tuple[Loop, ...]:
    """Return the cycles of a proof, every arrow with what its order is."""

    def told(loop: Loop, assumed: frozenset[Order]) -> Loop:
        return Loop(arrows=tuple(_with_reason(arrow, assumed) for arrow in loop.arrows))

    def _with_reason(arrow: Arrow, assumed: frozenset[Order]) -> Arrow:
        if arrow.order is None:
            return arrow
        if arrow.order in assumed:
            return replace(arrow, assumed=True)
        reason = proof.settled[arrow.order]
        if not isinstance(reason, Leaf):
            return arrow
        opposite = frozenset((arrow.order.opposite,))
        return replace(arrow, reason=told(reason.loop, opposite))

    def cases(node: Node, assumed: frozenset[Order]) -> list[Loop]:
        if isinstance(node, Leaf):
            return [told(node.loop, assumed)]
        return [
            *cases(node.holds, assumed | {node.order}),
            *cases(node.otherwise, assumed | {node.order.opposite}),
        ]

    return tuple(cases(proof.root, frozenset()))


def assumption(labels: Labels, loop: Loop) -> str:
    """Say which orders of writers a cycle assumes."""
    told = []
    for arrow in loop.arrows:
        if arrow.assumed:
            # Who overwrites what a reader saw comes after the writer of that.
            first = arrow.version if arrow.kind == "rw" else arrow.source
            pair = labels.writer(first), labels.transaction(arrow.target)
            told.append(f"{pair[0]} comes before {pair[1]} on {labels.key(arrow.key)}")
    return " and ".join(dict.fromkeys(told))
