"""The state machine of Omid FP: transactions of one key that go past the manager, among the others.

What is a conflict between the two kinds is decided by the regions: the model of snapshot isolation
hears of a fast-path write as one that began and committed at its version.
"""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import rule

from scenarios.hunt.machine import APART_NS, Machine, keys, paces, sessions
from sim.history import NONE, OperationKind, Outcome
from sim.omid.transaction import Transaction
from sim.workload.types import Access

_WORDS: Final = {Access.READ: "read", Access.WRITE: "write", Access.ADD: "add"}


class FastPathMachine(Machine):
    """One deployment of Omid FP under test."""

    def __init__(self) -> None:
        super().__init__()
        self.short: dict[int, int] = {}
        """By session, when its last transaction of one key began."""

    @rule(session=sessions, key=keys, access=st.sampled_from(sorted(_WORDS)), pace=paces)
    def run_short(self, session: int, key: int, access: Access, pace: int) -> None:
        """Read, write or add to one key, where nothing is open."""
        self.pass_time(APART_NS)
        if self.may_begin(session):
            self.short[session] = self.world.now
            self.recording.short(session, self.world.now, f"{_WORDS[access]} {key}")
            self.world.run_short(session, access, key)
            self.go_on(session, pace)

    def hear_end(
        self, session: int, transaction: Transaction, outcome: Outcome, commit: int
    ) -> None:
        """Tell the model of an outcome: of the fast path, of a write that committed."""
        if self.short.get(session) != transaction.invoked_ns:
            super().hear_end(session, transaction, outcome, commit)
            return
        if outcome != Outcome.COMMITTED or transaction.start == NONE:
            return
        operations = transaction.operations
        seen = next((op[3] for op in operations if op[0] == OperationKind.READ), None)
        key = operations[-1][1]
        self.attempt(lambda: self.model.committed_fast(transaction.start, key, seen))
