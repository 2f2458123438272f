"""`bulkhead compare`: the same workload and the same chance through several variants."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scenarios.console import LOG, Console, common, seed_given
from scenarios.errors import UsageError
from scenarios.exits import Exit
from scenarios.folder import check_writable, output_folder

if TYPE_CHECKING:
    from reports.comparison import Row
    from scenarios.comparison import Comparison
    from scenarios.load import Source

SCHEMA = "bulkhead.compare/1"
_REPEAT = 5


def compare(
    scenario: str,
    variants: Sequence[str],
    *,
    seed: int | None = None,
    repeat: int = _REPEAT,
    clients: Sequence[int] | None = None,
    workers: int = 0,
    live: bool = False,
) -> Comparison:
    """Run one scenario through several variants with `repeat` seeds each, and measure them.

    Wrong input raises `UsageError` before anything runs.
    """
    return _compare(
        _source(scenario),
        variants,
        seed=seed,
        repeat=repeat,
        clients=clients,
        workers=workers,
        live=live,
    )


def _source(scenario: str) -> Source:
    from scenarios.inputs import read_inputs

    found = read_inputs([scenario])
    if len(found) != 1:
        raise UsageError(f"{len(found)} scenarios: compare takes one", where=scenario)
    return found[0].source


def _compare(
    source: Source,
    variants: Sequence[str],
    *,
    seed: int | None,
    repeat: int,
    clients: Sequence[int] | None,
    workers: int,
    live: bool,
) -> Comparison:
    from reports.progress import Live
    from scenarios import comparison
    from scenarios.driver import default_workers
    from scenarios.seeds import choose_seeds

    chosen = comparison.check_variants(variants)
    counts = comparison.choose_clients(source, clients)
    seeds = choose_seeds(
        file_seed=source.scenario.seed, seed=seed, repeat=repeat, seeds=None, shard=None
    ).all()
    with Live(sys.stderr, enabled=live) as progress:

        def watch(done: int, total: int) -> None:
            progress.runs(name="runs", done=done, total=total, violations=0)

        return comparison.compare(
            source,
            variants=chosen,
            clients=counts,
            seeds=seeds,
            workers=workers or default_workers(),
            watch=watch,
        )


def _rows(found: Comparison, clients: int | None = None) -> list[Row]:
    from reports.comparison import row_of

    return [
        row_of([each.document() for each in found.of(variant, clients)])
        for variant in found.variants
    ]


def document(found: Comparison, *, exit_code: Exit) -> dict[str, Any]:
    """Return the comparison as JSON: every measurement, and means with their intervals."""
    from reports.intervals import interval
    from scenarios.results import called
    from scenarios.version import version

    def mean(values: Sequence[float]) -> dict[str, float | None]:
        each = interval(values)
        whole = {"mean": each.mean, "half_width": each.half_width}
        return {name: None if value != value else value for name, value in whole.items()}

    means = [
        {
            "variant": row.variant,
            "clients": row.clients,
            "transactions_per_s": mean(row.per_s),
            "latency_ms": mean(row.latency_ms),
            "latency_p99_ms": mean(row.p99_ms),
            "phases_ms": {name: mean(values) for name, values in row.phases_ms.items()},
            "aborts_percent": {name: mean(values) for name, values in row.aborts.items()},
            "messages_per_transaction": {n: mean(values) for n, values in row.messages.items()},
            "entries_per_begin": mean(row.entries),
            "violated": list(row.violated),
        }
        for clients in found.clients
        for row in _rows(found, clients)
    ]
    return {
        "schema": SCHEMA,
        "version": version(),
        "command": called(),
        "exit_code": int(exit_code),
        "warnings": [],
        "scenario": found.scenario,
        "seeds": list(found.seeds),
        "clients": list(found.clients),
        "digest": found.digest(),
        "means": means,
        "runs": [_finite(each.document()) for each in found.measurements],
    }


def _finite(value: Any) -> Any:
    """Return a document without NaN, which JSON does not have."""
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    return None if isinstance(value, float) and value != value else value


def text(found: Comparison, *, ascii_only: bool = False) -> str:
    """Return the tables as a terminal shows them."""
    from reports.comparison import abort_grid, difference_grid, overview, sample
    from reports.grid import plain

    rows = _rows(found)
    grids = [overview(rows), abort_grid(rows)]
    if len(rows) > 1:
        grids.append(difference_grid(rows))
    head = f"{found.scenario}: {sample(len(found.seeds), found.base)}\n"
    return "\n".join([head, *(plain(grid, ascii_only=ascii_only) for grid in grids)])


def pictures(found: Comparison) -> dict[str, str]:
    """Return the SVG pictures by file name."""
    from reports.comparison import sample
    from reports.comparison_pictures import load_svg, stack_svg

    rows = _rows(found)
    every = [row for clients in found.clients for row in _rows(found, clients)]
    subtitle = f"{found.scenario}; {sample(len(found.seeds), found.base)}"
    tried = ", ".join(map(str, found.clients))
    drawn = {
        "load.svg": load_svg(
            every,
            title="Throughput against latency",
            subtitle=f"{found.scenario}; {tried} clients; mean and 95% confidence over seeds",
        )
    }
    stacks = (
        (
            "latency.svg",
            [row.phases_ms for row in rows],
            "Where the latency of a committed transaction goes",
            "ms",
        ),
        (
            "aborts.svg",
            [row.aborts for row in rows],
            "Why transactions abort",
            "aborted, in % of all transactions",
        ),
        (
            "messages.svg",
            [row.messages for row in rows],
            "Messages for each committed transaction",
            "messages",
        ),
    )
    for name, parts, title, unit in stacks:
        drawn[name] = stack_svg(rows, parts, title=title, subtitle=subtitle, unit=unit)
    return drawn


def keep(found: Comparison, source: Source, out: Path, *, exit_code: Exit) -> Path:
    """Write the comparison into a folder of its own, and return it."""
    from scenarios.emit import document as toml
    from scenarios.folder import Draft, folder_name
    from scenarios.schema.scenario import stated

    with Draft(out) as draft:
        draft.text("compare.json", json.dumps(document(found, exit_code=exit_code), indent=1))
        draft.text("compare.txt", text(found))
        draft.text("scenario.toml", toml(stated(source.scenario)))
        for name, picture in pictures(found).items():
            draft.text(name, picture)
        return draft.finish(folder_name(found.digest()))


def _counts(_: click.Context, __: click.Parameter, value: str | None) -> list[int] | None:
    if value is None:
        return None
    counts = [part.strip() for part in value.split(",")]
    if not all(part.isdigit() and int(part) for part in counts):
        raise UsageError(f'"{value}" is no list of numbers: write 2,4,8', where="--clients")
    return [int(part) for part in counts]


@click.command(name="compare", short_help="Run one workload through several variants.")
@click.argument("scenario", metavar="SCENARIO")
@click.option("--variants", required=True, metavar="A,B,...", help="What to compare.")
@click.option("--seed", callback=seed_given, metavar="N", help="First seed; the scenario's own.")
@click.option(
    "--repeat",
    type=click.IntRange(min=1),
    default=_REPEAT,
    show_default=True,
    metavar="N",
    help="How many seeds each runs with.",
)
@click.option("--clients", callback=_counts, metavar="N,N,...", help="Numbers of clients to try.")
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Processes; default: all cores."
)
@click.option(
    "--out", default="runs", metavar="DIR", help="Where result folders go; none writes nothing."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, and nothing else.")
@common
def command(
    scenario: str,
    *,
    console: Console,
    variants: str,
    seed: int | None,
    repeat: int,
    clients: list[int] | None,
    workers: int | None,
    out: str,
    as_json: bool,
) -> int:
    """Run one workload through several variants, and compare what they cost.

    Each variant runs with the same seeds, so the same transactions meet the same latencies. The
    tables are about the scenario's own number of clients; the first picture tries others too.
    """
    folder = output_folder(out)
    if folder is not None:
        check_writable(folder)
    source = _source(scenario)
    found = _compare(
        source,
        variants.split(","),
        seed=seed,
        repeat=repeat,
        clients=clients,
        workers=workers or 0,
        live=console.live,
    )
    code = Exit.UNMET if found.violated else Exit.MET
    if as_json:
        console.out(json.dumps(document(found, exit_code=code), indent=1) + "\n")
    else:
        console.out(text(found, ascii_only=console.ascii_only))
    if folder is not None:
        LOG.info(f"folder: {keep(found, source, folder, exit_code=code)}")
    for variant, names in found.violated.items():
        LOG.warning(f"{variant} violated {', '.join(names)}")
    return code
