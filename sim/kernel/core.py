"""Run the world: SimPy's clock and heap with direct calls on it.

SimPy's `Environment` is the event loop, but an entry of the heap is a direct call

    (time, priority, tie, gate, handler, argument)

and not an event object with callbacks. A gate is whatever may be closed: a node while it is
paused or down, or one life of a node for what a crash must end. An entry whose gate is open runs
`handler(argument)`; otherwise the gate keeps or drops it. The tie is a rising number, so entries
of one instant run in the order in which they were made. SimPy's own events become entries of the
same form (their gate is `kernel.world`, which is always open), so processes, timeouts and
resources of SimPy work beside direct calls. Time is an integer number of nanoseconds.
"""

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import repeat
from typing import TYPE_CHECKING, Any, Protocol

from simpy.core import EmptySchedule, Environment, SimTime, StopSimulation
from simpy.events import NORMAL, Event, EventPriority

from sim.kernel.streams import Streams
from sim.kernel.trace import Trace

if TYPE_CHECKING:
    from sim.kernel.network import Network
    from sim.kernel.node import Node

__all__ = ["Gate", "Handler", "Kernel"]

Handler = Callable[[Any], None]

FIRST = -1
URGENT = 0
ORDINARY = 1
LAST = 2


class Gate(Protocol):
    """Let entries of the heap through, or keep them."""

    @property
    def running(self) -> bool:
        """True while entries run at once."""
        ...

    def defer(self, handler: Handler, argument: Any, tie: int) -> None:
        """Keep or drop an entry that came up while the gate was closed."""
        ...


class World:
    """Stand for the world itself, which never stops."""

    __slots__ = ("running",)

    def __init__(self) -> None:
        self.running = True

    def defer(self, handler: Handler, argument: Any, tie: int) -> None:
        """Refuse: the gate of the world is always open."""
        raise AssertionError("the world never stops")


class _Ended(Exception):
    """End the loop from inside an entry."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Kernel(Environment):
    """Order all that happens in one world on one heap."""

    __slots__ = (
        "_ends",
        "_now",
        "_queue",
        "_stopping",
        "_uncounted",
        "network",
        "next_tie",
        "nodes",
        "streams",
        "trace",
        "world",
    )

    _now: int
    _queue: list[Any]
    network: "Network"

    if TYPE_CHECKING:

        @property
        def now(self) -> int:
            """The true time in nanoseconds."""

    def __init__(self, streams: Streams, trace: Trace | None = None) -> None:
        super().__init__(0)
        self.streams = streams
        self.trace = trace
        self.nodes: dict[str, Node] = {}
        self.world = World()
        self.next_tie = self._eid.__next__
        self._uncounted = 0
        self._stopping = False
        self._ends: list[Any] = []
        if trace is not None:
            trace.follow(self)

    @property
    def events(self) -> int:
        """Entries processed so far."""
        # Every entry takes one tie, so what was pushed and is not on the heap has run. This
        # costs the loop nothing.
        return self.stamp() + 1 - self._uncounted - len(self._queue)

    def stamp(self) -> int:
        """Draw a tie for something that is no entry, so that a trace can order it."""
        self._uncounted += 1
        return self.next_tie()

    def pending(self) -> frozenset[int]:
        """Return the ties of all entries that have not run yet."""
        return frozenset(entry[2] for entry in self._queue)

    def post(self, delay_ns: int, node: Gate, handler: Handler, argument: Any) -> None:
        """Call `handler(argument)` after a delay, as soon as the node runs."""
        assert delay_ns >= 0, "an entry in the past"
        heappush(
            self._queue,
            (self._now + delay_ns, ORDINARY, self.next_tie(), node, handler, argument),
        )

    def post_urgent(self, node: Gate, handler: Handler, argument: Any) -> int:
        """Call `handler(argument)` at this instant, before all ordinary entries; return its tie."""
        tie = self.next_tie()
        heappush(self._queue, (self._now, URGENT, tie, node, handler, argument))
        return tie

    def schedule(self, event: Event, priority: EventPriority = NORMAL, delay: SimTime = 0) -> None:
        """Put a SimPy event on the heap; SimPy itself calls this."""
        if not isinstance(delay, int):
            raise TypeError(f"a delay is an integer number of nanoseconds, not {delay!r}")
        entry = (self._now + delay, priority, self.next_tie(), self.world, self._fire, event)
        heappush(self._queue, entry)

    def run_until(self, until_ns: int | None = None, *, events_max: int | None = None) -> str:
        """Process entries and say why it ended; call it again to go on.

        "idle": nothing is left. "time": all entries up to and including `until_ns` have run.
        "stopped": `stop` was called. "events": `events_max` entries have run. After "time", and
        after "idle" when `until_ns` was given, it is `until_ns`.
        """
        queue = self._queue
        if until_ns is not None:
            # An entry ends the loop, which saves a look at the time for every other one.
            assert until_ns >= self._now, "the end lies in the past"
            self._end_at(until_ns, LAST, "time")
        try:
            if events_max is None:
                self._process_all()
            else:
                self._process(events_max)
            why = "events"
        except _Ended as end:
            why = end.why
        finally:
            stopping = self._stopping
            self._discard_ends()
        if stopping:
            return "stopped"
        return why if queue else "idle"

    def stop(self) -> None:
        """Make `run_until` return "stopped" after the present entry."""
        if not self._stopping:
            self._stopping = True
            self._end_at(self._now, FIRST, "stopped")

    def _process_all(self) -> None:
        queue, pop = self._queue, heappop
        while queue:
            self._now, _, tie, gate, handler, argument = pop(queue)
            if gate.running:
                handler(argument)
            else:
                gate.defer(handler, argument, tie)

    def _process(self, entries: int) -> None:
        for _ in repeat(None, entries):
            if not self._queue:
                break
            self.step()

    def _end_at(self, at_ns: int, priority: int, why: str) -> None:
        entry = (at_ns, priority, self.next_tie(), self.world, _end, why)
        self._ends.append(entry)
        heappush(self._queue, entry)

    def _discard_ends(self) -> None:
        """Take the entries off the heap, and out of the count, that end the loop."""
        queue = self._queue
        left = [entry for entry in self._ends if entry in queue]
        for entry in left:
            queue.remove(entry)
        if left:
            heapify(queue)
        self._uncounted += len(self._ends)
        self._ends.clear()
        self._stopping = False

    def step(self) -> None:
        """Process one entry, for SimPy's own `run`."""
        if not self._queue:
            raise EmptySchedule
        self._now, _, tie, gate, handler, argument = heappop(self._queue)
        if gate.running:
            handler(argument)
        else:
            gate.defer(handler, argument, tie)

    def _fire(self, event: Event) -> None:
        """Process an event as SimPy's `step` does."""
        callbacks = event.callbacks
        event.callbacks = None  # type: ignore[assignment]  # SimPy marks processed events so
        try:
            for callback in callbacks:
                callback(event)
        except StopSimulation:
            # What is left of the callbacks runs when the simulation goes on.
            event.callbacks = callbacks[callbacks.index(callback) + 1 :]
            self.schedule(event, EventPriority(FIRST))
            raise
        if not event._ok and not event.defused:
            failure = event._value
            copy = type(failure)(*failure.args)
            copy.__cause__ = failure
            raise copy


def _end(why: str) -> None:
    raise _Ended(why)


if not TYPE_CHECKING:
    # The same slot under its public name: reading it costs no call, which a property would.
    Kernel.now = Kernel._now
