"""Certificates of verdicts, and their confirmation by programs that know no checker.

An acceptance comes with a schedule, which an engine executes; a rejection with a tree of reasons
down to operations, which another program holds against the history. Both are plain data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sim.history import NONE
from specs.history.isolation.arrows import Arrow, Order
from specs.history.isolation.decide import Decision
from specs.history.isolation.facts import INITIAL, Misread
from specs.history.isolation.lineage import Lineage
from specs.history.isolation.proofs import Leaf, Node
from specs.history.isolation.telling import Anomaly, anomalies_of
from specs.history.refutation import refute
from specs.history.replay import replay_snapshots
from specs.history.visibility import replay_visibility

ANOMALIES_MAX: Final = 10
"""So many anomalies of one rejection are certified, the worst first."""


def certify(
    decision: Decision, anomalies: Sequence[Anomaly] | None = None
) -> tuple[dict[str, Any], ...]:
    """Return the certificates of a verdict, confirmed: one of an acceptance, or one an anomaly.

    `anomalies` are those of the decision, where the caller has them. Raises `ReplayError` or
    `RefutationError`, which would be an error of the checker.
    """
    if decision.schedule is not None:
        certificate = schedule_of(decision)
        replay(decision, certificate)
        return (certificate,)
    told = anomalies_of(decision) if anomalies is None else anomalies
    trees = tuple(refutation_of(decision, each) for each in told[:ANOMALIES_MAX])
    for tree in trees:
        refute(decision.facts.history, tree)
    return trees


def schedule_of(decision: Decision) -> dict[str, Any]:
    """Return the certificate of an acceptance: rows of the history, begin (0) or commit (1)."""
    assert decision.schedule is not None, "only an acceptance has a schedule"
    rows = decision.facts.row[decision.schedule // 2].tolist()
    events = (decision.schedule % 2).tolist()
    return {"level": decision.level.name, "schedule": list(zip(rows, events, strict=True))}


def replay(decision: Decision, certificate: Mapping[str, Any]) -> None:
    """Execute the certificate of an acceptance; raises `ReplayError`."""
    level, history = decision.level, decision.facts.history
    schedule = [(int(row), int(event)) for row, event in certificate["schedule"]]
    if level.family == "weak":
        order = [row for row, event in schedule if event == 1]
        replay_visibility(history, order, level=level.name)
        return
    replay_snapshots(
        history,
        schedule,
        sessions=level.sessions,
        real_time=level.real_time,
        serial=level.merged,
    )


def refutation_of(decision: Decision, anomaly: Anomaly) -> dict[str, Any]:
    """Return the certificate of a rejection, the tree of reasons of one anomaly."""
    proof = anomaly.proof
    assert proof is not None, "an anomaly of a decision has a proof"
    tree: dict[str, Any] = {"level": decision.level.name, "settled": []}
    if isinstance(proof, Misread):
        other = None if proof.other == NONE else proof.other
        tree["root"] = {"misread": {"kind": proof.kind, "read": proof.read, "other": other}}
        return tree
    writer = _Writer(decision)
    for order, reason in proof.settled.items():
        told = writer.order(order)
        told |= {"list": reason} if isinstance(reason, int) else {"otherwise": writer.node(reason)}
        tree["settled"].append(told)
    tree["root"] = writer.node(proof.root)
    return tree


class _Writer:
    """Writes proofs as plain data."""

    def __init__(self, decision: Decision) -> None:
        self.facts = decision.facts
        self.lineage = Lineage(decision.facts, chained=decision.level.family == "order")

    def node(self, node: Node) -> dict[str, Any]:
        """Return a tree of cases."""
        if isinstance(node, Leaf):
            return {"cycle": [self._arrow(arrow) for arrow in node.loop.arrows]}
        return {
            "order": self.order(node.order),
            "holds": self.node(node.holds),
            "otherwise": self.node(node.otherwise),
        }

    def order(self, order: Order) -> dict[str, Any]:
        """Return an order of two runs of writers."""
        runs = [self.lineage.chain(order.key, head) for head in order[1:]]
        if runs[0] == runs[1]:
            # Two that overwrote one version: each is told alone.
            runs = [(order.earlier,), (order.later,)]
        return {
            "key": int(self.facts.keys[order.key]),
            "earlier": self._rows(runs[0]),
            "later": self._rows(runs[1]),
        }

    def _rows(self, numbers: Sequence[int]) -> list[int]:
        return [int(self.facts.row[number]) for number in numbers]

    def _arrow(self, arrow: Arrow) -> dict[str, Any]:
        source, target = self._rows((arrow.source, arrow.target))
        told: dict[str, Any] = {"from": source, "to": target, "kind": arrow.kind}
        if arrow.kind in ("so", "rt"):
            return told
        lineage, key = self.lineage, arrow.key
        told["key"] = int(self.facts.keys[key])
        version = arrow.source
        if arrow.kind == "wr":
            read, _ = lineage.read(arrow.target, key, arrow.source)
            told["operations"] = [lineage.write(arrow.source, key), read]
            return told
        if arrow.kind == "rw":
            version = arrow.version
            first, _ = lineage.read(arrow.source, key, version, last=True)
        else:
            first = lineage.write(arrow.source, key)
        told["operations"] = [first, lineage.write(arrow.target, key)]
        if arrow.order is None and version != INITIAL:
            links = lineage.links(key, version, arrow.target)
            assert links is not None, "operations alone show this arrow"
            told["links"] = self._rows(links)
        return told
