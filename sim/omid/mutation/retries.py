"""Mutants of lost answers: commit requests that are sent again, outcomes that stay open."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sim.history import NONE, AbortReason
from sim.kernel.rpc import Call
from sim.omid.messages import CommitRequest, Refused, Row
from sim.omid.mutation.mutant import Mutant
from sim.omid.transaction import Transaction

if TYPE_CHECKING:
    from sim.omid.client import Client as _Client
    from sim.omid.manager import Manager as _Manager
    from sim.omid.pipeline import Pipeline as _Pipeline
else:
    # A mix-in inherits from its role for the type checker only: at run time it goes on top of
    # whichever class the variant has for the role.
    _Client = _Manager = _Pipeline = object


class _NoRetryInvalidation(_Pipeline):
    def force_retry(self, start: int) -> Generator[Any, Any, Row | None]:
        """Take a missing row for an aborted transaction."""
        yield from ()
        return None


class _NoDoubt(_Client):
    def doubts(self, answer: Refused) -> bool:
        """Believe every refusal."""
        return False


class _NoRetryOrder(_NoRetryInvalidation):
    def settle(self, call: Call, start: int) -> None:
        """Look into the commit table at once, past the batches that are on their way there."""
        self.manager.run(self.settle_retry(call, start))


class _NoRetryIdempotence(_Manager):
    def certify(self, request: CommitRequest, commit: int) -> AbortReason | None:
        """Certify a retry without its write set, as if its first try had left nothing behind."""
        if request.retry:
            request = replace(request, hashes=())
        return super().certify(request, commit)


class _NoOutcomeResolution(_Client):
    def resolve_outcome(self, transaction: Transaction) -> Generator[Any, Any, int | None]:
        """Take silence for an abort."""
        yield from ()
        return NONE


class _NoUncertainRowRetention(_Client):
    def keeps_row(self, start: int) -> bool:
        """Remove the row after the commit fields, as after any other commit."""
        return False


MUTANTS: Final[tuple[Mutant, ...]] = (
    Mutant(
        name="no_retry_invalidation",
        number=21,
        mechanism="retry_invalidation",
        property="acknowledged_commits_durable",
        mixins={"pipeline": _NoRetryInvalidation, "client": _NoDoubt},
        summary="a retry that is not in the commit table is refused, and its first try may land",
    ),
    # With the invalid mark in its place, order only saves needless aborts. So this mutant is the
    # one above with the order gone too, where the order alone would have been enough.
    Mutant(
        name="no_retry_order",
        number=22,
        mechanism="retry_order",
        property="acknowledged_commits_durable",
        mixins={"pipeline": _NoRetryOrder, "client": _NoDoubt},
        summary="a retry is settled while its first try waits for the commit table",
    ),
    Mutant(
        name="no_retry_idempotence",
        number=23,
        mechanism="retry_idempotence",
        property="one_commit_timestamp",
        mixins={"manager": _NoRetryIdempotence},
        variants=("omid", "omid-apache"),
        summary="a retry is committed once more, with another commit timestamp",
    ),
    # The reference removes such rows too, and is safe: its readers look at the commit field again
    # after their own mark.
    Mutant(
        name="no_uncertain_row_retention",
        number=24,
        mechanism="uncertain_row_retention",
        property="snapshot_reads",
        mixins={"client": _NoUncertainRowRetention},
        variants=("omid-apache",),
        summary="a client removes the row of a commit that it learnt from the commit table",
    ),
    Mutant(
        name="no_outcome_resolution",
        number=25,
        mechanism="outcome_resolution",
        property="acknowledged_commits_durable",
        mixins={"client": _NoOutcomeResolution},
        summary="a client that got no answer rolls back without asking the commit table",
    ),
)
