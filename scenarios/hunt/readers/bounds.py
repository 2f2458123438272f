"""Bounds of one attempt: seconds of processor time, and memory above what the process had before.

Processor time does not depend on who else uses the machine. Memory is measured where Linux
tells it; a limit on the address space stops what would take far more than it may.
"""

from __future__ import annotations

import os
import re
import resource
import signal
import sys
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final, Self

_STATUS: Final = Path("/proc/self/status")
_RESET: Final = Path("/proc/self/clear_refs")
_KIB: Final = 1024


class TooLong(BaseException):
    """An attempt took more processor time than it may."""


class TooMuch(Exception):
    """An attempt took more memory than it may."""


class Bounds:
    """A context for one attempt after the other; `peak_bytes` is what the last one took."""

    def __init__(self, *, cpu_s: float, memory_bytes: int) -> None:
        self.peak_bytes = 0
        self._cpu_s = cpu_s
        self._memory_bytes = memory_bytes
        self._before = 0

    def limit_process(self) -> None:
        """Let this process never have more than its bound above what it has now."""
        if address_space := _status("VmSize"):
            _, hard = resource.getrlimit(resource.RLIMIT_AS)
            resource.setrlimit(resource.RLIMIT_AS, (address_space + self._memory_bytes, hard))

    def __enter__(self) -> Self:
        if os.access(_RESET, os.W_OK):
            _RESET.write_text("5")  # the peak counts from here on
        self._before = _status("VmRSS")
        signal.signal(signal.SIGPROF, _stop)
        signal.setitimer(signal.ITIMER_PROF, self._cpu_s)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        self.peak_bytes = max(0, _peak() - self._before)
        if kind is None and self.peak_bytes > self._memory_bytes:
            raise TooMuch(f"{self.peak_bytes >> 20} MiB")


def _stop(_: int, __: FrameType | None) -> None:
    raise TooLong("out of time")


def _peak() -> int:
    if peak := _status("VmHWM"):
        return peak
    unit = 1 if sys.platform == "darwin" else _KIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _status(name: str) -> int:
    """Return a number of bytes that Linux tells about this process; 0 where nobody tells."""
    if not _STATUS.exists():
        return 0
    match = re.search(rf"^{name}:\s*(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
    return int(match[1]) * _KIB if match else 0
