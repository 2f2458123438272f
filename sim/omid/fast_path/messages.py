"""What a client of Omid FP asks of a region server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

UNBOUNDED: Final = (1 << 63) - 1
"""The bound of a blind write: whatever was committed before is replaced."""


@dataclass(frozen=True, slots=True)
class PutVersion:
    """Write a committed version of `key`, if none above `bound` is committed.

    `serial` is the client's own count: a copy of a request is answered, not obeyed again.
    """

    client: str
    serial: int
    key: int
    value: int
    bound: int
