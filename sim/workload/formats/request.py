"""What a recording without transactions is made of: requests, one after the other.

A format turns a file into requests and says in words what it takes for one; a rule
(`sim.workload.boundaries`) makes transactions of them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from sim.workload.types import Access


class Request(NamedTuple):
    """One access to one key; what a recording does not tell is `None`."""

    key: Hashable
    kind: Access | None = None
    client: Hashable = None
    time_ns: int | None = None
    """Since an instant of the recording's own."""
    ends: bool = False
    """Whether the recording itself ends a transaction here."""
    amount: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format of recordings, and what its requests tell.

    `timed`: when; `clients`: by whom; `kinds`: whether they read or write; `bounded`: where
    a transaction ends. `looks` tells the format by the first bytes of a file, decompressed;
    without it the format must be named.
    """

    name: str
    summary: str
    words: str
    """What is taken for a request, in one sentence without a full stop."""
    requests: Callable[[BinaryIO, Path], Iterator[Request]]
    looks: Callable[[bytes], bool] | None = None
    timed: bool = False
    clients: bool = False
    kinds: bool = False
    bounded: bool = False
