"""`bulkhead run`: run scenarios under faults, judge every run, and keep what is worth keeping."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scenarios import units
from scenarios.console import LOG, Console, common, seed_given
from scenarios.errors import UsageError
from scenarios.exits import Exit
from scenarios.folder import FAILURES, check_writable, output_folder
from scenarios.wishes import Wishes

if TYPE_CHECKING:
    from scenarios.call import Call


def run(
    scenarios: Sequence[str],
    wishes: Wishes | None = None,
    *,
    dry_run: bool = False,
    live: bool = False,
) -> Call:
    """Run scenarios, files, folders and shipped names, and return what came of it.

    Wrong input raises `UsageError` before anything runs. The call holds an open result store
    when it made many runs: close it when its documents are read.
    """
    from reports.progress import Live
    from scenarios.driver import default_workers, go_on, plan, run_many, run_one
    from scenarios.execute import Glimpse
    from scenarios.inputs import campaign_folder, read_inputs

    wishes = wishes or Wishes()
    if not wishes.workers:
        wishes = replace(wishes, workers=default_workers())
    begun = campaign_folder(scenarios)
    if begun is not None:
        _check_nothing_else(wishes, dry_run=dry_run)
    with Live(sys.stderr, enabled=live) as progress:

        def watch_many(done: int, total: int, violations: int) -> None:
            progress.runs(name="runs", done=done, total=total, violations=violations)

        if begun is not None:
            return go_on(begun, wishes, watch=watch_many)
        cases, resolved = plan(read_inputs(scenarios), wishes)
        for note in dict.fromkeys(note for each in resolved for note in each.notes):
            LOG.info(note)
        if dry_run:
            return _planned(cases, resolved)
        if wishes.out is not None:
            check_writable(wishes.out)
        if sum(len(case.seeds) for case in cases) > 1:
            return run_many(cases, wishes, watch=watch_many)

        def watch_one(seen: Glimpse) -> None:
            progress.run(
                name=Path(cases[0].job.name).stem,
                simulated_ns=seen.simulated_ns,
                finished=seen.finished,
                total=seen.total,
                verdicts=seen.verdicts,
            )

        return run_one(cases[0], wishes, watch=watch_one)


def _check_nothing_else(wishes: Wishes, *, dry_run: bool) -> None:
    """Refuse options that a campaign which was begun has settled already."""
    settled = {
        "--seed": wishes.seed,
        "--repeat": wishes.repeat,
        "--seeds": wishes.seeds,
        "--shard": wishes.shard,
        "--mutant": wishes.mutant,
        "--timeout": wishes.timeout_ns,
        "--dry-run": dry_run or None,
    }
    given = [name for name, value in settled.items() if value is not None]
    if given:
        raise UsageError(f"{given[0]} was settled when the campaign was begun: leave it out")


def _planned(cases: Sequence[Any], resolved: Sequence[Any]) -> Call:
    """Return a call that only says what it would have run."""
    from scenarios.call import Call
    from scenarios.results import called

    planned = [
        {
            "scenario": case.job.name,
            "seeds": [case.seeds[0], case.seeds[-1]],
            "runs": len(case.seeds),
            "resolved": first.text(),
        }
        for case, first in zip(cases, resolved, strict=True)
    ]
    return Call(exit=Exit.MET, command=called(), planned=planned)


def _duration(_: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    try:
        return None if value is None else units.duration(value)
    except ValueError as error:
        raise UsageError(f"--{parameter.name}: {error}") from error


@click.command(name="run", short_help="Run scenarios under faults, and judge every run.")
@click.argument("scenarios", nargs=-1, metavar="SCENARIO|FOLDER|NAME...")
@click.option("--seed", callback=seed_given, metavar="N", help="Seed, instead of the scenario's.")
@click.option("--repeat", type=click.IntRange(min=1), metavar="N", help="Run N seeds from it on.")
@click.option("--seeds", metavar="A:B", help="Run the seeds from A to B - 1.")
@click.option("--shard", metavar="I/N", help="Run every N-th of them, from the I-th on.")
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Processes; default: all cores."
)
@click.option("--mutant", metavar="NAME", help="Plant a bug.")
@click.option("--timeout", callback=_duration, metavar="60s", help="Wall limit of each run.")
@click.option("--fail-fast", is_flag=True, help="Stop at the first run that is not as expected.")
@click.option("--dry-run", is_flag=True, help="Check everything, and say what would be run.")
@click.option("--trace", is_flag=True, help="Record every message, and draw the run.")
@click.option(
    "--out", default="runs", metavar="DIR", help="Where result folders go; none writes nothing."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, and nothing else.")
@click.option(
    "--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write a JUnit report."
)
@click.option(
    "--summary", type=click.Path(path_type=Path), metavar="FILE", help="Write a Markdown summary."
)
@common
def command(
    scenarios: tuple[str, ...],
    *,
    console: Console,
    as_json: bool,
    junit: Path | None,
    summary: Path | None,
    dry_run: bool,
    out: str,
    timeout: int | None,
    workers: int | None,
    **options: Any,
) -> int:
    """Run scenarios under faults, and judge every run.

    A scenario is a TOML file, a shipped name like omid/quiet, a folder of either, a result
    folder to repeat, or - for standard input.
    """
    from scenarios.show import show, write_reports

    folder = output_folder(out)
    wishes = Wishes(
        timeout_ns=timeout,
        workers=workers or 0,
        out=folder,
        failures=None if folder is None else FAILURES,
        **options,
    )
    for path in (junit, summary):
        if path is not None:
            check_writable(path.absolute().parent)
    call = run(scenarios, wishes, dry_run=dry_run, live=console.live)
    try:
        write_reports(call, junit=junit, summary=summary)
        show(call, console, as_json=as_json)
    finally:
        call.close()
    return call.exit
