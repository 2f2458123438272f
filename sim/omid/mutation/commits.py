"""Mutants of a commit: barrier, order of replies, completion, rollback."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, Final

from sim.history import OracleKind
from sim.kernel.rpc import Call
from sim.omid.messages import Begun
from sim.omid.mutation.mutant import Mutant

if TYPE_CHECKING:
    from sim.omid.client import Client as _Client
    from sim.omid.manager import Manager as _Manager
    from sim.omid.pipeline import Batch
    from sim.omid.pipeline import Pipeline as _Pipeline
else:
    # A mix-in inherits from its role for the type checker only: at run time it goes on top of
    # whichever class the variant has for the role.
    _Client = _Manager = _Pipeline = object


class _NoBeginBarrier(_Manager):
    def answer_begin(self, call: Call, start: int) -> None:
        """Answer at once, whatever is still on its way to the commit table."""
        epoch = self.timestamps.epoch
        self.oracle.add(
            OracleKind.BEGIN_REPLIED, self.kernel.now, self.number, start, timestamp=epoch
        )
        call.reply(Begun(start, epoch))


class _NoReplyOrder(_Pipeline):
    def release(self, batch: Batch) -> None:
        """Answer each batch as soon as it is durable."""
        self.reply(batch)


class _CompletionOrderReversed(_Client):
    def complete(self, start: int, keys: Sequence[int], commit: int) -> Generator[Any, Any, None]:
        """Remove the row first."""
        yield self.store.remove_row(start)
        yield from self.write_commit_fields(start, keys, commit)


class _NoFlushBeforeCommit(_Client):
    def write(self, put: Call) -> Generator[Any, Any, None]:
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
        name="no_reply_order",
        number=28,
        mechanism="reply_order",
        property="decided_at_begin",
        mixins={"pipeline": _NoReplyOrder},
        summary="the replies of a later batch overtake an earlier one",
    ),
    Mutant(
        name="completion_order_reversed",
        number=33,
        mechanism="completion_order",
        property="completion_before_removal",
        mixins={"client": _CompletionOrderReversed},
        summary="the commit-table row goes before the commit fields are written",
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
