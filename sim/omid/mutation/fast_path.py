"""Mutants of the fast path: the local version clock, and what a region checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sim.omid.messages import Record
from sim.omid.mutation.mutant import Mutant

if TYPE_CHECKING:
    from sim.omid.fast_path.region import FastPathRegion as _Region
else:
    # A mix-in inherits from its role for the type checker only: at run time it goes on top of
    # whichever class the variant has for the role.
    _Region = object


class _NoReadBump(_Region):
    def note_read(self, snapshot: int) -> None:
        """Let the clock stand."""


class _NoCommitBump(_Region):
    def note_commit(self, commit: int) -> None:
        """Follow the fast path's own versions only."""
        if commit & self.sequence_mask:
            super().note_commit(commit)


class _NoNewerCommitCheck(_Region):
    def is_overtaken(self, key: int, version: int) -> bool:
        """Rely on the manager, which knows of regular transactions only."""
        return False


class _NoTentativeCheck(_Region):
    def is_locked(self, records: Sequence[Record]) -> bool:
        """Write over whatever is undecided."""
        return False


class _NoVersionClockRenewal(_Region):
    def lose_clock(self) -> None:
        """Begin anew from nothing, and trust it."""
        self.version_clock = 0
        self.clock_known = True


class _NoSequenceBound(_Region):
    def fits(self, sequence: int) -> bool:
        """Let the sequence carry into the global part."""
        return True


def _mutant(
    name: str, number: int, *, mechanism: str, breaks: str, region: type, summary: str
) -> Mutant:
    return Mutant(
        name=name,
        number=number,
        mechanism=mechanism,
        property=breaks,
        mixins={"region": region},
        variants=("omid-fp",),
        summary=summary,
    )


MUTANTS: Final[tuple[Mutant, ...]] = (
    _mutant(
        "no_read_bump",
        63,
        mechanism="read_bump",
        breaks="fast_path_versions_ascend",
        region=_NoReadBump,
        summary="a fast-path write falls into a snapshot that has read its key",
    ),
    _mutant(
        "no_version_clock_renewal",
        64,
        mechanism="version_clock_renewal",
        breaks="key_order",
        region=_NoVersionClockRenewal,
        summary="a region that moved begins its version clock at 0",
    ),
    _mutant(
        "no_tentative_check",
        65,
        mechanism="tentative_check",
        breaks="first_committer_wins",
        region=_NoTentativeCheck,
        summary="a fast-path write commits beside a tentative version",
    ),
    _mutant(
        "no_sequence_bound",
        66,
        mechanism="sequence_bound",
        breaks="real_time_order",
        region=_NoSequenceBound,
        summary="fast-path versions run into the timestamps that the manager has yet to give",
    ),
    _mutant(
        "no_commit_bump",
        90,
        mechanism="commit_bump",
        breaks="fast_path_versions_ascend",
        region=_NoCommitBump,
        summary="a fast-path write commits below the version that it replaces",
    ),
    _mutant(
        "no_newer_commit_check",
        89,
        mechanism="newer_commit_check",
        breaks="first_committer_wins",
        region=_NoNewerCommitCheck,
        summary="a regular transaction overwrites what the fast path committed meanwhile",
    ),
)
