"""Say in a sentence which rule of timestamps is broken, and where."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.history import NONE, History
from specs.history.isolation.facts import Facts
from specs.history.isolation.labels import Labels
from specs.history.isolation.stamped import Stamped


def labels_of(history: History) -> Labels:
    """Return the words for a history of which nothing is known but what it states."""
    nothing = np.empty(0, dtype=np.int64)
    names = "session writer writer_key writer_operation reader reader_key reader_from"
    names += " reader_operation follower followed follower_key keys"
    empty: dict[str, Any] = dict.fromkeys(names.split(), nothing)
    rows = np.arange(history.transactions)
    vouched = np.ones(history.transactions, dtype=np.bool_)
    return Labels(Facts(history=history, row=rows, vouched=vouched, misreads=(), **empty))


class Words:
    """Sentences about operations and transactions of one history, by their rows."""

    def __init__(self, stamped: Stamped) -> None:
        self.stamped = stamped
        self.history = stamped.history
        self.labels = labels_of(stamped.history)

    def internal(self, read: int, before: int) -> str:
        """Say that a read contradicts an operation of its own transaction."""
        after = "" if before == NONE else f" after it {self.labels.operation(before)}"
        return f"{self._who(read)} {self.labels.operation(read)}{after} itself."

    def external(self, read: int, due: int) -> str:
        """Say which version a read should have returned."""
        start = int(self.history.start_timestamp[self._owner(read)])
        told = f"{self._who(read)}, which starts at {start}, {self.labels.operation(read)}"
        if due == NONE:
            return f"{told}, but by then nobody had committed {self._key(read)}."
        return f"{told}, but the last to commit {self._key(read)} by then was {self._wrote(due)}."

    def conflict(self, first: int, second: int) -> str:
        """Say that two writers of a key overlap."""
        start = int(self.history.start_timestamp[self._owner(second)])
        return (
            f"{self._who(second)} starts at {start} and {self._did(second)}, before "
            f"{self._who(first)}, which {self._did(first)}, {self._commit(self._owner(first))}."
        )

    def session(self, earlier: int, later: int) -> str:
        """Say that a transaction starts before its session got there."""
        start = int(self.history.start_timestamp[later])
        name = self.history.session_names[int(self.history.session[later])]
        return (
            f"{self.labels.row(later)} starts at {start}, before {self.labels.row(earlier)}, which "
            f"precedes it in session {name}, {self._ended(earlier)}."
        )

    def _owner(self, operation: int) -> int:
        return int(self.history.first.searchsorted(operation, side="right")) - 1

    def _who(self, operation: int) -> str:
        return self.labels.row(self._owner(operation))

    def _key(self, operation: int) -> str:
        return self.labels.key_of(int(self.history.key[operation]))

    def _did(self, operation: int) -> str:
        return self.labels.operation(operation)

    def _wrote(self, operation: int) -> str:
        owner = self._owner(operation)
        return f"{self.labels.row(owner)}, which {self._did(operation)}, {self._commit(owner)}"

    def _commit(self, row: int) -> str:
        commit = int(self.history.commit_timestamp[row])
        return "committed at an instant not stated" if commit == NONE else f"committed at {commit}"

    def _ended(self, row: int) -> str:
        commit = int(self.history.commit_timestamp[row])
        if commit == NONE:
            return f"starts at {int(self.history.start_timestamp[row])}"
        return f"commits at {commit}"
