"""Carry messages from one node to another, one heap entry for each.

A link without faults tests one attribute and pushes one entry. Everything else (faults, a latency
with a tail, replies of nodes that may crash or pause) takes the slow way. A message that is on
its way survives its sender. A reply whose work is not done yet does not: where a crash, a pause
or a link fault may come (`exposed`), it leaves through an entry of its own at the sender.
"""

from heapq import heappush
from typing import TYPE_CHECKING, Any

from sim.kernel.calls import Call
from sim.kernel.core import ORDINARY, Handler, Kernel
from sim.kernel.distributions import Distribution, sample
from sim.kernel.streams import Stream, below, chance
from sim.kernel.trace import Trace

if TYPE_CHECKING:
    from sim.kernel.link_faults import LinkFault
    from sim.kernel.node import Node

__all__ = ["FifoLink", "Link", "TracedLink"]

PPM = 1_000_000

Message = tuple[Handler, Any, int]
"""A handler, its argument, and the number of the message in the trace (-1 without one)."""


class Link:
    """Carry messages one way, each with its own latency, so that they may overtake each other."""

    __slots__ = (
        "_last_ns",
        "_waiting",
        "active",
        "back",
        "blocked",
        "clear",
        "delay_ns",
        "delay_ppm",
        "draw",
        "duplicate_ppm",
        "exposed",
        "fifo",
        "held",
        "kernel",
        "latency",
        "loss_ppm",
        "plain",
        "queue",
        "reorder_ns",
        "reorder_ppm",
        "source",
        "source_name",
        "table",
        "target",
        "target_name",
        "tie",
    )

    back: "Link"

    def __init__(
        self, kernel: Kernel, *, source: "Node", target: "Node", latency: Distribution, fifo: bool
    ) -> None:
        self.kernel = kernel
        self.source = source
        self.target = target
        self.source_name = source.name
        self.target_name = target.name
        self.latency = latency
        self.fifo = fifo
        self.exposed = False
        """True when the source or this link may meet a fault in this run."""
        self.active: list[LinkFault] = []
        self.queue = kernel._queue
        self.tie = kernel.next_tie
        self.table = latency.table()
        self.draw = kernel.streams.at("latency", self.source_name, self.target_name).getrandbits
        self._last_ns = 0
        self._waiting: list[Message] = []

    def send(self, handler: Handler, argument: Any, extra_ns: int = 0) -> None:
        """Call `handler(argument)` at the target after `extra_ns` of work here and the latency."""
        if self.plain:
            # A slot that holds a function is called faster through a local name.
            draw, tie = self.draw, self.tie
            due_ns = self.kernel._now + extra_ns + self.table[draw(12)]
            heappush(self.queue, (due_ns, ORDINARY, tie(), self.target, handler, argument))
        else:
            self._send_slowly(handler, argument, extra_ns)

    def request(self, call: Call) -> None:
        """Send a call to its target."""
        self.send(call.handler, call)

    def answer(self, call: Call, value: Any, extra_ns: int) -> None:
        """Send the reply to a call that came over the way back."""
        self.send(call.arrive_alive, value, extra_ns)

    def refresh(self) -> None:
        """Work out the link's state after its faults or its exposure changed."""
        self.blocked = self.held = False
        self.loss_ppm = self.duplicate_ppm = 0
        self.reorder_ppm = self.reorder_ns = self.delay_ppm = self.delay_ns = 0
        for fault in self.active:
            fault.worsen(self)
        self.clear = not (self.active or self.exposed or self._special())
        """True while no message needs the slow way."""
        self.plain = self.clear and type(self) is Link
        """True while a message is one draw and one entry; then others may push it themselves."""
        if self._waiting and not self.held:
            self._release()

    def _special(self) -> bool:
        """Return True when every message of this link needs the slow way."""
        return self.latency.beyond() is not None

    def _send_slowly(self, handler: Handler, argument: Any, extra_ns: int) -> None:
        if extra_ns and self.exposed:
            # The reply dies with the node that works on it, and waits while that node is paused.
            self.kernel.post(extra_ns, self.source.life, self._depart, (handler, argument))
            return
        number = self._number(handler, argument, extra_ns)
        if self.blocked:
            self._lose(number, "partition")
        elif self.held:
            self._waiting.append((handler, argument, number))
        elif self._happens("loss", self.loss_ppm):
            self._lose(number, "loss")
        else:
            self._launch(handler, argument, number, extra_ns)
            if self._happens("duplicate", self.duplicate_ppm):
                self._launch(handler, argument, number, extra_ns)

    def _depart(self, message: tuple[Handler, Any]) -> None:
        handler, argument = message
        self.send(handler, argument)

    def _launch(
        self, handler: Handler, argument: Any, number: int, extra_ns: int, after_ns: int = 0
    ) -> int:
        """Put a message on the heap; return when it arrives."""
        due_ns = self.kernel._now + extra_ns + sample(self.latency, self._stream("latency"))
        if self._happens("delay", self.delay_ppm):
            due_ns += self.delay_ns
        if self._happens("reorder", self.reorder_ppm):
            due_ns += below(self._stream("reorder"), self.reorder_ns + 1)
        if self.fifo:
            after_ns = max(after_ns, self._last_ns)
        due_ns = self._last_ns = max(due_ns, after_ns)
        tie = self.tie()
        heappush(self.queue, (due_ns, ORDINARY, tie, self.target, handler, argument))
        self._under_way(number, due_ns, tie)
        return due_ns

    def _release(self) -> None:
        """Deliver in order what was held."""
        waiting, self._waiting = self._waiting, []
        due_ns = 0
        for handler, argument, number in waiting:
            if self.blocked:
                self._lose(number, "partition")
            else:
                due_ns = self._launch(handler, argument, number, 0, due_ns)

    def _happens(self, purpose: str, ppm: int) -> bool:
        return ppm > 0 and chance(self._stream(purpose), ppm, PPM)

    def _stream(self, purpose: str) -> Stream:
        return self.kernel.streams.at(purpose, self.source_name, self.target_name)

    # What only a traced link does.

    def _number(self, _handler: Handler, _argument: Any, _extra_ns: int) -> int:
        return -1

    def _under_way(self, number: int, due_ns: int, tie: int) -> None:
        pass

    def _lose(self, number: int, reason: str) -> None:
        pass


