"""Connect the nodes of a world.

Each ordered pair of nodes has one link with its own streams of chance, made at first use. The
latency is the first of the overrides that matches the pair, or the network's own. Names match by
the globs of `fnmatch`, case-sensitively.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from sim.kernel.core import Kernel
from sim.kernel.distributions import Distribution
from sim.kernel.link import FifoLink, Link, TracedLink

if TYPE_CHECKING:
    from sim.kernel.link_faults import LinkFault
    from sim.kernel.node import Node

__all__ = ["Link", "LinkModel", "Network"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkModel:
    """Give the links from matching sources to matching targets another latency or order."""

    source: str
    target: str
    latency: Distribution
    fifo: bool = False

    def matches(self, source: str, target: str) -> bool:
        """Return True when the link from source to target follows this model."""
        return fnmatchcase(source, self.source) and fnmatchcase(target, self.target)


class Network:
    """Make links at first use and let faults act on them."""

    def __init__(
        self, kernel: Kernel, latency: Distribution, overrides: Sequence[LinkModel] = ()
    ) -> None:
        self.kernel = kernel
        self._models = (*overrides, LinkModel(source="*", target="*", latency=latency))
        self._links: dict[tuple[str, str], Link] = {}
        self._active: list[LinkFault] = []
        self._planned: list[LinkFault] = []
        kernel.network = self

    def link(self, source: str, target: str) -> Link:
        """Return the link from one node to another."""
        link = self._links.get((source, target))
        if link is None:
            link = self._made(source, target)
            # A reply must find its way back without a look-up, so both directions are made.
            link.back = link if source == target else self._made(target, source)
            link.back.back = link
        return link

    def expose(self, node: "Node") -> None:
        """Announce that the node may crash or pause in this run."""
        node.exposed = True
        self._refresh()

    def plan(self, fault: "LinkFault") -> None:
        """Announce that a fault will act on links in this run."""
        self._planned.append(fault)
        self._refresh()

    def begin(self, fault: "LinkFault") -> None:
        """Let a fault act on all links that it touches, also those made later."""
        self._active.append(fault)
        self._refresh()

    def end(self, fault: "LinkFault") -> None:
        """Stop a fault; what it held is delivered."""
        self._active.remove(fault)
        self._refresh()

    def _made(self, source: str, target: str) -> Link:
        nodes = self.kernel.nodes
        model = next(model for model in self._models if model.matches(source, target))
        untraced = FifoLink if model.fifo else Link
        link = (TracedLink if self.kernel.trace is not None else untraced)(
            self.kernel,
            source=nodes[source],
            target=nodes[target],
            latency=model.latency,
            fifo=model.fifo,
        )
        self._links[source, target] = link
        self._update(link)
        return link

    def _refresh(self) -> None:
        for link in self._links.values():
            self._update(link)

    def _update(self, link: Link) -> None:
        ends = (link.source_name, link.target_name)
        link.active = [fault for fault in self._active if fault.touches(*ends)]
        link.exposed = link.source.exposed or any(fault.touches(*ends) for fault in self._planned)
        link.refresh()
