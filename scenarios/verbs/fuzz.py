"""`bulkhead fuzz`: let chance make up what happens, and shrink what goes wrong to a scenario."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from scenarios import units
from scenarios.console import LOG, Console, common, seed_given
from scenarios.errors import UsageError, nearest
from scenarios.exits import Exit
from scenarios.folder import FAILURES, check_writable, output_folder
from scenarios.verbs import fuzz_checkers

if TYPE_CHECKING:
    from scenarios.hunt.search import How, Hunt

SCHEMA = "bulkhead.fuzz/1"
SYSTEMS = ("omid",)
TARGETS = (*SYSTEMS, fuzz_checkers.TARGET)
_EXAMPLES = 200
_NS_PER_S = 1_000_000_000


def fuzz(
    system: str = "omid",
    *,
    variant: str = "omid",
    mutant: str | None = None,
    how: How = "steps",
    seed: int = 0,
    examples: int | None = None,
    budget_s: float | None = None,
    live: bool = False,
) -> Hunt:
    """Try examples until something is wrong with one, and shrink that one.

    `how` is "steps", a state machine beside a model of snapshot isolation, or "scenarios", whole
    scenarios with faults. Without `examples` and `budget_s` it tries 200 examples; they come in
    rounds of fifty. Wrong input raises `UsageError` before anything runs.
    """
    from hypothesis.configuration import set_hypothesis_home_dir

    from reports.progress import Live
    from scenarios.hunt.search import hunt
    from scenarios.names import check_mutant
    from sim.omid.variants import VARIANTS

    if system not in SYSTEMS:
        hint = nearest(system, TARGETS)
        raise UsageError(f'unknown system "{system}"{hint}; there is {", ".join(TARGETS)}')
    if variant not in VARIANTS:
        hint = nearest(variant, VARIANTS)
        raise UsageError(f'unknown variant "{variant}"{hint}', where="--variant")
    if mutant is not None and (why := check_mutant(mutant, variant)):
        raise UsageError(why, where="--mutant")
    if examples is None and budget_s is None:
        examples = _EXAMPLES
    # Hypothesis leaves notes where it works, and the user's folder is none of its business.
    with Live(sys.stderr, enabled=live) as progress, TemporaryDirectory() as notes:
        set_hypothesis_home_dir(notes)
        return hunt(
            variant=variant,
            mutant=mutant,
            how=how,
            seconds=budget_s,
            examples=examples,
            first_seed=seed,
            watch=lambda made: progress.runs(
                name="examples", done=made, total=examples or made, violations=0
            ),
        )


def document(found: Hunt, *, exit_code: Exit, place: Path | None) -> dict[str, Any]:
    """Return a hunt as JSON."""
    from scenarios.hunt.deployment import short_text
    from scenarios.results import called
    from scenarios.version import version

    return {
        "schema": SCHEMA,
        "version": version(),
        "command": called(),
        "exit_code": int(exit_code),
        "warnings": [],
        "system": "omid",
        "variant": found.variant,
        "mutant": found.mutant,
        "how": found.how,
        "examples": found.examples,
        "seconds": round(found.seconds, 3),
        "found": found.found or None,
        "violated": list(found.properties),
        "shrinking_runs": found.runs,
        "scenario": short_text(found.scenario) if found.scenario else None,
        "folder": str(place) if place else None,
    }


def text(found: Hunt) -> str:
    """Return what a terminal shows."""
    from scenarios.hunt.deployment import short_text

    what = "examples of steps" if found.how == "steps" else "scenarios"
    planted = f" with {found.mutant} planted" if found.mutant else ""
    head = f"{found.variant}{planted}: {found.examples:,} {what} in {found.seconds:.1f} s"
    if not found.found:
        return f"{head}; nothing is wrong with any\n"
    lines = [f"{head}; the last one is wrong:", "", found.found, ""]
    if found.scenario is None:
        lines.append("Run as a scenario the steps do not show it: chance differs there.")
    else:
        lines += [f"Shrunk in {found.runs} runs, it still violates", ""]
        lines += [f"    {name}" for name in found.properties]
        lines += ["", short_text(found.scenario)]
    return "\n".join(lines).rstrip("\n") + "\n"


def keep(found: Hunt, out: Path, *, exit_code: Exit) -> Path:
    """Write the hunt and its scenario into a folder of their own, and return it."""
    from scenarios.folder import Draft, folder_name
    from scenarios.hunt.deployment import short_text
    from sim.kernel.digest import Digest

    assert found.scenario is not None, "only what was found is kept"
    scenario = short_text(found.scenario)
    digest = Digest()
    digest.text("scenario", scenario)
    with Draft(out) as draft:
        draft.text("scenario.toml", scenario)
        draft.text("fuzz.json", json.dumps(document(found, exit_code=exit_code, place=None)))
        return draft.finish(folder_name(digest.hex()), latest=False)


def _budget(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    try:
        return None if value is None else units.duration(value) / _NS_PER_S
    except ValueError as error:
        raise UsageError(str(error), where="--budget") from error


@click.command(name="fuzz", short_help="Let chance make up runs and files, and keep what is wrong.")
@click.argument("target", metavar="|".join(TARGETS))
@click.option("--variant", metavar="NAME", help="What to hunt (omid); omid.")
@click.option("--mutant", metavar="NAME", help="Plant a bug.")
@click.option(
    "--how",
    type=click.Choice(["steps", "scenarios"]),
    help="A state machine beside a model, or whole scenarios (omid); steps.",
)
@click.option("--seed", callback=seed_given, metavar="N", help="Where chance begins; 0.")
@click.option(
    "--examples",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"How many to try, for omid in rounds of 50; {_EXAMPLES} where no budget is given either.",
)
@click.option("--budget", callback=_budget, metavar="60s", help="How long to try.")
@click.option("--shard", metavar="I/N", help="Try every N-th, from the I-th on (checkers).")
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Processes (checkers); all cores."
)
@click.option(
    "--out",
    metavar="DIR",
    help=f"Where a finding goes; none writes nothing. runs, or {FAILURES} for checkers.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, and nothing else.")
@common
def command(
    target: str,
    *,
    console: Console,
    variant: str | None,
    mutant: str | None,
    how: How | None,
    seed: int | None,
    examples: int | None,
    budget: float | None,
    shard: str | None,
    workers: int | None,
    out: str | None,
    as_json: bool,
) -> int:
    """Let chance make up what happens, and keep what goes wrong.

    omid: runs, shrunk to a scenario file that `bulkhead run` replays. checkers: history files of
    every format, damaged or whole, which are read and checked. One seed makes the same examples
    everywhere; a budget decides only how many.
    """
    if target == fuzz_checkers.TARGET:
        _refuse(target, {"--variant": variant, "--how": how})
        return _checkers(
            console,
            out=FAILURES if out is None else out,
            as_json=as_json,
            mutant=mutant,
            seed=seed or 0,
            examples=examples,
            budget_s=budget,
            shard=shard,
            workers=workers,
        )
    _refuse(target, {"--shard": shard, "--workers": workers})
    folder = output_folder("runs" if out is None else out)
    if folder is not None:
        check_writable(folder)
    found = fuzz(
        target,
        variant=variant or "omid",
        mutant=mutant,
        how=how or "steps",
        seed=seed or 0,
        examples=examples,
        budget_s=budget,
        live=console.live,
    )
    code = Exit.UNMET if found.found else Exit.MET
    place = None
    if folder is not None and found.scenario is not None:
        place = keep(found, folder, exit_code=code)
    if as_json:
        console.out(json.dumps(document(found, exit_code=code, place=place), indent=1) + "\n")
    else:
        console.out(text(found))
    if place is not None:
        LOG.info(f"folder: {place}; bulkhead run {place}/scenario.toml replays it")
    return code


def _refuse(target: str, options: dict[str, object]) -> None:
    """Refuse options that a target does not have."""
    for name, value in options.items():
        if value is not None and target in TARGETS:
            raise UsageError(f"{target} has no such option", where=name)


def _checkers(
    console: Console, *, out: str, as_json: bool, mutant: str | None, **options: Any
) -> int:
    folder = output_folder(out)
    fresh = folder is not None and not folder.exists()
    if folder is not None:
        check_writable(folder)
    hunted = fuzz_checkers.fuzz_checkers(mutant=mutant, live=console.live, **options)
    kept = {} if folder is None else fuzz_checkers.keep(hunted, folder, mutant=mutant)
    if folder is not None and fresh and not kept:
        folder.rmdir()
    if as_json:
        told = fuzz_checkers.document(hunted, kept, mutant=mutant)
        console.out(json.dumps(told, indent=1) + "\n")
    else:
        console.out(fuzz_checkers.text(hunted, kept, mutant=mutant))
    return fuzz_checkers.exit_of(hunted)
