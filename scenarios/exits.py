"""The exit codes, and which one wins when one call runs many things."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Final


class Exit(IntEnum):
    """What the exit code of a command says."""

    MET = 0
    """Every expectation is met."""
    UNMET = 1
    """An expectation is not met."""
    USAGE = 2
    """The input or the usage is wrong, or nothing was tested."""
    UNDECIDED = 3
    """A limit stopped the run before there was a verdict."""
    BUG = 4
    """Bulkhead itself failed; a capsule was saved."""
    INTERRUPTED = 130
    """Interrupted; finished work was saved."""


BROKEN_PIPE: Final = 141
"""What a shell reports for a program that wrote to a closed pipe; said without a word."""

PRECEDENCE: Final = (
    Exit.USAGE,
    Exit.BUG,
    Exit.INTERRUPTED,
    Exit.UNMET,
    Exit.UNDECIDED,
    Exit.MET,
)


def worst(codes: Iterable[Exit]) -> Exit:
    """Return the code that wins; that of no code at all is `USAGE`: nothing was tested."""
    return min(codes, key=PRECEDENCE.index, default=Exit.USAGE)
