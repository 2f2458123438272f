"""The manager of Tephra: lists in memory, and every change of them in a write-ahead log.

Apache Phoenix-Tephra, TransactionManager. A begin, both steps of a commit and an abort are edits
of the log, and are answered when it has them. The answer to a begin names whom the transaction may
not see: who is in progress, and who is invalid. A transaction that takes too long becomes invalid
and stays so until its client has removed what it wrote. Where Tephra counts commits by the next
transaction, a commit has a timestamp of its own here, so that the log of a run can name it.

Left out: transactions without a time-out, checkpoints, and the pruning of the invalid list.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from sim.history import NONE, AbortReason
from sim.kernel.rpc import Call, Sleep
from sim.omid.logged.ledger import Log
from sim.omid.logged.manager import LoggedManager
from sim.omid.manager import Step
from sim.omid.messages import NOT_SERVING, CommitRequest
from sim.omid.tephra.changes import ChangeSets
from sim.omid.tephra.pipeline import CLEAR, TAKE, EditPipeline
from sim.omid.tephra.state import (
    Aborted,
    Committing,
    Edit,
    Ended,
    Invalidated,
    Saved,
    Started,
    State,
)


class ListManager(LoggedManager):
    """The manager of Tephra."""

    conflicts: ChangeSets
    pipeline: EditPipeline

    def forget(self) -> None:
        """Start from nothing."""
        super().forget()
        self.state = State(self.conflicts)
        self.begun: deque[tuple[int, int]] = deque()
        self.edits = 0

    def write(self, edit: Edit) -> None:
        """Change the state by an edit that goes into the log."""
        edit.apply(self.state)
        self.edits += 1
        self.pipeline.record(edit)

    # Begin

    def answer_begin(self, call: Call, start: int) -> None:
        """Note who is not to be seen; the answer waits for the log, like all."""
        excluded = (*self.in_progress(), *self.invalid())
        self.write_begin(start)
        self.begun.append((start, self.now_ns))
        self.pipeline.begin_without(call, start, excluded)

    def in_progress(self) -> tuple[int, ...]:
        """Return who has not committed yet. Mechanism `in_progress_exclusion`."""
        return tuple(self.state.in_progress)

    def invalid(self) -> tuple[int, ...]:
        """Return who never will, and has left versions. Mechanism `invalid_exclusion`."""
        return tuple(self.state.invalid)

    def write_begin(self, start: int) -> None:
        """Enter a transaction into the log: the next manager must exclude it, too.

        Mechanism `begin_logging`.
        """
        self.write(Started(start))

    # Commit, in two steps

    def on_can_commit(self, call: Call) -> None:
        """Check a change set, once for every copy of a request."""
        request: CommitRequest = call.body
        if self.received.get(request.client, 0) < request.serial:
            self.received[request.client] = request.serial
            self.admit(self.can_commit, call, len(request.hashes))

    def can_commit(self, call: Call) -> None:
        """Keep a change set that is in conflict with nothing so far."""
        if not self.serves(call):
            return
        request: CommitRequest = call.body
        reason = self.obstacle(request.start, request.hashes)
        if reason is not None:
            self.refuse(call, request.start, reason)
            return
        self.write(Committing(request.start, request.hashes))
        self.pipeline.confirm(CLEAR, call, request.start)

    def serves(self, call: Call) -> bool:
        """Say whether a request may be worked on; turn it away, or halt, where it may not."""
        if not self.serving:
            call.reply(NOT_SERVING)
            return False
        if not self.may_accept_commits():
            self.halt("lease expired before a commit")
            return False
        return True

    def obstacle(self, start: int, hashes: Sequence[int]) -> AbortReason | None:
        """Say why a transaction must abort."""
        if start not in self.state.in_progress:
            return AbortReason.EXPIRED
        return self.conflicts.certify(start=start, commit=NONE, hashes=hashes)

    def certify(self, request: CommitRequest, commit: int) -> AbortReason | None:
        """Check again: somebody may have committed since the change set was cleared.

        Mechanism `commit_recheck`.
        """
        return self.obstacle(request.start, self.state.committing.get(request.start, ()))

    def register(self, accepted: tuple[Call, int, int]) -> None:
        """Enter the commit, and queue the answer for when the log has it."""
        call, start, commit = accepted
        hashes = self.state.committing.get(start, ())
        self.write(Ended(call.body.client, start, commit, hashes))
        super().register(accepted)

    def settle(self, call: Call, start: int, reason: AbortReason) -> None:
        """Repeat the answer to a commit that is asked for again, once it is durable."""
        if self.remembers(call.body):
            self.pipeline.settle(call, start)
        else:
            self.refuse(call, start, reason)

    def remembers(self, request: CommitRequest) -> bool:
        """Say whether this is the client's last commit, whose answer it may not have got.

        Mechanism `last_outcome`. The code of Tephra has none: it answers that the transaction is
        not in progress, and its client rolls back what has committed.
        """
        return self.state.outcomes.get(request.client, (NONE, NONE))[0] == request.start

    # Other ends

    def on_end(self, call: Call) -> None:
        """Commit a transaction that wrote nothing."""
        self.admit(self.end, call)

    def end(self, call: Call) -> None:
        """Take it off the list."""
        if not self.serves(call):
            return
        request: CommitRequest = call.body
        if request.start in self.state.in_progress:
            self.write(Ended(request.client, request.start, NONE))
        elif not self.remembers(request):
            self.refuse(call, request.start, AbortReason.EXPIRED)
            return
        self.pipeline.confirm(TAKE, call, request.start)

    def on_abort(self, call: Call) -> None:
        """Abort a transaction whose versions are removed."""
        self.admit(self.abort, call)

    def abort(self, call: Call) -> None:
        """Take it off the list on which it is."""
        if not self.serves(call):
            return
        start = call.body.start
        if start in self.state.in_progress or start in self.state.invalid:
            self.write(Aborted(start))
        self.pipeline.confirm(TAKE, call, start)

    # Time-outs, snapshots, recovery

    def on_serving(self) -> None:
        """Look after old transactions, and save a snapshot now and then."""
        super().on_serving()
        self.run(self.expire())
        self.run(self.save())

    def expire(self) -> Step:
        """Invalidate who takes too long."""
        settings, begun = self.settings, self.begun
        while True:
            yield Sleep(settings.expiry_period_ns)
            oldest_ns = self.now_ns - settings.transaction_timeout_ns
            while begun and begun[0][1] <= oldest_ns:
                start, _ = begun.popleft()
                if start in self.state.in_progress:
                    self.write(Invalidated(start))

    def save(self) -> Step:
        """Save a snapshot now and then; it covers every edit so far."""
        while True:
            yield Sleep(self.settings.snapshot_period_ns)
            self.pipeline.save(Log(self.state.saved(), self.edits, ()))

    def size_of(self, snapshot: Saved | None) -> int:
        """Return how many entries a snapshot has."""
        return 0 if snapshot is None else sum(map(len, snapshot))

    def restore(self, log: Log) -> None:
        """Load the snapshot and replay what came after; who is in progress stays so.

        Each has its time-out anew, for how old it is by this clock nobody knows.
        """
        if log.snapshot is not None:
            self.state.load(log.snapshot)
        for edit in log.records:
            edit.apply(self.state)
        self.edits = log.covered + len(log.records)
        self.begun.extend((start, self.now_ns) for start in self.state.in_progress)

    def on_durable(self, records: Sequence[Any]) -> None:
        """Do nothing: answers wait in the pipeline."""
