"""`bulkhead completion`: the script that completes commands and options in a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from scenarios.console import Console, common

SHELLS = ("bash", "zsh", "fish")


def completion(shell: str) -> str:
    """Return the completion script of bash, zsh or fish."""
    from scenarios.entry import PROGRAM, commands

    kind = get_completion_class(shell)
    assert kind is not None, "click knows the three shells"
    made = kind(commands, {}, PROGRAM, f"_{PROGRAM.upper()}_COMPLETE")
    return made.source_template % made.source_vars()


@click.command(name="completion", short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(SHELLS))
@common
def command(shell: str, *, console: Console) -> int:
    """Print the completion script of a shell.

    For bash: eval "$(bulkhead completion bash)" in ~/.bashrc; the same for zsh. For fish:
    bulkhead completion fish > ~/.config/fish/completions/bulkhead.fish.
    """
    console.out(completion(shell).strip() + "\n")
    return 0
