"""What is wrong with a history file, where, and how to mend it."""

from __future__ import annotations

CUT: str = "the file was cut short or mixed up; write it again"
"""How to mend what only damage explains."""

_PART_MAX = 280
"""Letters of one part of a message."""


class HistoryFileError(ValueError):
    """A history cannot be read or written; the message says where, what was found, what to do.

    Formats work on file objects, so the caller, who opened the file, adds its name.
    """

    def __init__(
        self,
        found: str,
        mend: str,
        line: int | None = None,
        column: str | None = None,
        byte: int | None = None,
    ) -> None:
        # All arguments by position, so that the error survives the way out of a worker process.
        super().__init__(found, mend, line, column, byte)
        self.found = found
        self.mend = mend
        self.line = line
        self.column = column
        self.byte = byte

    def __str__(self) -> str:
        line = "" if self.line is None else f"line {self.line}: "
        column = "" if self.column is None else f"column {_said(self.column)}: "
        byte = "" if self.byte is None else f"byte {self.byte}: "
        return f"{line}{column}{byte}{_said(self.found)}; {_said(self.mend)}"


def _said(text: str) -> str:
    """Return a text that a file may have filled as it likes: in one line, and no long one.

    What would break the line, or command a terminal, is shown by its code.
    """
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
    return text if len(text) <= _PART_MAX else f"{text[: _PART_MAX - 1]}…"


class ExtraMissing(ImportError):
    """A format needs a package that only an extra brings."""

    def __init__(self, extra: str) -> None:
        super().__init__(extra)
        self.extra = extra

    def __str__(self) -> str:
        return (
            f"{self.extra.capitalize()} needs the extra of that name: "
            f"pip install 'bulkhead[{self.extra}]'"
        )
