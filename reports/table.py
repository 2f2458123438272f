"""Summaries for the terminal: one run, or many.

In colour where the caller says that a terminal shows it, else as plain text. Colour repeats what
words and signs say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from reports.grid import Grid, coloured, facts, plain
from reports.results import AS_EXPECTED, BUG, UNDECIDED, UNEXPECTED, RunResult, VerdictResult
from reports.words import count, duration, plural, seconds, three_digits, wrapped

DIGEST_DIGITS: Final = 12


def run_summary(
    result: RunResult, *, colour: bool = False, width: int = 100, ascii_only: bool = False
) -> str:
    """Return the summary of one run, ending in a line break."""
    parts = [
        facts(_header(result)),
        _workload(result, width),
        _grid(verdict_grid(result), colour=colour, width=width, ascii_only=ascii_only),
        _expectations(result),
    ]
    marks = ", ".join(f"{name} {count(value)}" for name, value in result.marks.items() if value)
    parts.append("".join(f"{line}\n" for line in wrapped(f"marks: {marks or 'none'}", room=width)))
    return "\n".join(part for part in parts if part)


def runs_summary(
    results: Sequence[RunResult],
    *,
    colour: bool = False,
    width: int = 120,
    ascii_only: bool = False,
) -> str:
    """Return one row for all runs of one scenario, variant and mutant."""
    grid = runs_grid(results)
    table = _grid(grid, colour=colour, width=width, ascii_only=ascii_only)
    work = seconds(sum(result.wall_s for result in results))
    return f"{table}\n{plural(len(results), 'run')}: {statuses(results)}; {work} of work\n"


def verdict_grid(result: RunResult) -> Grid:
    """Return the verdicts as a table, violated ones first."""
    ordered = sorted(result.verdicts, key=lambda verdict: verdict.holds)
    return Grid(
        heads=("property", "verdict", "premise", "expected"),
        rows=tuple(
            (verdict.name, verdict.word, _premise(verdict), _expected(result, verdict))
            for verdict in ordered
        ),
        right=frozenset({2}),
    )


def runs_grid(results: Sequence[RunResult]) -> Grid:
    """Return one row for all runs of one scenario, variant and mutant, in their given order."""
    groups: dict[tuple[str, str, str], list[RunResult]] = {}
    for result in results:
        groups.setdefault((result.scenario, result.variant, result.mutant), []).append(result)
    rows = []
    for (scenario, variant, mutant), runs in groups.items():
        failing = sorted(run.seed for run in runs if run.status in (UNEXPECTED, BUG))
        rows.append(
            (
                scenario,
                f"{variant}, {mutant}" if mutant else variant,
                count(len(runs)),
                seed_range([run.seed for run in runs]),
                f"{count(sum(run.met for run in runs))}/{count(len(runs))}",
                violations(runs),
                str(failing[0]) if failing else "none",
                seconds(sum(run.wall_s for run in runs)),
            )
        )
    heads = (
        "scenario",
        "variant, mutant",
        "runs",
        "seeds",
        "as expected",
        "violated in runs",
        "first unexpected",
        "time",
    )
    return Grid(heads=heads, rows=tuple(rows), right=frozenset({2, 3, 4, 6, 7}))


def violations(runs: Iterable[RunResult]) -> str:
    """Return which properties are violated in how many runs."""
    found: dict[str, int] = {}
    for run in runs:
        for verdict in run.violated:
            found[verdict.name] = found.get(verdict.name, 0) + 1
    return ", ".join(f"{name} ({count(times)})" for name, times in found.items()) or "nothing"


def statuses(runs: Iterable[RunResult]) -> str:
    """Return how many runs came to what, the expected ones first."""
    found = dict.fromkeys((AS_EXPECTED, UNEXPECTED, UNDECIDED, BUG), 0)
    for run in runs:
        found[run.status] += 1
    told = [f"{count(times)} {status}" for status, times in found.items() if times]
    return ", ".join(told) or "nothing"


def seed_range(seeds: Sequence[int]) -> str:
    """Return seeds in short: one, a range without gaps, or the lowest and how many more."""
    ordered = sorted(set(seeds))
    if not ordered:
        return ""
    if len(ordered) == 1:
        return str(ordered[0])
    if ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"{ordered[0]}..{ordered[-1]}"
    return f"{ordered[0]} and {count(len(ordered) - 1)} more"


def transactions(metrics: Mapping[str, int | float]) -> str:
    """Return how many transactions ended how."""
    told = [
        f"{count(int(metrics[name]))} {name}"
        for name in ("committed", "aborted", "unknown")
        if name in metrics
    ]
    return ", ".join(told)


def _header(result: RunResult) -> list[tuple[str, str]]:
    system = f"{result.system}, variant {result.variant}" if result.variant else result.system
    recovery = int(result.metrics.get("recovery_ns", -1))
    return [
        ("scenario", result.scenario),
        ("system", f"{system}, mutant {result.mutant}" if result.mutant else system),
        ("seed", str(result.seed)),
        ("digest", result.digest[:DIGEST_DIGITS]),
        ("result", result.status),
        ("simulated", f"{three_digits(result.simulated_s)} s in {seconds(result.wall_s)}"),
        ("transactions", transactions(result.metrics)),
        ("recovery", f"{duration(recovery)} to the first commit" if recovery >= 0 else ""),
        ("folder", result.folder),
    ]


def _workload(result: RunResult, width: int) -> str:
    """Return what the workload is and the rule that made it, a sentence a line."""
    if result.workload is None:
        return ""
    said = [f"workload: {result.workload.name}, {result.workload.source}"]
    for note in result.workload.notes:
        said += (f"  {line}" for line in wrapped(note, room=width - 2))
    return "".join(f"{line}\n" for line in said)


def _expectations(result: RunResult) -> str:
    if not result.expectations:
        return ""
    met = sum(one.met for one in result.expectations)
    lines = [f"expectations: {count(met)} of {count(len(result.expectations))} met"]
    for one in result.expectations:
        if one.met:
            continue
        if one.actual == UNDECIDED:
            lines.append(f"  undecided: {one.name}: expected {one.expected}")
        else:
            lines.append(f"  not met: {one.name}: expected {one.expected}, found {one.actual}")
    return "".join(f"{line}\n" for line in lines)


def _expected(result: RunResult, verdict: VerdictResult) -> str:
    if result.undecided(verdict):
        return UNDECIDED
    return UNEXPECTED if result.unmet(verdict) else AS_EXPECTED


def _premise(verdict: VerdictResult) -> str:
    return "" if verdict.premise is None else count(verdict.premise)


def _grid(grid: Grid, *, colour: bool, width: int, ascii_only: bool) -> str:
    if not grid.rows:
        return ""
    if colour:
        return coloured(grid, width=width, ascii_only=ascii_only)
    return plain(grid, ascii_only=ascii_only)
