"""What the clients of one run have to do, and what came of it.

The workload hands out the rows of its trace session by session and writes every transaction
that ended into the history, under the instant at which its client knew.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from sim.history import NONE, AbortReason, HistoryBuilder, Outcome
from sim.omid.transaction import Transaction
from sim.workload.types import TransactionTrace


class Workload:
    """A workload trace under way.

    `on_rest` hears of every moment at which a session may have been the last one to work.
    """

    def __init__(
        self, trace: TransactionTrace, *, sessions: int, think_ns: int, on_rest: Callable[[], None]
    ) -> None:
        self.trace = trace
        self.initial_value = trace.initial_value
        self.think_ns = think_ns
        self.history = HistoryBuilder()
        self.ended = 0
        self.outcomes = dict.fromkeys(Outcome, 0)
        self.reasons = dict.fromkeys(AbortReason, 0)
        self._reason_rows = array("b")
        self._rows: list[list[int]] = [
            trace.of_client(session)[::-1].tolist() for session in range(sessions)
        ]
        """By session, what it has not begun, the next one last."""
        self._working = dict.fromkeys(range(sessions))
        self._open: dict[int, Transaction] = {}
        self._values = 0
        self._on_rest = on_rest

    def next_row(self, session: int) -> int | None:
        """Return the next transaction of a session, the same until it begins; None after the last.

        A client that crashes while it waits for it has lost nothing.
        """
        rows = self._rows[session]
        return rows[-1] if rows else None

    def wait_ns(self, row: int, now_ns: int) -> int:
        """Return how long a session waits before a transaction: its arrival, or thinking."""
        arrival = self.trace.arrival_ns
        if arrival is not None:
            return int(arrival[row]) - now_ns
        return self.think_ns

    def operations(self, row: int) -> Iterator[tuple[int, int, int]]:
        """Return access kind, key and amount of every operation of a transaction."""
        trace = self.trace
        first, last = trace.first[row], trace.first[row + 1]
        return zip(
            trace.kind[first:last].tolist(),
            trace.key[first:last].tolist(),
            trace.amount[first:last].tolist(),
            strict=True,
        )

    def rolls_back(self, row: int) -> bool:
        """Say whether a transaction rolls back where others commit."""
        rollback = self.trace.rollback
        return rollback is not None and bool(rollback[row])

    def fences(self, row: int) -> bool:
        """Say whether a transaction begins as a fence."""
        fence = self.trace.fence
        return fence is not None and bool(fence[row])

    def unique_value(self) -> int:
        """Return a value that no other write of the run has."""
        self._values += 1
        return self._values

    def begin(self, session: int, transaction: Transaction) -> None:
        """Remember what a session runs, so that the end of the run finds it."""
        if self._rows[session]:
            self._rows[session].pop()
        self._open[session] = transaction

    def conclude(
        self,
        session: int,
        transaction: Transaction,
        outcome: Outcome,
        commit: int,
        reason: AbortReason | None,
    ) -> None:
        """Enter an ended transaction into the history."""
        self._open.pop(session, None)
        self.ended += 1
        self.outcomes[outcome] += 1
        if reason is not None:
            self.reasons[reason] += 1
        self._reason_rows.append(reason or 0)
        self.history.add(
            (
                session,
                outcome,
                transaction.start,
                commit,
                transaction.invoked_ns,
                transaction.begun_ns,
                transaction.committing_ns,
                transaction.finished_ns,
            ),
            transaction.operations,
        )

    def reason_rows(self) -> npt.NDArray[np.int8]:
        """Return the abort reason of every row of the history, 0 for none."""
        return np.array(self._reason_rows, dtype=np.int8)

    def abandon(self, session: int) -> None:
        """Enter the transaction of a session that nobody will conclude: its end is unknown."""
        transaction = self._open.get(session)
        if transaction is not None:
            self.conclude(session, transaction, Outcome.UNKNOWN, NONE, None)

    def abandon_all(self) -> None:
        """Enter what is still under way when the run ends."""
        for session in sorted(self._open):
            self.abandon(session)

    def finished(self, session: int) -> None:
        """Note that a session has done all."""
        self._working.pop(session, None)
        self._on_rest()

    def crashed(self, session: int) -> None:
        """Note that a session's client went down with its transaction, maybe for good."""
        self.abandon(session)
        self._on_rest()

    def working(self) -> tuple[int, ...]:
        """Return the sessions that have not done all."""
        return tuple(self._working)
