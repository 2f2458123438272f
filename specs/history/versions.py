"""Committed versions of every key, in commit order: what each snapshot must show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.history import NONE, Integers
from specs.history.numbering import Flags, Numbers

if TYPE_CHECKING:
    from specs.history.case import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """Columns over committed versions, ordered by (key number, commit timestamp)."""

    identity: Integers
    """Key number times `width`, plus the writer's rank among all commits."""
    width: int
    writer: Numbers
    key: Numbers
    commit: Integers
    commits: Integers
    """Commit timestamps of all committed transactions, ascending."""
    rank: Numbers
    """Rank of every transaction number among the commits, -1 for the uncommitted."""

    def __len__(self) -> int:
        """Count the versions."""
        return len(self.identity)

    def ranks_below(self, bounds: Integers) -> Integers:
        """Count, for each timestamp, the commits strictly below it."""
        return np.searchsorted(self.commits, bounds, side="left")

    def latest(self, keys: Numbers, ranks: Integers) -> Integers:
        """Return the place of the newest version of each key among the first `ranks` commits.

        -1 means that there is none: the snapshot shows the initial value.
        """
        place = np.searchsorted(self.identity, keys.astype(np.int64) * self.width + ranks) - 1
        if not len(self):
            return place
        return np.where((place >= 0) & (self.key[place] == keys), place, -1)

    def place_of(self, keys: Numbers, writers: Numbers) -> Integers:
        """Return the place of each version, -1 where the writer did not commit the key."""
        wanted = keys.astype(np.int64) * self.width + self.rank[writers]
        place = np.searchsorted(self.identity, wanted)
        if not len(self):
            return np.full(len(wanted), -1, dtype=np.int64)
        np.minimum(place, len(self) - 1, out=place)
        found = (self.identity[place] == wanted) & (self.rank[writers] >= 0)
        return np.where(found, place, -1)

    def has_successor(self, places: Integers) -> Flags:
        """Tell which versions are followed by another one of the same key."""
        following = np.minimum(places + 1, len(self) - 1)
        flags: Flags = (following > places) & (self.key[following] == self.key[places])
        return flags


def order_versions(case: Case) -> Versions:
    """Sort the cells of all committed transactions by key and commit timestamp."""
    commit = case.outcomes.commit
    committed = np.flatnonzero(commit != NONE).astype(np.int32)
    committed = committed[np.argsort(commit[committed], kind="stable")]
    rank = np.full(len(commit), -1, dtype=np.int32)
    rank[committed] = np.arange(len(committed), dtype=np.int32)
    width = len(committed) + 1
    of_cell = rank[case.cells.writer]
    identity = case.cells.key[of_cell >= 0].astype(np.int64) * width + of_cell[of_cell >= 0]
    identity.sort()
    writer = committed[identity % width] if len(identity) else np.empty(0, dtype=np.int32)
    return Versions(
        identity=identity,
        width=width,
        writer=writer,
        key=(identity // width).astype(np.int32),
        commit=commit[writer],
        commits=commit[committed],
        rank=rank,
    )
