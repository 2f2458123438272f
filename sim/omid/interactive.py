"""A deployment whose clients do one step at a time, as somebody outside says.

A workload trace says everything before the run begins. Here begin, read, write, commit and faults
are given while time stands still, so that a test can look at each answer before it goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from sim.history import NONE, AbortReason, Outcome
from sim.kernel.faults import Fault
from sim.kernel.rpc import Reach, Wait
from sim.omid.transaction import Transaction
from sim.omid.world import World
from sim.workload.types import Access

if TYPE_CHECKING:
    from sim.omid.client import Client as _Client
else:
    # On top of whichever class the variant has for its clients.
    _Client = object

Step = Generator[Any, Any, Any]


def _nothing(_: object) -> None:
    """Strike without doing anything."""


class Interactive(_Client):
    """A client that waits for steps; `ended` are its transactions that are over."""

    current: Transaction | None = None
    busy = False

    def work(self) -> Step:
        """Do what comes, one step after the other."""
        while True:
            step: Callable[[], Step] | None = yield Wait()
            if step is not None:
                self.busy = True
                yield from self.perform(step())
                self.busy = False

    def do_begin(self) -> Step:
        """Begin a transaction, which is the current one when the manager has answered."""
        transaction = Transaction(self.kernel.now)
        self.workload.begin(self.session, transaction)
        self.current = transaction
        if not (yield from self.begin(transaction)):
            self.conclude(transaction, Outcome.ABORTED, NONE)
        elif self.armed:
            yield Reach("begin.done")

    def do_commit(self) -> Step:
        """Commit the current transaction."""
        assert self.current is not None, "a transaction is open"
        yield from self.commit(self.current)

    def do_rollback(self) -> Step:
        """Roll the current transaction back."""
        assert self.current is not None, "a transaction is open"
        yield from self.rollback(self.current)
        self.conclude(self.current, Outcome.ABORTED, NONE, AbortReason.ROLLBACK)

    def conclude(
        self,
        transaction: Transaction,
        outcome: Outcome,
        commit: int,
        reason: AbortReason | None = None,
    ) -> None:
        """Enter the transaction into the history, and tell whoever gives the steps."""
        super().conclude(transaction, outcome, commit, reason)
        self.current = None
        self.tell_end(self.session, transaction, outcome, commit)

    def tell_end(
        self, session: int, transaction: Transaction, outcome: Outcome, commit: int
    ) -> None:
        """Hear of an ended transaction; the world puts its listener here."""

    def on_crash(self) -> None:
        """Forget the current transaction, whose end nobody will learn."""
        super().on_crash()
        if self.current is not None:
            self.tell_end(self.session, self.current, Outcome.UNKNOWN, NONE)
        self.current = None
        self.busy = False


class InteractiveWorld(World):
    """A world that is told what to do; its setup's workload has no transactions."""

    def _roles(self) -> dict[str, type[Any]]:
        roles = super()._roles()
        base = roles["client"]
        return {**roles, "client": type(base.__name__, (Interactive, base), {})}

    def open_all(self, listener: Callable[[int, Transaction, Outcome, int], None]) -> None:
        """Prepare all nodes for faults that come unannounced, and listen to all clients.

        Something is armed on every node for good, so that it counts how often it passes a point.
        """
        for node in self.kernel.nodes.values():
            self.network.expose(node)
            node.arm("never", 1, _nothing)
        for client in self.clients:
            client.tell_end = listener  # type: ignore[attr-defined]  # every client is interactive

    def ready(self, session: int) -> bool:
        """Say whether a client can take a step now."""
        client: Any = self.clients[session]
        script = client.script
        return client.running and not client.busy and script is not None

    def open(self, session: int) -> Transaction | None:
        """Return the transaction that a client has begun and not ended."""
        client: Any = self.clients[session]
        transaction: Transaction | None = client.current
        return transaction if transaction is not None and transaction.start != NONE else None

    def begin(self, session: int) -> None:
        """Let a client begin a transaction."""
        client: Any = self.clients[session]
        self._give(session, client.do_begin)

    def read(self, session: int, key: int) -> None:
        """Let a client read a key; the answer is the last operation of its transaction."""
        client: Any = self.clients[session]
        self._give(session, lambda: client.get(client.current, key))

    def write(self, session: int, key: int) -> None:
        """Let a client write a value that nobody else writes."""
        client: Any = self.clients[session]
        value = self.workload.unique_value()
        self._give(session, lambda: client.put(client.current, key, value))

    def run_short(self, session: int, access: Access, key: int) -> None:
        """Let a client of Omid FP read, write or add to one key on the fast path."""
        client: Any = self.clients[session]
        self._give(session, lambda: client.transact_short([(access, key, 1)]))

    def commit(self, session: int) -> None:
        """Let a client commit."""
        client: Any = self.clients[session]
        self._give(session, client.do_commit)

    def rollback(self, session: int) -> None:
        """Let a client roll back."""
        client: Any = self.clients[session]
        self._give(session, client.do_rollback)

    def strike(self, fault: Fault) -> None:
        """Let a fault happen that begins now or later, or at the next passage of a point."""
        self.timeline.arm(self.kernel, self.network, (fault,), handlers=self.fault_handlers())

    def passages(self, node: str, point: str) -> int:
        """Return how often a node has passed a point so far."""
        return self.kernel.nodes[node].passages(point)

    def primary(self) -> str | None:
        """Return the name of a manager that serves and does not stand still."""
        serving = (each.name for each in self.managers if each.serving and each.running)
        return next(serving, None)

    def pass_time(self, span_ns: int) -> None:
        """Let time pass."""
        self.run(until_ns=self.now + span_ns)

    def _give(self, session: int, step: Callable[[], Step]) -> None:
        script: Any = self.clients[session].script
        assert script.wake(step), "the client waits for a step"
