"""Mutants of a commit: barrier, order of replies, completion, rollback."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from sim.history import NONE, FieldWriter, OracleKind
from sim.kernel.rpc import Call, Gather, NoReply
from sim.omid.messages import Begun
from sim.omid.mutation.mutant import Mutant

if TYPE_CHECKING:
    from sim.omid.apache.store import BucketStore as _Store
    from sim.omid.client import Client as _Client
    from sim.omid.manager import Manager as _Manager
    from sim.omid.pipeline import Batch
    from sim.omid.pipeline import Pipeline as _Pipeline
    from sim.omid.timestamps import Timestamps as _Timestamps
    from sim.omid.transaction import Transaction
else:
    # A mix-in inherits from its role for the type checker only: at run time it goes on top of
    # whichever class the variant has for the role.
    _Client = _Manager = _Pipeline = _Store = _Timestamps = object


Step = Generator[Any, Any, None]


class _NoBeginBarrier(_Manager):
    def answer_begin(self, call: Call, start: int) -> None:
        """Answer at once, whatever is still on its way to the commit table."""
        epoch = self.timestamps.epoch
        self.oracle.add(
            OracleKind.BEGIN_REPLIED, self.kernel.now, self.number, start, timestamp=epoch
        )
        call.reply(Begun(start, epoch))


class _PendingRegistrationLate(_Manager):
    def register(self, accepted: tuple[Call, int, int]) -> None:
        """Leave it to a thread that looks once in a batch time-out."""
        self.timer(self.settings.batch_timeout_ns, super().register, accepted)


class _NoReplyOrder(_Pipeline):
    def release(self, batch: Batch) -> None:
        """Answer each batch as soon as it is durable."""
        self.reply(batch)


class _NoFlushBeforeReply(_Pipeline):
    def put(self, batch: Batch) -> None:
        """Answer first."""
        self.release(batch)
        super().put(batch)

    def finish(self, batch: Batch) -> None:
        """Answer nobody again."""
        self.free_writer()


class _CommitTimestampGivenAgain(_Timestamps):
    spare: int | None = None

    def next_commit(self) -> int | None:
        """Remember the timestamp for the next start."""
        self.spare = super().next_commit()
        return self.spare

    def next_start(self) -> int | None:
        """Return the timestamp of the last commit, if no start has had it yet."""
        spare, self.spare = self.spare, None
        return super().next_start() if spare is None else spare


class _SnapshotBoundInclusive(_Client):
    def in_snapshot(self, commit: int, start: int) -> bool:
        """Take in what committed at the start timestamp."""
        return commit <= start


class _NoCheckpointRemoval(_Store):
    def row_of(self, version: int) -> int:
        """Ask by the version as it is."""
        return version


class _CompletionOrderReversed(_Client):
    def complete(self, start: int, keys: Sequence[int], commit: int) -> Step:
        """Remove the row first."""
        yield self.store.remove_row(start)
        yield from self.write_commit_fields(start, keys, commit)


class _NoFieldAcknowledgement(_Client):
    def write_commit_fields(self, start: int, keys: Sequence[int], commit: int) -> Step:
        """Try each region once, and go on as if all had answered."""
        for call in self.store.put_commit_fields(keys, start, commit, FieldWriter.WRITER):
            call.retry = False
            with suppress(NoReply):
                yield call


class _HealingOnAbsentRow(_Client):
    def reread(self, key: int, version: int) -> Generator[Any, Any, int]:
        """Fill the field of what is in no commit table, as if it had committed at its start."""
        commit: int = yield from super().reread(key, version)
        if commit == NONE:
            commit = version
            self.heal(key, version, commit)
        return commit


class _RollbackLeavesCommitField(_Client):
    def rollback(self, transaction: Transaction) -> Step:
        """Leave the versions, with the start timestamp in their commit fields."""
        start = transaction.start
        yield from self.write_commit_fields(start, tuple(transaction.writes), start)


class _RollbackRemovesOlder(_Client):
    def rollback(self, transaction: Transaction) -> Step:
        """Remove what is under the own versions, too."""
        yield from super().rollback(transaction)
        for key in transaction.writes:
            for record in (yield self.store.get(key, transaction.start)):
                yield Gather(self.store.remove([key], record.version))


class _NoFlushBeforeCommit(_Client):
    def write(self, put: Call) -> Step:
        """Go on while the write is on its way."""
        self.tell(put)
        yield from ()


MUTANTS: Final[tuple[Mutant, ...]] = (
    Mutant(
        name="no_begin_barrier",
        number=26,
        mechanism="begin_barrier",
        property="decided_at_begin",
        mixins={"manager": _NoBeginBarrier},
        summary="a begin does not wait for pending commits",
    ),
    Mutant(
        name="pending_registration_late",
        number=27,
        mechanism="pending_registration",
        property="decided_at_begin",
        mixins={"manager": _PendingRegistrationLate},
        summary="a commit becomes pending some time after its timestamp was allocated",
    ),
    Mutant(
        name="no_reply_order",
        number=28,
        mechanism="reply_order",
        property="decided_at_begin",
        mixins={"pipeline": _NoReplyOrder},
        summary="the replies of a later batch overtake an earlier one",
    ),
    Mutant(
        name="no_flush_before_reply",
        number=29,
        mechanism="flush_before_reply",
        property="acknowledged_commits_durable",
        mixins={"pipeline": _NoFlushBeforeReply},
        summary="a commit is acknowledged before it is in the commit table",
    ),
    Mutant(
        name="snapshot_bound_inclusive",
        number=31,
        mechanism="snapshot_bound",
        property="snapshot_reads",
        mixins={"client": _SnapshotBoundInclusive, "timestamps": _CommitTimestampGivenAgain},
        summary="a commit timestamp is given again as a start, and the snapshot takes it in",
    ),
    Mutant(
        name="no_checkpoint_removal",
        number=32,
        mechanism="checkpoint_removal",
        property="snapshot_reads",
        mixins={"store": _NoCheckpointRemoval},
        variants=("omid-apache",),
        summary="a version after a checkpoint is looked up under itself in the commit table",
    ),
    Mutant(
        name="completion_order_reversed",
        number=33,
        also=(61,),
        mechanism="completion_order",
        property="completion_before_removal",
        mixins={"client": _CompletionOrderReversed},
        variants=("omid", "omid-ll", "omid-fp"),
        summary="the commit-table row goes before the commit fields are written",
    ),
    Mutant(
        name="no_field_acknowledgement",
        number=34,
        mechanism="field_acknowledgement",
        property="completion_before_removal",
        mixins={"client": _NoFieldAcknowledgement},
        summary="the row goes although a commit field may not have been written",
    ),
    Mutant(
        name="healing_on_absent_row",
        number=37,
        mechanism="healing",
        property="no_aborted_reads",
        mixins={"client": _HealingOnAbsentRow},
        summary="a reader takes a version in no commit table for committed, and heals it",
    ),
    Mutant(
        name="rollback_leaves_commit_field",
        number=39,
        mechanism="rollback",
        property="no_aborted_reads",
        mixins={"client": _RollbackLeavesCommitField},
        summary="an aborted transaction leaves its versions, with a commit field",
    ),
    Mutant(
        name="rollback_removes_older",
        number=40,
        mechanism="rollback",
        property="acknowledged_commits_durable",
        mixins={"client": _RollbackRemovesOlder},
        summary="an aborted transaction removes older versions with its own",
    ),
    Mutant(
        name="no_flush_before_commit",
        number=41,
        mechanism="flush_before_commit",
        property="no_intermediate_reads",
        mixins={"client": _NoFlushBeforeCommit},
        summary="a client asks to commit while its writes are on their way",
    ),
)
