"""What a reader calls things: transactions, keys, values, and where they stand in a file."""

from __future__ import annotations

from typing import Final

from sim.history import NIL, NONE, History, OperationKind
from specs.history.isolation.facts import INITIAL, Facts

ELEMENTS_MAX: Final = 8
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
        history, row = self.history, int(self.facts.row[number])
        session = history.session_names[int(history.session[row])]
        first = int(history.first[row])
        if history.line is None or first == int(history.first[row + 1]):
            return f"session {session}"
        return f"session {session}, line {int(history.line[first])}"

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
        return f"reads {key} = {self._list(row)}"

    def _list(self, row: int) -> str:
        """Return the last elements of a list that was read."""
        history = self.history
        assert history.element_first is not None, "a list that was read has a place for elements"
        assert history.elements is not None, "a list that was read has elements"
        begin, end = history.element_first[row : row + 2].tolist()
        shown = history.elements[max(begin, end - ELEMENTS_MAX) : end].tolist()
        dots = ["…"] if end - begin > ELEMENTS_MAX else []
        return f"[{' '.join([*dots, *map(self.value, shown)])}]"

    def write_of(self, number: int, key: int) -> str:
        """Return `x = 5` for the last write of a key by a transaction, `5 in x` for a list."""
        facts = self.facts
        places = (facts.writer == number) & (facts.writer_key == key)
        row = int(facts.writer_operation[places.argmax()])
        value = self.value(int(self.history.value[row]))
        if self.history.kind[row] == OperationKind.APPEND:
            return f"{value} in {self.key(key)}"
        return f"{self.key(key)} = {value}"

    def read_of(self, number: int, key: int) -> tuple[str, int]:
        """Return `x = 5` for what a transaction read of a key, and whose version that is."""
        facts = self.facts
        places = (facts.reader == number) & (facts.reader_key == key)
        place = int(places.argmax())
        row = int(facts.reader_operation[place])
        is_list = self.history.kind[row] == OperationKind.READ_LIST
        value = self._list(row) if is_list else self.value(int(self.history.value[row]))
        return f"{self.key(key)} = {value}", int(facts.reader_from[place])

    def has_read(self, number: int, key: int) -> bool:
        """Say whether a transaction read a key from others."""
        return bool(((self.facts.reader == number) & (self.facts.reader_key == key)).any())

    def writer(self, number: int) -> str:
        """Return the name of a writer, or of nobody."""
        return "nobody" if number == INITIAL else self.transaction(number)
