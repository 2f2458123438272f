"""Try many examples in processes of their own, and lose none that ends its process.

Examples come in batches. A batch whose process died, or did not come back in its time, is tried
again example by example, so that a finding always names one seed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from scenarios.hunt.readers.example import Finding, Tally, seeds_from
from scenarios.pool import Done, Pool, Task

BATCH: Final = 25
CPU_S: Final = 20.0
"""Processor seconds of one attempt; most take some thousandths of one."""
MEMORY_BYTES: Final = 1 << 30
_WALL_S: Final = 600.0
"""Real seconds of a batch: what hangs where no signal can stop it."""
_ENDLESS: Final = 1 << 62


@dataclass(slots=True, kw_only=True)
class Hunted:
    """What a hunt came to."""

    first_seed: int
    tally: Tally = field(default_factory=Tally)
    seconds: float = 0.0
    found: dict[tuple[str, str], list[Finding]] = field(default_factory=dict)
    """Findings by property and place, the first of each place first."""
    interrupted: bool = False

    def add(self, answer: dict[str, Any]) -> None:
        """Add what a process found."""
        self.tally.examples += answer["examples"]
        for form, ends in answer["ends"].items():
            for end, count in ends.items():
                known = self.tally.ends.setdefault(form, {})
                known[end] = known.get(end, 0) + count
        for form, peak_bytes in answer["peak_bytes"].items():
            self.tally.weigh(form, peak_bytes)
        for each in answer["findings"]:
            self.note(Finding(**each))

    def note(self, finding: Finding) -> None:
        """Add a finding."""
        self.found.setdefault((finding.property, finding.place), []).append(finding)
        self.tally.findings.append(finding)


def hunt_readers(
    *,
    seed: int = 0,
    examples: int | None = None,
    seconds: float | None = None,
    shard: tuple[int, int] = (0, 1),
    workers: int = 1,
    mutant: str | None = None,
    cpu_s: float = CPU_S,
    memory_bytes: int = MEMORY_BYTES,
    watch: Callable[[int, int], None] | None = None,
) -> Hunted:
    """Try the examples of a shard, until the seconds are used up.

    Example `n` has the seed `seed + n`. A batch that was begun is finished. `watch` hears how many
    examples were tried and how many of them are findings.
    """
    begun = time.monotonic()
    result = Hunted(first_seed=seed)
    number, of = shard
    seeds = seeds_from(seed, _ENDLESS if examples is None else examples, shard=number, shards=of)
    options = {"mutant": mutant, "cpu_s": cpu_s, "memory_bytes": memory_bytes}
    lost: list[Done] = []

    def batches() -> Iterator[Sequence[int]]:
        while batch := list(islice(seeds, BATCH)):
            yield batch
            if seconds is not None and time.monotonic() - begun >= seconds:
                return

    def hear(done: Done) -> None:
        if done.answer is None:
            lost.append(done)
        else:
            result.add(done.answer)
        if watch is not None:
            watch(result.tally.examples, len(result.tally.findings))

    try:
        with Pool(workers) as pool:
            for done in pool.run(_tasks(batches(), options)):
                hear(done)
            again = [[each] for done in lost for each in done.task.message["seeds"]]
            lost.clear()
            for done in pool.run(_tasks(iter(again), options)):
                hear(done)
    except KeyboardInterrupt:
        result.interrupted = True
    for done in lost:
        for each in done.task.message["seeds"]:
            result.note(_lost(each, done))
            result.tally.examples += 1
    result.seconds = time.monotonic() - begun
    return result


def _tasks(batches: Iterator[Sequence[int]], options: dict[str, Any]) -> Iterator[Task]:
    for number, batch in enumerate(batches):
        message = {"task": "read", "seeds": list(batch), **options}
        yield Task(number=number, message=message, wall_s=_WALL_S)


def _lost(seed: int, done: Done) -> Finding:
    """Return the finding of an example whose process never answered."""
    words = " ".join(done.last_words.split())[-400:]
    late = done.failure == "wall"
    return Finding(
        seed=seed,
        property="ends" if late else "no_crash",
        words=f"{'no end in sight' if late else 'the process died'}: {words}",
        place=done.failure,
        attempt=0,
    )
