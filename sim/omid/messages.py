"""What travels between the nodes of an Omid deployment, and the words for its answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from sim.history import NONE


class Record(NamedTuple):
    """One version of a key: the writer's start timestamp, its value, its commit field.

    `place` is the place of the write in its transaction: a late copy of an earlier write must
    not undo a later one. The value of a tombstone is the initial one.
    """

    version: int
    value: int
    commit: int = NONE
    place: int = 0
    tombstone: bool = False


class Row(NamedTuple):
    """One commit-table row; the invalid mark dominates the commit beside it."""

    commit: int
    invalid: bool


INVALID: Final = Row(NONE, True)
"""The row of a transaction that was invalidated before it could commit."""


class Begun(NamedTuple):
    """Answer to a begin: the start timestamp and the epoch of the manager that gave it."""

    start: int
    epoch: int


@dataclass(frozen=True, slots=True)
class CommitRequest:
    """A client asks to commit; `serial` is its own count of commit messages."""

    client: str
    serial: int
    start: int
    hashes: tuple[int, ...]
    retry: bool


class Committed(NamedTuple):
    """Answer to a commit request: it is durable at `commit`."""

    commit: int


class Certified(Committed):
    """Answer of a manager that leaves the commit table to its client: no conflict was found."""

    __slots__ = ()


class Refused(NamedTuple):
    """Answer to a commit request: the transaction aborts; `reason` is an `AbortReason`."""

    reason: int


@dataclass(frozen=True, slots=True)
class NotServing:
    """Answer of a manager that does not hold the lease."""


NOT_SERVING: Final = NotServing()


class Znode(NamedTuple):
    """Content and version of a coordinator node; version 0 was never written."""

    data: object
    version: int


class Seen(NamedTuple):
    """A coordinator node and the version that somebody saw it with."""

    path: str
    version: int


class Address(NamedTuple):
    """Who serves, since which epoch."""

    name: str
    epoch: int


LEASE: Final = "/lease"
MAX_TIMESTAMP: Final = "/max-timestamp"
MANAGER: Final = "/manager"

_GOLDEN: Final = 0x9E37_79B9_7F4A_7C15
_MASK: Final = (1 << 64) - 1


def hash64(key: int) -> int:
    """Hash a key to 64 bits (multiplicative, so distinct keys below 2**64 never collide)."""
    return key * _GOLDEN & _MASK
