"""A limit of wall time for work that knows of none."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TimeLimit(Exception):
    """The limit came before the end of the work."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    def __str__(self) -> str:
        return f"stopped after {self.seconds:g} s"


@contextmanager
def limited(seconds: float | None) -> Iterator[None]:
    """Raise `TimeLimit` in the block when so much time has passed; None is no limit.

    Only the main thread gets signals, so elsewhere a limit is refused. A single long call into
    compiled code ends first.
    """
    if seconds is None:
        yield
        return
    assert threading.current_thread() is threading.main_thread(), "limits need the main thread"

    def ring(_: int, __: FrameType | None) -> None:
        raise TimeLimit(seconds)

    before = signal.signal(signal.SIGALRM, ring)
    # Whatever swallows one exception gets another.
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-6), 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
