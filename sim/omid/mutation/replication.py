"""Mutants of managers that tell clients what they may see: Omid1 and Tephra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sim.omid.mutation.mutant import Mutant

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

    from sim.omid.omid1.client import ReplicatedClient as _Client
    from sim.omid.omid1.oracle import StatusOracle as _StatusOracle
    from sim.omid.omid1.view import Change
    from sim.omid.transaction import Transaction
else:
    # A mix-in inherits from its role for the type checker only: at run time it goes on top of
    # whichever class the variant has for the role.
    _Client = _StatusOracle = object


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
)
