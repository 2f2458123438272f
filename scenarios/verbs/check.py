"""`bulkhead check`: decide whether histories of any database satisfy an isolation level."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from scenarios.checking import Checked, Report, check
from scenarios.console import LOG, Console, common
from scenarios.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEMA = "bulkhead.check/1"


def document(report: Report) -> dict[str, Any]:
    """Return a report as JSON."""
    from scenarios.results import called
    from scenarios.version import version

    return {
        "schema": SCHEMA,
        "version": version(),
        "command": called(),
        "exit_code": int(report.exit),
        "warnings": report.warnings,
        **report.document(),
    }


def text(checked: Checked) -> str:
    """Return what a terminal shows of one history."""
    size = f"{checked.transactions:,} transactions, {checked.operations:,} operations"
    head = f"{checked.path} ({checked.format}; {size}; {checked.seconds:.2f} s)"
    lines = [head]
    if checked.holds:
        proof = ", replayed" if checked.replayed else ""
        lines.append(f"  satisfies {checked.level}{proof}")
    else:
        first = checked.anomalies[0]
        lines.append(f"  violates {checked.level}: {first.name.title}")
        lines += [f"    {line}" for line in first.lines]
        others = len(checked.anomalies) - 1 + checked.more
        if others:
            lines.append(f"  and {others:,} more like it; --json tells them")
    lines += [f"  assumed: {sentence}" for sentence in checked.assumptions]
    return "\n".join(lines) + "\n"


def _level(_: click.Context, __: click.Parameter, value: str) -> str:
    from specs.history.isolation.levels import LEVELS, SHORT

    names = [*LEVELS, *SHORT]
    if value not in names:
        hint = nearest(value, names)
        raise UsageError(f'unknown level "{value}"{hint}', where="--level")
    return value


def _format(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    from specs.history.formats.load import FORMATS

    if value is not None and value not in FORMATS:
        hint = nearest(value, FORMATS)
        known = ", ".join(FORMATS)
        raise UsageError(f'unknown format "{value}"{hint}; known are {known}', where="--format")
    return value


@click.command(name="check", short_help="Decide the isolation level of any history.")
@click.argument("histories", nargs=-1, required=True, metavar="HISTORY...")
@click.option(
    "--level",
    default="session-si",
    show_default=True,
    callback=_level,
    metavar="LEVEL",
    help="The isolation level to decide.",
)
@click.option(
    "--format", "format_name", callback=_format, metavar="FORMAT", help="Insist on a format."
)
@click.option(
    "--certify", is_flag=True, help="Replay the schedule of every acceptance, as its proof."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, and nothing else.")
@common
def command(
    histories: Sequence[str],
    *,
    console: Console,
    level: str,
    format_name: str | None,
    certify: bool,
    as_json: bool,
) -> int:
    """Decide whether histories of any database satisfy an isolation level.

    A history is a file or a folder in one of many formats, packed or not; its content says which.
    A violation is named and told in a few lines; every acceptance rests on a schedule of begins and
    commits, which --certify replays.
    """
    report = check(histories, level=level, format=format_name, certify=certify)
    for each in report.histories:
        if each.error:
            LOG.error(f"{each.path}: {each.error}")
        elif not as_json:
            console.out(text(each))
    if as_json:
        console.out(json.dumps(document(report), indent=1) + "\n")
    return report.exit
