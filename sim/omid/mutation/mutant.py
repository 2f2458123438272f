"""What a mutant is: a variant with one mechanism taken out or broken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One planted bug: `number` is its place in the catalogue of Omid mutants.

    `mixins` go on top of the variant's classes, by role. A benign mutant breaks no property:
    `property` is empty, and no checker may report it. The catalogue's bugs have the numbers 1 to
    69; the numbers from 70 on were added later. `also` are the places of the same bug in other
    variants, where the catalogue counts it again.
    """

    name: str
    number: int
    also: tuple[int, ...] = ()
    mechanism: str
    property: str
    mixins: Mapping[str, type[Any]]
    variants: tuple[str, ...] = ("omid",)
    benign: bool = False
    summary: str = ""
