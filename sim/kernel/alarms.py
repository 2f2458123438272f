"""Keep timers exact on a clock whose rate changes while they wait.

Most nodes never change their rate, and their timers are plain entries of the heap. A node that a
drift may strike holds its timers here, so that it can set them again when its rate changes.
"""

from heapq import heappush
from typing import TYPE_CHECKING, Any

from sim.kernel.core import ORDINARY, Handler

if TYPE_CHECKING:
    from sim.kernel.node import Node

__all__ = ["Alarms"]


class Alarms:
    """Hold the timers of one node by the local instant at which each is due."""

    __slots__ = ("_begun", "_waiting", "node")

    def __init__(self, node: "Node") -> None:
        self.node = node
        self._begun = 0
        self._waiting: dict[int, _Alarm] = {}

    def add(self, delay_ns: int, handler: Handler, argument: Any) -> None:
        """Call `handler(argument)` after a local duration."""
        self._begun += 1
        alarm = _Alarm(self, self._begun, self.node.now_ns + delay_ns, handler, argument)
        self._waiting[self._begun] = alarm
        alarm.set()

    def set_again(self) -> None:
        """Set all alarms anew that are not due yet, after the rate of the clock changed."""
        now_ns = self.node.now_ns
        for alarm in self._waiting.values():
            if alarm.due_ns > now_ns:
                alarm.set()

    def drop(self, number: int) -> None:
        """Let go of an alarm that rang."""
        del self._waiting[number]

    def clear(self) -> None:
        """Forget all alarms, as a crash does; their entries end with the node's life."""
        self._waiting.clear()


class _Alarm:
    """Wait for one local instant; only the entry that was set last counts."""

    __slots__ = ("alarms", "argument", "due_ns", "handler", "number", "setting")

    def __init__(
        self, alarms: Alarms, number: int, due_ns: int, handler: Handler, argument: Any
    ) -> None:
        self.alarms = alarms
        self.number = number
        self.due_ns = due_ns
        self.handler = handler
        self.argument = argument
        self.setting = 0

    def set(self) -> None:
        node = self.alarms.node
        kernel = node.kernel
        now_ns = kernel._now
        due_ns = now_ns + node.clock.true_delay(self.due_ns - node.now_ns, now_ns)
        self.setting += 1
        entry = (due_ns, ORDINARY, kernel.next_tie(), node.life, self.ring, self.setting)
        heappush(kernel._queue, entry)

    def ring(self, setting: int) -> None:
        if setting == self.setting:
            self.alarms.drop(self.number)
            self.handler(self.argument)
