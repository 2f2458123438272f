"""What travels between Tephra's nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from sim.omid.messages import Begun


class Snapshot(NamedTuple):
    """Answer to a begin: whoever began before and is not excluded has committed, or is gone."""

    begun: Begun
    excluded: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cleared:
    """Answer to the question whether a change set may commit: nothing is against it so far."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Answer to an abort, and to the end of a transaction that wrote nothing."""


CLEARED: Final = Cleared()
TAKEN: Final = Taken()
