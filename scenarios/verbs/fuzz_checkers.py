"""`bulkhead fuzz checkers`: damaged files for every reader, and whole ones for the checker."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scenarios.errors import UsageError, nearest
from scenarios.exits import Exit, worst
from scenarios.folder import Draft, write_whole

if TYPE_CHECKING:
    from scenarios.hunt.readers.campaign import Hunted
    from scenarios.hunt.readers.example import Finding

TARGET: Final = "checkers"
SCHEMA: Final = "bulkhead.fuzz/1"
_EXAMPLES: Final = 200
_KEPT_MAX: Final = 10
_ENDS: Final = ("accepted", "rejected", "refused", "found", "whole")


def fuzz_checkers(
    *,
    seed: int = 0,
    examples: int | None = None,
    budget_s: float | None = None,
    shard: str | None = None,
    workers: int | None = None,
    mutant: str | None = None,
    live: bool = False,
) -> Hunted:
    """Try files of every format, whole and damaged, and return what they came to.

    Without `examples` and `budget_s` it tries 200. Example `n` has the seed `seed + n`, so that
    a finding is repeated by its own seed and one example. Wrong input raises `UsageError`.
    """
    from reports.progress import Live
    from scenarios.driver import default_workers
    from scenarios.hunt.readers.campaign import hunt_readers
    from scenarios.hunt.readers.planted import PLANTED
    from scenarios.seeds import parse_shard

    if mutant is not None and mutant not in PLANTED:
        hint = nearest(mutant, PLANTED)
        raise UsageError(f'unknown mutant "{mutant}"{hint}', where="--mutant")
    if examples is None and budget_s is None:
        examples = _EXAMPLES
    number, of = parse_shard(shard) if shard is not None else (0, 1)
    if examples is not None and examples <= number:
        raise UsageError("nothing to try: this shard has no example", where="--shard")
    with Live(sys.stderr, enabled=live) as progress:
        return hunt_readers(
            seed=seed,
            examples=examples,
            seconds=budget_s,
            shard=(number, of),
            workers=workers or default_workers(),
            mutant=mutant,
            watch=lambda made, findings: progress.runs(
                name="examples", done=made, total=examples or made, violations=findings
            ),
        )


def exit_of(hunted: Hunted) -> Exit:
    """Return the exit code of a hunt."""
    codes = [Exit.UNMET if hunted.found else Exit.MET] if hunted.tally.examples else []
    return worst([*codes, Exit.INTERRUPTED] if hunted.interrupted else codes)


def document(hunted: Hunted, kept: Mapping[int, Path], *, mutant: str | None) -> dict[str, Any]:
    """Return a hunt as JSON; `kept` says where the files of a seed lie."""
    from scenarios.results import called
    from scenarios.version import version

    return {
        "schema": SCHEMA,
        "version": version(),
        "command": called(),
        "exit_code": int(exit_of(hunted)),
        "warnings": [],
        "target": TARGET,
        "seed": hunted.first_seed,
        "mutant": mutant,
        "examples": hunted.tally.examples,
        "seconds": round(hunted.seconds, 3),
        "formats": {
            form: {
                **{end: ends.get(end, 0) for end in _ENDS},
                "peak_bytes": hunted.tally.peak_bytes.get(form, 0),
            }
            for form, ends in sorted(hunted.tally.ends.items())
        },
        "failures": [
            _failure(findings[0], len(findings), kept) for findings in hunted.found.values()
        ],
    }


def _failure(finding: Finding, times: int, kept: Mapping[int, Path]) -> dict[str, Any]:
    from scenarios.hunt.readers.example import attempts_of

    attempt = attempts_of(finding.seed)[0][finding.attempt]
    return {
        "property": finding.property,
        "scenario": str(kept[finding.seed]) if finding.seed in kept else None,
        "digest": attempt.digest,
        "steps": list(attempt.steps),
        "seed": finding.seed,
        "times": times,
        "found": finding.words,
        "form": attempt.form,
        "format": attempt.format,
        "level": attempt.level,
        "replay": replay_of(finding),
    }


def replay_of(finding: Finding, *, mutant: str | None = None) -> str:
    """Return the command that repeats a finding."""
    planted = f" --mutant {mutant}" if mutant else ""
    return f"bulkhead fuzz {TARGET}{planted} --seed {finding.seed} --examples 1"


def text(hunted: Hunted, kept: Mapping[int, Path], *, mutant: str | None) -> str:
    """Return what a terminal shows."""
    from scenarios.hunt.readers.example import PROPERTIES

    tally = hunted.tally
    planted = f" with {mutant} planted" if mutant else ""
    files = sum(
        sum(count for end, count in ends.items() if end != "whole") for ends in tally.ends.values()
    )
    lines = [
        f"{TARGET}{planted}: {tally.examples:,} examples, {files:,} files in "
        f"{hunted.seconds:.1f} s; " + ("wrong are" if hunted.found else "nothing is wrong with any")
    ]
    lines.append("")
    width = max(map(len, tally.ends), default=0)
    lines.append(f"  {'':{width}} {' '.join(f'{end:>9}' for end in (*_ENDS, 'peak MiB'))}")
    for form, ends in sorted(tally.ends.items()):
        numbers = [ends.get(end, 0) for end in _ENDS]
        numbers.append(tally.peak_bytes.get(form, 0) >> 20)
        lines.append(f"  {form:{width}} {' '.join(f'{number:>9,}' for number in numbers)}")
    for (name, _), findings in hunted.found.items():
        first = findings[0]
        times = f" ({len(findings):,} times)" if len(findings) > 1 else ""
        lines += ["", f"✗ {name}: {PROPERTIES[name]}{times}", f"  {first.words}"]
        if first.seed in kept:
            lines.append(f"  {kept[first.seed]}")
        lines.append(f"Reproduce: {replay_of(first, mutant=mutant)}")
    return "\n".join(lines) + "\n"


def keep(hunted: Hunted, parent: Path, *, mutant: str | None) -> dict[int, Path]:
    """Write the files of the first findings into a folder each, and return where."""
    from scenarios.hunt.readers.example import attempts_of, put

    kept: dict[int, Path] = {}
    for findings in list(hunted.found.values())[:_KEPT_MAX]:
        first = findings[0]
        attempt = attempts_of(first.seed)[0][first.attempt]
        name = f"{TARGET}-{first.property}-{first.seed}-{attempt.digest[:8]}"
        if first.seed in kept:
            continue
        if not (parent / name).exists():
            with Draft(parent) as draft:
                put(attempt.files, draft.path)
                told = _failure(first, len(findings), {}) | {"mutant": mutant}
                write_whole(draft.path / "fuzz.json", json.dumps(told, indent=1).encode())
                draft.finish(name, latest=False)
        kept[first.seed] = parent / name
    return kept
