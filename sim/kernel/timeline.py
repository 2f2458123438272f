"""Let the faults of a scenario happen, each at its instant or at its point.

Faults may overlap. A node is down, or paused, while any fault says so; a fault that comes to a
node that is down already only makes it stay down longer. Of several slowings the slowest counts.
A crash ends a pause.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sim.kernel.core import Kernel
from sim.kernel.fault_parts import matches_any
from sim.kernel.link_faults import LinkFault
from sim.kernel.network import Network
from sim.kernel.node import Node
from sim.kernel.node_faults import (
    ClockDrift,
    ClockStep,
    Compaction,
    Crash,
    Hold,
    NodeFault,
    Pause,
    SessionExpiry,
    Slow,
)

__all__ = ["FaultTimeline", "FaultWindow", "UnhandledFault", "UnknownNode"]

Fault = NodeFault | LinkFault


class UnknownNode(Exception):
    """Report a fault that names a node which does not exist."""

    def __init__(self, fault: Fault, name: str, known: tuple[str, ...]) -> None:
        super().__init__(fault, name, known)
        self.fault = fault
        self.name = name
        self.known = known

    def __str__(self) -> str:
        return f"{self.fault.kind} names {self.name!r}; there is {', '.join(self.known)}"


class UnhandledFault(Exception):
    """Report a fault that the system of this scenario does not know."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault

    def __str__(self) -> str:
        return f"this system has no {self.fault.kind}"


@dataclass(slots=True)
class FaultWindow:
    """Say when a fault really began and ended; an open end is None, an instant ends at once."""

    fault: Fault
    node: str
    """Empty for faults of links."""
    begin_ns: int
    end_ns: int | None = None


