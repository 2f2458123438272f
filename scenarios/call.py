"""One call of `run`: what it was asked, and what came of it, whether one run or many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reports.results import RunResult
from scenarios.campaign import Campaign
from scenarios.exits import Exit
from scenarios.job import Answer
from scenarios.results import run_document
from scenarios.store import Store
from scenarios.version import code_version


@dataclass(slots=True)
class Call:
    """What came of a call; `documents` gives every run as JSON has it."""

    exit: Exit
    command: str
    folder: str = ""
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    answer: Answer | None = None
    campaign: Campaign | None = None
    store: Store | None = None
    planned: Sequence[Mapping[str, Any]] = ()
    close_files: Callable[[], None] | None = None

    def close(self) -> None:
        """Close the result store; what was not to be kept is deleted."""
        if self.store is not None:
            self.store.close()
        if self.close_files is not None:
            self.close_files()

    def documents(self) -> Iterator[dict[str, Any]]:
        """Yield the document of every run that was made, in order."""
        if self.answer is not None:
            yield self.answer.record.document()
        if self.campaign is None or self.store is None:
            return
        for number, case in enumerate(self.campaign.cases):
            bodies = self.store.bodies(scenario=case.key, version=code_version(), undecided=True)
            for seed in case.seeds:
                if seed in bodies:
                    replay = self.campaign.records[number, seed].replay
                    yield bodies[seed] | {"replay": replay}

    def results(self) -> list[RunResult]:
        """Return every run as reports read it; of many runs only what tables need."""
        if self.answer is not None:
            return [RunResult.of(self.answer.record.document(), folder=self.answer.folder)]
        if self.campaign is None:
            return []
        return [
            RunResult.of(
                self.campaign.records[place].document(),
                folder=self.campaign.folders.get(place, ""),
            )
            for place in self.campaign.ordered()
        ]

    def document(self) -> dict[str, Any]:
        """Return the head of the call's document, without its runs."""
        more: dict[str, Any] = {"folder": self.folder or None}
        if self.campaign is not None:
            campaign = self.campaign
            more["campaign"] = {
                "digest": campaign.digest(),
                "runs": campaign.total,
                "finished": len(campaign.records),
                "interrupted": campaign.interrupted,
                "kept": sorted(campaign.folders.values()),
                "capsules": [str(path) for path in campaign.bugs],
            }
        if self.planned:
            more["planned"] = list(self.planned)
        return run_document(
            runs=[],
            exit_code=self.exit,
            warnings=self.warnings,
            command=self.command,
            **more,
        )
