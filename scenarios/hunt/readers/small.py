"""Small random histories, as plain data that any format can be written from.

They come out of a small database that is mostly right: most reads return the last version, some
an older one, so that both verdicts happen. What did not commit has no reads, for no format says
what they mean; a session ends with a transaction whose outcome nobody knows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np

from sim.history import (
    NIL,
    NONE,
    History,
    HistoryBuilder,
    Labels,
    Operation,
    OperationKind,
    Outcome,
)
from sim.kernel.streams import Stream, below, between, chance, pick

Name = int | str

_SESSIONS_MAX: Final = 4
_KEYS_MAX: Final = 4
_TRANSACTIONS_MAX: Final = 12
_STEPS_MAX: Final = 4
_BASES: Final = (0, 0, 0, (1 << 63) - 20)
"""What is added to keys and values: in one of four histories some do not fit a signed number."""


class Step(NamedTuple):
    """One operation; the value of a read list is a tuple, that of an initial read None."""

    kind: OperationKind
    key: int
    value: int | tuple[int, ...] | None


class Transaction(NamedTuple):
    """One transaction, in the order in which they ended."""

    session: int
    outcome: Outcome
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """A small history; keys and values are whole numbers from 1 up before they get names."""

    transactions: tuple[Transaction, ...]
    lists: bool
    base: int = 0
    texts: bool = False
    """Whether keys and values are texts."""

    def key_name(self, key: int) -> Name:
        """Return what a file calls a key."""
        return f"k{key}" if self.texts else key + self.base

    def value_name(self, value: int) -> Name:
        """Return what a file calls a value."""
        return f"v {value}" if self.texts else value + self.base

    @property
    def sessions(self) -> list[int]:
        """Return the sessions with a transaction, in order."""
        return sorted({each.session for each in self.transactions})

    def of_session(self, session: int) -> list[Transaction]:
        """Return the transactions of a session."""
        return [each for each in self.transactions if each.session == session]

    def has(self, *outcomes: Outcome) -> bool:
        """Say whether any transaction ended in one of these ways."""
        return any(each.outcome in outcomes for each in self.transactions)

    @property
    def reads_initial(self) -> bool:
        """Say whether anybody read what nobody wrote."""
        steps = (step for each in self.transactions for step in each.steps)
        return any(step.value in (None, ()) for step in steps)


def small(stream: Stream) -> Small:
    """Draw a history."""
    lists = chance(stream, 1, 3)
    database = _Database(stream, lists=lists, keys=between(stream, 1, _KEYS_MAX))
    database.begins_full = not lists and chance(stream, 1, 4)
    sessions = list(range(1, 1 + between(stream, 1, _SESSIONS_MAX)))
    plain = chance(stream, 1, 2)
    transactions: list[Transaction] = []
    for _ in range(between(stream, 1, _TRANSACTIONS_MAX)):
        session = pick(stream, sessions)
        outcome = Outcome.COMMITTED if plain else _outcome(stream, session, transactions)
        transactions.append(database.transaction(session, outcome))
        if outcome == Outcome.UNKNOWN:
            sessions[sessions.index(session)] = max(sessions) + 1
    return Small(
        transactions=tuple(transactions),
        lists=lists,
        base=pick(stream, _BASES),
        texts=chance(stream, 1, 8),
    )


def _outcome(stream: Stream, session: int, before: list[Transaction]) -> Outcome:
    drawn = pick(stream, (Outcome.COMMITTED,) * 4 + (Outcome.ABORTED, Outcome.UNKNOWN))
    # Plume knows no border between two failed transactions in a row.
    twice = bool(before) and before[-1][:2] == (session, Outcome.ABORTED)
    return Outcome.COMMITTED if twice and drawn == Outcome.ABORTED else drawn


@dataclass(slots=True)
class _Database:
    """What every key held and holds."""

    stream: Stream
    lists: bool
    keys: int
    begins_full: bool = False
    """Whether only what was written is read, as formats without initial values need it."""
    versions: dict[int, list[int]] = field(default_factory=dict)
    values: int = 0

    def transaction(self, session: int, outcome: Outcome) -> Transaction:
        """Do one transaction after all others."""
        own: dict[int, list[int]] = {}
        steps = []
        for place in range(between(self.stream, 1, _STEPS_MAX)):
            key = between(self.stream, 1, self.keys)
            writes = outcome != Outcome.COMMITTED or chance(self.stream, 1, 2)
            readable = self.versions.get(key) or own.get(key) or not self.begins_full
            if writes or not readable:
                self.values += 1
                own.setdefault(key, []).append(self.values)
                kind = OperationKind.APPEND if self.lists else OperationKind.WRITE
                steps.append(Step(kind, key, self.values))
            elif outcome == Outcome.COMMITTED or not place:
                steps.append(self._read(key, own.get(key, [])))
        if outcome == Outcome.COMMITTED or (
            outcome == Outcome.UNKNOWN and chance(self.stream, 1, 2)
        ):
            for key, written in own.items():
                self.versions.setdefault(key, []).extend(written)
        return Transaction(session, outcome, tuple(steps))

    def _read(self, key: int, own: list[int]) -> Step:
        known = self.versions.get(key, [])
        if chance(self.stream, 1, 6):
            known = known[: below(self.stream, len(known) + 1)]
        seen = known + own
        if self.lists:
            return Step(OperationKind.READ_LIST, key, tuple(seen))
        if not seen and self.begins_full:
            seen = self.versions[key][:1]
        return Step(OperationKind.READ, key, seen[-1] if seen else None)


def history_of(model: Small) -> History:
    """Return the history of a small one, one transaction after the other in time."""
    labels = _Labels(model)
    builder = HistoryBuilder()
    elements: list[int] = []
    first = [0]
    places = {session: place for place, session in enumerate(model.sessions)}
    for row, each in enumerate(model.transactions):
        stamps = (2 * row + 1, 2 * row + 2 if each.outcome == Outcome.COMMITTED else NONE)
        instants = [100 * row + 10 * place for place in range(4)]
        operations: list[Operation] = []
        for kind, key, value in each.steps:
            if isinstance(value, tuple):
                elements += [labels.value(element) for element in value]
            first.append(len(elements))
            number = labels.value(value) if isinstance(value, int) else NIL
            operations.append((int(kind), labels.key(key), number, NONE, NONE))
        builder.add((places[each.session], int(each.outcome), *stamps, *instants), operations)
    names = tuple(str(session) for session in model.sessions)
    history = builder.build(session_names=names, initial_value=NIL)
    return labels.put(history, first, elements)


class _Labels:
    """Numbers for keys and values, and the labels of them where names are no such numbers."""

    def __init__(self, model: Small) -> None:
        self._model = model
        self._labelled = model.texts or bool(model.base)
        self._keys: dict[int, int] = {}
        self._values: dict[int, int] = {}

    def key(self, key: int) -> int:
        """Return what stands for a key."""
        return self._keys.setdefault(key, len(self._keys)) if self._labelled else key

    def value(self, value: int) -> int:
        """Return what stands for a value."""
        return self._values.setdefault(value, len(self._values)) if self._labelled else value

    def put(self, history: History, first: list[int], elements: list[int]) -> History:
        """Return the history with its lists and labels."""
        has_lists = bool(np.any(history.kind == OperationKind.READ_LIST))
        return replace(
            history,
            element_first=np.array(first, dtype=np.int64) if has_lists else None,
            elements=np.array(elements, dtype=np.int64) if has_lists else None,
            key_labels=_table([self._model.key_name(key) for key in self._keys]),
            value_labels=_table([self._model.value_name(value) for value in self._values]),
        )


def _table(names: list[Name]) -> Labels | None:
    if not names:
        return None
    table = np.empty(len(names), dtype=object)
    table[:] = names
    return table


Told = Counter[tuple[tuple[str, tuple[str, ...]], ...]]
"""Sessions without their names: each a row of transactions, an outcome and what was done."""


def told_small(model: Small) -> Told:
    """Say what a small history is, in words that do not depend on a format."""

    def named(value: int | tuple[int, ...] | None) -> str:
        if isinstance(value, tuple):
            return f"[{','.join(str(model.value_name(element)) for element in value)}]"
        return "nil" if value is None else str(model.value_name(value))

    return Counter(
        tuple(
            (
                each.outcome.name,
                tuple(
                    f"{s.kind.name} {model.key_name(s.key)} {named(s.value)}" for s in each.steps
                ),
            )
            for each in model.of_session(session)
        )
        for session in model.sessions
    )


def told_history(history: History) -> Told:
    """Say what a history is that was read, in the same words."""
    sessions: dict[int, list[tuple[str, tuple[str, ...]]]] = {}
    for row in range(history.transactions):
        rows = range(int(history.first[row]), int(history.first[row + 1]))
        steps = tuple(_told_operation(history, place) for place in rows)
        outcome = Outcome(int(history.outcome[row])).name
        sessions.setdefault(int(history.session[row]), []).append((outcome, steps))
    return Counter(tuple(transactions) for transactions in sessions.values())


def _told_operation(history: History, row: int) -> str:
    kind = OperationKind(int(history.kind[row]))

    def named(labels: Labels | None, number: int) -> str:
        name = str(number if labels is None else labels[number])
        return name[1:-1] if name.startswith('"') else name  # EDN keeps the quotes of a text

    value = int(history.value[row])
    said = "nil"
    if kind == OperationKind.READ_LIST:
        assert history.element_first is not None, "a list that was read has elements"
        assert history.elements is not None, "a list that was read has elements"
        ends = history.element_first[row : row + 2].tolist()
        elements = history.elements[slice(*ends)].tolist()
        said = f"[{','.join(named(history.value_labels, element) for element in elements)}]"
    elif value not in (NIL, history.initial_value):
        said = named(history.value_labels, value)
    return f"{kind.name} {named(history.key_labels, int(history.key[row]))} {said}"