class FaultTimeline:
    """Turn faults as data into what happens in one world."""

    def __init__(self) -> None:
        self.windows: list[FaultWindow] = []
        """What has happened so far, for pictures."""
        self._known: tuple[str, ...] = ()
        self._slow: dict[str, list[Slow]] = {}

    def arm(
        self,
        kernel: Kernel,
        network: Network,
        faults: Iterable[Fault],
        handlers: Mapping[str, Callable[[str], Any]] | None = None,
    ) -> "FaultTimeline":
        """Prepare faults, once all nodes exist; a handler gets the node's name, by kind of fault.

        A fault that names no node raises `UnknownNode`, one without a handler `UnhandledFault`;
        then nothing is armed.
        """
        faults = tuple(faults)
        self._kernel, self._network = kernel, network
        self._handlers = dict(handlers or {})
        self._known = tuple(kernel.nodes)
        for fault in faults:
            self.nodes_named(fault)
            if isinstance(fault, SessionExpiry | Compaction) and fault.kind not in self._handlers:
                raise UnhandledFault(fault)
        for fault in faults:
            if isinstance(fault, LinkFault):
                network.plan(fault)
                self._at(fault.start_ns, self._begin_on_links, fault)
            else:
                for name in self._matching(fault, fault.node):
                    self._arm_node(fault, kernel.nodes[name])
        return self

    def nodes_named(self, fault: Fault) -> tuple[str, ...]:
        """Return the names of all nodes that a fault names, in the order of their making."""
        globs: tuple[str, ...]
        if isinstance(fault, LinkFault):
            globs = fault.globs
        elif isinstance(fault, Hold) and fault.release_node is not None:
            globs = (fault.node, fault.release_node)
        else:
            globs = (fault.node,)
        for glob in globs:
            self._matching(fault, glob)
        return tuple(name for name in self._known if matches_any(name, globs))

    def gone(self, name: str) -> bool:
        """Return True when a node is down and no fault will bring it up again."""
        return any(
            window.node == name
            and isinstance(window.fault, Crash)
            and window.fault.length_ns is None
            for window in self.windows
        )

    def _matching(self, fault: Fault, glob: str) -> tuple[str, ...]:
        names = tuple(name for name in self._known if matches_any(name, (glob,)))
        if not names:
            raise UnknownNode(fault, glob, self._known)
        return names

    def _at(self, at_ns: int, handler: Callable[[Any], None], argument: Any) -> None:
        kernel = self._kernel
        kernel.post(max(at_ns - kernel.now, 0), kernel.world, handler, argument)

    # Nodes.

    def _arm_node(self, fault: NodeFault, node: Node) -> None:
        if isinstance(fault, Crash | Pause | Hold):
            self._network.expose(node)
            strike = _Strike(self, fault)
            if fault.point is not None:
                node.arm(fault.point, fault.hit, strike)
                return
        if isinstance(fault, ClockDrift):
            node.expect_drift()
        self._at(fault.start_ns or 0, self._begin_on_node, (fault, node))

    def _begin_on_node(self, which: tuple[NodeFault, Node]) -> None:
        self.strike(*which)

    def strike(self, fault: NodeFault, node: Node) -> None:
        """Let a fault of a node begin now."""
        kernel = self._kernel
        window = FaultWindow(fault, node.name, kernel.now, kernel.now)
        self.windows.append(window)
        match fault:
            case Crash():
                self._crash(fault, node, window)
            case Pause():
                node.pause()
                self._at(kernel.now + fault.length_ns, self._resume, (node, node.life, window))
                window.end_ns = None
            case Hold():
                _Holding(self, fault, node, window)
            case Slow():
                self._set_slow(fault, node, begin=True)
                self._at(kernel.now + fault.length_ns, self._end_slow, (fault, node, window))
                window.end_ns = None
            case ClockStep():
                node.clock.step(kernel.now, fault.by_ns)
                self._record(node.name, fault, "clock step")
            case ClockDrift():
                node.set_drift(fault.ppm)
                self._record(node.name, fault, "clock drift")
            case SessionExpiry() | Compaction():
                self._record(node.name, fault, fault.kind.replace("_", " "))
                self._handlers[fault.kind](node.name)

    def _crash(self, fault: Crash, node: Node, window: FaultWindow) -> None:
        node.kept_down += 1
        node.crash()
        window.end_ns = None
        if fault.length_ns is not None:
            self._at(self._kernel.now + fault.length_ns, self._restart, (node, window))

    def _restart(self, which: tuple[Node, FaultWindow]) -> None:
        node, window = which
        window.end_ns = self._kernel.now
        node.kept_down -= 1
        node.restart()

    def _resume(self, which: tuple[Node, Any, FaultWindow]) -> None:
        node, life, window = which
        self.resume(node, life, window)

    def resume(self, node: Node, life: Any, window: FaultWindow) -> None:
        """End one pause of a node, unless a crash has ended it before."""
        if window.end_ns is None:
            window.end_ns = self._kernel.now
            if node.life is life:
                node.resume()

    def _end_slow(self, which: tuple[Slow, Node, FaultWindow]) -> None:
        fault, node, window = which
        window.end_ns = self._kernel.now
        self._set_slow(fault, node, begin=False)

    def _set_slow(self, fault: Slow, node: Node, *, begin: bool) -> None:
        active = self._slow.setdefault(node.name, [])
        if begin:
            active.append(fault)
        else:
            active.remove(fault)
        node.slow_percent = max((slow.percent for slow in active), default=100)
        self._record(node.name, fault, "slow" if begin else "slow ends")

    # Links.

    def _begin_on_links(self, fault: LinkFault) -> None:
        window = FaultWindow(fault, "", self._kernel.now)
        self.windows.append(window)
        self._network.begin(fault)
        self._record("", fault, fault.kind)
        self._at(self._kernel.now + fault.length_ns, self._end_on_links, (fault, window))

    def _end_on_links(self, which: tuple[LinkFault, FaultWindow]) -> None:
        fault, window = which
        window.end_ns = self._kernel.now
        self._network.end(fault)
        self._record("", fault, f"{fault.kind} ends")

    def _record(self, node: str, fault: Fault, name: str) -> None:
        if self._kernel.trace is not None:
            self._kernel.trace.fault(self._kernel.now, node, name, {"fault": fault.describe()})


class _Strike:
    """Wait at a point of a node."""

    __slots__ = ("_fault", "_timeline")

    def __init__(self, timeline: FaultTimeline, fault: NodeFault) -> None:
        self._timeline = timeline
        self._fault = fault

    def __call__(self, node: Node) -> None:
        self._timeline.strike(self._fault, node)


class _Holding:
    """Hold one node until an instant, or until one of the releasing nodes reaches its point."""

    __slots__ = ("_life", "_node", "_point", "_timeline", "_watched", "_window")

    def __init__(
        self, timeline: FaultTimeline, fault: Hold, node: Node, window: FaultWindow
    ) -> None:
        self._timeline = timeline
        self._node = node
        self._life = node.life
        self._window = window
        self._point = fault.release_point
        self._watched: list[Node] = []
        window.end_ns = None
        node.pause()
        kernel = node.kernel
        if fault.release_ns is not None:
            kernel.post(max(fault.release_ns - kernel.now, 0), kernel.world, self, None)
        if fault.release_point is not None and fault.release_node is not None:
            names = timeline.nodes_named(Hold(node=fault.release_node, point="-", release_ns=0))
            self._watched = [kernel.nodes[name] for name in names]
            for watched in self._watched:
                watched.arm(fault.release_point, 1, self)

    def __call__(self, _: Node | None) -> None:
        """Release the node; the first release counts."""
        if self._point is not None:
            for watched in self._watched:
                watched.disarm(self._point, self)
        self._timeline.resume(self._node, self._life, self._window)
