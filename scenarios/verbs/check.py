"""`bulkhead check`: decide whether histories of any database satisfy an isolation level."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scenarios import units
from scenarios.check_output import closing, document, keep, story, text, write_reports
from scenarios.checking import Checked, Report, Wishes, checks
from scenarios.console import LOG, Console, common
from scenarios.errors import UsageError, nearest
from scenarios.folder import check_writable, output_folder
from scenarios.load import STANDARD_INPUT
from scenarios.streaming import LATENESS, check_stream
from scenarios.streaming import LEVELS as STREAM_LEVELS

if TYPE_CHECKING:
    from specs.history.isolation.telling import Anomaly

_NS_PER_S = 1_000_000_000


def _levels(_: click.Context, __: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    from specs.history.isolation.levels import LEVELS, SHORT

    names = [*LEVELS, *SHORT]
    asked = [name.strip() for each in value for name in each.split(",")]
    for name in asked:
        if name not in names:
            hint = nearest(name, names)
            raise UsageError(f'unknown level "{name}"{hint}', where="--level")
    return tuple(dict.fromkeys(SHORT.get(name, name) for name in asked))


def _format(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    from specs.history.formats.load import FORMATS

    if value is not None and value not in FORMATS:
        hint = nearest(value, FORMATS)
        known = ", ".join(FORMATS)
        raise UsageError(f'unknown format "{value}"{hint}; known are {known}', where="--format")
    return value


def _timeout(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    try:
        return None if value is None else units.duration(value) / _NS_PER_S
    except ValueError as error:
        raise UsageError(str(error), where="--timeout") from error


@click.command(name="check", short_help="Decide the isolation level of any history.")
@click.argument("histories", nargs=-1, required=True, metavar="HISTORY...")
@click.option(
    "--level",
    "levels",
    multiple=True,
    callback=_levels,
    metavar="LEVEL,...",
    help="The isolation levels to decide; session-si.",
)
@click.option(
    "--format", "format_name", callback=_format, metavar="FORMAT", help="Insist on a format."
)
@click.option(
    "--certify",
    is_flag=True,
    help="Hold every verdict against programs that share no code with the checker.",
)
@click.option("--stream", is_flag=True, help="Check timestamps on line, in bounded memory.")
@click.option(
    "--lateness",
    type=click.IntRange(min=0),
    metavar="N",
    help=f"Of a stream: how much earlier than others one may have started; {LATENESS}.",
)
@click.option("--timeout", callback=_timeout, metavar="60s", help="Wall limit of each verdict.")
@click.option(
    "--out",
    default="none",
    show_default=True,
    metavar="DIR",
    help="Where a folder with pictures and certificates goes.",
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
    histories: tuple[str, ...],
    *,
    console: Console,
    levels: tuple[str, ...],
    format_name: str | None,
    certify: bool,
    stream: bool,
    lateness: int | None,
    timeout: float | None,
    out: str,
    as_json: bool,
    junit: Path | None,
    summary: Path | None,
) -> int:
    """Decide whether histories of any database satisfy an isolation level.

    A history is a file, a folder of logs or a result folder, in one of many formats, packed or
    not, or - for standard input; its content says which. A violation is named and told in a few
    lines, and drawn with --out; every acceptance rests on a schedule of begins and commits, which
    --certify replays. Levels: session-si, si, gsi, strong-si, serializable (ser),
    session-serializable, strict-serializable, causal, read-atomic, read-committed; by stated
    timestamps, and with --stream: session-si-timestamps, si-timestamps.
    """
    _check_usage(histories, levels, stream=stream, certify=certify, lateness=lateness)
    folder = output_folder(out)
    for place in (folder, *(path.absolute().parent for path in (junit, summary) if path)):
        if place is not None:
            check_writable(place)
    if stream:
        found = _streamed(
            histories,
            level=levels[0] if levels else STREAM_LEVELS[0],
            format=format_name,
            lateness=LATENESS if lateness is None else lateness,
            timeout_s=timeout,
            console=None if as_json else console,
        )
    else:
        wishes = Wishes(
            format=format_name, certify=certify, keep=folder is not None, timeout_s=timeout
        )
        found = checks(histories, levels or ("session-si",), wishes)
    from reports.words import plural

    report = _shown(found, console, as_json=as_json, stream=stream)
    write_reports(report, junit=junit, summary=summary)
    if as_json:
        console.out(json.dumps(document(report), indent=1) + "\n")
    if folder is not None and any(not each.error for each in report.histories):
        LOG.info(f"folder: {keep(report, folder)}")
    if report.interrupted:
        LOG.warning(f"interrupted after {plural(len(report.histories), 'verdict')}")
    return report.exit


def _check_usage(
    histories: tuple[str, ...],
    levels: tuple[str, ...],
    *,
    stream: bool,
    certify: bool,
    lateness: int | None,
) -> None:
    """Refuse options that do not go together, before anything is read."""
    if histories.count(STANDARD_INPUT) > 1:
        raise UsageError("standard input can be read once", where="-")
    if not stream and lateness is not None:
        raise UsageError("only a stream has transactions that come late", where="--lateness")
    if stream and certify:
        raise UsageError("a stream is not kept, so nothing of it replays", where="--certify")
    if stream and (len(levels) > 1 or (levels and levels[0] not in STREAM_LEVELS)):
        known = " or ".join(STREAM_LEVELS)
        raise UsageError(f"a stream is checked at one level, {known}", where="--level")


def _shown(found: Iterator[Checked], console: Console, *, as_json: bool, stream: bool) -> Report:
    """Show each verdict when it is there, and return all of them; an interrupt ends them."""
    done: list[Checked] = []
    interrupted = False
    try:
        for each in found:
            done.append(each)
            if each.error:
                LOG.error(f"{each.path}: {each.error}")
            elif not as_json:
                console.out(closing(each) if stream else text(each))
            if each.stopped == "interrupted":
                interrupted = True
                break
    except KeyboardInterrupt:
        interrupted = True
    return Report(histories=tuple(done), interrupted=interrupted)


def _streamed(
    histories: tuple[str, ...], *, level: str, console: Console | None, **options: Any
) -> Iterator[Checked]:
    """Check one stream after the other; with a console, tell each violation at once."""
    for path in histories:

        def tell(anomaly: Anomaly, path: str = path) -> None:
            if console is not None:
                lines = [path, *story(anomaly, level)]
                console.out("\n".join(lines) + "\n", flush=True)

        yield check_stream(path, level=level, tell=tell, **options)
