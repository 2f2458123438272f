"""The pool loses no finished result, whatever happens to its workers."""

import os
import sys
import time
from pathlib import Path

import pytest

from scenarios import pool
from scenarios.pool import Pool, Task

# Doubles numbers; what else a message asks for it does first.
WORKER = """
import json, os, sys, time
for line in sys.stdin:
    message = json.loads(line)
    if message.get("die_once") and not os.path.exists(message["die_once"]):
        open(message["die_once"], "w").close()
        os.kill(os.getpid(), 9)
    if message.get("die"):
        print("last words", file=sys.stderr, flush=True)
        os._exit(7)
    begun = time.monotonic()
    time.sleep(message.get("sleep", 0))
    answer = {"twice": 2 * message["number"], "worker": os.getpid()}
    answer |= {"begun": begun, "ended": time.monotonic()}
    print(json.dumps(answer), flush=True)
"""


def run(messages, workers=2, wall_s=None):
    tasks = [
        Task(number=number, message={"number": number, **message}, wall_s=wall_s)
        for number, message in enumerate(messages)
    ]
    with Pool(workers, command=(sys.executable, "-c", WORKER)) as workers_at_work:
        return {done.task.number: done for done in workers_at_work.run(tasks)}


def twice(done):
    return {number: each.answer and each.answer["twice"] for number, each in done.items()}


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_every_task_is_answered_once(workers):
    assert twice(run([{}] * 20, workers)) == {number: 2 * number for number in range(20)}


def test_no_task_is_no_worker():
    assert run([]) == {}


def test_killed_worker_loses_no_finished_result_and_its_task_runs_again(tmp_path):
    messages = [{} for _ in range(20)]
    messages[7]["die_once"] = str(tmp_path / "died")
    assert twice(run(messages)) == {number: 2 * number for number in range(20)}


def test_task_that_kills_two_workers_is_at_fault_and_the_others_are_done():
    messages = [{} for _ in range(10)]
    messages[3]["die"] = True
    done = run(messages)
    assert done[3].failure == "killed"
    assert "last words" in done[3].last_words
    assert "exit status 7" in done[3].last_words
    assert twice(done) == {number: 2 * number for number in range(10)} | {3: None}


def test_retried_task_runs_alone(tmp_path):
    messages = [{"sleep": 0.05} for _ in range(6)]
    messages[2]["die_once"] = str(tmp_path / "died")
    answers = [done.answer for done in run(messages, workers=3).values()]
    again = next(answer for answer in answers if answer["twice"] == 4)
    others = [answer for answer in answers if answer is not again]
    assert len(others) == 5
    assert all(
        other["ended"] <= again["begun"] or again["ended"] <= other["begun"] for other in others
    )


def test_task_beyond_its_wall_limit_is_stopped_and_the_others_are_done(monkeypatch):
    monkeypatch.setattr(pool, "_GRACE_S", 0.1)
    messages = [{} for _ in range(4)]
    messages[1]["sleep"] = 60
    started = time.monotonic()
    done = run(messages, wall_s=0.4)
    assert time.monotonic() - started < 10
    assert done[1].failure == "wall"
    assert twice(done) == {0: 0, 1: None, 2: 4, 3: 6}


def test_leaving_the_pool_ends_its_workers_at_once():
    tasks = [
        Task(number=0, message={"number": 0}),
        Task(number=1, message={"number": 1, "sleep": 60}),
    ]
    with Pool(2, command=(sys.executable, "-c", WORKER)) as workers:
        first = next(workers.run(tasks))
        started = time.monotonic()
    assert first.answer is not None
    assert time.monotonic() - started < 2
    if Path("/proc").is_dir():
        with pytest.raises(ProcessLookupError):
            os.kill(first.answer["worker"], 0)
