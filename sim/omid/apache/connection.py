"""How a client of the Apache code talks to the manager: its TSOClient and that one's states.

One channel leads to the address that the coordinator's watch gave last; address and epoch change
together, when the watch fires, and the old channel is closed then. Every request that is out is
sent again after its own time-out and when its channel closes. Answers carry no request numbers:
a commit answer belongs to the request with its start timestamp, a timestamp to the oldest request
that waits for one, whichever try it was meant for.

A manager that is up and does not serve refuses connections; the next try comes after the
reconnection delay. Meanwhile the code fails every request at once: here a commit fails so, and a
begin waits, as an application that goes on would make it do.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sim.kernel.rpc import Sleep, Wait
from sim.omid.connection import Connection
from sim.omid.messages import MANAGER, Address, NotServing

if TYPE_CHECKING:
    from sim.omid.manager import Manager

Step = Generator[Any, Any, Any]

NOBODY: Final = -1
"""Nothing is awaited."""
ADDRESS: Final = -2
"""The first address of a manager is awaited."""
FENCE: Final = -3
"""The answer to a fence is awaited."""
TIMESTAMP: Final = 0
"""The next timestamp is awaited; any other number awaits the commit answer of that start."""


class ApacheConnection(Connection):
    """One channel to one manager, and at most one request that waits for an answer."""

    address: Address | None = None
    epoch = 0
    channel = 0
    awaited = NOBODY
    tries = 0
    refused_until_ns = 0

    def find_manager(self) -> Generator[Any, Any, Manager]:
        """Wait until the watch has given an address."""
        while self.manager is None:
            self.awaited = ADDRESS
            yield Wait()
        return self.manager

    def look_up_manager(self) -> Step:
        """Fill the cache: address and epoch; close the channel when they changed."""
        seen = yield self.coordinator_call(self.coordinator.on_read_and_watch, MANAGER)
        address: Address | None = seen.data
        if address is None or address == self.address:
            return
        self.address = address
        self.epoch = address.epoch
        self.manager = self.managers[address.name]
        self.close_channel()

    def close_channel(self) -> None:
        """Hear nothing more from this channel; what is out is tried again."""
        self.channel += 1
        self.timer(0, self.on_due, self.tries)

    def request(self, manager: Manager, handler: Any, body: object, awaited: int) -> Step:
        """Send one request; return what answers it, NOT_SERVING, or None when it must be retried.

        The answer may be that of an earlier try, as long as its channel is open.
        """
        self.tries += 1
        self.awaited = awaited
        self.call(manager, handler, body, partial(self.on_answer, self.channel, awaited))
        self.timer(self.settings.request_timeout_ns, self.on_due, self.tries)
        reply = yield Wait()
        if isinstance(reply, NotServing):
            self.channel += 1
            self.refused_until_ns = self.now_ns + self.settings.apache_reconnect_ns
        return reply

    def on_answer(self, channel: int, awaited: int, reply: object) -> None:
        """Take an answer, for whoever waits for one of its kind on this channel."""
        if channel == self.channel and awaited == self.awaited:
            self.answer(reply)

    def on_due(self, tries: int) -> None:
        """Give up on a try, or on waiting for an address, if that is what goes on still."""
        if tries == self.tries:
            self.answer(None)

    def answer(self, reply: object) -> None:
        """Let the session go on, if it waits; its try is over."""
        script = self.script
        if self.awaited == NOBODY or script is None:
            return
        self.awaited = NOBODY
        self.tries += 1
        script.wake(reply)

    def refused(self) -> bool:
        """Say whether the last connection was refused too short a time ago to try again."""
        return self.now_ns < self.refused_until_ns

    def await_connection(self) -> Step:
        """Wait until a refused connection may be tried again."""
        while self.refused():
            yield Sleep(self.refused_until_ns - self.now_ns)

    def on_crash(self) -> None:
        """Forget channel and cache."""
        super().on_crash()
        self.address = None
        self.epoch = 0
        self.channel += 1
        self.awaited = NOBODY
        self.refused_until_ns = 0
