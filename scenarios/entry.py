"""From a command line to an exit code: commands found late, and no code that is not ours.

Help imports nothing but click: every command's line stands in a table here, and its module is
imported when it is called.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

import click

from scenarios.errors import OutputError, UsageError, nearest
from scenarios.exits import BROKEN_PIPE, Exit

PROGRAM: Final = "bulkhead"
COMPLETE: Final = "_BULKHEAD_COMPLETE"
COMMANDS: Final = {
    "run": "Run scenarios under faults, and judge every run.",
    "scenarios": "List what ships: scenarios, variants, mutants, properties.",
    "compare": "Run one workload through several variants, and compare what they cost.",
    "check": "Decide the isolation level of any history.",
    "fuzz": "Let chance make up runs, and shrink what goes wrong.",
    "trace": "Tell the life of one transaction of a run.",
    "export": "Write a history or a trace in another format.",
    "schema": "Print the JSON Schema of scenario files, for editors.",
    "doctor": "Say what is installed, what is missing, and where data is looked for.",
    "completion": "Print the completion script of a shell.",
}
_EPILOG: Final = (
    "Exit codes: 0 every expectation is met; 1 one is not; 2 the input is wrong, or nothing was "
    "tested; 3 stopped by a limit; 4 a bug of Bulkhead, with a capsule; 130 interrupted."
)


class Commands(click.Group):
    """Finds the module of a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command and return the command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"scenarios.verbs.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the nearest one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f'no command "{args[0]}"{nearest(args[0], COMMANDS)}')
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _show_version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        from scenarios.version import version

        click.echo(f"{PROGRAM} {version()}")
        ctx.exit()


@click.group(cls=Commands, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Print the version.",
)
def commands() -> None:
    """Run isolation mechanisms under faults, and check, prove and explain every run."""


def enter(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code, whatever happens."""
    try:
        code = _translated(arguments)
        try:
            sys.stdout.flush()
        except OSError as error:
            raise OutputError(error) from error
    except OutputError as error:
        _close_output()
        if error.closed:
            return BROKEN_PIPE
        _say(f"{PROGRAM}: {error}")
        return Exit.USAGE
    return code


def _called(arguments: Sequence[str]) -> int:
    """Let click find and call the command.

    Not through its `main`, which ends the process by itself when a pipe is closed.
    """
    asked = os.environ.get(COMPLETE)
    if asked:
        from click.shell_completion import shell_complete

        return shell_complete(commands, {}, PROGRAM, COMPLETE, asked)
    try:
        with commands.make_context(PROGRAM, list(arguments)) as context:
            return int(commands.invoke(context) or 0)
    except click.exceptions.Exit as end:
        return end.exit_code


def _translated(arguments: Sequence[str]) -> int:
    """Run a command line and turn every way to end into an exit code."""
    try:
        return _called(arguments)
    except click.exceptions.NoArgsIsHelpError as error:
        _say(error.format_message())
        return Exit.USAGE
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else PROGRAM
        _say(f"{path}: {' '.join(error.format_message().split())}")
        return Exit.USAGE
    except UsageError as error:
        for line in error.lines(PROGRAM):
            _say(line)
        return error.exit
    except (click.Abort, KeyboardInterrupt):
        _say(f"{PROGRAM}: interrupted; nothing was finished")
        return Exit.INTERRUPTED
    except OutputError:
        raise
    except BrokenPipeError as error:
        raise OutputError(error) from error
    except Exception:  # noqa: BLE001  # whatever is left is our bug, and must say so
        _say(f"{PROGRAM}: internal error; what is known of it is in {_keep_traceback(arguments)}")
        return Exit.BUG


def _keep_traceback(arguments: Sequence[str]) -> Path:
    """Save what is known of a bug outside of any run."""
    folder = Path(tempfile.mkdtemp(prefix="bulkhead-bug-"))
    told = f"{PROGRAM} {' '.join(arguments)}\n\n{traceback.format_exc()}"
    (folder / "traceback.txt").write_text(told, encoding="utf-8")
    return folder


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201  # the one place that talks without a console


def _close_output() -> None:
    """Let the interpreter's last flush of standard output go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
