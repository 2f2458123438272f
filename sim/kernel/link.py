"""Carry messages from one node to another, one heap entry for each.

A link without faults tests one attribute and pushes one entry. Everything else (faults, a latency
with a tail, replies of nodes that may crash or pause) takes the slow way. A message that is on
its way survives its sender. A reply whose work is not done yet does not: where a crash, a pause
or a link fault may come (`exposed`), it leaves through an entry of its own at the sender.
"""

from heapq import heappush
from typing import TYPE_CHECKING, Any

from sim.kernel.core import ORDINARY, Handler, Kernel
from sim.kernel.distributions import Distribution, sample
from sim.kernel.streams import Stream, below, chance
from sim.kernel.trace import Parcel, Trace

if TYPE_CHECKING:
    from sim.kernel.link_faults import LinkFault
    from sim.kernel.node import Node

__all__ = ["FifoLink", "Link", "TracedLink"]

PPM = 1_000_000


class Link:
    """Carry messages one way, each with its own latency, so that they may overtake each other."""

    __slots__ = (
        "_draw",
        "_last_ns",
        "_queue",
        "_table",
        "_tie",
        "_waiting",
        "active",
        "back",
        "blocked",
        "delay_ns",
        "delay_ppm",
        "duplicate_ppm",
        "exposed",
        "fifo",
        "held",
        "kernel",
        "latency",
        "loss_ppm",
        "plain",
        "reorder_ns",
        "reorder_ppm",
        "source",
        "source_name",
        "target",
        "target_name",
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
        self._queue = kernel._queue
        self._tie = kernel.next_tie
        self._table = latency.table()
        self._draw = kernel.streams.at("latency", self.source_name, self.target_name).getrandbits
        self._last_ns = 0
        self._waiting: list[tuple[Handler, Any]] = []
        self.refresh()

    def send(self, handler: Handler, argument: Any, extra_ns: int = 0) -> None:
        """Call `handler(argument)` at the target after `extra_ns` of work here and the latency."""
        if self.plain:
            due_ns = self.kernel._now + extra_ns + self._table[self._draw(12)]
            heappush(self._queue, (due_ns, ORDINARY, self._tie(), self.target, handler, argument))
        else:
            self._send_slowly(handler, argument, extra_ns)

    def refresh(self) -> None:
        """Work out the link's state after its faults or its exposure changed."""
        was_held = bool(self._waiting)
        self.blocked = self.held = False
        self.loss_ppm = self.duplicate_ppm = 0
        self.reorder_ppm = self.reorder_ns = self.delay_ppm = self.delay_ns = 0
        for fault in self.active:
            fault.worsen(self)
        self.plain = not (self.active or self.exposed or self._special())
        if was_held and not self.held:
            self._release()

    def _special(self) -> bool:
        """Return True when every message of this link takes the slow way."""
        return self.fifo or self.latency.beyond() is not None

    def _send_slowly(self, handler: Handler, argument: Any, extra_ns: int) -> None:
        if extra_ns and self.exposed:
            # The reply dies with the node that works on it, and waits while that node is paused.
            self.kernel.post(extra_ns, self.source.life, self._depart, (handler, argument))
        elif self.blocked:
            self.lose(handler, argument, "partition")
        elif self.held:
            self._waiting.append((handler, argument))
        elif self._happens("loss", self.loss_ppm):
            self.lose(handler, argument, "loss")
        else:
            self._launch(handler, argument, extra_ns)
            if self._happens("duplicate", self.duplicate_ppm):
                self._launch(handler, argument, extra_ns)

    def _depart(self, message: tuple[Handler, Any]) -> None:
        self.send(*message)

    def _launch(self, handler: Handler, argument: Any, extra_ns: int, after_ns: int = 0) -> int:
        """Put a message on the heap; return when it arrives."""
        kernel = self.kernel
        due_ns = kernel._now + extra_ns + sample(self.latency, self._stream("latency"))
        if self._happens("delay", self.delay_ppm):
            due_ns += self.delay_ns
        if self._happens("reorder", self.reorder_ppm):
            due_ns += below(self._stream("reorder"), self.reorder_ns + 1)
        if self.fifo:
            after_ns = max(after_ns, self._last_ns)
        due_ns = self._last_ns = max(due_ns, after_ns)
        heappush(self._queue, (due_ns, ORDINARY, self._tie(), self.target, handler, argument))
        return due_ns

    def _release(self) -> None:
        """Deliver in order what was held."""
        waiting, self._waiting = self._waiting, []
        due_ns = 0
        for handler, argument in waiting:
            if self.blocked:
                self.lose(handler, argument, "partition")
            else:
                due_ns = self._launch(handler, argument, 0, due_ns)

    def lose(self, handler: Handler, argument: Any, reason: str) -> None:
        """Forget a message; a traced link records the reason."""

    def _happens(self, purpose: str, ppm: int) -> bool:
        return ppm > 0 and chance(self._stream(purpose), ppm, PPM)

    def _stream(self, purpose: str) -> Stream:
        return self.kernel.streams.at(purpose, self.source_name, self.target_name)


class FifoLink(Link):
    """Carry messages in the order in which they were sent, like a TCP connection."""

    __slots__ = ()

    def send(self, handler: Handler, argument: Any, extra_ns: int = 0) -> None:
        """Call `handler(argument)` at the target, not before what was sent earlier."""
        if self.plain:
            due_ns = self.kernel._now + extra_ns + self._table[self._draw(12)]
            if due_ns < self._last_ns:
                due_ns = self._last_ns
            self._last_ns = due_ns
            heappush(self._queue, (due_ns, ORDINARY, self._tie(), self.target, handler, argument))
        else:
            self._send_slowly(handler, argument, extra_ns)

    def _special(self) -> bool:
        return self.latency.beyond() is not None


class TracedLink(Link):
    """Carry messages and record when each leaves, arrives or is lost."""

    __slots__ = ("_deliver", "_trace")

    def __init__(
        self, kernel: Kernel, *, source: "Node", target: "Node", latency: Distribution, fifo: bool
    ) -> None:
        assert kernel.trace is not None, "a traced link needs a trace"
        self._trace: Trace = kernel.trace
        self._deliver = self.deliver
        super().__init__(kernel, source=source, target=target, latency=latency, fifo=fifo)

    def send(self, handler: Handler, argument: Any, extra_ns: int = 0) -> None:
        """Call `handler(argument)` at the target and record the message."""
        if self.plain:
            leave_ns = self.kernel._now + extra_ns
            parcel = self._trace.send(leave_ns, handler, argument, self)
            due_ns = leave_ns + self._table[self._draw(12)]
            heappush(
                self._queue, (due_ns, ORDINARY, self._tie(), self.target, self._deliver, parcel)
            )
        elif extra_ns and self.exposed:
            self._send_slowly(handler, argument, extra_ns)
        else:
            parcel = self._trace.send(self.kernel._now + extra_ns, handler, argument, self)
            self._send_slowly(self._deliver, parcel, extra_ns)

    def deliver(self, parcel: Parcel) -> None:
        """Hand a message to its handler."""
        self._trace.deliver(self.kernel._now, parcel)
        parcel[1](parcel[2])

    def lose(self, handler: Handler, argument: Any, reason: str) -> None:
        """Record that a message is lost."""
        self._trace.drop(self.kernel._now, argument, reason)
