"""Ask other nodes and wait for their answers, as a script.

A `Call` (`sim.kernel.calls`) is one request and everything about its answer. Nodes use it in two
styles: with callbacks (`Node.call`), or inside a script, a generator that yields what it waits
for and gets the answer back (`Node.run`). Neither makes a heap entry beyond the two message hops:
time-outs are lazy, one watchdog for each node and duration looks after all its calls.

The first reply wins; later ones, and replies to an earlier life of the caller, are ignored.
"""

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

from sim.kernel.calls import Call, NoReply

if TYPE_CHECKING:
    from sim.kernel.node import Node

__all__ = ["Call", "Gather", "NoReply", "Reach", "Script", "Sleep", "Wait"]

Handler = Callable[[Any], None]
Steps = Generator[Any, Any, Any]


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
        send = self._send
        try:
            request = send(value)
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
        self._let_go()

    def _let_go(self) -> None:
        """Drop what leads back to this script, so that no collector has to find it."""
        del self._resume, self._no_reply

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
        self._let_go()
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
        return self._missing > 0

    def cancel(self) -> None:
        """Forget all calls that are not answered yet."""
        for call in self.calls:
            call.cancel()
        # Calls and gathering know each other; without this only the collector could free them.
        self.calls = ()

    def take(self, index: int, value: Any) -> None:
        """Keep one reply and resume the script after the last."""
        self._replies[index] = value
        self._missing -= 1
        if not self._missing:
            self.calls = ()
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
