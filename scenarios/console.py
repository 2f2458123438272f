"""Where words go: results to standard output, messages to standard error, all of it to a log."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Final, TextIO

import click

from scenarios.errors import OutputError, disk_error

LOG: Final = logging.getLogger("bulkhead")
_NARROWEST: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """What a command knows about the person before it."""

    colour: bool
    quiet: bool
    width: int
    ascii_only: bool

    def out(self, text: str, *, flush: bool = False) -> None:
        """Write to standard output, as it is; `flush` lets whoever reads a pipe see it now."""
        try:
            sys.stdout.write(text)
            if flush:
                sys.stdout.flush()
        except OSError as error:
            raise OutputError(error) from error

    @property
    def live(self) -> bool:
        """Say whether a progress line may be drawn."""
        return sys.stderr.isatty() and not self.quiet


def common(function: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options that all have, and a console for them."""

    @click.option("-q", "--quiet", is_flag=True, help="Say only what is wrong.")
    @click.option("-v", "--verbose", is_flag=True, help="Say more.")
    @click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        help="Colour output; NO_COLOR is respected.",
    )
    @click.option(
        "--log", type=click.Path(path_type=Path), metavar="FILE", help="Write messages to a file."
    )
    @wraps(function)
    def called(
        *args: Any, quiet: bool, verbose: bool, color: str, log: Path | None, **options: Any
    ) -> int:
        console = _console(color, quiet=quiet)
        handlers = _listen(quiet=quiet, verbose=verbose, log=log)
        try:
            return function(*args, console=console, **options)
        finally:
            for handler in handlers:
                LOG.removeHandler(handler)
                handler.close()

    return called


def seed_given(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    """Read the seed of an option, for click."""
    from scenarios.seeds import parse_seed

    return None if value is None else parse_seed(value)


def _console(color: str, *, quiet: bool) -> Console:
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    if not encoding.startswith("utf") and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    return Console(
        colour=color == "always" or (color == "auto" and wants_colour(sys.stdout)),
        quiet=quiet,
        width=max(_NARROWEST, shutil.get_terminal_size((100, 24)).columns),
        ascii_only=not encoding.startswith("utf"),
    )


def wants_colour(stream: TextIO) -> bool:
    """Say whether a stream is a terminal whose owner has nothing against colour."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


class _LogFile(logging.FileHandler):
    """A log file; what cannot be written ends the command with one line."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        """Turn a failed write into wrong usage."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            raise disk_error(error, self.baseFilename) from error
        super().handleError(record)


def _listen(*, quiet: bool, verbose: bool, log: Path | None) -> list[logging.Handler]:
    """Send messages to standard error, and all of them to the log file."""
    level = logging.WARNING if quiet else logging.DEBUG if verbose else logging.INFO
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    handlers[0].setLevel(level)
    if log is not None:
        try:
            handlers.append(_LogFile(log, encoding="utf-8"))
        except OSError as error:
            raise disk_error(error, log) from error
        handlers[1].setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    LOG.setLevel(logging.DEBUG)
    LOG.propagate = False
    for handler in handlers:
        LOG.addHandler(handler)
    return handlers
