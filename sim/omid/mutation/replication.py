"""Mutants of managers that tell clients what they may see: Omid1 and Tephra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sim.omid.mutation.mutant import Mutant
from sim.omid.tephra.state import Started

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

    from sim.history import AbortReason
    from sim.omid.messages import CommitRequest
    from sim.omid.omid1.client import ReplicatedClient as _Client
    from sim.omid.omid1.oracle import StatusOracle as _StatusOracle
    from sim.omid.omid1.view import Change
    from sim.omid.tephra.changes import ChangeSets as _ChangeSets
    from sim.omid.tephra.client import ListClient as _ListClient
    from sim.omid.tephra.manager import ListManager as _ListManager
    from sim.omid.transaction import Transaction
else:
    # A mix-in inherits from its role for the type checker only: at run time it goes on top of
    # whichever class the variant has for the role.
    _Client = _StatusOracle = _ChangeSets = _ListClient = _ListManager = object


class _MetadataDeltaLate(_StatusOracle):
    def delta(self, since: int) -> tuple[Change, ...]:
        """Leave the newest change out."""
        return super().delta(since)[:-1]


class _NoCommitConfirmation(_Client):
    def confirm(
        self, transaction: Transaction, key: int, version: int
    ) -> Generator[Any, Any, None]:
        """Believe in every commit that the oracle has accepted."""
        yield from ()


class _NoUncommittedAbort(_StatusOracle):
    def abort_old(self, mark: int) -> None:
        """Leave who has not committed alone."""


class _NoInProgressExclusion(_ListManager):
    def in_progress(self) -> tuple[int, ...]:
        """Exclude nobody who may still commit."""
        return ()


class _NoInvalidExclusion(_ListManager):
    def invalid(self) -> tuple[int, ...]:
        """Exclude nobody who was given up."""
        return ()


class _NoBeginLogging(_ListManager):
    def write_begin(self, start: int) -> None:
        """Keep a begin in memory only."""
        Started(start).apply(self.state)


class _AbortAfterRemovalReversed(_ListClient):
    def rollback(self, transaction: Transaction) -> Generator[Any, Any, None]:
        """Leave the lists, then remove what was written."""
        yield from self.give_up(transaction)
        yield from super().rollback(transaction)


class _NoChangeSetRetention(_ChangeSets):
    def prune(self, first: int) -> None:
        """Drop all."""
        if self.sets:
            super().prune(self.sets[-1][0] + 1)


class _NoCommitRecheck(_ListManager):
    def certify(self, request: CommitRequest, commit: int) -> AbortReason | None:
        """Ask only whether the transaction is in progress."""
        return self.obstacle(request.start, ())


class _NoLastOutcome(_ListManager):
    def remembers(self, request: CommitRequest) -> bool:
        """Know nothing of who is not in progress."""
        return False


MUTANTS: Final[tuple[Mutant, ...]] = (
    Mutant(
        name="metadata_delta_late",
        number=91,
        mechanism="metadata_delta",
        property="snapshot_reads",
        mixins={"manager": _MetadataDeltaLate},
        variants=("omid1",),
        summary="a begin does not bring the newest commit",
    ),
    Mutant(
        name="no_commit_confirmation",
        number=92,
        mechanism="commit_confirmation",
        property="no_aborted_reads",
        mixins={"client": _NoCommitConfirmation},
        variants=("omid1",),
        summary="a reader believes in commits that are not in the log yet",
    ),
    Mutant(
        name="no_uncommitted_abort",
        number=93,
        mechanism="uncommitted_abort",
        property="no_aborted_reads",
        mixins={"manager": _NoUncommittedAbort},
        variants=("omid1",),
        summary="who has not committed when the mark passes counts as committed",
    ),
    Mutant(
        name="no_in_progress_exclusion",
        number=94,
        mechanism="in_progress_exclusion",
        property="no_aborted_reads",
        mixins={"manager": _NoInProgressExclusion},
        variants=("tephra",),
        summary="a snapshot shows the versions of who is in progress",
    ),
    Mutant(
        name="no_invalid_exclusion",
        number=95,
        mechanism="invalid_exclusion",
        property="no_aborted_reads",
        mixins={"manager": _NoInvalidExclusion},
        variants=("tephra",),
        summary="a snapshot shows what those left that were given up",
    ),
    Mutant(
        name="no_begin_logging",
        number=96,
        mechanism="begin_logging",
        property="no_aborted_reads",
        mixins={"manager": _NoBeginLogging},
        variants=("tephra",),
        summary="a new manager does not know who was in progress",
    ),
    Mutant(
        name="abort_after_removal_reversed",
        number=97,
        mechanism="abort_after_removal",
        property="no_aborted_reads",
        mixins={"client": _AbortAfterRemovalReversed},
        variants=("tephra",),
        summary="a transaction leaves the lists before its versions are removed",
    ),
    Mutant(
        name="no_change_set_retention",
        number=98,
        mechanism="change_set_retention",
        property="first_committer_wins",
        mixins={"conflict_table": _NoChangeSetRetention},
        variants=("tephra",),
        summary="change sets are dropped while they may still convict somebody",
    ),
    Mutant(
        name="no_commit_recheck",
        number=99,
        mechanism="commit_recheck",
        property="first_committer_wins",
        mixins={"manager": _NoCommitRecheck},
        variants=("tephra",),
        summary="conflicts are looked for in the first step of a commit only",
    ),
    Mutant(
        name="no_last_outcome",
        number=100,
        mechanism="last_outcome",
        property="acknowledged_commits_durable",
        mixins={"manager": _NoLastOutcome},
        variants=("tephra",),
        summary="who asks again for a commit that succeeded is told that it is not in progress",
    ),
)
