"""Small changes to histories, most of which make an accepted history impossible.

A change returns None where a history has nothing to which it applies. Reads are changed in
committed transactions only, for nobody judges those of others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from sim.history import Outcome
from tests.specs.isolation.oracle import (
    APPEND,
    INITIAL,
    READ,
    READ_LIST,
    WRITE,
    Operation,
    Transaction,
    Value,
)
from tests.specs.isolation.small import GARBAGE, Chance

History = list[Transaction]
Mutation = Callable[[History, Chance], History | None]
Place = tuple[int, int]
"""A transaction, and the place of an operation in it."""

DONE = Outcome.COMMITTED


def _pick(chance: Chance, items: Sequence) -> object | None:
    return items[chance(len(items))] if items else None


def _reads(history: History) -> Iterator[Place]:
    """Yield the reads of what others wrote."""
    for row, each in enumerate(history):
        seen: set[int] = set()
        for place, (kind, key, _) in enumerate(each.operations):
            if each.outcome == DONE and kind in (READ, READ_LIST) and key not in seen:
                yield row, place
            seen.add(key)


def _writes(history: History, *, outcome: Outcome | None = None) -> list[Place]:
    return [
        (row, place)
        for row, each in enumerate(history)
        for place, operation in enumerate(each.operations)
        if operation.kind in (WRITE, APPEND) and outcome in (None, each.outcome)
    ]


def _with(history: History, row: int, **changes: object) -> History:
    return [each._replace(**changes) if n == row else each for n, each in enumerate(history)]


def _with_value(history: History, at: Place, value: Value) -> History:
    row, place = at
    operations = list(history[row].operations)
    operations[place] = operations[place]._replace(value=value)
    return _with(history, row, operations=tuple(operations))


def _reading(
    history: History, chance: Chance, choices: Callable[[Place], list[Value]]
) -> History | None:
    """Let one read return one of other values, by the place of the read."""
    options = [(at, value) for at in _reads(history) for value in choices(at)]
    options = [(at, value) for at, value in options if _at(history, at).value != value]
    if not options:
        return None
    at, value = options[chance(len(options))]
    return _with_value(history, at, value)


def _at(history: History, at: Place) -> Operation:
    return history[at[0]].operations[at[1]]


def _finals(history: History, key: int, *, outcome: Outcome = DONE) -> list[Value]:
    """Return what a register held over time, or every element of a list, by the ends of writers."""
    values: list[Value] = []
    for each in sorted(history, key=lambda each: each.finished):
        mine = [o.value for o in each.operations if o.key == key and o.kind in (WRITE, APPEND)]
        lists = any(o.kind == APPEND for o in each.operations)
        if each.outcome == outcome:
            values += mine if lists else mine[-1:]
    return values


def another_source(history: History, chance: Chance) -> History | None:
    """Let a read return what another writer of its key wrote, or another's list."""

    def choices(at: Place) -> list[Value]:
        key, kind = _at(history, at).key, _at(history, at).kind
        if kind == READ:
            return _finals(history, key)
        return [
            _at(history, o).value for o in _reads(history) if _at(history, o)[:2] == (kind, key)
        ]

    return _reading(history, chance, choices)


def _moved(history: History, at: Place, step: int) -> list[Value]:
    _, key, value = _at(history, at)
    values = _finals(history, key)
    if isinstance(value, tuple):
        more = [each for each in values if each not in value]
        return [value[:-1]] if step < 0 and value else [(*value, *more[:1])] if step > 0 else []
    values = [INITIAL, *values]
    place = values.index(value) + step if value in values else -1
    return [values[place]] if 0 <= place < len(values) else []


def older_version(history: History, chance: Chance) -> History | None:
    """Let a read return the version before."""
    return _reading(history, chance, lambda at: _moved(history, at, -1))


def newer_version(history: History, chance: Chance) -> History | None:
    """Let a read return the version after."""
    return _reading(history, chance, lambda at: _moved(history, at, 1))


def initial(history: History, chance: Chance) -> History | None:
    """Let a read return what nobody wrote yet."""
    return _reading(
        history, chance, lambda at: [() if _at(history, at).kind == READ_LIST else INITIAL]
    )


def _seen(history: History, at: Place, value: Value) -> Value:
    """Return what a read shows that also shows a value."""
    kind, _, before = _at(history, at)
    return (*before, value) if kind == READ_LIST and isinstance(before, tuple) else value


def failed_writer(history: History, chance: Chance) -> History | None:
    """Let a read return what a failed transaction wrote."""

    def choices(at: Place) -> list[Value]:
        values = _finals(history, _at(history, at).key, outcome=Outcome.ABORTED)
        return [_seen(history, at, value) for value in values]

    return _reading(history, chance, choices)


