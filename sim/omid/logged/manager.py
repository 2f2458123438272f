"""A manager with a log: it recovers by fencing and replaying.

The lease of the reference says who may answer; the fence of the log says whose commits count.
What travels with the answer to a begin grows with what is going on, and leaves through one wire:
that is what a manager pays for clients that decide by themselves what they may see.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, cast

from sim.kernel.rpc import Call, Sleep
from sim.kernel.station import Station
from sim.omid.election import Service
from sim.omid.logged.client import Opening
from sim.omid.logged.ledger import Ledger, Log
from sim.omid.logged.pipeline import LogPipeline
from sim.omid.uncollected import UncollectedManager


class LoggedManager(UncollectedManager, ABC):
    """What the managers of Omid1 and Tephra share."""

    pipeline: LogPipeline

    def forget(self) -> None:
        """Start from nothing; the log has it all."""
        super().forget()
        self.wire = Station(1)

    @property
    def ledger(self) -> Ledger:
        """The log."""
        return cast(Ledger, self.store.tables[0])

    def on_begin(self, call: Call) -> None:
        """Begin, once for every copy of a request."""
        opening: Opening = call.body
        if self.received.get(opening.client, 0) >= opening.serial:
            return  # The network delivered it twice; connections drop such copies.
        self.received[opening.client] = opening.serial
        super().on_begin(call)

    def send_begin(self, call: Call, answer: object, entries: int) -> None:
        """Answer a begin when the wire is done with what goes out before it, and with it."""
        self.begin_entries += entries
        service_ns = self.work_ns(entries * self.settings.payload_entry_ns)
        call.reply(answer, self.wire.admit(self.kernel.now, service_ns))

    def take_over(self) -> Service:
        """Fence the log, replay it, and only then serve."""
        ledger, epoch = self.ledger, self.timestamps.epoch
        log: Log | None = yield Call(
            ledger, ledger.on_fence, epoch, self.store.timeout_ns, retry=True
        )
        if log is None:
            return "the log was fenced by a newer manager"
        why = yield from self.spend(len(log.records) + self.size_of(log.snapshot))
        if why is not None:
            return why
        self.restore(log)
        return (yield from super().take_over())

    def spend(self, entries: int) -> Service:
        """Take the time that a replay takes, and keep the lease meanwhile."""
        left_ns = entries * self.settings.replay_entry_ns
        while left_ns > 0:
            step_ns = min(left_ns, max(1, self.lease.guard_ns // 2))
            yield Sleep(step_ns)
            left_ns -= step_ns
            if self.lease.near_end():
                why = yield from self.renew_once()
                if why is not None:
                    return why
        return None

    def size_of(self, snapshot: Any) -> int:
        """Return how many entries a snapshot has."""
        return 0

    @abstractmethod
    def restore(self, log: Log) -> None:
        """Rebuild the state from a log."""

    @abstractmethod
    def on_durable(self, records: Sequence[Any]) -> None:
        """Take note of records that are durable, in their order."""
