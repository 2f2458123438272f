"""The document that a call of `bulkhead run` comes to: one shape for one run and for many."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from scenarios.exits import Exit
from scenarios.version import version

SCHEMA: Final = "bulkhead.run/1"


def run_document(
    *,
    runs: Iterable[Mapping[str, Any]],
    exit_code: Exit,
    warnings: Sequence[str],
    command: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return the document; further keys stand between the head and the runs."""
    return {
        "schema": SCHEMA,
        "version": version(),
        "command": command or called(),
        "exit_code": int(exit_code),
        "warnings": list(warnings),
        **more,
        "runs": list(runs),
    }


def called() -> str:
    """Return the command line of this process, ready to be pasted."""
    name, *arguments = sys.argv or ["bulkhead"]
    program = "bulkhead" if name.endswith(("bulkhead", "cli.py", "worker.py", "-m")) else name
    return shlex.join([program, *arguments])
