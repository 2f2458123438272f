"""Errors that are the reader's to mend; they know how to show themselves.

Wrong input is a `UsageError`: what was found, where, and how to mend it, each problem on one
line. A property that does not hold is no error: it is a verdict, in the result. Our own bugs are
whatever else is raised; the run or the command that meets one saves what repeats it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scenarios.exits import Exit

PROBLEMS_MAX: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with the input, and the place where it stands."""

    message: str
    where: str = ""

    def __str__(self) -> str:
        """Show the problem on one line."""
        message = " ".join(self.message.split())
        return f"{self.where}: {message}" if self.where else message


class UsageError(Exception):
    """The input or the usage is wrong; nothing was run."""

    exit = Exit.USAGE

    def __init__(
        self, message: str = "", *, where: str = "", problems: Iterable[Problem] = ()
    ) -> None:
        own = [Problem(message=message, where=where)] if message else []
        self.problems = (*own, *problems)
        super().__init__(*self.problems)

    def lines(self, program: str = "") -> list[str]:
        """Return what a person reads: at most ten problems, one line each.

        A problem that stands in no file begins with the name of the program, when given.
        """
        head = f"{program}: " if program else ""
        shown = [
            str(problem) if problem.where else f"{head}{problem}"
            for problem in self.problems[:PROBLEMS_MAX]
        ]
        left = len(self.problems) - PROBLEMS_MAX
        return [*shown, f"and {left} more"] if left > 0 else shown

    def __str__(self) -> str:
        """Join the lines."""
        return "\n".join(self.lines())


class StoppedError(UsageError):
    """A limit stopped a run that everything else waits for: there is no verdict."""

    exit = Exit.UNDECIDED


class OutputError(Exception):
    """Standard output cannot be written; a closed pipe is not an error but an end."""

    def __init__(self, error: OSError) -> None:
        self.closed = isinstance(error, BrokenPipeError)
        super().__init__(f"cannot write standard output: {error.strerror or error}")


def nearest(name: str, names: Iterable[str]) -> str:
    """Return ' (did you mean "..."?)' with the nearest valid name, or all names when few."""
    known = list(names)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.55)
    if close:
        return f' (did you mean "{close[0]}"?)'
    if known and len(known) <= 12:
        return f" (one of: {', '.join(known)})"
    return ""


def disk_error(error: OSError, path: Path | str) -> UsageError:
    """Turn a failed write into one line that names the path and the reason."""
    reason = error.strerror or type(error).__name__
    return UsageError(f"cannot write {path}: {reason[:1].lower()}{reason[1:]}")
