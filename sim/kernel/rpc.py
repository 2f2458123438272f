"""Ask other nodes and wait for their answers.

A `Call` is one request and everything about its answer. Nodes use it in two styles: with
callbacks (`Node.call`), or inside a script, a generator that yields what it waits for and gets
the answer back (`Node.run`). Neither makes a heap entry beyond the two message hops: time-outs
are lazy, one watchdog for each node and duration looks after all its calls.

The first reply wins; later ones, and replies to an earlier life of the caller, are ignored.
"""

from collections import deque
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.kernel.network import Link
    from sim.kernel.node import Node

__all__ = ["Call", "Gather", "NoReply", "Reach", "Script", "Sleep", "Wait"]

Handler = Callable[[Any], None]
Steps = Generator[Any, Any, Any]


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
        "_life",
        "attempt",
        "body",
        "deadline_ns",
        "handler",
        "link",
        "on_reply",
        "on_timeout",
        "retry",
        "target",
        "timeout_ns",
    )

    link: "Link"
    on_reply: Handler | None
    on_timeout: Handler | None
    deadline_ns: int
    attempt: int
    _life: object

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
        return self.link.source

    def reply(self, value: Any = None, extra_ns: int = 0) -> None:
        """Answer; the reply leaves the server after `extra_ns` of work."""
        self.link.back.send(self.arrive, value, extra_ns)

    def cancel(self) -> None:
        """Forget the call: neither a reply nor a time-out is heard any more."""
        self.on_reply = None

    def begin(self, source: "Node", on_reply: Handler, on_timeout: Handler | None) -> None:
        """Send the request; for `Node.call` and scripts."""
        name = self.target.name
        self.link = link = source.links.get(name) or source.link_to(name)
        self._life = source.life
        self.attempt = 1
        self.on_reply = on_reply
        if self.timeout_ns is not None:
            self.on_timeout = on_timeout
            watchdog = source.watchdogs.get(self.timeout_ns) or source.watch(self.timeout_ns)
            watchdog.add(self)
        link.send(self.handler, self)

    def arrive(self, value: Any) -> None:
        """Take the reply at the caller."""
        on_reply = self.on_reply
        if on_reply is not None and self._life is self.link.source.life:
            self.on_reply = None
            on_reply(value)

    def expire(self) -> bool:
        """Send again, or give up; return True when the call goes on."""
        if not self.retry:
            self.on_reply = None
            if self.on_timeout is not None:
                self.on_timeout(self)
            return False
        self.attempt += 1
        # An attempt in flight must not change under its receiver, so each is an object.
        again = Call(self.target, self.handler, self.body, self.timeout_ns, self.retry)
        again.link = self.link
        again._life = self._life
        again.attempt = self.attempt
        again.on_reply = self.arrive
        self.link.send(self.handler, again)
        return True


class Watchdog:
    """Time out the calls of one node that share one duration, with at most one timer."""

    __slots__ = ("_armed", "calls", "node", "timeout_ns")

    def __init__(self, node: "Node", timeout_ns: int) -> None:
        if timeout_ns <= 0:
            raise ValueError(f"a time-out of {timeout_ns} ns is not positive")
        self.node = node
        self.timeout_ns = timeout_ns
        self.calls: deque[Call] = deque()
        self._armed = False

    def add(self, call: Call) -> None:
        """Look after one more call."""
        calls = self.calls
        while calls and calls[0].on_reply is None:
            calls.popleft()
        node = self.node
        now_ns = node.kernel._now
        call.deadline_ns = now_ns + node.clock.true_delay(self.timeout_ns, now_ns)
        calls.append(call)
        if not self._armed:
            self._arm(calls[0].deadline_ns)

    def _arm(self, at_ns: int) -> None:
        self._armed = True
        kernel = self.node.kernel
        kernel.post(max(at_ns - kernel._now, 0), self.node.life, self._bark, None)

    def _bark(self, _: None) -> None:
        """Expire what is due, then wait for the oldest call that is left."""
        self._armed = False
        calls, kernel = self.calls, self.node.kernel
        while calls:
            call = calls[0]
            if call.on_reply is not None:
                if call.deadline_ns > kernel._now:
                    break
                calls.popleft()
                if call.expire():
                    self.add(call)
            else:
                calls.popleft()
        if calls and not self._armed:
            self._arm(calls[0].deadline_ns)


