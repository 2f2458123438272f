"""Replay a schedule of transactions, and refuse it unless every read comes out as recorded.

A verdict "this history satisfies the level" comes with a schedule: the begins and commits of its
transactions in one order. This engine executes the schedule and knows nothing of how it was found:
it imports no checker. What it accepts is an execution at the level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sim.history import NIL, NONE, History, OperationKind, Outcome

BEGIN, COMMIT = 0, 1
Event = tuple[int, int]
"""A transaction's row in the history, and `BEGIN` or `COMMIT`."""


class ReplayError(AssertionError):
    """A schedule does not explain its history; the message names the first thing that fails."""


@dataclass(slots=True)
class _Key:
    """What a key holds: the value of a register, or the elements of a list."""

    value: int
    elements: list[int] = field(default_factory=list)
    writer: int = NONE
    """Who has begun to write it and not committed."""


def replay_snapshots(
    history: History,
    schedule: Sequence[Event],
    *,
    sessions: bool,
    real_time: bool = False,
    serial: bool = False,
) -> None:
    """Execute a schedule under snapshot isolation; raises `ReplayError`.

    With `serial`, nothing may come between the begin and the commit of a transaction.
    """
    _check_places(history, schedule, serial=serial)
    _check_orders(history, schedule, sessions=sessions, real_time=real_time)
    keys: dict[int, _Key] = {}
    for row, event in schedule:
        operations = _operations(history, row)
        if event == BEGIN:
            if history.outcome[row] == Outcome.COMMITTED:
                _read(history, keys, row, operations)
            _claim(history, keys, row, operations)
        else:
            _write(keys, operations)


_WRITES = (OperationKind.WRITE, OperationKind.APPEND)


def _operations(history: History, row: int) -> list[tuple[int, int, int, int]]:
    """Return kind, key, value and row of every operation of a transaction."""
    first, last = int(history.first[row]), int(history.first[row + 1])
    return [
        (int(history.kind[at]), int(history.key[at]), int(history.value[at]), at)
        for at in range(first, last)
    ]


def _check_places(history: History, schedule: Sequence[Event], *, serial: bool) -> None:
    """Every committed transaction begins and commits once, and no failed one does."""
    begun: dict[int, int] = {}
    ended: dict[int, int] = {}
    for place, (row, event) in enumerate(schedule):
        told = begun if event == BEGIN else ended
        if row in told:
            raise ReplayError(f"transaction {row} has an event twice")
        if event == COMMIT and row not in begun:
            raise ReplayError(f"transaction {row} commits before it begins")
        if serial and event == COMMIT and begun[row] != place - 1:
            raise ReplayError(f"something comes between begin and commit of transaction {row}")
        told[row] = place
    if set(begun) != set(ended):
        raise ReplayError("a transaction begins and never commits")
    for row in range(history.transactions):
        outcome = history.outcome[row]
        if outcome == Outcome.COMMITTED and row not in begun:
            raise ReplayError(f"committed transaction {row} is not in the schedule")
        if outcome == Outcome.ABORTED and row in begun:
            raise ReplayError(f"failed transaction {row} is in the schedule")


def _check_orders(
    history: History, schedule: Sequence[Event], *, sessions: bool, real_time: bool
) -> None:
    """Sessions go one transaction after the other, and so does real time, where they count.

    A transaction with an unknown outcome may take effect at any time after it was asked for.
    """
    last: dict[int, int] = {}
    latest_end = NONE
    begun = [row for row, event in schedule if event == BEGIN]
    commits = {row: place for place, (row, event) in enumerate(schedule) if event == COMMIT}
    begins = {row: place for place, (row, event) in enumerate(schedule) if event == BEGIN}
    if sessions:
        for row in sorted(begun):
            session = int(history.session[row])
            if session in last and commits[last[session]] > begins[row]:
                raise ReplayError(
                    f"transaction {row} begins before {last[session]} of its session commits"
                )
            if history.outcome[row] == Outcome.COMMITTED:
                last[session] = row
    if real_time:
        for row, event in reversed(schedule):
            if event == BEGIN:
                # Whoever commits later in the schedule must not have ended before it was invoked.
                if latest_end != NONE and latest_end < history.invoked_ns[row]:
                    raise ReplayError(f"transaction {row} begins before one that had ended")
            elif history.outcome[row] == Outcome.COMMITTED:
                end = int(history.finished_ns[row])
                latest_end = end if latest_end == NONE else min(latest_end, end)


def _read(
    history: History,
    keys: dict[int, _Key],
    row: int,
    operations: list[tuple[int, int, int, int]],
) -> None:
    """Execute the reads of a transaction that begins now."""
    own: dict[int, Any] = {}
    for kind, key, value, at in operations:
        if kind == OperationKind.WRITE:
            own[key] = value
        elif kind == OperationKind.APPEND:
            own.setdefault(key, []).append(value)
        elif kind == OperationKind.READ:
            if key not in own and key not in keys and not history.has_initial:
                raise ReplayError(f"operation {at}: nobody has written key {key} yet")
            holds = own.get(key, keys[key].value if key in keys else history.initial_value)
            if holds != value:
                raise ReplayError(
                    f"operation {at}: transaction {row} reads {value} of key {key}, "
                    f"which holds {holds}"
                )
        else:
            assert history.elements is not None, "a list was read"
            assert history.element_first is not None, "a list was read"
            low, high = int(history.element_first[at]), int(history.element_first[at + 1])
            holds = [*(keys[key].elements if key in keys else ()), *own.get(key, ())]
            if history.elements[low:high].tolist() != holds:
                raise ReplayError(
                    f"operation {at}: transaction {row} reads another list of key {key} "
                    f"than the {len(holds)} elements that it holds"
                )


def _claim(
    history: History,
    keys: dict[int, _Key],
    row: int,
    operations: list[tuple[int, int, int, int]],
) -> None:
    """Begin to write keys, which nobody else may be writing."""
    for kind, key, _, _ in operations:
        if kind not in _WRITES:
            continue
        before = history.initial_value if history.has_initial else NIL
        state = keys.setdefault(key, _Key(before))
        if state.writer not in (NONE, row):
            raise ReplayError(
                f"transactions {state.writer} and {row} overlap, and both write key {key}"
            )
        state.writer = row


def _write(keys: dict[int, _Key], operations: list[tuple[int, int, int, int]]) -> None:
    """Make the writes of a transaction that commits now visible."""
    for kind, key, value, _ in operations:
        if kind == OperationKind.WRITE:
            keys[key].value = value
        elif kind == OperationKind.APPEND:
            keys[key].elements.append(value)
        if kind in _WRITES:
            keys[key].writer = NONE
