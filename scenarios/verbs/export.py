"""`bulkhead export`: a history, or the trace of a run, in a format that other programs read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import click

from scenarios.console import LOG, Console, common
from scenarios.errors import UsageError
from scenarios.folder import read_latest, writing

if TYPE_CHECKING:
    from sim.history import History, OracleLog

HISTORY_FORMATS: Final = ("npz", "jsonl", "edn", "parquet")
TRACE_FORMATS: Final = ("perfetto", "shiviz")

Writer = Callable[[IO[bytes]], None]


def export(source: str, *, to: str, out: Path) -> None:
    """Write a history or a trace to a file, whole or not at all.

    `source` is a result folder, or for history formats a history file of any format; traces need a
    folder that was made with `--trace`.
    """
    write = _trace_writer(source, to) if to in TRACE_FORMATS else _history_writer(source, to)
    with writing(out) as file:
        write(file)


def _history_writer(source: str, to: str) -> Writer:
    from importlib import import_module

    from specs.history.formats.errors import ExtraMissing, HistoryFileError

    history, oracle = _read(source)
    write = import_module(f"specs.history.formats.{to}").write

    def write_history(file: IO[bytes]) -> None:
        try:
            write(file, history, oracle)
        except (HistoryFileError, ExtraMissing) as error:
            raise UsageError(str(error), where=source) from error

    return write_history


def _read(source: str) -> tuple[History, OracleLog | None]:
    """Read a run, or a file in any format that a check takes."""
    from scenarios.histories import read_recorded
    from scenarios.reading import read_history
    from specs.history.formats.errors import ExtraMissing, HistoryFileError

    if not read_latest(Path(source)).is_file():
        recorded = read_recorded(source)
        return recorded.history, recorded.oracle
    try:
        loaded = read_history(source)
    except (HistoryFileError, ExtraMissing) as error:
        raise UsageError(str(error), where=source) from error
    return loaded.history, loaded.oracle


def _trace_writer(source: str, to: str) -> Writer:
    from reports.jsonl import TraceFileError, read_trace
    from scenarios.artifacts import TRACE_FILE
    from scenarios.histories import read_recorded

    folder = read_latest(Path(source))
    path = folder / TRACE_FILE if folder.is_dir() else folder
    if not path.is_file():
        raise UsageError(f"no {TRACE_FILE}: make the run again with --trace", where=source)
    try:
        with path.open("rb") as file:
            events = list(read_trace(file))
    except TraceFileError as error:
        raise UsageError(str(error), where=str(path)) from error

    oracle = read_recorded(str(folder)).oracle if folder.is_dir() else None

    def write_trace(file: IO[bytes]) -> None:
        end_ns = max((event["at_ns"] for event in events), default=0)
        if to == "shiviz":
            from reports.shiviz import TooManyEvents, shiviz_log

            try:
                file.write(shiviz_log(events).encode())
            except TooManyEvents as error:
                raise UsageError(str(error), where=str(path)) from error
            return
        from reports.outages import windows_of
        from reports.perfetto import write_perfetto
        from scenarios.artifacts import perfetto_view

        faults = windows_of(events, end_ns=end_ns)
        view = perfetto_view(events, oracle=oracle, faults=faults, end_ns=end_ns)
        write_perfetto(file, view, about={"source": str(path)})

    return write_trace


@click.command(name="export", short_help="Write a history or a trace in another format.")
@click.argument("source", metavar="FOLDER|HISTORY")
@click.option(
    "--to", type=click.Choice([*HISTORY_FORMATS, *TRACE_FORMATS]), required=True, help="Format."
)
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="Where to."
)
@common
def command(source: str, *, to: str, out: Path, console: Console) -> int:
    """Write a history or a trace in another format.

    A history may come in any format that `bulkhead check` reads. Of what is written,
    npz and jsonl are our own, edn is Jepsen's (registers and lists), parquet needs the extra;
    perfetto and shiviz are views of a trace.
    """
    export(source, to=to, out=out)
    LOG.info("written: %s", out)
    return 0
