"""Model a machine that runs handlers to completion, with a local clock and faults.

A node can crash (its timers, scripts, backlog and outstanding calls are lost; `on_crash` loses
its own volatile state), restart, pause (deliveries and timers wait in their order, its clock and
the world go on) and be slow. Messages that left it survive it. A message that arrives while it is
down is lost; one that arrives after its restart is handled.

A fault can also be armed at a named point of the code (`reach`): then the node stops there and
nowhere else, and what it was about to do is the first thing after its resumption.

Limits: work that a `Station` admitted before a pause is done by the clock of the world; its reply
leaves at the resumption at the earliest, and only if faults on the node were announced
(`exposed`, which arming a fault sets).
"""

from collections.abc import Callable
from heapq import heappush
from typing import TYPE_CHECKING, Any

from sim.kernel.alarms import Alarms
from sim.kernel.calls import Call, Watchdog
from sim.kernel.clock import Clock
from sim.kernel.core import ORDINARY, Gate, Handler, Kernel
from sim.kernel.rpc import Script, Steps

if TYPE_CHECKING:
    from sim.kernel.network import Link, Network

__all__ = ["Life", "Node"]

Strike = Callable[["Node"], None]
"""Do what a fault that waits at a point does to the node that reached it."""


class Life:
    """Stand for one life of a node: what waits here ends with a crash."""

    __slots__ = ("dead", "node", "running")

    def __init__(self, node: "Node") -> None:
        self.node = node
        self.running = True
        self.dead = False

    def defer(self, handler: Handler, argument: Any, tie: int = -1) -> None:
        """Keep an entry through a pause; drop it after a crash."""
        if not self.dead:
            self.node.backlog.append((self, handler, argument, tie))
        else:
            self.node.lose(tie)


