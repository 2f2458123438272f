"""Final outcomes: what became of every transaction, whoever knew it.

A row of the commit table is a register that is written once: the first mutation that finds it
absent decides. A commit put decides for commit, the invalid mark for abort; whatever comes
later, such as a mark beside a row that had been removed after completion, changes nothing.
A transaction without any deciding mutation never committed (Shacham et al., FAST'17,
section 6, property P3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.history import NONE, History, Integers, OracleKind, OracleLog, RowState
from specs.history.numbering import Flags, Numbering, Numbers, first_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalOutcomes:
    """Commit timestamp and deciding row of every transaction that a run mentions.

    Arrays are indexed by the numbers that `starts` gives to start timestamps.
    """

    starts: Numbering
    commit: Integers
    """Commit timestamp; `NONE` for a transaction that never committed."""
    decided: Numbers
    """Oracle row that decided; -1 when none did."""

    @property
    def committed(self) -> Flags:
        """Tell which transactions committed through the commit table."""
        flags: Flags = self.commit != NONE
        return flags

    @property
    def invalidated(self) -> Flags:
        """Tell which transactions an invalid mark aborted for good."""
        flags: Flags = (self.decided >= 0) & (self.commit == NONE)
        return flags

    def commit_of(self, starts: Integers) -> Integers:
        """Return the final commit timestamp of each start timestamp, or `NONE`."""
        if not len(self.commit):
            return np.full(len(starts), NONE, dtype=np.int64)
        numbers = self.starts.of(starts)
        return np.where(numbers < 0, NONE, self.commit[numbers])


def final_outcomes(history: History, oracle: OracleLog) -> FinalOutcomes:
    """Return the final outcome of every transaction in the history or in the log."""
    resolved = oracle.extra[oracle.rows_of(OracleKind.RESOLVED)]
    starts = Numbering(history.start_timestamp, oracle.transaction, resolved)
    mutations = oracle.rows_of(
        OracleKind.COMMIT_TABLE_PUT, OracleKind.COMMIT_TABLE_INVALIDATED
    ).astype(np.int32)
    mutations = mutations[oracle.extra[mutations] == RowState.ABSENT]
    numbers = starts.of(oracle.transaction[mutations])
    mutations, numbers = mutations[numbers >= 0], numbers[numbers >= 0]
    decided = first_rows(numbers, mutations, size=len(starts), none=-1)
    commit = np.full(len(starts), NONE, dtype=np.int64)
    chosen = np.flatnonzero(decided >= 0)
    chosen = chosen[oracle.kind[decided[chosen]] == OracleKind.COMMIT_TABLE_PUT]
    commit[chosen] = oracle.timestamp[decided[chosen]]
    return FinalOutcomes(starts=starts, commit=commit, decided=decided)
