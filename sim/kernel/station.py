"""Serve work in the order of its arrival without an event for each piece of work.

The state of a server changes when a request arrives; only its reply waits until the work is
done. So a queue needs no process and no event: one number per server says when it falls free.
"""

from heapq import heapreplace

__all__ = ["Station"]


class Station:
    """Queue work first in, first out in front of one or more equal servers."""

    __slots__ = ("_free_ns", "_others")

    def __init__(self, servers: int = 1) -> None:
        if servers < 1:
            raise ValueError(f"a station needs at least one server, not {servers}")
        self._free_ns = 0
        self._others: list[int] | None = [0] * servers if servers > 1 else None

    def admit(self, now_ns: int, service_ns: int) -> int:
        """Take in one piece of work; return how long from now it takes until it is done."""
        others = self._others
        if others is not None:
            done_ns = others[0]
            if done_ns < now_ns:
                done_ns = now_ns
            done_ns += service_ns
            heapreplace(others, done_ns)
            return done_ns - now_ns
        free_ns = self._free_ns
        if free_ns < now_ns:
            free_ns = now_ns
        self._free_ns = free_ns = free_ns + service_ns
        return free_ns - now_ns

    def backlog_ns(self, now_ns: int) -> int:
        """Return how long a piece of work that arrives now would wait."""
        first_ns = self._free_ns if self._others is None else self._others[0]
        return max(first_ns - now_ns, 0)

    def reset(self) -> None:
        """Forget all work, as a crash does."""
        self._free_ns = 0
        if self._others is not None:
            self._others[:] = [0] * len(self._others)
