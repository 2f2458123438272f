"""Count the messages of a run by sender and receiver, without keeping any."""

from collections.abc import Mapping
from typing import Any

from sim.kernel.trace import Detail, Trace

__all__ = ["Census"]


class Census(Trace):
    """A trace that keeps counts instead of events."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[tuple[str, str], int] = {}
        self.hop = self._count

    def _count(self, message: tuple[Any, ...]) -> None:
        link = message[3]
        ends = (link.source_name, link.target_name)
        self._counts[ends] = self._counts.get(ends, 0) + 1

    @property
    def messages(self) -> Mapping[tuple[str, str], int]:
        """Messages by the names of sender and receiver: requests, replies, and lost ones too."""
        return self._counts

    def under_way(self, due_ns: int, number: int, tie: int) -> None:
        """Pass over what becomes of a message."""

    def lost(self, at_ns: int, tie: int, reason: str) -> None:
        """Pass over what becomes of a message."""

    def moved(self, at_ns: int, tie: int, new_tie: int) -> None:
        """Pass over what becomes of a message."""

    def note(self, at_ns: int, node: str, name: str, detail: Detail) -> None:
        """Pass over a remark."""

    def fault(self, at_ns: int, node: str, name: str, detail: Detail) -> None:
        """Pass over a fault."""
