"""Names of anomalies, by the shape of the cycle that shows them.

Adya's phenomena (MIT, 1999) and the names that users of Jepsen's checkers know; `G-nonadjacent` is
what snapshot isolation forbids beyond `G-single` (Cerone and Gotsman, PODC'16: some cycle in which
no two anti-dependencies follow one another).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from specs.history.isolation.arrows import Arrow, Loop
from specs.history.isolation.proofs import Leaf, Proof


class Name(NamedTuple):
    """A slug, and what it is called."""

    kind: str
    title: str


TITLES: Final = {
    "garbage-read": "garbage read",
    "g0": "dirty write (G0)",
    "g1a": "aborted read (G1a)",
    "g1b": "intermediate read (G1b)",
    "g1c": "circular information flow (G1c)",
    "incompatible-order": "reads disagree on the order of a list",
    "internal": "a transaction contradicts itself (internal)",
    "future-read": "a transaction reads what it writes later (internal)",
    "fractured-read": "fractured read",
    "lost-update": "lost update",
    "g-single": "read skew (G-single)",
    "long-fork": "long fork",
    "g-nonadjacent": "G-nonadjacent",
    "no-order": "no order of two writers works",
    "write-skew": "write skew (G2-item)",
    "read-only-anomaly": "read-only anomaly",
    "g2-item": "anti-dependency cycle (G2-item)",
}
_STRENGTH: Final = tuple(TITLES)
"""Slugs, those that break the weakest levels first."""


def named(kind: str, *, suffix: str = "") -> Name:
    """Return the name of a slug; `suffix` says which order made it an anomaly."""
    told = {"": "", "-session": ", across a session", "-realtime": ", against real time"}[suffix]
    return Name(kind + suffix, TITLES[kind] + told)


def name_of(proof: Proof) -> Name:
    """Return the name of what a proof shows.

    The cycles of its cases and of its reasons exclude one another, so that only one of them need
    be there: the name is that of the one that breaks the strongest level. It is one across
    sessions, or against real time, if any step of the proof needs that.
    """
    loops = proof.all_loops()
    kinds = {arrow.kind for loop in loops for arrow in loop.arrows}
    suffix = "-realtime" if "rt" in kinds else "-session" if "so" in kinds else ""
    name = max((named(_shape(loop), suffix=suffix) for loop in loops), key=strength)
    if isinstance(proof.root, Leaf):
        return name
    return Name(f"no-order{suffix}", f"{TITLES['no-order']}: {name.title}")


def _shape(loop: Loop) -> str:
    arrows = loop.arrows
    kinds = [arrow.kind for arrow in arrows]
    if loop.overwrites == 0:
        return "g1c" if "wr" in kinds else "g0"
    if loop.overwrites == 1:
        return _with_one(arrows)
    if not any(kinds[place - 1] == kinds[place] == "rw" for place in range(len(kinds))):
        return _without_adjacent(arrows)
    if set(kinds) == {"rw"} and len({arrow.key for arrow in arrows}) > 1:
        return "write-skew"
    return "read-only-anomaly" if _is_seen_by_reader(kinds) else "g2-item"


def _with_one(arrows: Sequence[Arrow]) -> str:
    (overwrite,) = (arrow for arrow in arrows if arrow.kind == "rw")
    others = [arrow for arrow in arrows if arrow.kind != "rw"]
    if len(others) == 1:
        (other,) = others
        if other.kind == "ww" and other.key == overwrite.key:
            return "lost-update"
        if other.kind == "wr":
            return "fractured-read"
    return "g-single"


def _without_adjacent(arrows: Sequence[Arrow]) -> str:
    """Tell a long fork: every reader sees a write and misses the one that the next reader sees."""
    kinds = [arrow.kind for arrow in arrows]
    alternate = all(kinds[place - 1] != kinds[place] for place in range(len(kinds)))
    return "long-fork" if alternate and set(kinds) == {"rw", "wr"} else "g-nonadjacent"


def _is_seen_by_reader(kinds: Sequence[str]) -> bool:
    """Say whether a reader sees a write skew: rw, rw, and on to the reader by what it read."""
    return sorted(kinds) in (["rw", "rw", "wr"], ["rw", "rw", "so", "wr"])


def strength(name: Name) -> tuple[int, int]:
    """Return a number that is the lower the weaker the level that an anomaly breaks."""
    plain = name.kind.removesuffix("-session").removesuffix("-realtime")
    return _STRENGTH.index(plain), int(plain != name.kind)
