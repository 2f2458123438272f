"""Hold one request and everything about its answer, and the time-outs of requests.

`Call.begin` and `Call.reply` run for every message of a simulation. On a plain link they therefore
push the entry themselves, as `Link.send` would; `benchmarks/kernel.py` measures both.
"""

from collections import deque
from collections.abc import Callable
from heapq import heappush
from typing import TYPE_CHECKING, Any

from sim.kernel.core import ORDINARY

if TYPE_CHECKING:
    from sim.kernel.link import Link
    from sim.kernel.node import Life, Node

__all__ = ["Call", "NoReply", "Watchdog"]

Handler = Callable[[Any], None]


class NoReply(Exception):
    """Tell a script that its call was not answered in time."""

    def __init__(self, call: "Call") -> None:
        super().__init__(call)
        self.call = call

    def __str__(self) -> str:
        return f"no reply from {self.call.target.name} within {self.call.timeout_ns} ns"


class Call:
    """Ask a node for something: `handler(call)` runs there and answers with `call.reply(value)`.

    `timeout_ns` is a duration on the caller's clock. With `retry` the same body is sent again
    after each time-out until a reply arrives; each attempt is its own `Call` at the server.
    """

    __slots__ = (
        "body",
        "deadline_ns",
        "handler",
        "life",
        "link",
        "on_reply",
        "on_timeout",
        "resent",
        "retry",
        "target",
        "timeout_ns",
    )

    attempt = 1
    """Which attempt of a retried call this is, from 1."""

    link: "Link"
    life: "Life"
    on_reply: Handler | None
    on_timeout: Handler | None
    deadline_ns: int
    resent: int

    def __init__(
        self,
        target: "Node",
        handler: Handler,
        body: Any = None,
        timeout_ns: int | None = None,
        retry: bool = False,
    ) -> None:
        self.target = target
        self.handler = handler
        self.body = body
        self.timeout_ns = timeout_ns
        self.retry = retry

    @property
    def source(self) -> "Node":
        """The node that asks."""
        return self.life.node

    def reply(self, value: Any = None, extra_ns: int = 0) -> None:
        """Answer; the reply leaves the server after `extra_ns` of work."""
        link = self.link.back
        if link.plain:
            # What `Link.send` does, without the call.
            draw, tie = link.draw, link.tie
            due_ns = link.kernel._now + extra_ns + link.table[draw(12)]
            heappush(link.queue, (due_ns, ORDINARY, tie(), self.life, self.arrive, value))
        else:
            link.answer(self, value, extra_ns)

    def cancel(self) -> None:
        """Forget the call: neither a reply nor a time-out is heard any more."""
        self.on_reply = None

    def begin(self, source: "Node", on_reply: Handler, on_timeout: Handler | None) -> None:
        """Send the request; for `Node.call` and scripts."""
        target = self.target
        try:
            self.link = link = source.links[target.name]
        except KeyError:
            self.link = link = source.link_to(target.name)
        self.life = source.life
        self.on_reply = on_reply
        now_ns = link.kernel._now
        timeout_ns = self.timeout_ns
        if timeout_ns is not None:
            self.on_timeout = on_timeout
            try:
                watchdog = source.watchdogs[timeout_ns]
            except KeyError:
                watchdog = source.watch(timeout_ns)
            if watchdog.last.on_reply is None:
                # The usual case: the call before is answered, and this one takes its place.
                self.deadline_ns = now_ns + timeout_ns
                watchdog.last = self
            else:
                watchdog.add(self)
        if link.plain:
            draw, tie = link.draw, link.tie
            due_ns = now_ns + link.table[draw(12)]
            heappush(link.queue, (due_ns, ORDINARY, tie(), target, self.handler, self))
        else:
            link.request(self)

    def arrive(self, value: Any) -> None:
        """Take the reply at the caller."""
        on_reply = self.on_reply
        if on_reply is not None:
            self.on_reply = None
            on_reply(value)

    def arrive_alive(self, value: Any) -> None:
        """Take a reply that may have outlived the caller."""
        if not self.life.dead:
            self.arrive(value)

    def expire(self) -> bool:
        """Send again, or give up; return True when the call goes on."""
        if not self.retry:
            self.on_reply = None
            if self.on_timeout is not None:
                self.on_timeout(self)
            return False
        self.resent = getattr(self, "resent", 0) + 1
        self.link.send(self.handler, _Again(self))
        return True


class _Again(Call):
    """Repeat a call: an attempt in flight must not change under its receiver."""

    __slots__ = ("attempt",)

    def __init__(self, first: Call) -> None:
        super().__init__(first.target, first.handler, first.body, first.timeout_ns, first.retry)
        self.attempt = first.resent + 1
        self.link = first.link
        self.life = first.life
        self.on_reply = first.arrive


class Watchdog:
    """Time out the calls of one node that share one duration, with at most one timer.

    `last` is the call that was made last and still needs to be looked after; the older ones wait
    in a queue. A node has one call at a time mostly, and then the queue stays empty.
    """

    __slots__ = ("_armed", "_older", "last", "node", "timeout_ns")

    def __init__(self, node: "Node", timeout_ns: int) -> None:
        if timeout_ns <= 0:
            raise ValueError(f"a time-out of {timeout_ns} ns is not positive")
        self.node = node
        self.timeout_ns = timeout_ns
        self.last: Call = _NOBODY
        self._older: deque[Call] = deque()
        self._armed = False

    def add(self, call: Call) -> None:
        """Look after one more call."""
        older, last = self._older, self.last
        while older and older[0].on_reply is None:
            older.popleft()
        if last is not _NOBODY and last.on_reply is not None:
            older.append(last)
        node = self.node
        now_ns = node.kernel._now
        call.deadline_ns = now_ns + node.clock.true_delay(self.timeout_ns, now_ns)
        if node.clock.steady:
            self.last = call
        else:
            # Deadlines need the clock, so every call has to come through here.
            older.append(call)
            self.last = _NOBODY
        if not self._armed:
            self._arm(call.deadline_ns)

    def _arm(self, at_ns: int) -> None:
        self._armed = True
        kernel = self.node.kernel
        kernel.post(max(at_ns - kernel._now, 0), self.node.life, self._bark, None)

    def settle(self) -> None:
        """Let every further call come through `add`, as a change of the clock's rate asks."""
        if self.last is not _NOBODY:
            self._older.append(self.last)
            self.last = _NOBODY

    def _bark(self, _: None) -> None:
        """Expire what is due, then wait for the oldest call that is left."""
        self._armed = False
        node, older = self.node, self._older
        now_ns, life = node.kernel._now, node.life
        self.settle()
        # What a call's end sets off may stop the node; then the others wait, or end with it.
        while older and life.running:
            call = older[0]
            if call.on_reply is not None and call.deadline_ns > now_ns:
                break
            older.popleft()
            if call.on_reply is not None and call.expire():
                self.add(call)
        if older and not self._armed and not life.dead:
            self._arm(older[0].deadline_ns)


def _nobody(_: Any) -> None:
    """Stand for an answer that nobody waits for."""


_NOBODY = Call.__new__(Call)
# It never counts as answered, so that the next call goes through `Watchdog.add`.
_NOBODY.on_reply = _nobody