class FifoLink(Link):
    """Carry messages in the order in which they were sent, like a TCP connection."""

    __slots__ = ()

    def send(self, handler: Handler, argument: Any, extra_ns: int = 0) -> None:
        """Call `handler(argument)` at the target, not before what was sent earlier."""
        if self.clear:
            draw, tie = self.draw, self.tie
            due_ns = self.kernel._now + extra_ns + self.table[draw(12)]
            if due_ns < self._last_ns:
                due_ns = self._last_ns
            self._last_ns = due_ns
            heappush(self.queue, (due_ns, ORDINARY, tie(), self.target, handler, argument))
        else:
            self._send_slowly(handler, argument, extra_ns)


class TracedLink(Link):
    """Carry messages in either order and record each where it leaves, with what becomes of it."""

    __slots__ = ("_record", "_trace")

    def __init__(
        self, kernel: Kernel, *, source: "Node", target: "Node", latency: Distribution, fifo: bool
    ) -> None:
        assert kernel.trace is not None, "a traced link needs a trace"
        self._trace: Trace = kernel.trace
        self._record = kernel.trace.hop
        super().__init__(kernel, source=source, target=target, latency=latency, fifo=fifo)

    def send(self, handler: Handler, argument: Any, extra_ns: int = 0) -> None:
        """Call `handler(argument)` at the target and record the message."""
        if not self.clear:
            self._send_slowly(handler, argument, extra_ns)
            return
        draw, next_tie, record = self.draw, self.tie, self._record
        leave_ns = self.kernel._now + extra_ns
        due_ns = leave_ns + self.table[draw(12)]
        tie = next_tie()
        body = argument.body if type(argument) is Call else argument
        record((leave_ns, tie, due_ns, self, _function(handler), body))
        heappush(self.queue, (due_ns, ORDINARY, tie, self.target, handler, argument))

    def request(self, call: Call) -> None:
        """Send a call to its target and record it: `send` without what it need not ask."""
        if not self.clear:
            self._send_slowly(call.handler, call, 0)
            return
        draw, next_tie, record = self.draw, self.tie, self._record
        leave_ns = self.kernel._now
        due_ns = leave_ns + self.table[draw(12)]
        tie = next_tie()
        handler: Any = call.handler
        try:
            record((leave_ns, tie, due_ns, self, handler.__func__, call.body))
        except AttributeError:
            record((leave_ns, tie, due_ns, self, handler, call.body))
        heappush(self.queue, (due_ns, ORDINARY, tie, self.target, handler, call))

    def answer(self, call: Call, value: Any, extra_ns: int) -> None:
        """Send the reply to a call that came over the way back, and record it."""
        if not self.clear:
            self._send_slowly(call.arrive_alive, value, extra_ns)
            return
        draw, next_tie, record = self.draw, self.tie, self._record
        leave_ns = self.kernel._now + extra_ns
        due_ns = leave_ns + self.table[draw(12)]
        tie = next_tie()
        handler: Any = call.handler
        try:
            record((leave_ns, ~tie, due_ns, self, handler.__func__, value))
        except AttributeError:
            record((leave_ns, ~tie, due_ns, self, handler, value))
        heappush(self.queue, (due_ns, ORDINARY, tie, call.life, call.arrive, value))

    def _special(self) -> bool:
        return self.fifo or self.latency.beyond() is not None

    def _number(self, handler: Handler, argument: Any, extra_ns: int) -> int:
        number = self.kernel.stamp()
        leave_ns = self.kernel._now + extra_ns
        call = getattr(handler, "__self__", None)
        if isinstance(call, Call):
            self._record((leave_ns, ~number, -1, self, _function(call.handler), argument))
        else:
            body = argument.body if isinstance(argument, Call) else argument
            self._record((leave_ns, number, -1, self, _function(handler), body))
        return number

    def _under_way(self, number: int, due_ns: int, tie: int) -> None:
        self._trace.under_way(due_ns, number, tie)

    def _lose(self, number: int, reason: str) -> None:
        self._trace.lost(self.kernel._now, number, reason)


def _function(handler: Any) -> Any:
    """Return what many handlers share: a million bound methods in a trace burden the collector."""
    try:
        return handler.__func__
    except AttributeError:
        return handler
