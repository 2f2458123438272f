"""Many runs: every scenario with every seed, over the pool, into one store, in seed order.

Results and the campaign digest do not depend on who finished first. What is finished stays
finished: an interrupted campaign leaves its folder, and running that folder goes on with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from scenarios.console import LOG
from scenarios.digest import campaign_digest
from scenarios.errors import UsageError
from scenarios.exits import Exit, worst
from scenarios.failures import keep_bug
from scenarios.job import Answer, Job, lost
from scenarios.pool import Done, Pool, Task
from scenarios.record import BUG, Record
from scenarios.store import Row, Store
from scenarios.version import code_version

KEPT_MAX: Final = 10
Watcher = Callable[[int, int, int], None]
"""Called with runs done, runs in all, and violations so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One scenario of a campaign, its key in the store, and the seeds that it runs with."""

    job: Job
    key: str
    seeds: Sequence[int]

    def job_for(self, seed: int) -> Job:
        """Return the job of one seed."""
        replay = f"{self.job.replay} --seed {seed}" if self.job.replay else ""
        return replace(self.job, seed=seed, replay=replay)


@dataclass(slots=True)
class Campaign:
    """What became of many runs; `records` keeps of each run what tables need."""

    cases: Sequence[Case]
    records: dict[tuple[int, int], Record] = field(default_factory=dict)
    folders: dict[tuple[int, int], str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    bugs: list[Path] = field(default_factory=list)
    interrupted: bool = False
    unsteady: bool = False
    """True when one seed gave two digests: a run is not deterministic."""
    changed: bool = False
    """True when a repeated campaign came to other digests than before."""

    @property
    def total(self) -> int:
        """Count the runs that the campaign consists of."""
        return sum(len(case.seeds) for case in self.cases)

    @property
    def left(self) -> int:
        """Count the runs that were not made."""
        return self.total - len(self.records)

    def ordered(self) -> Iterator[tuple[int, int]]:
        """Yield (case, seed) of every finished run, in the order of cases and seeds."""
        for number, case in enumerate(self.cases):
            for seed in case.seeds:
                if (number, seed) in self.records:
                    yield number, seed

    def in_order(self) -> Iterator[Record]:
        """Yield the records in the order of cases and seeds."""
        return (self.records[place] for place in self.ordered())

    @property
    def exit(self) -> Exit:
        """Return the exit code of the whole call."""
        codes = [record.exit for record in self.records.values()]
        if self.interrupted:
            codes.append(Exit.INTERRUPTED)
        codes += [Exit.BUG] * self.unsteady + [Exit.UNMET] * self.changed
        return worst(codes)

    def digest(self) -> str:
        """Return the digest over all runs that were made, in order."""
        return campaign_digest(
            [
                (self.cases[number].key, seed, self.records[number, seed].digest or "")
                for number, seed in self.ordered()
            ]
        )

    def violations(self) -> int:
        """Count the runs that are not as expected."""
        return sum(record.exit not in (Exit.MET, Exit.UNDECIDED) for record in self.in_order())


def run_campaign(
    campaign: Campaign,
    store: Store,
    *,
    workers: int,
    fail_fast: bool,
    bugs: Path | None,
    watch: Watcher,
) -> None:
    """Run what the store does not have yet; Ctrl-C ends it and keeps what is finished."""
    _recall(campaign, store)
    places: dict[int, tuple[int, int]] = {}
    violations = campaign.violations()
    try:
        with Pool(min(workers, max(1, campaign.left))) as pool:
            for done in pool.run(_open_tasks(campaign, places)):
                answer = _answer(done)
                record = _keep(campaign, store, places.pop(done.task.number), answer, bugs)
                violations += record.exit not in (Exit.MET, Exit.UNDECIDED)
                watch(len(campaign.records), campaign.total, violations)
                if fail_fast and record.exit != Exit.MET:
                    campaign.notes.append("stopped at the first run that is not as expected")
                    break
    except KeyboardInterrupt:
        campaign.interrupted = True
    store.flush()
    campaign.warnings += [str(difference) for difference in store.differences]
    campaign.unsteady |= bool(store.differences)


def keep_folders(
    campaign: Campaign, *, folder: Path, failures: str | None, tracing: bool, workers: int
) -> None:
    """Run the lowest violating seed of each property once more, and keep all of it."""
    places = worth_keeping(campaign)
    tasks = []
    for number, (case, seed) in enumerate(places):
        job = replace(
            campaign.cases[case].job_for(seed),
            out=str(folder),
            out_name=f"{Path(campaign.cases[case].job.name).stem}-{seed}",
            failures=failures,
            tracing=tracing,
        )
        tasks.append(Task(number=number, message=_message(job)))
    with Pool(min(workers, max(1, len(tasks)))) as pool:
        for done in pool.run(tasks):
            place = places[done.task.number]
            answer = _answer(done)
            if answer.record.digest != campaign.records[place].digest:
                campaign.warnings.append(f"seed {place[1]} is not deterministic")
                campaign.unsteady = True
            campaign.records[place] = answer.record
            campaign.folders[place] = Path(answer.folder).name


def worth_keeping(campaign: Campaign) -> list[tuple[int, int]]:
    """Return the lowest violating seed of each scenario and property, the unexpected first."""
    found: dict[tuple[int, str], tuple[int, int]] = {}
    unmet: set[tuple[int, int]] = set()
    for place in campaign.ordered():
        record = campaign.records[place]
        for name in (*record.violated, *record.unmet):
            found.setdefault((place[0], name), place)
        if record.exit == Exit.UNMET:
            unmet.add(place)
    places = dict.fromkeys(found.values())
    return sorted(places, key=lambda place: place not in unmet)[:KEPT_MAX]


def compare_with(campaign: Campaign, before: Store) -> None:
    """Note every seed whose digest is not the one of a campaign that is repeated."""
    for number, case in enumerate(campaign.cases):
        known = before.digests(scenario=case.key)
        for seed in case.seeds:
            record = campaign.records.get((number, seed))
            if record is None or known.get(seed) in (None, record.digest):
                continue
            campaign.changed = True
            campaign.warnings.append(
                f"{case.job.name}, seed {seed}: digest {(record.digest or 'none')[:16]} now, "
                f"{known[seed][:16]} before"
            )


def _recall(campaign: Campaign, store: Store) -> None:
    """Take over what the store has."""
    for number, case in enumerate(campaign.cases):
        bodies = store.bodies(scenario=case.key, version=code_version())
        for seed in case.seeds:
            if seed in bodies:
                campaign.records[number, seed] = _slim(Record.of(bodies[seed]))


def _open_tasks(campaign: Campaign, places: dict[int, tuple[int, int]]) -> Iterator[Task]:
    """Yield a task for every run that is to be made, and note which it is."""
    number = 0
    for case_number, case in enumerate(campaign.cases):
        for seed in case.seeds:
            if (case_number, seed) in campaign.records:
                continue
            job = case.job_for(seed)
            wall_s = None if job.timeout_ns is None else job.timeout_ns / 1e9
            places[number] = case_number, seed
            yield Task(number=number, message=_message(job), wall_s=wall_s)
            number += 1


def _message(job: Job) -> dict[str, Any]:
    return {name: getattr(job, name) for name in Job.__slots__}


def _answer(done: Done) -> Answer:
    """Return the answer to a task, made up where the worker gave none."""
    if done.answer is None:
        wall = done.failure == "wall"
        return lost(Job(**done.task.message), wall=wall, last_words=done.last_words)
    if "problems" in done.answer:
        raise UsageError("\n".join(done.answer["problems"]))
    return Answer.of(done.answer["answer"])


def _keep(
    campaign: Campaign, store: Store, place: tuple[int, int], answer: Answer, bugs: Path | None
) -> Record:
    record = answer.record
    LOG.debug("%s, seed %d: %s %s", record.scenario, record.seed, record.outcome, record.digest)
    store.add(
        Row(
            scenario=campaign.cases[place[0]].key,
            version=code_version(),
            seed=record.seed,
            digest=record.digest,
            outcome=record.outcome,
            exit=int(record.exit),
            body=record.document(),
        )
    )
    campaign.records[place] = _slim(record)
    campaign.notes += [note for note in answer.notes if note not in campaign.notes]
    if record.outcome == BUG and len(campaign.bugs) < (KEPT_MAX if bugs else 1):
        path = keep_bug(record, scenario=answer.scenario, bug=answer.bug, out=bugs)
        campaign.bugs.append(path)
    return record


def _slim(record: Record) -> Record:
    """Drop from the record of an unremarkable run what only its document needs."""
    violated = {row["property"] for row in record.verdicts if not row["holds"]}
    return replace(
        record,
        verdicts=tuple(row for row in record.verdicts if not row["holds"]),
        expectations=tuple(
            each for each in record.expectations if not each.met or each.name in violated
        ),
        marks={},
        metrics={},
    )
