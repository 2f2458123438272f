"""Small worlds for the tests of the kernel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sim.kernel.core import Kernel
from sim.kernel.distributions import Constant, Distribution
from sim.kernel.faults import Fault, FaultTimeline
from sim.kernel.network import LinkModel, Network
from sim.kernel.node import Node
from sim.kernel.rpc import Call
from sim.kernel.streams import Streams
from sim.kernel.trace import Trace

US = 1_000
MS = 1_000_000
S = 1_000_000_000
HOP = 100 * US


class Peer(Node):
    """A node that writes down what happens to it, and when."""

    def __init__(self, kernel: Kernel, name: str) -> None:
        super().__init__(kernel, name)
        self.log: list[tuple[int, Any]] = []
        self.asked: list[int] = []
        """The attempt numbers of the calls that came."""

    def on_note(self, what: Any) -> None:
        """Write something down."""
        self.log.append((self.kernel.now, what))

    def on_echo(self, call: Call) -> None:
        """Answer with the body."""
        self.asked.append(call.attempt)
        call.reply(call.body)

    def on_work(self, call: Call) -> None:
        """Answer after as much work as the body says."""
        self.asked.append(call.attempt)
        call.reply("done", call.body)

    def on_mute(self, call: Call) -> None:
        """Never answer."""
        self.asked.append(call.attempt)

    @property
    def seen(self) -> list[Any]:
        """What was written down, without the times."""
        return [what for _, what in self.log]

    @property
    def times(self) -> list[int]:
        """When it was written down."""
        return [at_ns for at_ns, _ in self.log]


class World:
    """A kernel, a network and some peers."""

    def __init__(
        self,
        names: Iterable[str] = ("a", "b"),
        *,
        seed: int = 1,
        latency: Distribution | None = None,
        overrides: Sequence[LinkModel] = (),
        faults: Iterable[Fault] = (),
        tracing: bool = False,
    ) -> None:
        self.trace = Trace() if tracing else None
        self.kernel = Kernel(Streams(seed), self.trace)
        self.network = Network(self.kernel, latency or Constant(HOP), overrides)
        self.peers = {name: Peer(self.kernel, name) for name in names}
        self.timeline = FaultTimeline().arm(self.kernel, self.network, tuple(faults))

    def __getitem__(self, name: str) -> Peer:
        return self.peers[name]

    def send(self, source: str, target: str, what: Any, extra_ns: int = 0) -> None:
        """Send a note."""
        self.network.link(source, target).send(self[target].on_note, what, extra_ns)

    def send_at(self, at_ns: int, source: str, target: str, what: Any) -> None:
        """Send a note at an instant, whatever the state of the source."""
        kernel = self.kernel
        kernel.post(
            at_ns - kernel.now, kernel.world, lambda _: self.send(source, target, what), None
        )

    def run(self, until_ns: int | None = None) -> str:
        """Let time pass."""
        return self.kernel.run_until(until_ns)
