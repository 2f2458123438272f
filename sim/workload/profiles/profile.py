"""What a file that describes a workload is turned into: a generator with its settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from sim.kernel.streams import Streams
from sim.workload.generate.settings import SettingError
from sim.workload.types import TransactionTrace

TRANSACTIONS: Final = 1000
REQUESTS: Final = 4


class Described(Protocol):
    """A generator that a file describes."""

    def generate(self, streams: Streams) -> TransactionTrace:
        """Return the workload that these streams draw."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """How much to draw from a description, and from which part of it."""

    transactions: int = TRANSACTIONS
    clients: int = 1
    requests: int = REQUESTS
    keys: int | None = None
    part: str | None = None

    def whole(self, profile: str) -> None:
        """Refuse a part, where the description has none."""
        if self.part is not None:
            raise SettingError("part", self.part, f"none: a file of {profile} describes one")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A format of descriptions; `looks` tells it by the first bytes of a file."""

    name: str
    summary: str
    looks: Callable[[bytes], bool]
    described: Callable[[BinaryIO, Path, Drawing], Described]
