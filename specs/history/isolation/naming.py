"""Names of anomalies, by the shape of the cycle that shows them.

Adya's phenomena (MIT, 1999) and the names that users of Jepsen's checkers know; `G-nonadjacent` is
what snapshot isolation forbids beyond `G-single` (Cerone and Gotsman, PODC'16: some cycle in which
no two anti-dependencies follow one another).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from specs.history.isolation.arrows import Arrow, Loop


class Name(NamedTuple):
    """A slug, and what it is called."""

    kind: str
    title: str


TITLES: Final = {
    "g0": "dirty write (G0)",
    "g1a": "aborted read (G1a)",
    "g1b": "intermediate read (G1b)",
    "g1c": "circular information flow (G1c)",
    "internal": "a transaction contradicts itself (internal)",
    "future-read": "a transaction reads what it writes later (internal)",
    "garbage-read": "garbage read",
    "incompatible-order": "reads disagree on the order of a list",
    "fractured-read": "fractured read",
    "g-single": "read skew (G-single)",
    "lost-update": "lost update",
    "long-fork": "long fork",
    "g-nonadjacent": "G-nonadjacent",
    "write-skew": "write skew (G2-item)",
    "read-only-anomaly": "read-only anomaly",
    "g2-item": "anti-dependency cycle (G2-item)",
    "no-order": "no order of two writers works",
}
_STRENGTH: Final = tuple(TITLES)
"""Slugs, those that break the weakest levels first."""


def named(kind: str, *, suffix: str = "") -> Name:
    """Return the name of a slug; `suffix` says which order made it an anomaly."""
    told = {"": "", "-session": ", across a session", "-realtime": ", against real time"}[suffix]
    return Name(kind + suffix, TITLES[kind] + told)


def name_of(loop: Loop) -> Name:
    """Return the name of a cycle, without a look at the reasons of its arrows."""
    kinds = [arrow.kind for arrow in loop.arrows]
    suffix = "-session" if "so" in kinds else ""
    suffix = "-realtime" if "rt" in kinds else suffix
    return named(_shape(loop.arrows, kinds), suffix=suffix)


def _shape(arrows: Sequence[Arrow], kinds: list[str]) -> str:
    overwrites = kinds.count("rw")
    if overwrites == 0:
        return "g1c" if "wr" in kinds else "g0"
    if overwrites == 1:
        return _with_one(arrows, kinds)
    adjacent = any(kinds[place - 1] == kinds[place] == "rw" for place in range(len(kinds)))
    if not adjacent:
        return "long-fork" if sorted(kinds) == ["rw", "rw", "wr", "wr"] else "g-nonadjacent"
    if kinds == ["rw", "rw"]:
        return "write-skew"
    return "read-only-anomaly" if sorted(kinds) == ["rw", "rw", "wr"] else "g2-item"


def _with_one(arrows: Sequence[Arrow], kinds: list[str]) -> str:
    if len(arrows) == 2:
        (overwrite,) = (arrow for arrow in arrows if arrow.kind == "rw")
        (other,) = (arrow for arrow in arrows if arrow.kind != "rw")
        if other.kind == "ww" and other.key == overwrite.key:
            return "lost-update"
        if other.kind == "wr":
            return "fractured-read"
    return "g-single"


def weakest(names: Sequence[Name]) -> Name:
    """Return the name that breaks the weakest level."""
    return min(names, key=lambda name: _STRENGTH.index(_plain(name.kind)))


def _plain(kind: str) -> str:
    return kind.removesuffix("-session").removesuffix("-realtime")
