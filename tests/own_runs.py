"""Hold the two checkers of histories against each other on every simulated run of the tests.

The one knows the timestamps of a run, the other only what clients saw. What the timestamps explain
needs no other explanation, so the other checker must accept it: a violation in its eyes is one by
the timestamps, too. The converse need not hold: where a run breaks the rules of its timestamps,
another order of its transactions may explain what clients saw. Such runs are counted, and that
order is executed.

A read of a deletion whose traces have been collected states no writer, so that the check without
timestamps refuses runs with reads that may be such ones.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from scenarios.folder import FAILURES
from sim.history import History
from specs.history.formats import jsonl
from specs.history.isolation.decide import NotApplicable, decide
from specs.history.isolation.facts import UnsupportedHistory
from specs.history.isolation.levels import LEVELS
from specs.history.isolation.timestamps import check_timestamps
from specs.history.replay import replay_snapshots

LEVEL: Final = "session-si"
OPERATIONS_MAX: Final = 1_000
"""Larger runs are left out and counted: with them, a run of the suite would take a third longer."""

BOTH: Final = "both hold"
NEITHER: Final = "neither holds"
REORDERED: Final = "another order explains it"
BREACH: Final = "only the timestamps hold"
LARGE: Final = "too large"
DELETED: Final = "reads of what may have been deleted"
UNSTAMPED: Final = "without timestamps"


@dataclass(slots=True)
class OwnRuns:
    """What became of all runs so far; `breaches` are those since they were last taken."""

    counts: Counter[str] = field(default_factory=Counter)
    breaches: list[History] = field(default_factory=list)

    def see(self, history: History) -> str:
        """Judge the history of a run both ways."""
        word = compare(history) if history.operations <= OPERATIONS_MAX else LARGE
        self.counts[word] += 1
        if word == BREACH:
            self.breaches.append(history)
        return word

    def keep(self, name: str, folder: Path) -> list[Path]:
        """Write the breaches under a name, and forget them."""
        stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[-80:]
        paths = []
        while self.breaches:
            paths.append(folder / FAILURES / f"{stem}-{len(self.breaches)}.jsonl")
            paths[-1].parent.mkdir(parents=True, exist_ok=True)
            with paths[-1].open("wb") as file:
                jsonl.write(file, self.breaches.pop())
        return paths


OWN_RUNS: Final = OwnRuns()
"""The runs of this process."""


def compare(history: History) -> str:
    """Say who accepts a history; an acceptance against the timestamps is executed."""
    try:
        stamped = check_timestamps(history, LEVELS[f"{LEVEL}-timestamps"]).holds
    except (NotApplicable, UnsupportedHistory):
        return UNSTAMPED
    try:
        decision = decide(history, LEVELS[LEVEL])
    except UnsupportedHistory:
        return DELETED
    if stamped:
        return BOTH if decision.holds else BREACH
    if decision.schedule is None:
        return NEITHER
    rows = decision.facts.row
    order = [(int(rows[event // 2]), int(event % 2)) for event in decision.schedule]
    replay_snapshots(history, order, sessions=True)
    return REORDERED
