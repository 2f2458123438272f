"""A live line on a terminal: how far a run or a campaign is. Elsewhere it says nothing.

It is drawn when somebody reports progress, at most ten times a second, and taken away at the
end. There is no thread behind it, so nothing of it outlives an interrupt.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TextIO

from reports.words import count, duration, plural

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_INTERVAL_S: Final = 0.1


class Live:
    """A context in which progress shows on `stream`, if that is a terminal.

    `enabled` overrides what the stream says; `clock` returns seconds.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        enabled: bool | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.enabled = stream.isatty() if enabled is None else enabled
        self._stream = stream
        self._clock = clock
        self._shown_s = float("-inf")
        self._begun_s = clock()
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._begun_s = self._clock()
        if self.enabled:
            self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def run(
        self, *, name: str, simulated_ns: int, finished: int, total: int | None, verdicts: str = ""
    ) -> None:
        """Show one run: simulated time, transactions, and what is known of its verdicts."""
        if not self._due(last=total is not None and finished >= total):
            return
        of = f" of {count(total)}" if total is not None else ""
        # Verdicts come after the last transaction, and both do not fit on one line.
        told = verdicts or f"{count(finished)}{of} transactions"
        self._show(name, finished, total, f"{duration(simulated_ns)} simulated, {told}")

    def runs(self, *, name: str, done: int, total: int, violations: int) -> None:
        """Show a campaign: runs done, violations found, time left."""
        if not self._due(last=done >= total):
            return
        told = f"{count(done)} of {plural(total, 'run')}, {plural(violations, 'violation')}"
        self._show(name, done, total, f"{told}{self._left(done, total)}")

    def _left(self, done: int, total: int) -> str:
        spent = self._clock() - self._begun_s
        if not done or done >= total or spent <= 0:
            return ""
        return f", {duration(round(spent / done * (total - done)) * 10**9)} left"

    def _due(self, *, last: bool) -> bool:
        if self._progress is None:
            return False
        now = self._clock()
        if not last and now - self._shown_s < _INTERVAL_S:
            return False
        self._shown_s = now
        return True

    def _start(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._progress = Progress(
            TextColumn("{task.fields[name]}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[told]}", markup=False),
            console=Console(file=self._stream, force_terminal=True),
            auto_refresh=False,
            transient=True,
        )
        self._progress.start()

    def _show(self, name: str, done: int, total: int | None, told: str) -> None:
        if self._progress is None:
            return
        if self._task is None:
            self._task = self._progress.add_task("", total=total, name=name, told=told)
        self._progress.update(self._task, completed=done, total=total, name=name, told=told)
        self._progress.refresh()
