"""What travels between Omid1's nodes, and what its log holds."""

from __future__ import annotations

from typing import NamedTuple

from sim.omid.messages import Begun
from sim.omid.omid1.view import Change, View


class Known(NamedTuple):
    """What a client knows of which epoch when it begins, and what it has left nothing of.

    `position` counts changes of the metadata, `others` commits of the background.
    """

    epoch: int
    position: int
    others: int
    settled: tuple[int, ...]


class Answer(NamedTuple):
    """Answer to a begin: the changes since the last one, or else everything.

    `pending` are start and commit timestamps of those that are not durable yet.
    """

    begun: Begun
    position: int
    others: int
    mark: int
    changes: tuple[Change, ...]
    pending: tuple[tuple[int, int], ...]
    view: View | None


class Confirm(NamedTuple):
    """A question whether a commit became durable, from a transaction of an epoch."""

    start: int
    epoch: int


class Confirmed(NamedTuple):
    """Answer: the commit timestamp, `LONG_AGO`, or `NONE`."""

    commit: int


class Entry(NamedTuple):
    """A record of the log: a change, and for a commit the write set."""

    change: Change
    hashes: tuple[int, ...] = ()


class Closing(NamedTuple):
    """A record of the log: a new oracle has begun with an epoch."""

    epoch: int
