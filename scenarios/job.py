"""A job for one process: run one scenario with one seed, and write what is to be kept of it.

Jobs and answers are plain JSON between processes; the driver does its single runs through the
same function, so one run and one run of many are the same run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from scenarios.artifacts import write_folder
from scenarios.capsule import compare, read_expected
from scenarios.divergence import first_difference
from scenarios.errors import UsageError
from scenarios.execute import Observer
from scenarios.exits import Exit
from scenarios.failures import write_failure
from scenarios.load import Source, frozen
from scenarios.record import UNDECIDED, Record
from scenarios.resolve import Resolved, resolve
from scenarios.run import Finished, blank_record, run, wall_limit_s
from scenarios.schema.scenario import Scenario, stated


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is run, how it is watched, and where what is kept of it goes (nowhere without)."""

    scenario: Mapping[str, Any]
    name: str
    folder: str
    seed: int | None = None
    mutant: str | None = None
    timeout_ns: int | None = None
    tracing: bool = False
    capsule: str | None = None
    out: str | None = None
    """Where the folder of the run goes."""
    out_name: str | None = None
    """What the folder is called; its time and digest unless given."""
    failures: str | None = None
    """Where the scenario of a failing run goes."""
    replay: str = ""

    @classmethod
    def of(cls, source: Source, **options: Any) -> Self:
        """Return the job of a scenario that was read."""
        return cls(
            scenario=stated(source.scenario),
            name=source.name,
            folder=str(source.folder),
            **options,
        )

    def resolved(self) -> Resolved:
        """Settle everything that the scenario leaves open."""
        scenario = Scenario.model_validate(frozen(dict(self.scenario)))
        source = Source(scenario=scenario, name=self.name, folder=Path(self.folder))
        return resolve(source, seed=self.seed, mutant=self.mutant)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a job; `scenario` is the resolved one as a file, for runs that failed."""

    record: Record
    limit: str = ""
    lasting: tuple[str, ...] = ()
    """The faults that had not ended where nothing moved any more."""
    bug: str = ""
    folder: str = ""
    notes: tuple[str, ...] = ()
    scenario: str = ""

    def document(self) -> dict[str, Any]:
        """Return the answer as JSON has it."""
        return {
            "record": self.record.document(),
            "limit": self.limit,
            "lasting": list(self.lasting),
            "bug": self.bug,
            "folder": self.folder,
            "notes": list(self.notes),
            "scenario": self.scenario,
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Return the answer that a document describes."""
        lists = {name: tuple(document[name]) for name in ("notes", "lasting")}
        return cls(**{**document, **lists, "record": Record.of(document["record"])})


def perform(message: Mapping[str, Any]) -> dict[str, Any]:
    """Do a job that came as JSON: {"answer": ...}, or {"problems": [...]} of its input."""
    try:
        return {"answer": do(Job(**message)).document()}
    except UsageError as error:
        return {"problems": error.lines()}


def do(job: Job, *, observe: Observer | None = None) -> Answer:
    """Do a job in this process."""
    resolved = job.resolved()
    finished = run(
        resolved,
        tracing=job.tracing,
        wall_s=wall_limit_s(resolved, job.timeout_ns),
        observe=observe,
    )
    finished = replace(finished, record=finished.record.with_replay(job.replay))
    finished, notes = _compared(job, finished)
    failed = finished.record.exit in (Exit.UNMET, Exit.BUG)
    if failed and job.failures is not None:
        path = write_failure(Path(job.failures), finished.record, resolved.text())
        finished = replace(finished, record=finished.record.with_replay(f"bulkhead run {path}"))
    folder = ""
    if job.out is not None and not finished.bug:
        finished, place = write_folder(finished, out=Path(job.out), name=job.out_name)
        folder = str(place)
    return Answer(
        record=finished.record,
        limit=finished.limit,
        lasting=finished.lasting,
        bug=finished.bug,
        folder=folder,
        notes=(*resolved.notes, *notes),
        scenario=resolved.text() if failed else "",
    )


def lost(job: Job, *, wall: bool, last_words: str) -> Answer:
    """Return the answer for a job whose worker gave none: it was too slow, or it died."""
    resolved = job.resolved()
    outcome = UNDECIDED if wall else "bug"
    record = blank_record(resolved, outcome=outcome).with_replay(job.replay)
    if wall:
        return Answer(record=record, limit="wall")
    return Answer(
        record=record,
        bug=f"the worker process died, twice\n{last_words}",
        scenario=resolved.text(),
    )


def _compared(job: Job, finished: Finished) -> tuple[Finished, list[str]]:
    """Compare a replay with its capsule, and say where they part."""
    if job.capsule is None:
        return finished, []
    capsule = Path(job.capsule)
    expected = read_expected(capsule)
    finished = replace(finished, record=compare(finished.record, expected))
    if "digest" not in finished.record.unmet:
        return finished, []
    return finished, first_difference(capsule, finished, expected)
