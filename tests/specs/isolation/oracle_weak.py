"""Weak levels of small histories by their axioms: every order of commits is tried.

Biswas and Enea (OOPSLA'19): an order of all transactions that sessions and reads follow must be
such that, if a transaction reads a version of a key and another writer of the key is visible to it
by the rule of the level, that writer comes before the version's. What a list holds at a version is
all that was appended to it up to there in that order.
"""

from __future__ import annotations

from collections.abc import Sequence

from sim.history import Outcome
from tests.specs.isolation.oracle import (
    APPEND,
    READ,
    READ_LIST,
    WRITE,
    Transaction,
    Value,
    initial_state,
    outcomes,
    precedes,
    written,
)

NOBODY = -1
"""Who wrote what a key holds at first."""

External = tuple[int, Value, int]
"""A read of what others wrote: key, what they wrote, place in the transaction."""


def holds_weakly(
    transactions: Sequence[Transaction], name: str, *, has_initial: bool = True
) -> bool:
    """Say whether some order of commits satisfies the axioms of a weak level."""
    reads: dict[int, list[External]] = {}
    for row, each in enumerate(transactions):
        if each.outcome == Outcome.COMMITTED:
            found = _external(each, repeatable=name != "read-committed")
            if found is None:
                return False
            reads[row] = found
    return any(
        _Orders(transactions, taken, reads, name, has_initial=has_initial).succeeds()
        for taken in outcomes(transactions)
    )


def _external(transaction: Transaction, *, repeatable: bool) -> list[External] | None:
    """Return what a transaction read of others, None if it contradicts itself."""
    found: list[External] = []
    wrote: dict[int, int] = {}
    appended: dict[int, tuple[int, ...]] = {}
    seen: dict[int, Value] = {}
    for place, (kind, key, value) in enumerate(transaction.operations):
        if kind == WRITE:
            wrote[key] = value
        elif kind == APPEND:
            appended[key] = (*appended.get(key, ()), value)
        elif kind == READ and key in wrote:
            if wrote[key] != value:
                return None
        else:
            outside = value
            if kind == READ_LIST:
                own = appended.get(key, ())
                if own and value[-len(own) :] != own:
                    return None
                outside = value[: len(value) - len(own)]
            if repeatable and seen.setdefault(key, outside) != outside:
                return None
            found.append((key, outside, place))
    return found


class _Orders:
    """A search through all orders of the taken transactions."""

    def __init__(
        self,
        transactions: Sequence[Transaction],
        taken: tuple[int, ...],
        reads: dict[int, list[External]],
        name: str,
        *,
        has_initial: bool,
    ) -> None:
        self.transactions, self.taken, self.reads, self.name = transactions, taken, reads, name
        start = initial_state(transactions, has_initial=has_initial)
        self.start = {key: [(NOBODY, value)] for key, value in start if value is not None}

    def succeeds(self) -> bool:
        """Say whether there is an order."""
        return self._go_on((), {})

    def _go_on(self, order: tuple[int, ...], past: dict[int, frozenset[int]]) -> bool:
        """Put every transaction next; `past` is who lies in the causal past of each."""
        if len(order) == len(self.taken):
            return True
        for row in self.taken:
            if row in order:
                continue
            mine = self._past_of(row, order, past)
            if mine is not None and self._go_on((*order, row), past | {row: mine}):
                return True
        return False

    def _past_of(
        self, row: int, order: tuple[int, ...], past: dict[int, frozenset[int]]
    ) -> frozenset[int] | None:
        """Return the causal past of a transaction that comes next, None if it cannot."""
        before = {other for other in self.taken if precedes(self.transactions, other, row)}
        if not before <= set(order):
            return None
        sources: list[tuple[int, int, int]] = []
        for key, value, place in self.reads.get(row, []):
            named = [who for who, held in self._versions(key, order) if held == value]
            if not named:
                return None
            sources.append((key, named[0], place))
        direct = before | {who for _, who, _ in sources if who != NOBODY}
        whole = frozenset(direct.union(*(past[other] for other in direct)))
        for key, who, place in sources:
            if self.name == "read-committed":
                visible = {other for _, other, at in sources if at < place}
            else:
                visible = direct if self.name == "read-atomic" else whole
            later = order[order.index(who) + 1 :] if who != NOBODY else order
            if any(
                other in visible and key in written(self.transactions[other]) for other in later
            ):
                return None
        return whole

    def _versions(self, key: int, order: tuple[int, ...]) -> list[tuple[int, Value]]:
        """Return who wrote each version of a key, and what it held then."""
        found = list(self.start.get(key, []))
        for row in order:
            mine = [o for o in self.transactions[row].operations if o.key == key]
            values = [value for kind, _, value in mine if kind in (WRITE, APPEND)]
            if values and mine[-1].kind >= APPEND:
                found.append((row, (*found[-1][1], *values)))
            elif values:
                found.append((row, values[-1]))
        return found
