"""How a client finds the manager and talks to it: the address, its watch, the request that is out.

The manager's address and epoch stand on the coordinator. A client reads them when its session
opens and whenever its watch fires; a request that is out when the manager moves is sent again to
the new one.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from sim.kernel.rpc import Call, NoReply, Script, Wait
from sim.omid.coordinator import SessionNode
from sim.omid.messages import MANAGER, NOT_SERVING

if TYPE_CHECKING:
    from sim.omid.manager import Manager

Step = Generator[Any, Any, Any]


class Connection(SessionNode):
    """The part of a client that knows the manager; one request is out at a time."""

    managers: dict[str, Manager]
    manager: Manager | None = None
    asking = False
    script: Script | None = None

    def ask(self, manager: Manager, handler: Any, body: object) -> Step:
        """Send one request to a manager; NOT_SERVING covers every way to get no answer."""
        self.asking = True
        try:
            reply = yield Call(manager, handler, body, self.settings.request_timeout_ns)
        except NoReply:
            if self.manager is manager:
                self.manager = None
            return NOT_SERVING
        finally:
            self.asking = False
        if reply is NOT_SERVING and self.manager is manager:
            self.manager = None
            yield from self.await_news()
        return reply

    def find_manager(self) -> Generator[Any, Any, Manager]:
        """Ask the coordinator who serves, until somebody does."""
        while self.manager is None:
            yield from self.look_up_manager()
            if self.manager is None:
                yield from self.await_news()
        return self.manager

    def await_news(self) -> Step:
        """Wait until the coordinator tells of another manager, or for a while."""
        self.timer(self.settings.reconnect_ns, self.rouse)
        yield Wait()

    def rouse(self, _: object) -> None:
        """End the wait for news or for the manager of before, if the session waits for one."""
        script = self.script
        if script is None or script.wake():
            return
        asked = script.waiting
        if self.asking and isinstance(asked, Call) and asked.target is not self.manager:
            script.interrupt(NoReply(asked))

    def look_up_manager(self) -> Step:
        """Read the manager's address and watch it; resend what is out when it moved."""
        coordinator = self.coordinator
        seen = yield self.coordinator_call(coordinator.on_read_and_watch, MANAGER)
        if seen.data is None:
            return
        manager = self.managers[seen.data.name]
        if manager is not self.manager:
            self.manager = manager
            self.timer(0, self.rouse)

    def on_connected(self) -> None:
        """Look the manager up through the fresh session."""
        self.run(self.look_up_manager())

    def on_changed(self, path: str) -> None:
        """Follow the manager to its new address."""
        self.run(self.look_up_manager())