class Script:
    """Run a generator on a node, one step at each answer.

    The generator yields `Call`, `Sleep`, `Gather`, `Reach` or `Wait` and gets the answer as the
    value of its `yield`. A crash of the node closes it; an exception that it does not catch
    leaves `Kernel.run_until`.
    """

    __slots__ = (
        "_no_reply",
        "_number",
        "_resume",
        "_send",
        "done",
        "generator",
        "node",
        "on_done",
        "ticket",
        "value",
        "waiting",
    )

    def __init__(self, node: "Node", generator: Steps, on_done: Handler | None = None) -> None:
        self.node = node
        self.generator = generator
        self.on_done = on_done
        self.done = False
        self.value: Any = None
        self.waiting: Any = None
        """What the script waits for; None while it runs."""
        self.ticket = 0
        """Changes at an interrupt, so that what was waited for is not heard any more."""
        self._send = generator.send
        self._resume = self.resume
        self._no_reply = self.no_reply
        self._number = node.adopt(self)

    def resume(self, value: Any) -> None:
        """Give the generator what it waits for and start what it yields next."""
        try:
            request = self._send(value)
        except StopIteration as stop:
            self._finish(stop.value)
            return
        if type(request) is Call:
            self.waiting = request
            request.begin(self.node, self._resume, self._no_reply)
            return
        self._start(request)

    def no_reply(self, call: Call) -> None:
        """Tell the generator that its call timed out."""
        self.throw(NoReply(call))

    def throw(self, exception: BaseException) -> None:
        """Raise an exception at the generator's `yield`."""
        try:
            request = self.generator.throw(exception)
        except StopIteration as stop:
            self._finish(stop.value)
            return
        self._start(request)

    def interrupt(self, exception: BaseException) -> None:
        """Raise an exception in the script; what it waited for is forgotten."""
        assert not self.done, "an interrupt of a script that is done"
        self._forget()
        self.throw(exception)

    def wake(self, value: Any = None) -> bool:
        """Resume the script if it is in `Wait`; return whether it was."""
        if type(self.waiting) is not Wait:
            return False
        self.waiting = None
        self.resume(value)
        return True

    def kill(self) -> None:
        """Close the generator for good, as a crash does."""
        running = getattr(self.generator, "gi_running", False)
        assert not running, "a script ended its own node: yield Reach instead"
        self._forget()
        self.done = True
        self.generator.close()

    def _forget(self) -> None:
        self.ticket += 1
        waiting, self.waiting = self.waiting, None
        if type(waiting) is Call or type(waiting) is Gather:
            waiting.cancel()

    def _start(self, request: Any) -> None:
        """Start what the generator yielded, and go on with it as long as nothing has to wait."""
        while True:
            self.waiting = request
            if type(request) is Call:
                request.begin(self.node, self._resume, self._no_reply)
                return
            if request.start(self):
                return
            self.waiting = None
            try:
                request = self._send([] if type(request) is Gather else None)
            except StopIteration as stop:
                self._finish(stop.value)
                return

    def _finish(self, value: Any) -> None:
        self.done = True
        self.value = value
        self.waiting = None
        self.node.release(self._number)
        if self.on_done is not None:
            self.on_done(value)

    def resume_if(self, ticket: int) -> None:
        """Resume unless the script was interrupted since the ticket was taken."""
        if ticket == self.ticket:
            self.resume(None)


class Sleep:
    """Wait for a duration on the node's clock."""

    __slots__ = ("delay_ns",)

    def __init__(self, delay_ns: int) -> None:
        self.delay_ns = delay_ns

    def start(self, script: Script) -> bool:
        """Begin to wait; return True because it always waits."""
        script.node.timer(self.delay_ns, script.resume_if, script.ticket)
        return True


class Wait:
    """Wait until somebody calls `script.wake(value)`."""

    __slots__ = ()

    def start(self, script: Script) -> bool:
        """Begin to wait; return True because it always waits."""
        return True


class Reach:
    """Pass a named point, where a fault may stop the node."""

    __slots__ = ("point",)

    def __init__(self, point: str) -> None:
        self.point = point

    def start(self, script: Script) -> bool:
        """Return True when a fault struck; the script then goes on after the node's resumption."""
        node = script.node
        return node.armed and node.struck(self.point, script.resume_if, script.ticket)


class Gather:
    """Make several calls at once and wait for all replies, which come in the order of the calls.

    The first call that times out raises `NoReply` in the script and ends the others.
    """

    __slots__ = ("_missing", "_replies", "_script", "calls")

    _script: Script

    def __init__(self, calls: Sequence[Call]) -> None:
        self.calls = calls
        self._missing = len(calls)
        self._replies: list[Any] = [None] * len(calls)

    def start(self, script: Script) -> bool:
        """Send all requests; return False when there is none."""
        self._script = script
        for index, call in enumerate(self.calls):
            call.begin(script.node, _Share(self, index).arrive, self._no_reply)
        return bool(self.calls)

    def cancel(self) -> None:
        """Forget all calls that are not answered yet."""
        for call in self.calls:
            call.cancel()

    def take(self, index: int, value: Any) -> None:
        """Keep one reply and resume the script after the last."""
        self._replies[index] = value
        self._missing -= 1
        if not self._missing:
            self._script.resume(self._replies)

    def _no_reply(self, call: Call) -> None:
        self.cancel()
        self._script.no_reply(call)


class _Share:
    """Remember the place of one call in a `Gather`."""

    __slots__ = ("gather", "index")

    def __init__(self, gather: Gather, index: int) -> None:
        self.gather = gather
        self.index = index

    def arrive(self, value: Any) -> None:
        self.gather.take(self.index, value)
