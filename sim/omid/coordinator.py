"""The coordinator (ZooKeeper): versioned nodes, compare-and-set, sessions and watches.

Writes are linearizable and durable. A watch tells its owner once that a node changed; it
belongs to a session, and a session that the coordinator did not hear from expires with all its
watches. Nothing that Omid's safety rests on hangs on a session: the lease and the timestamps
are compare-and-set on versions.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from sim.kernel.node import Node
from sim.kernel.rpc import Call, NoReply, Sleep
from sim.omid.messages import Seen, Znode

if TYPE_CHECKING:
    from sim.kernel.core import Kernel
    from sim.omid.settings import Settings


class Coordinator(Node):
    """Znodes by path, and who is connected."""

    def __init__(self, kernel: Kernel, name: str, settings: Settings) -> None:
        super().__init__(kernel, name)
        self.session_timeout_ns = settings.session_timeout_ns
        self.znodes: dict[str, Znode] = {}
        self.watches: dict[str, dict[str, SessionNode]] = {}
        self.heard_ns: dict[str, int] = {}
        self.sessions_expired = 0

    def read(self, path: str) -> Znode:
        """Return a znode; one that was never written has version 0."""
        return self.znodes.get(path, Znode(None, 0))

    def on_read(self, call: Call) -> None:
        """Return a znode."""
        call.reply(self.read(call.body))

    def on_read_and_watch(self, call: Call) -> None:
        """Return a znode and tell the caller once when it changes, if its session lives."""
        path = call.body
        watcher = call.source
        if isinstance(watcher, SessionNode) and watcher.name in self.heard_ns:
            self.watches.setdefault(path, {})[watcher.name] = watcher
        call.reply(self.read(path))

    def on_write(self, call: Call) -> None:
        """Compare-and-set: write if the version is the expected one; return the new version.

        A write may hang on a second znode that it leaves as it is (a check in ZooKeeper's multi).
        """
        path, data, expected, under = call.body
        version = self.read(path).version
        if not (self.stands(under) and self.may_write(path, version=version, expected=expected)):
            call.reply(None)
            return
        self.znodes[path] = Znode(data, version + 1)
        call.reply(version + 1)
        for watcher in self.watches.pop(path, {}).values():
            self.network.link(self.name, watcher.name).send(watcher.on_changed, path)

    def may_write(self, path: str, *, version: int, expected: int) -> bool:
        """Say whether a znode is still the one that its writer has seen.

        Mechanism `timestamp_bound_check`: for the bound of all timestamps that is property P1.
        """
        return version == expected

    def stands(self, under: Seen | None) -> bool:
        """Say whether a znode still has the version that somebody saw; None always stands."""
        return under is None or self.read(under.path).version == under.version

    def on_connect(self, call: Call) -> None:
        """Open a session for the caller."""
        name = call.source.name
        if name not in self.heard_ns:
            self.timer(self.session_timeout_ns, self.on_session_due, name)
        self.heard_ns[name] = self.now_ns
        call.reply(True)

    def on_heartbeat(self, call: Call) -> None:
        """Keep the caller's session alive, or say that it is gone."""
        name = call.source.name
        alive = name in self.heard_ns
        if alive:
            self.heard_ns[name] = self.now_ns
        call.reply(alive)

    def on_session_due(self, name: str) -> None:
        """Expire a session that was silent for a whole time-out; else look again later."""
        if name not in self.heard_ns:
            return
        silent_ns = self.now_ns - self.heard_ns[name]
        if silent_ns >= self.session_timeout_ns:
            self.expire(name)
        else:
            self.timer(self.session_timeout_ns - silent_ns, self.on_session_due, name)

    def expire(self, name: str) -> None:
        """Forget a session and its watches."""
        if self.heard_ns.pop(name, None) is None:
            return
        self.sessions_expired += 1
        for watchers in self.watches.values():
            watchers.pop(name, None)
        self.note("session.expired", session=name)

    def on_restart(self) -> None:
        """Give every session a fresh time-out after an outage of the coordinator itself."""
        for name in self.heard_ns:
            self.heard_ns[name] = self.now_ns
            self.timer(self.session_timeout_ns, self.on_session_due, name)


class SessionNode(Node):
    """A node with a session at the coordinator."""

    coordinator: Coordinator
    settings: Settings

    def keep_session(self) -> Generator[Any, Any, None]:
        """Connect, then beat; connect again, and look again, when the session is gone."""
        timeout_ns = self.settings.session_timeout_ns
        while True:
            yield self.coordinator_call(self.coordinator.on_connect, None)
            self.on_connected()
            alive = True
            while alive:
                yield Sleep(timeout_ns // 3)
                try:
                    beat = self.coordinator.on_heartbeat
                    alive = yield Call(self.coordinator, beat, None, timeout_ns // 3)
                except NoReply:
                    continue

    def coordinator_call(self, handler: Any, body: object) -> Call:
        """Build a request that is sent again until the coordinator answers."""
        return Call(self.coordinator, handler, body, self.settings.store_timeout_ns, retry=True)

    def on_connected(self) -> None:
        """Set watches anew, for a session is open; roles override this."""

    def on_changed(self, path: str) -> None:
        """Look at a watched znode that changed; roles override this."""


def compare_and_set(
    node: SessionNode, path: str, *, data: object, expected: int, under: Seen | None = None
) -> Generator[Any, Any, int | None]:
    """Write a znode whose data names its writer uniquely; survive a lost answer.

    Returns the new version, or None when another writer was first, or was at the znode that this
    write is `under`.
    """
    coordinator = node.coordinator
    body = (path, data, expected, under)
    lost = False
    while True:
        try:
            timeout_ns = node.settings.store_timeout_ns
            version: int | None = yield Call(coordinator, coordinator.on_write, body, timeout_ns)
            if version is not None or not lost:
                return version
        except NoReply:
            lost = True
        # An earlier try may or may not have been first: only the content can tell. Once what it is
        # under has moved, no try that is still on its way can write.
        lapsed = False
        if under is not None:
            other: Znode = yield node.coordinator_call(coordinator.on_read, under.path)
            lapsed = other.version != under.version
        seen = yield node.coordinator_call(coordinator.on_read, path)
        if seen == (data, expected + 1):
            return expected + 1
        if seen.version != expected or lapsed:
            return None
