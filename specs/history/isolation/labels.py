"""What a reader calls things: transactions, keys, values, and where they stand in a file."""

from __future__ import annotations

from typing import Final

from sim.history import NIL, NONE, History, OperationKind
from specs.history.isolation.facts import INITIAL, Facts

ELEMENTS_MAX: Final = 6
"""So many elements of a list are shown, the last ones."""


class Labels:
    """The words for one history."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.history: History = facts.history

    def transaction(self, number: int) -> str:
        """Return the short name of a transaction of the facts."""
        return self.row(int(self.facts.row[number]))

    def row(self, row: int) -> str:
        """Return the short name of a row of the history: our own runs name it by its start."""
        start = int(self.history.start_timestamp[row])
        return f"T{row if start == NONE else start}"

    def place(self, number: int) -> str:
        """Say where a transaction stands: its session, and its line where the file has lines."""
        return self.place_of(int(self.facts.row[number]))

    def place_of(self, row: int) -> str:
        """Say where a row of the history stands."""
        history = self.history
        first = int(history.first[row])
        name = history.session_names[int(history.session[row])]
        parts = [f"session {name}"] if history.has_sessions else []
        if history.line is not None and first != int(history.first[row + 1]):
            parts.append(f"line {int(history.line[first])}")
        return ", ".join(parts) or f"transaction {row}"

    def session(self, number: int) -> str:
        """Name the session of a transaction."""
        row = int(self.facts.row[number])
        return f"session {self.history.session_names[int(self.history.session[row])]}"

    def owner(self, operation: int) -> str:
        """Return the short name of the transaction of an operation."""
        return self.row(int(self.history.first.searchsorted(operation, side="right")) - 1)

    def key(self, number: int) -> str:
        """Return what the history calls a dense key."""
        return self.key_of(int(self.facts.keys[number]))

    def key_of(self, key: int) -> str:
        """Return what the history calls a key."""
        labels = self.history.key_labels
        return str(key if labels is None else labels[key])

    def value(self, value: int) -> str:
        """Return what the history calls a value."""
        if value == NIL:
            return "nil"
        labels = self.history.value_labels
        return str(value if labels is None or value < 0 else labels[value])

    def operation(self, row: int) -> str:
        """Say what an operation did: `reads x = 5`."""
        history = self.history
        kind, key = int(history.kind[row]), self.key_of(int(history.key[row]))
        value = self.value(int(history.value[row]))
        if kind == OperationKind.READ:
            return f"reads {key} = {value}"
        if kind == OperationKind.WRITE:
            return f"writes {key} = {value}"
        if kind == OperationKind.APPEND:
            return f"appends {value} to {key}"
        return f"reads {key} = {self.elements(row)}"

    def elements(self, row: int) -> str:
        """Return the last elements of a list that was read: `[… 4 5]`."""
        history = self.history
        assert history.element_first is not None, "a list that was read has a place for elements"
        assert history.elements is not None, "a list that was read has elements"
        begin, end = history.element_first[row : row + 2].tolist()
        shown = history.elements[max(begin, end - ELEMENTS_MAX) : end].tolist()
        dots = ["…"] if end - begin > ELEMENTS_MAX else []
        return f"[{' '.join([*dots, *map(self.value, shown)])}]"

    def writer(self, number: int) -> str:
        """Return the name of a writer, or of nobody."""
        return "nobody" if number == INITIAL else self.transaction(number)
