"""What is wrong with a trace file, where, and how to mend it."""

from __future__ import annotations

from pathlib import Path

from sim.workload.types import TraceError


class TraceFileError(TraceError):
    """A trace file cannot be read as one; the message says where, what was found, what to do."""

    def __init__(
        self,
        path: Path,
        found: str,
        mend: str,
        line: int | None = None,
        column: str | None = None,
    ) -> None:
        # All arguments by position, so that the error survives the way out of a worker process.
        super().__init__(path, found, mend, line, column)
        self.path = path
        self.found = found
        self.mend = mend
        self.line = line
        self.column = column

    def __str__(self) -> str:
        place = "" if self.line is None else f":{self.line}"
        part = "" if self.column is None else f" column {self.column}:"
        return f"{self.path}{place}:{part} {self.found}; {self.mend}"
