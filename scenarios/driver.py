"""What `run` does with its inputs: one run here, many over the pool, or the one that was begun."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from scenarios.call import Call
from scenarios.campaign import (
    Campaign,
    Case,
    Watcher,
    compare_with,
    keep_folders,
    run_campaign,
)
from scenarios.emit import document
from scenarios.errors import UsageError
from scenarios.execute import Observer
from scenarios.failures import keep_bug
from scenarios.folder import Draft, folder_name, point_latest, settle, utc_now, write_whole
from scenarios.inputs import RESULTS_FILE, SCENARIO_FILE, Input
from scenarios.job import Answer, Job, do
from scenarios.resolve import Resolved
from scenarios.results import called
from scenarios.schema.scenario import stated
from scenarios.seeds import choose_seeds
from scenarios.store import Store
from scenarios.wishes import Wishes
from sim.kernel.digest import Digest

UNFINISHED: Final = "unfinished"
_LIMITS: Final = {
    "events": "stopped by the limit on simulated events",
    "wall": "stopped by the limit on time on the wall",
    "still": "stopped: no transaction ended for an hour of simulated time",
}


def plan(inputs: Sequence[Input], wishes: Wishes) -> tuple[list[Case], list[Resolved]]:
    """Settle which scenario runs with which seeds; every input error comes from here."""
    cases, resolved = [], []
    for each in inputs:
        scenario = each.source.scenario
        seeds = choose_seeds(
            file_seed=scenario.seed,
            seed=wishes.seed,
            repeat=wishes.repeat,
            seeds=wishes.seeds,
            shard=wishes.shard,
        ).all()
        if not seeds:
            continue
        timeout_ns = wishes.timeout_ns if wishes.timeout_ns is not None else scenario.limits.wall
        job = Job.of(
            each.source,
            mutant=wishes.mutant,
            timeout_ns=timeout_ns,
            capsule=str(each.capsule) if each.capsule and wishes.mutant is None else None,
            replay=_replay(each, wishes),
        )
        first = replace(job, seed=seeds[0]).resolved()
        resolved.append(first)
        cases.append(Case(job=job, key=_key(job, first), seeds=seeds))
    if not cases:
        raise UsageError("nothing to run: this shard has no seed")
    return cases, resolved


def _lasting(answer: Answer) -> str:
    """Say which faults had not ended when a run that stood still was stopped."""
    return f"; not ended: {'; '.join(answer.lasting)}" if answer.lasting else ""


def run_one(case: Case, wishes: Wishes, *, watch: Observer) -> Call:
    """Run one scenario with one seed in this process."""
    job = replace(
        case.job_for(case.seeds[0]),
        tracing=wishes.trace,
        out=None if wishes.out is None else str(wishes.out),
        failures=wishes.failures,
    )
    answer = do(job, observe=watch)
    call = Call(
        exit=answer.record.exit,
        command=called(),
        folder=answer.folder,
        notes=list(answer.notes),
        answer=answer,
    )
    if answer.bug:
        path = keep_bug(answer.record, scenario=answer.scenario, bug=answer.bug, out=wishes.out)
        call.folder = str(path)
        call.warnings.append(f"{_last_line(answer.bug)}; the capsule that repeats it: {path}")
    elif answer.limit:
        call.warnings.append(f"{_LIMITS[answer.limit]}, without a verdict{_lasting(answer)}")
    return call


def run_many(cases: Sequence[Case], wishes: Wishes, *, watch: Watcher) -> Call:
    """Run many over the pool, into a folder of their own."""
    if wishes.out is None:
        return _temporary(cases, wishes, watch)
    name = f"{utc_now()}-{_plan_digest(cases)[:8]}-{UNFINISHED}"
    return _kept(cases, wishes, Draft(wishes.out, name=name).path, watch)


def go_on(folder: Path, wishes: Wishes, *, watch: Watcher) -> Call:
    """Go on with an unfinished campaign, or repeat a finished one and compare digests."""
    with Store(folder / RESULTS_FILE) as before:
        stored: list[Mapping[str, Any]] | None = before.recall("cases")
        if stored is None:
            raise UsageError(f"{folder / RESULTS_FILE} does not say what was run")
        cases = [
            Case(job=Job(**case["job"]), key=case["key"], seeds=case["seeds"]) for case in stored
        ]
        if not folder.name.endswith(UNFINISHED):
            call = _temporary(cases, wishes, watch)
            assert call.campaign is not None, "many runs are a campaign"
            compare_with(call.campaign, before)
            call.warnings += call.campaign.warnings
            call.exit = call.campaign.exit
            return call
    return _kept(cases, replace(wishes, out=folder.parent), folder, watch)


def _temporary(cases: Sequence[Case], wishes: Wishes, watch: Watcher) -> Call:
    """Run many and keep nothing but what the call itself tells."""
    folder = tempfile.TemporaryDirectory(prefix="bulkhead-")
    campaign = Campaign(cases=cases)
    store = Store(Path(folder.name) / RESULTS_FILE)
    _run(campaign, store, wishes, bugs=None, watch=watch)
    return _call(campaign, store, folder="", close=folder.cleanup)


def _kept(cases: Sequence[Case], wishes: Wishes, folder: Path, watch: Watcher) -> Call:
    """Run many into a folder that an interrupt leaves unfinished, but whole."""
    campaign = Campaign(cases=cases)
    store = Store(folder / RESULTS_FILE)
    try:
        store.remember("cases", [_stored(case) for case in cases])
        _run(campaign, store, wishes, bugs=folder, watch=watch)
        if not campaign.interrupted:
            _keep(campaign, wishes, folder)
    except KeyboardInterrupt:
        campaign.interrupted = True
    except UsageError:
        store.abandon()
        if not campaign.records:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    if campaign.interrupted:
        return _call(campaign, store, folder=str(folder))
    store.close()
    place = settle(folder, folder.parent / folder_name(campaign.digest()))
    point_latest(place)
    campaign.bugs = [place / path.name for path in campaign.bugs]
    return _call(campaign, Store(place / RESULTS_FILE), folder=str(place))


def _run(
    campaign: Campaign, store: Store, wishes: Wishes, *, bugs: Path | None, watch: Watcher
) -> None:
    run_campaign(
        campaign,
        store,
        workers=wishes.workers,
        fail_fast=wishes.fail_fast,
        bugs=bugs,
        watch=watch,
    )


def _call(
    campaign: Campaign, store: Store, *, folder: str, close: Callable[[], None] | None = None
) -> Call:
    bugs = [f"a run failed on us; the capsule that repeats it: {path}" for path in campaign.bugs]
    return Call(
        exit=campaign.exit,
        command=called(),
        folder=folder,
        warnings=[*campaign.warnings, *bugs],
        notes=list(campaign.notes),
        campaign=campaign,
        store=store,
        close_files=close,
    )


def _keep(campaign: Campaign, wishes: Wishes, folder: Path) -> None:
    keep_folders(
        campaign,
        folder=folder,
        failures=wishes.failures,
        tracing=wishes.trace,
        workers=wishes.workers,
    )
    for number, case in enumerate(campaign.cases):
        name = SCENARIO_FILE if len(campaign.cases) == 1 else f"scenario-{number + 1}.toml"
        write_whole(folder / name, document(dict(case.job.scenario)).encode())


def default_workers() -> int:
    """Return how many processes this machine runs side by side."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _replay(each: Input, wishes: Wishes) -> str:
    name = str(each.capsule) if each.capsule else each.source.name
    mutant = ["--mutant", wishes.mutant] if wishes.mutant else []
    return shlex.join(["bulkhead", "run", "-" if name == "standard input" else name, *mutant])


def _key(job: Job, first: Resolved) -> str:
    """Return what names a case in the store: all that decides its results but the seed."""
    scenario = {name: value for name, value in job.scenario.items() if name != "seed"}
    digest = Digest()
    digest.text("scenario", document(scenario))
    digest.text("mutant", job.mutant or "")
    workload = stated(first.scenario)["workload"]
    digest.text("workload", document({"workload": workload}))
    return digest.hex()


def _plan_digest(cases: Sequence[Case]) -> str:
    digest = Digest()
    for case in cases:
        digest.text("case", case.key)
        digest.text("seeds", f"{case.seeds[0]} {len(case.seeds)} {case.seeds[-1]}")
    return digest.hex()


def _stored(case: Case) -> dict[str, Any]:
    job = {name: getattr(case.job, name) for name in Job.__slots__}
    return {"job": job, "key": case.key, "seeds": list(case.seeds)}


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1]
