"""What is wrong with an image, where, and how to mend it."""

from __future__ import annotations

from typing import Final

DAMAGED: Final = "the file is cut short or damaged; fetch or build it again"
"""How to mend what only damage explains."""
HOSTILE: Final = "no loader should take it; build it again, or scan it raw, with a base address"
"""How to mend what a linker never writes."""


class ImageError(ValueError):
    """An image cannot be scanned whole, so it is not scanned at all.

    Readers work on bytes, so the caller, who opened the file, adds its name.
    """

    def __init__(self, found: str, mend: str, byte: int | None = None) -> None:
        # All arguments by position, so that the error survives the way out of a worker process.
        super().__init__(found, mend, byte)
        self.found = found
        self.mend = mend
        self.byte = byte

    def __str__(self) -> str:
        byte = "" if self.byte is None else f"byte {self.byte:#x}: "
        return f"{byte}{self.found}; {self.mend}"