class Node:
    """Hold what all machines of a simulated world have; protocol roles inherit from it."""

    __slots__ = (
        "__dict__",
        "_hits",
        "_pauses",
        "_scripts",
        "_scripts_begun",
        "_strikes",
        "alarms",
        "armed",
        "backlog",
        "clock",
        "crashed",
        "exposed",
        "incarnation",
        "kept_down",
        "kernel",
        "life",
        "links",
        "name",
        "running",
        "slow_percent",
        "watchdogs",
    )

    def __init__(self, kernel: Kernel, name: str) -> None:
        if not name or set(name) & set("/>*?[] \n"):
            raise ValueError(f"{name!r} is no name for a node")
        if name in kernel.nodes:
            raise ValueError(f"there is a node {name!r} already")
        kernel.nodes[name] = self
        self.kernel = kernel
        self.name = name
        self.clock = Clock()
        self.running = True
        self.crashed = False
        self.incarnation = 0
        self.life = Life(self)
        self.slow_percent = 100
        self.links: dict[str, Link] = {}
        """Links to other nodes by name, made at first use."""
        self.watchdogs: dict[int, Watchdog] = {}
        self.backlog: list[tuple[Gate, Handler, Any, int]] = []
        self.exposed = False
        """True when a crash or pause may come: work in progress is then an entry of its own."""
        self.armed = False
        """True while a fault or a release waits at a point of this node."""
        self.alarms: Alarms | None = None
        """Timers, on a node whose clock may change its rate; `expect_drift` makes it."""
        self.kept_down = 0
        """Faults that keep the node down at present."""
        self._pauses = 0
        self._scripts: dict[int, Script] = {}
        self._scripts_begun = 0
        self._hits: dict[str, int] = {}
        self._strikes: dict[str, list[tuple[int, Strike]]] = {}

    # What a protocol uses.

    @property
    def network(self) -> "Network":
        """The network that connects the nodes of this world."""
        return self.kernel.network

    @property
    def paused(self) -> bool:
        """True while the node is up but stands still."""
        return not (self.running or self.crashed)

    @property
    def now_ns(self) -> int:
        """The node's monotonic clock, which steps do not move."""
        return self.clock.monotonic_ns(self.kernel._now)

    @property
    def wall_ns(self) -> int:
        """The node's time of day, which steps move."""
        return self.clock.wall_ns(self.kernel._now)

    def timer(self, delay_ns: int, handler: Handler, argument: Any = None) -> None:
        """Call `handler(argument)` after a duration on the local clock, unless a crash comes."""
        assert delay_ns >= 0, "a timer in the past"
        kernel = self.kernel
        if not self.clock.steady or self.alarms is not None:
            self._exact_timer(delay_ns, handler, argument)
            return
        heappush(
            kernel._queue,
            (kernel._now + delay_ns, ORDINARY, kernel.next_tie(), self.life, handler, argument),
        )

    def send(self, target: "Node", handler: Handler, argument: Any, extra_ns: int = 0) -> None:
        """Send a message that has no answer."""
        name = target.name
        (self.links.get(name) or self.link_to(name)).send(handler, argument, extra_ns)

    def call(
        self,
        target: "Node",
        handler: Handler,
        body: Any,
        on_reply: Handler,
        *,
        timeout_ns: int | None = None,
        on_timeout: Handler | None = None,
        retry: bool = False,
    ) -> Call:
        """Ask a node; `on_reply(value)` or else `on_timeout(call)` runs here later."""
        call = Call(target, handler, body, timeout_ns, retry)
        call.begin(self, on_reply, on_timeout)
        return call

    def tell(self, call: Call) -> None:
        """Make a call whose answer does not matter; with `retry` it is sent until answered."""
        call.begin(self, _forget, None)

    def run(self, generator: Steps, on_done: Handler | None = None) -> Script:
        """Start a script; its first step runs at once if the node runs."""
        assert not self.crashed, "a script on a node that is down"
        script = Script(self, generator, on_done)
        if self.running:
            script.resume(None)
        else:
            self.life.defer(script.resume, None)
        return script

    def reach(self, point: str, proceed: Handler, argument: Any = None) -> None:
        """Pass a named point: `proceed(argument)` runs now, after a stop here, or never.

        A handler does nothing after it has called this.
        """
        if not (self.armed and self.struck(point, proceed, argument)):
            proceed(argument)

    def work_ns(self, service_ns: int) -> int:
        """Return how long a piece of work takes at the node's present speed."""
        percent = self.slow_percent
        return service_ns if percent == 100 else service_ns * percent // 100

    def note(self, name: str, **detail: Any) -> None:
        """Leave a remark in the trace, if there is one."""
        if self.kernel.trace is not None:
            self.kernel.trace.note(self.kernel._now, self.name, name, detail)

    def on_crash(self) -> None:
        """Lose volatile state; roles override this."""

    def on_restart(self) -> None:
        """Come up again; roles override this."""

    # What faults do.

    def crash(self) -> None:
        """Go down at once; a node that is down already stays so."""
        if self.crashed:
            return
        self.life.dead = True
        self.life.running = self.running = False
        self.crashed = True
        self.incarnation += 1
        self._pauses = 0
        self._record("crash")
        backlog, self.backlog = self.backlog, []
        for _, _, _, tie in backlog:
            self.lose(tie)
        self.watchdogs = {}
        if self.alarms is not None:
            self.alarms.clear()
        scripts, self._scripts = self._scripts, {}
        for script in scripts.values():
            script.kill()
        self.on_crash()

    def restart(self) -> None:
        """Come up with a new life, unless the node is up or a fault keeps it down."""
        if not self.crashed or self.kept_down:
            return
        self.life = Life(self)
        self.crashed = False
        self.running = True
        self._record("restart")
        self.on_restart()

    def pause(self) -> None:
        """Stand still until as many calls of `resume` have come; a node that is down ignores it."""
        if self.crashed:
            return
        self._pauses += 1
        if self.running:
            self.life.running = self.running = False
            self._record("pause")

    def resume(self) -> None:
        """Go on: what waited runs now and in its order, before anything that arrives later."""
        if self.crashed or not self._pauses:
            return
        self._pauses -= 1
        if self._pauses:
            return
        self.life.running = self.running = True
        self._record("resume")
        backlog, self.backlog = self.backlog, []
        kernel = self.kernel
        for gate, handler, argument, tie in backlog:
            new_tie = kernel.post_urgent(gate, handler, argument)
            if kernel.trace is not None:
                kernel.trace.moved(kernel._now, tie, new_tie)

    def defer(self, handler: Handler, argument: Any, tie: int = -1) -> None:
        """Keep a message through a pause; lose it while the node is down."""
        if self.crashed:
            self.lose(tie)
        else:
            self.backlog.append((self, handler, argument, tie))

    def lose(self, tie: int) -> None:
        """Forget an entry that came to a node that is down; a trace records the message."""
        if self.kernel.trace is not None:
            self.kernel.trace.lost(self.kernel._now, tie, "node down")

    def expect_drift(self) -> None:
        """Announce that the rate of the clock may change, so that timers can follow it."""
        if self.alarms is None:
            self.alarms = Alarms(self)

    def set_drift(self, ppm: int) -> None:
        """Let the clock run at another rate from now on, and the timers set since with it."""
        for watchdog in self.watchdogs.values():
            watchdog.settle()
        self.clock.set_drift(self.kernel._now, ppm)
        if self.alarms is not None:
            self.alarms.set_again()

    # What the timeline of faults and the scripts use.

    def arm(self, point: str, hit: int, strike: Strike) -> None:
        """Let a fault strike when this node reaches the point for the hit-th time from now."""
        self._strikes.setdefault(point, []).append((self._hits.get(point, 0) + hit, strike))
        self.armed = True

    def passages(self, point: str) -> int:
        """Return how often this node passed a point while something was armed on it."""
        return self._hits.get(point, 0)

    def disarm(self, point: str, strike: Strike) -> None:
        """Take back what `arm` did."""
        left = [entry for entry in self._strikes.get(point, []) if entry[1] is not strike]
        self._keep(point, left)

    def struck(self, point: str, proceed: Handler, argument: Any) -> bool:
        """Count a passage of a point; return True when a fault stopped the node there."""
        hit = self._hits[point] = self._hits.get(point, 0) + 1
        waiting = self._strikes.get(point)
        if waiting is None:
            return False
        due = [strike for at, strike in waiting if at == hit]
        self._keep(point, [entry for entry in waiting if entry[0] != hit])
        life = self.life
        for strike in due:
            strike(self)
        if self.running and life is self.life:
            return False
        if not life.dead:
            self.backlog.insert(0, (life, proceed, argument, -1))
        return True

    def _exact_timer(self, delay_ns: int, handler: Handler, argument: Any) -> None:
        self.expect_drift()
        assert self.alarms is not None, "timers of a clock that is off"
        self.alarms.add(delay_ns, handler, argument)

    def _keep(self, point: str, entries: list[tuple[int, Strike]]) -> None:
        if entries:
            self._strikes[point] = entries
        else:
            self._strikes.pop(point, None)
        self.armed = bool(self._strikes)

    def link_to(self, name: str) -> "Link":
        """Return the link to another node and remember it."""
        link = self.links[name] = self.kernel.network.link(self.name, name)
        return link

    def watch(self, timeout_ns: int) -> Watchdog:
        """Return the watchdog of a duration."""
        watchdog = self.watchdogs[timeout_ns] = Watchdog(self, timeout_ns)
        return watchdog

    def adopt(self, script: Script) -> int:
        """Keep a script until it is done; return its number."""
        number = self._scripts_begun
        self._scripts_begun = number + 1
        self._scripts[number] = script
        return number

    def release(self, number: int) -> None:
        """Let go of a script that is done."""
        self._scripts.pop(number, None)

    def _record(self, name: str) -> None:
        if self.kernel.trace is not None:
            self.kernel.trace.fault(self.kernel._now, self.name, name, {})


def _forget(_answer: Any) -> None:
    """Take an answer that nobody waits for."""
