"""What is known of commits: the same at the status oracle, at its backup and at every client.

Gómez Ferro et al., ICDE'14. Commits above the mark (the paper's T_max) are known one by one. Of
what began at or below it, all has committed but the aborted. A new oracle does not know who had
begun before it: in that stretch of timestamps only those have committed whose commits it found in
the log.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, NamedTuple

from sim.history import NONE

LONG_AGO: Final = 0
"""Stands for a commit timestamp at or below the mark, which nobody remembers."""


class Change(NamedTuple):
    """A commit; with `NONE` for its timestamp an abort, with `LONG_AGO` an abort cleaned up."""

    start: int
    commit: int


class View:
    """Who committed when."""

    def __init__(self) -> None:
        self.mark = 0
        self.commits: OrderedDict[int, int] = OrderedDict()
        self.kept: dict[int, int] = {}
        self.aborted: dict[int, None] = {}
        self.closed: list[tuple[int, int]] = []

    def __len__(self) -> int:
        """Count what a copy of it carries."""
        return len(self.commits) + len(self.kept) + len(self.aborted) + len(self.closed)

    def copy(self) -> View:
        """Return a view that knows the same."""
        other = View()
        other.mark = self.mark
        other.commits = self.commits.copy()
        other.kept = dict(self.kept)
        other.aborted = dict(self.aborted)
        other.closed = list(self.closed)
        return other

    def learn(self, change: Change) -> None:
        """Take in one change, in the order in which it happened."""
        start, commit = change
        if commit == NONE:
            self.aborted[start] = None
        elif commit == LONG_AGO:
            self.aborted.pop(start, None)
        elif self.in_closed_stretch(start):
            self.kept[start] = commit
        else:
            self.commits[start] = commit

    def raise_mark(self, mark: int) -> None:
        """Forget the commits at or below a mark."""
        self.mark = max(self.mark, mark)
        commits = self.commits
        while commits and commits[next(iter(commits))] <= mark:
            commits.popitem(last=False)

    def close(self, epoch: int) -> None:
        """Note that of all that began between the mark and an epoch only these have committed."""
        self.closed.append((self.mark, epoch))
        self.kept.update(self.commits)
        self.commits.clear()

    def correct(self, start: int, commit: int) -> None:
        """Enter what became of a commit that was not durable when it was learned."""
        if commit == NONE:
            self.commits.pop(start, None)
            self.kept.pop(start, None)
            self.aborted[start] = None
        else:
            known = self.kept if start in self.kept else self.commits
            known[start] = commit

    def in_closed_stretch(self, start: int) -> bool:
        """Say whether a transaction began in the time of an older oracle."""
        return any(low < start < high for low, high in self.closed)

    def commit_of(self, start: int) -> int:
        """Return the commit timestamp of a transaction, `LONG_AGO`, or `NONE`."""
        commit = self.commits.get(start)
        if commit is None:
            commit = self.kept.get(start)
        if commit is not None:
            return commit
        if start > self.mark or start in self.aborted or self.in_closed_stretch(start):
            return NONE
        return LONG_AGO
