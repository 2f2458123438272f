"""Mutants of two-phase commit over locks: order, roll-back, waiting."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final

from sim.omid.mutation.mutant import Mutant

if TYPE_CHECKING:
    from sim.omid.percolator.client import PercolatorClient as _Client
    from sim.omid.percolator.locks import Lock
    from sim.omid.percolator.locks import LockingRegion as _Region
    from sim.omid.transaction import Transaction
else:
    # A mix-in inherits from its role for the type checker only: at run time it goes on top of
    # whichever class the variant has for the role.
    _Client = _Region = object


class _PrimaryOrderLast(_Client):
    def commit_point(self, transaction: Transaction, commit: int) -> Generator[Any, Any, bool]:
        """Commit the secondaries first."""
        yield from self.forward(transaction.start, tuple(transaction.writes)[1:], commit)
        return (yield from super().commit_point(transaction, commit))


class _NoRollbackLockCheck(_Region):
    def may_roll_back(self, key: int, version: int) -> bool:
        """Roll back whatever stands there."""
        return True


class _NoLockCheck(_Region):
    def hides(self, lock: Lock, snapshot: int) -> bool:
        """Show what is below the lock."""
        return False


MUTANTS: Final[tuple[Mutant, ...]] = (
    Mutant(
        name="primary_order_last",
        number=67,
        mechanism="primary_order",
        property="no_aborted_reads",
        mixins={"client": _PrimaryOrderLast},
        variants=("percolator",),
        summary="the primary commits after the secondaries",
    ),
    Mutant(
        name="no_rollback_lock_check",
        number=68,
        mechanism="rollback_lock_check",
        property="acknowledged_commits_durable",
        mixins={"region": _NoRollbackLockCheck},
        variants=("percolator",),
        summary="a primary is rolled back without a look at its lock",
    ),
    Mutant(
        name="no_lock_check",
        number=69,
        mechanism="lock_check",
        property="snapshot_reads",
        mixins={"region": _NoLockCheck},
        variants=("percolator",),
        summary="a reader does not see locks below its snapshot",
    ),
)