def intermediate_value(history: History, chance: Chance) -> History | None:
    """Let a read return what its writer overwrote itself."""

    def choices(at: Place) -> list[Value]:
        kind, key, value = _at(history, at)
        found: list[Value] = []
        for row, each in enumerate(history):
            mine = [o.value for o in each.operations if o.key == key and o.kind in (WRITE, APPEND)]
            if row == at[0] or each.outcome != DONE or len(mine) < 2:
                continue
            if kind == READ:
                found.append(mine[0])
            elif isinstance(value, tuple) and value[-len(mine) :] == tuple(mine):
                found.append(value[:-1])
        return found

    return _reading(history, chance, choices)


def never_written(history: History, chance: Chance) -> History | None:
    """Let a read return what nobody wrote."""
    return _reading(history, chance, lambda at: [_seen(history, at, GARBAGE + 5)])


def drop_write(history: History, chance: Chance) -> History | None:
    """Take a write away."""
    places = _writes(history)
    if not places:
        return None
    row, place = places[chance(len(places))]
    kept = history[row].operations[:place] + history[row].operations[place + 1 :]
    return _with(history, row, operations=kept)


def drop_transaction(history: History, chance: Chance) -> History | None:
    """Take a transaction away."""
    row = chance(len(history))
    return history[:row] + history[row + 1 :] or None


def duplicate_value(history: History, chance: Chance) -> History | None:
    """Let two writes of a key write one value."""
    places = _writes(history)
    pairs = [
        (one, other)
        for one in places
        for other in places
        if one != other and _at(history, one).key == _at(history, other).key
    ]
    if not pairs:
        return None
    one, other = pairs[chance(len(pairs))]
    return _with_value(history, one, _at(history, other).value)


def merge_sessions(history: History, chance: Chance) -> History | None:
    """Let two sessions be one."""
    names = sorted({each.session for each in history})
    if len(names) < 2:
        return None
    one = names.pop(chance(len(names)))
    other = names[chance(len(names))]
    return [each._replace(session=one) if each.session == other else each for each in history]


def swap_transactions(history: History, chance: Chance) -> History | None:
    """Let two transactions of a session trade places."""
    pairs = [
        (one, other)
        for other in range(len(history))
        for one in range(other)
        if history[one].session == history[other].session
    ]
    if not pairs:
        return None
    one, other = pairs[chance(len(pairs))]
    changed = list(history)
    for row, source in ((one, history[other]), (other, history[one])):
        times = {"invoked": history[row].invoked, "finished": history[row].finished}
        changed[row] = source._replace(**times)
    return changed


def move_operation(history: History, chance: Chance) -> History | None:
    """Let another transaction do an operation, last of all."""
    rows = [row for row, each in enumerate(history) if each.outcome == DONE]
    if len(rows) < 2:
        return None
    row = rows.pop(chance(len(rows)))
    target = rows[chance(len(rows))]
    operations = list(history[row].operations)
    moved = operations.pop(chance(len(operations))) if operations else None
    if moved is None:
        return None
    changed = _with(history, row, operations=tuple(operations))
    return _with(changed, target, operations=(*history[target].operations, moved))


def to_unknown(history: History, chance: Chance) -> History | None:
    """Let nobody know whether a transaction committed, nor what it read."""
    row = _pick(chance, [n for n, each in enumerate(history) if each.outcome == DONE])
    if row is None:
        return None
    kept = tuple(o for o in history[row].operations if o.kind in (WRITE, APPEND))
    return _with(history, row, outcome=Outcome.UNKNOWN, operations=kept)


def to_failed(history: History, chance: Chance) -> History | None:
    """Let a transaction fail."""
    row = _pick(chance, [n for n, each in enumerate(history) if each.outcome == DONE])
    return None if row is None else _with(history, row, outcome=Outcome.ABORTED)


BOTH: Final = frozenset({True, False})
NEVER: Final = frozenset({False})
ALWAYS: Final = frozenset({True})

MUTATIONS: Final[Mapping[Mutation, frozenset[bool]]] = MappingProxyType(
    {
        another_source: BOTH,
        older_version: BOTH,
        newer_version: BOTH,
        initial: BOTH,
        failed_writer: NEVER,
        intermediate_value: NEVER,
        never_written: NEVER,
        drop_write: BOTH,
        drop_transaction: BOTH,
        merge_sessions: BOTH,
        swap_transactions: BOTH,
        move_operation: BOTH,
        to_unknown: ALWAYS,
        to_failed: BOTH,
    }
)
"""Every change whose result can be judged, and what an accepted history may become by it."""
