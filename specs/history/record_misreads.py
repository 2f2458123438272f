"""Confirm that a read is one that no order of transactions explains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sim.history import NONE, Outcome
from specs.history.record import Record, RefutationError


def check_misread(record: Record, told: Mapping[str, Any]) -> None:
    """Confirm a read by its kind; raises `RefutationError` where operations do not show it."""
    kind, read = told["kind"], int(told["read"])
    other = NONE if told.get("other") is None else int(told["other"])
    if kind not in _CHECKS:
        raise RefutationError(f"no such kind of read: {kind}")
    if not 0 <= read < len(record.owner) or not -1 <= other < len(record.owner):
        raise RefutationError("no such operation")
    if record.own_write(read) or not record.is_vouched(record.owner[read]):
        raise RefutationError(f"operation {read} is no read that anybody vouches for")
    if other != NONE and record.key[other] != record.key[read]:
        raise RefutationError(f"operations {read} and {other} are of two keys")
    if not _CHECKS[kind](record, read, other):
        raise RefutationError(f"operation {read} shows no {kind}")


def _internal(record: Record, read: int, other: int) -> bool:
    """Say whether a read contradicts the operation of its own transaction that it follows."""
    if record.is_list(read):
        own = [record.identity[each] for each in record.own_before(read)]
        found = record.list_of(read)
        if other == NONE:
            return bool(own) and found[-len(own) :] != own
        same = record.is_list(other) and record.owner[other] == record.owner[read]
        return record.repeatable and same and record.outside(other) != record.outside(read)
    own_write = record.own_before(read)
    if record.owner[other] != record.owner[read] or not 0 <= other < read:
        return False
    if record.identity[other] == record.identity[read]:
        return False
    if record.own_write(other):
        return own_write[-1:] == [other]
    # Both must be reads of the same thing: nothing is written between them.
    return [each for each in own_write if each > other] == [] and (
        record.repeatable or bool(own_write)
    )


def _future(record: Record, read: int, other: int) -> bool:
    """Say whether it returns what its own transaction writes only later."""
    if other <= read or record.owner[other] != record.owner[read] or not record.own_write(other):
        return False
    identity = record.identity[other]
    unique = record.write_of(record.key[read], identity) == other
    return unique and identity in _shown(record, read)


def _aborted(record: Record, read: int, other: int) -> bool:
    """Say whether it returns what a failed transaction wrote."""
    return _returns(record, read, other) and (
        record.history.outcome[record.owner[other]] == Outcome.ABORTED
    )


def _intermediate(record: Record, read: int, other: int) -> bool:
    """Say whether it returns what another transaction overwrote, or added to, before it ended."""
    if not _returns(record, read, other):
        return False
    later = [each for each in record.writes[record.owner[other], record.key[read]] if each > other]
    if not record.is_list(read):
        return bool(later)
    shown = record.outside(read)
    place = shown.index(record.identity[other]) + 1
    return bool(later) and shown[place : place + 1] != [record.identity[later[0]]]


def _nowhere(record: Record, read: int, other: int) -> bool:
    """Say whether it returns what nobody wrote."""
    if other != NONE:
        return False
    key = record.key[read]
    if record.is_list(read):
        return any((key, each) not in record.written for each in record.outside(read))
    initial = record.history.has_initial and record.identity[read] == record.nothing
    return not initial and (key, record.identity[read]) not in record.written


def _disorder(record: Record, read: int, other: int) -> bool:
    """Say whether another read, or the program of a writer, contradicts the order of a list."""
    if not record.is_list(read):
        return False
    shown = record.outside(read)
    if other == NONE:
        return len(set(shown)) != len(shown)
    if record.is_list(other):
        if not record.is_vouched(record.owner[other]):
            return False
        longer = record.outside(other)
        size = min(len(shown), len(longer))
        return shown[:size] != longer[:size]
    mine = [record.identity[each] for each in record.writes[record.owner[other], record.key[other]]]
    found = [each for each in shown if each in mine]
    return found != mine[: len(found)]


def _shown(record: Record, read: int) -> list[int]:
    """Return the versions that a read returned of others: one value, or the elements of a list."""
    if record.is_list(read):
        return record.outside(read)
    return [] if record.own_before(read) else [record.identity[read]]


def _returns(record: Record, read: int, write: int) -> bool:
    """Say whether a read returns what a certain operation of another transaction wrote."""
    if write == NONE or record.owner[write] == record.owner[read]:
        return False
    identity = record.identity[write]
    return identity in _shown(record, read) and record.write_of(record.key[read], identity) == write


_CHECKS: Final[Mapping[str, Callable[[Record, int, int], bool]]] = {
    "internal": _internal,
    "future-read": _future,
    "g1a": _aborted,
    "g1b": _intermediate,
    "garbage-read": _nowhere,
    "incompatible-order": _disorder,
}
