"""What the register says of one mechanism. Nothing here imports a simulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FAST17: Final = "Shacham et al., FAST'17"
VLDB18: Final = "Shacham et al., VLDB'18"
APACHE: Final = "Apache Phoenix-Omid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """One part of a protocol, the properties that rest on it, and where it comes from."""

    name: str
    properties: tuple[str, ...]
    source: str
    summary: str
