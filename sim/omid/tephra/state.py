"""What a manager of Tephra knows of transactions, and the edits of its log that make it up.

Apache Phoenix-Tephra, TransactionEdit and TransactionManager. A manager changes its state only by
edits, and writes each into its log; whoever replays the log comes to the same state.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from sim.history import NONE
from sim.omid.tephra.changes import ChangeSet, ChangeSets


class Saved(NamedTuple):
    """A state as a snapshot keeps it."""

    in_progress: tuple[int, ...]
    invalid: tuple[int, ...]
    committing: tuple[tuple[int, tuple[int, ...]], ...]
    outcomes: tuple[tuple[str, int, int], ...]
    changes: tuple[ChangeSet, ...]


class State:
    """Who is in progress, about to commit, or invalid; what has committed.

    `outcomes` is the last commit of each client: its start and its commit timestamp.
    """

    def __init__(self, changes: ChangeSets) -> None:
        self.in_progress: dict[int, None] = {}
        self.invalid: dict[int, None] = {}
        self.committing: dict[int, tuple[int, ...]] = {}
        self.outcomes: dict[str, tuple[int, int]] = {}
        self.changes = changes

    def saved(self) -> Saved:
        """Return the state as it is now."""
        return Saved(
            tuple(self.in_progress),
            tuple(self.invalid),
            tuple(self.committing.items()),
            tuple((client, *outcome) for client, outcome in self.outcomes.items()),
            tuple(self.changes.sets),
        )

    def load(self, saved: Saved) -> None:
        """Take in a snapshot."""
        self.in_progress = dict.fromkeys(saved.in_progress)
        self.invalid = dict.fromkeys(saved.invalid)
        self.committing = dict(saved.committing)
        self.outcomes = {client: (start, commit) for client, start, commit in saved.outcomes}
        for commit, hashes in saved.changes:
            self.changes.enter_all(commit, hashes)

    def end(self, start: int) -> None:
        """Take a transaction off every list, and drop the change sets that it held."""
        self.in_progress.pop(start, None)
        self.invalid.pop(start, None)
        self.committing.pop(start, None)
        first = next(iter(self.in_progress), None)
        if first is not None:
            self.changes.prune(first)
        elif self.changes.sets:
            self.changes.prune(self.changes.sets[-1][0] + 1)


class Edit(Protocol):
    """One entry of the log."""

    def apply(self, state: State) -> None:
        """Change the state as this edit says."""


class Started(NamedTuple):
    """A transaction began."""

    start: int

    def apply(self, state: State) -> None:
        """Enter it."""
        state.in_progress[self.start] = None


class Committing(NamedTuple):
    """A transaction may commit as far as its change set goes."""

    start: int
    hashes: tuple[int, ...]

    def apply(self, state: State) -> None:
        """Keep its change set until it commits."""
        state.committing[self.start] = self.hashes


class Ended(NamedTuple):
    """A transaction of a client committed; `commit` is `NONE` where nothing was written."""

    client: str
    start: int
    commit: int
    hashes: tuple[int, ...] = ()

    def apply(self, state: State) -> None:
        """Show it to whoever begins from now on."""
        state.outcomes[self.client] = (self.start, self.commit)
        if self.commit != NONE:
            state.changes.enter_all(self.commit, self.hashes)
        state.end(self.start)


class Aborted(NamedTuple):
    """A transaction has removed what it wrote."""

    start: int

    def apply(self, state: State) -> None:
        """Forget it."""
        state.end(self.start)


class Invalidated(NamedTuple):
    """A transaction took too long: it cannot commit, and nobody may see what it wrote."""

    start: int

    def apply(self, state: State) -> None:
        """Exclude it from all snapshots."""
        state.end(self.start)
        state.invalid[self.start] = None
