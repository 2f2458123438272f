"""Changes of a history under which its verdict stays, or can only become better."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
from tests.specs.isolation.small import Chance

History = list[Transaction]
Change = Callable[[History, Chance], History | None]
FRESH: Final = 50_000_000

DONE = Outcome.COMMITTED


def _writes(each: Transaction) -> bool:
    return any(o.kind in (WRITE, APPEND) for o in each.operations)


def _is_list(history: History) -> bool:
    return any(o.kind >= APPEND for each in history for o in each.operations)


def _elements(value: Value) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,) if value is not None else ()


def _shuffled(items: Sequence, chance: Chance) -> list:
    left = list(items)
    return [left.pop(chance(len(left))) for _ in range(len(left))]


def rename(history: History, chance: Chance) -> History:
    """Give keys, sessions and values other names; values by key."""
    keys = sorted({o.key for each in history for o in each.operations})
    sessions = sorted({each.session for each in history})
    key_of = dict(zip(keys, _shuffled([3 * key + 1 for key in keys], chance), strict=True))
    session_of = dict(zip(sessions, _shuffled(sessions, chance), strict=True))
    names: dict[tuple[int, int], int] = {}

    def value_of(key: int, value: int) -> int:
        if value == INITIAL and not _is_list(history):
            return INITIAL
        return names.setdefault((key, value), 1 + 1_000 * len(names) + chance(1_000))

    def renamed(o: Operation) -> Operation:
        named = tuple(value_of(o.key, each) for each in _elements(o.value))
        return Operation(o.kind, key_of[o.key], named if isinstance(o.value, tuple) else named[0])

    return [
        each._replace(
            session=session_of[each.session], operations=tuple(map(renamed, each.operations))
        )
        for each in history
    ]


def reorder_sessions(history: History, chance: Chance) -> History:
    """Mix the sessions otherwise, each in its own order."""
    order = _shuffled([each.session for each in history], chance)
    queues = {s: [each for each in history if each.session == s] for s in set(order)}
    return [queues[session].pop(0) for session in order]


def split_session(history: History, chance: Chance) -> History:
    """Let another session do what a session does from some transaction on."""
    row = chance(len(history))
    new = 1 + max(each.session for each in history)
    mine = history[row].session
    return [
        each._replace(session=new) if place >= row and each.session == mine else each
        for place, each in enumerate(history)
    ]


def drop_unread_last(history: History, chance: Chance) -> History | None:
    """Take away the last transaction of a session where nobody read from it."""
    seen = {
        (o.key, value)
        for each in history
        for o in each.operations
        if o.kind in (READ, READ_LIST)
        for value in _elements(o.value)
    }
    lasts = {each.session: row for row, each in enumerate(history)}
    free = [
        row
        for row in lasts.values()
        if len(history) > 1
        and not any(
            (o.key, o.value) in seen for o in history[row].operations if o.kind in (WRITE, APPEND)
        )
    ]
    if not free:
        return None
    row = free[chance(len(free))]
    return history[:row] + history[row + 1 :]


def _unobserved(outcome: Outcome) -> Change:
    def change(history: History, chance: Chance) -> History:
        kind = APPEND if _is_list(history) else WRITE
        keys = sorted({o.key for each in history for o in each.operations}) or [0]
        operations = tuple(Operation(kind, key, FRESH + place) for place, key in enumerate(keys))
        row = chance(len(history) + 1)
        near = history[min(row, len(history) - 1)]
        new = Transaction(near.session, outcome, operations, near.invoked, near.finished)
        return [*history[:row], new, *history[row:]]

    return change


def repeat_read(history: History, chance: Chance) -> History | None:
    """Do a read twice."""
    places = [
        (row, place)
        for row, each in enumerate(history)
        for place, o in enumerate(each.operations)
        if o.kind in (READ, READ_LIST)
    ]
    if not places:
        return None
    row, place = places[chance(len(places))]
    operations = list(history[row].operations)
    operations.insert(place, operations[place])
    return [
        each._replace(operations=tuple(operations)) if n == row else each
        for n, each in enumerate(history)
    ]


def split_read_only(history: History, chance: Chance) -> History | None:
    """Let two transactions, one after the other, read what one read."""
    rows = [
        row
        for row, each in enumerate(history)
        if each.outcome == DONE and len(each.operations) > 1 and not _writes(each)
    ]
    if not rows:
        return None
    row = rows[chance(len(rows))]
    cut = 1 + chance(len(history[row].operations) - 1)
    parts = history[row].operations[:cut], history[row].operations[cut:]
    halves = [history[row]._replace(operations=part) for part in parts]
    return [*history[:row], *halves, *history[row + 1 :]]


SAME: Final[Mapping[str, Change]] = MappingProxyType(
    {
        "names": rename,
        "order of sessions": reorder_sessions,
        "an unobserved failure": _unobserved(Outcome.ABORTED),
        "an unobserved unknown": _unobserved(Outcome.UNKNOWN),
        "a read twice": repeat_read,
    }
)
"""Changes after which the verdict is what it was."""

MORE: Final[Mapping[str, Change]] = MappingProxyType(
    {
        "a session in two": split_session,
        "without an unread end": drop_unread_last,
        "a read-only transaction in two": split_read_only,
    }
)
"""Changes after which what was accepted still is."""


def joined(one: History, other: History) -> History:
    """Put two histories that share nothing one after the other."""
    session = 1 + max(each.session for each in one)
    key = 1 + max((o.key for each in one for o in each.operations), default=0)
    later = 1 + max(each.finished for each in one)
    return one + [
        each._replace(
            session=each.session + session,
            invoked=each.invoked + later,
            finished=each.finished + later,
            operations=tuple(o._replace(key=o.key + key) for o in each.operations),
        )
        for each in other
    ]
