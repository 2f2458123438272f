"""The lease: at most one manager believes in it at any true instant."""

from __future__ import annotations

from typing import NamedTuple

from sim.history import OracleKind
from specs.history.case import Case
from specs.history.story import tell
from specs.history.verdict import Verdict, broken, kept
from specs.history.wording import milliseconds


class Span(NamedTuple):
    """One manager's unbroken belief in its lease, in true nanoseconds, end excluded."""

    from_ns: int
    until_ns: int
    node: int
    row: int


def lease_spans(case: Case) -> list[Span]:
    """Return every belief in the lease, by its begin; renewals extend, releases cut."""
    oracle = case.oracle
    open_spans: dict[int, Span] = {}
    spans: list[Span] = []
    for row in case.rows(OracleKind.LEASE_HELD, OracleKind.LEASE_RELEASED).tolist():
        node, at_ns = int(oracle.node[row]), int(oracle.at_ns[row])
        before = open_spans.pop(node, None)
        if oracle.kind[row] == OracleKind.LEASE_HELD:
            until_ns = int(oracle.timestamp[row])
            if before is not None and before.until_ns >= at_ns:
                open_spans[node] = before._replace(until_ns=max(until_ns, before.until_ns))
            else:
                spans += [before] if before else []
                open_spans[node] = Span(at_ns, until_ns, node, row)
        elif before is not None:
            spans.append(before._replace(until_ns=min(before.until_ns, at_ns)))
    spans += open_spans.values()
    return sorted(span for span in spans if span.until_ns > span.from_ns)


def check_one_lease_holder(case: Case) -> Verdict:
    """Judge that the beliefs of different managers never overlap in true time."""
    names = case.oracle.node_names
    latest: dict[int, Span] = {}
    changes, wrong = 0, []
    holder = -1
    for span in lease_spans(case):
        changes += holder not in (-1, span.node)
        holder = span.node
        others = [other for node, other in latest.items() if node != span.node]
        longest = max(others, key=lambda other: other.until_ns, default=None)
        if longest is not None and longest.until_ns > span.from_ns:
            wrong.append((longest, span))
        known = latest.get(span.node)
        if known is None or span.until_ns > known.until_ns:
            latest[span.node] = span
    if not wrong:
        return kept("one_lease_holder", premise=changes)
    first, second = wrong[0]
    until_ns = min(first.until_ns, second.until_ns)
    evidence = tell(
        case,
        f"{names[first.node]} and {names[second.node]} both trusted their lease from "
        f"{milliseconds(second.from_ns)} ms to {milliseconds(until_ns)} ms.",
        rows=(first.row, second.row, *_last_renewal(case, first, second)),
        timestamps=(second.from_ns, until_ns),
        others=len(wrong) - 1,
    )
    return broken("one_lease_holder", premise=changes, evidence=evidence)


def _last_renewal(case: Case, first: Span, second: Span) -> list[int]:
    """Return the row that gave the older belief its end, and the one that cut it."""
    rows = case.rows(OracleKind.LEASE_HELD)
    own = rows[(case.oracle.node[rows] == first.node) & (rows < second.row)]
    released = case.rows(OracleKind.LEASE_RELEASED)
    cut = released[
        (case.oracle.node[released] == first.node)
        & (case.oracle.at_ns[released] == first.until_ns)
        & (released > second.row)
    ]
    return [*own[-1:].tolist(), *cut[:1].tolist()]
