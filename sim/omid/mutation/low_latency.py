"""Mutants of Omid LL: what clients do to the commit table.

The catalogue's 56 and 61 are 2 and 33 once more: the same mix-ins, on the client of Omid LL.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final

from sim.history import NONE, Outcome
from sim.kernel.rpc import NoReply
from sim.omid.messages import Committed, Refused, Row
from sim.omid.mutation.mutant import Mutant

if TYPE_CHECKING:
    from sim.omid.low_latency.client import LowLatencyClient as _Client
    from sim.omid.low_latency.store import ConditionalTable as _CommitTable
    from sim.omid.transaction import Transaction
else:
    # A mix-in inherits from its role for the type checker only: at run time it goes on top of
    # whichever class the variant has for the role.
    _Client = _CommitTable = object

_VARIANTS: Final = ("omid-ll", "omid-fp")


class _NoConditionalCommitPut(_CommitTable):
    def put_commit(self, start: int, commit: int, before: Row | None) -> Row | None:
        """Put the commit over whatever is there; such a put has nothing to answer."""
        self.rows[start] = Row(commit, False)
        return None


class _NoForcedAbort(_Client):
    def must_force(self, transaction: Transaction, version: int) -> bool:
        """Take an absent row for an answer, as behind a begin barrier."""
        return False


class _NoInvalidMarkPermanence(_CommitTable):
    def is_needless(self, row: Row) -> bool:
        """Let marks go with the rows of the completed."""
        return True


class _NoCommitPutConfirmation(_Client):
    unconfirmed = NONE

    def put_commit(self, start: int, commit: int) -> Generator[Any, Any, Committed | Refused]:
        """Note that there was no answer, and go on."""
        call = self.store.put_commit(start, commit)
        call.retry = False
        try:
            before: Row | None = yield call
        except NoReply:
            self.unconfirmed = start
            return Committed(commit)
        if before is None:
            return Committed(commit)
        return (yield from super().put_commit(start, commit))

    def acknowledge(self, transaction: Transaction, commit: int) -> Generator[Any, Any, None]:
        """Return normally from the commit that failed; its fields are never written."""
        if transaction.start == self.unconfirmed:
            self.conclude(transaction, Outcome.COMMITTED, commit)
        else:
            yield from super().acknowledge(transaction, commit)


class _NoOwnPutRecognition(_Client):
    def is_own_put(self, row: Row, commit: int) -> bool:
        """Take every row in the way for somebody else's."""
        return False


MUTANTS: Final[tuple[Mutant, ...]] = (
    Mutant(
        name="no_conditional_commit_put",
        number=57,
        mechanism="conditional_commit_put",
        property="acknowledged_commits_durable",
        mixins={"commit_table": _NoConditionalCommitPut},
        variants=_VARIANTS,
        summary="a client puts its commit over the invalid mark of a reader",
    ),
    Mutant(
        name="no_forced_abort",
        number=58,
        mechanism="forced_abort",
        property="snapshot_reads",
        mixins={"client": _NoForcedAbort},
        variants=_VARIANTS,
        summary="a reader skips an undecided version and leaves it undecided",
    ),
    Mutant(
        name="no_invalid_mark_permanence",
        number=59,
        mechanism="invalid_mark_permanence",
        property="acknowledged_commits_durable",
        mixins={"commit_table": _NoInvalidMarkPermanence},
        variants=_VARIANTS,
        summary="the cleaner removes the mark of a transaction whose commit is on its way",
    ),
    Mutant(
        name="no_commit_put_confirmation",
        number=60,
        mechanism="commit_put_confirmation",
        property="acknowledged_commits_durable",
        mixins={"client": _NoCommitPutConfirmation},
        variants=_VARIANTS,
        summary="a client swallows the error of its commit put and reports a commit",
    ),
    Mutant(
        name="no_own_put_recognition",
        number=62,
        mechanism="own_put_recognition",
        property="acknowledged_commits_durable",
        mixins={"client": _NoOwnPutRecognition},
        variants=_VARIANTS,
        summary="a client that meets its own earlier commit put rolls back",
    ),
)
