"""A process pool that loses no finished result, whatever happens to its workers.

Workers are started fresh (`python -P -m scenarios.worker`) and speak JSON, one line a message,
over their pipes. When one dies, the task that it held runs once more, alone, in a new worker;
when that dies too, the task is at fault. A worker that outlives the wall limit of its task is
killed. Nothing that a worker answered is ever lost, and nothing is done twice but that one retry.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

WORKER: Final = (sys.executable, "-P", "-m", "scenarios.worker")
_GRACE_S: Final = 5.0
_TAIL: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One message for a worker, and how long its answer may take."""

    number: int
    message: dict[str, Any]
    wall_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The answer to a task, or why there is none: "wall" or "killed", and its last words."""

    task: Task
    answer: dict[str, Any] | None = None
    failure: str = ""
    last_words: str = ""


class _Worker:
    """One child process and the task it holds."""

    def __init__(self, command: Sequence[str]) -> None:
        self.task: Task | None = None
        self.deadline = float("inf")
        self._buffer = b""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # it lives as long as the worker
        # A process group of its own: Ctrl-C on the terminal is the driver's to handle.
        self.process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            process_group=0,
        )
        assert self.process.stdout is not None, "the pipe was asked for"
        self.answers = self.process.stdout

    def give(self, task: Task) -> None:
        """Send a task; a worker that is already gone shows when its answer is read."""
        self.task = task
        if task.wall_s is not None:
            self.deadline = time.monotonic() + task.wall_s + _GRACE_S
        assert self.process.stdin is not None, "the pipe was asked for"
        try:
            self.process.stdin.write(json.dumps(task.message).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            self.deadline = float("inf")

    def read(self) -> tuple[list[dict[str, Any]], bool]:
        """Return the answers that came whole, and whether the worker is still there."""
        chunk = os.read(self.answers.fileno(), 1 << 16)
        *lines, self._buffer = (self._buffer + chunk).split(b"\n")
        return [json.loads(line) for line in lines], bool(chunk)

    def end(self) -> str:
        """Kill the process if it still runs, and return its last words."""
        self.process.kill()
        code = self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None, "the pipe was asked for"
            try:
                pipe.close()
            except BrokenPipeError:
                continue
        self._errors.seek(0)
        words = self._errors.read().decode(errors="replace")[-_TAIL:].strip()
        self._errors.close()
        return f"{words}\n[exit status {code}]".strip()


class Pool:
    """Workers that are started when there is work, up to a number; leaving it ends them all.

    `command` starts one; it answers every line of JSON with a line of JSON.
    """

    def __init__(self, workers: int, *, command: Sequence[str] = WORKER) -> None:
        self._limit = workers
        self._command = command
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()
        self._alone: deque[Task] = deque()
        self._retried: set[int] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            worker.end()
        self._workers.clear()
        self._selector.close()

    def run(self, tasks: Iterable[Task]) -> Iterator[Done]:
        """Yield the end of every task, in the order in which they end."""
        waiting = iter(tasks)
        exhausted = False
        while True:
            while not exhausted and not self._alone and self._has_room():
                task = next(waiting, None)
                exhausted = task is None
                if task is not None:
                    self._idle_worker().give(task)
            busy = [worker for worker in self._workers if worker.task is not None]
            if self._alone and not busy:
                self._idle_worker().give(self._alone.popleft())
            elif exhausted and not busy:
                return
            yield from self._collect()

    def _has_room(self) -> bool:
        return sum(worker.task is not None for worker in self._workers) < self._limit

    def _idle_worker(self) -> _Worker:
        for worker in self._workers:
            if worker.task is None:
                return worker
        worker = _Worker(self._command)
        self._workers.append(worker)
        self._selector.register(worker.answers, selectors.EVENT_READ, worker)
        return worker

    def _collect(self) -> Iterator[Done]:
        """Wait for news, and yield what ended."""
        now = time.monotonic()
        nearest = min((worker.deadline for worker in self._workers), default=now)
        wait_s = None if nearest == float("inf") else max(0.0, nearest - now)
        for key, _ in self._selector.select(wait_s):
            yield from self._hear(key.data)
        now = time.monotonic()
        for worker in [worker for worker in self._workers if worker.deadline <= now]:
            task = worker.task
            words = self._dismiss(worker)
            if task is not None:
                yield Done(task=task, failure="wall", last_words=words)

    def _hear(self, worker: _Worker) -> Iterator[Done]:
        answers, alive = worker.read()
        for answer in answers:
            task, worker.task, worker.deadline = worker.task, None, float("inf")
            assert task is not None, "a worker answers what it was asked, once"
            yield Done(task=task, answer=answer)
        if alive:
            return
        task = worker.task
        words = self._dismiss(worker)
        if task is None:
            return
        if task.number in self._retried:
            yield Done(task=task, failure="killed", last_words=words)
        else:
            self._retried.add(task.number)
            self._alone.append(task)

    def _dismiss(self, worker: _Worker) -> str:
        self._selector.unregister(worker.answers)
        self._workers.remove(worker)
        return worker.end()
