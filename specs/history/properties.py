"""The register of white-box properties: what must hold of every run, and who says so.

Each check sees the whole run, from the inside, so it is a few vectorised passes over columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sim.history import History, OracleLog
from specs.history.case import Case
from specs.history.collection import check_low_water_mark_safe, check_needed_versions_kept
from specs.history.commit_fields import check_commit_fields_agree, check_completion_before_removal
from specs.history.conflicts import check_conflict_detection_sound, check_first_committer_wins
from specs.history.fast_path import check_fast_path_versions_ascend, check_key_order
from specs.history.generalized import check_generalized_snapshot_reads
from specs.history.leases import check_one_lease_holder
from specs.history.marks import count_marks
from specs.history.outcomes import (
    check_acknowledged_commits_durable,
    check_invalid_never_acknowledged,
    check_one_commit_timestamp,
)
from specs.history.reads import (
    check_bank_sum,
    check_no_aborted_reads,
    check_no_intermediate_reads,
    check_own_writes,
)
from specs.history.resolution import (
    check_decided_at_begin,
    check_frozen_snapshot,
    check_stable_resolution,
)
from specs.history.snapshot import check_snapshot_reads
from specs.history.timestamps import check_real_time_order, check_timestamps_unique
from specs.history.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One property: its name, what it says, where it comes from, and its check."""

    name: str
    summary: str
    source: str
    check: Callable[[Case], Verdict]


class UnknownProperty(ValueError):
    """A property that the register does not have; says which it has."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f'unknown property "{name}"; known: {", ".join(PROPERTIES)}')


_FAST17: Final = "Shacham et al., FAST'17"
_VLDB18: Final = "Shacham et al., VLDB'18"
_ADYA: Final = "Adya, Liskov and O'Neil, ICDE'00"

PROPERTIES: Final[Mapping[str, Property]] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            Property(
                name="timestamps_unique",
                summary="no timestamp is issued twice; a newer manager's are above all older ones",
                source=f"{_FAST17}, section 6, property P1",
                check=check_timestamps_unique,
            ),
            Property(
                name="one_commit_timestamp",
                summary="commit table, commit fields, replies and clients name the same timestamp",
                source=f"{_FAST17}, section 4",
                check=check_one_commit_timestamp,
            ),
            Property(
                name="acknowledged_commits_durable",
                summary="answers tell the final outcome, and committed versions stay",
                source=f"{_FAST17}, section 6",
                check=check_acknowledged_commits_durable,
            ),
            Property(
                name="snapshot_reads",
                summary="a read returns the newest version committed before its transaction began",
                source=f"{_VLDB18}, section 2.2; Cerone and Gotsman, PODC'16, axiom EXT",
                check=check_snapshot_reads,
            ),
            Property(
                name="stable_resolution",
                summary="a reader never changes its mind about a writer",
                source=f"{_FAST17}, section 6, property P3",
                check=check_stable_resolution,
            ),
            Property(
                name="first_committer_wins",
                summary="committed writers of one key never overlap from start to commit",
                source="Berenson et al., SIGMOD'95, section 4.2",
                check=check_first_committer_wins,
            ),
            Property(
                name="decided_at_begin",
                summary="a begin waits for the smaller commits of its manager",
                source=f"{_FAST17}, algorithm 2, begin",
                check=check_decided_at_begin,
            ),
            Property(
                name="commit_fields_agree",
                summary="a commit field holds its writer's commit timestamp",
                source=f"{_FAST17}, algorithm 1, commit and getTentativeValue",
                check=check_commit_fields_agree,
            ),
            Property(
                name="completion_before_removal",
                summary="a commit-table row goes only when no reader can need it",
                source=f"{_FAST17}, algorithm 1, commit",
                check=check_completion_before_removal,
            ),
            Property(
                name="invalid_never_acknowledged",
                summary="nobody is told of the commit of an invalidated transaction",
                source=f"{_FAST17}, algorithm 3, tmCheckInvalidate",
                check=check_invalid_never_acknowledged,
            ),
            Property(
                name="needed_versions_kept",
                summary="compaction keeps what a running transaction would read",
                source=f"{_FAST17}, section 4.3",
                check=check_needed_versions_kept,
            ),
            Property(
                name="low_water_mark_safe",
                summary="nothing commits effectively from at or below the low water mark",
                source=f"{_FAST17}, section 4.3; Apache Phoenix-Omid, OMID-146",
                check=check_low_water_mark_safe,
            ),
            Property(
                name="one_lease_holder",
                summary="two managers never trust their lease at one true instant",
                source=f"{_FAST17}, section 6",
                check=check_one_lease_holder,
            ),
            Property(
                name="conflict_detection_sound",
                summary="no commit is accepted over a key that was committed after its start",
                source=f"{_FAST17}, algorithm 2, conflictDetect",
                check=check_conflict_detection_sound,
            ),
            Property(
                name="frozen_snapshot",
                summary="once a new epoch has begun, nobody updates from its past",
                source=f"{_FAST17}, section 6, property P2",
                check=check_frozen_snapshot,
            ),
            Property(
                name="no_aborted_reads",
                summary="no version of a transaction that never committed is read",
                source=f"{_ADYA}, phenomenon G1a",
                check=check_no_aborted_reads,
            ),
            Property(
                name="no_intermediate_reads",
                summary="a read returns the writer's last value for the key",
                source=f"{_ADYA}, phenomenon G1b",
                check=check_no_intermediate_reads,
            ),
            Property(
                name="own_writes",
                summary="a read after an own write of the key returns it",
                source="Cerone and Gotsman, PODC'16, axiom INT",
                check=check_own_writes,
            ),
            Property(
                name="real_time_order",
                summary="a transaction starts above every commit acknowledged before it began",
                source="Daudjee and Salem, VLDB'06, strong snapshot isolation",
                check=check_real_time_order,
            ),
            Property(
                name="generalized_snapshot_reads",
                summary="a committed transaction reads from one prefix of the commit order",
                source=f"{_VLDB18}, section 2.2; Elnikety, Zwaenepoel and Pedone, SRDS'05",
                check=check_generalized_snapshot_reads,
            ),
            Property(
                name="key_order",
                summary="updaters of one key that do not overlap commit in real-time order",
                source=f"{_VLDB18}, section 2.2",
                check=check_key_order,
            ),
            Property(
                name="fast_path_versions_ascend",
                summary="a fast-path version exceeds every commit and snapshot of its key",
                source=f"{_VLDB18}, algorithm 4",
                check=check_fast_path_versions_ascend,
            ),
            Property(
                name="bank_sum",
                summary="every committed snapshot of all accounts shows the conserved total",
                source="stated by the workload",
                check=check_bank_sum,
            ),
        )
    }
)


def check(
    history: History, oracle: OracleLog, properties: Iterable[str] | None = None
) -> list[Verdict]:
    """Judge a run by the named properties, or by all that apply, in the order of the register.

    Without names, `bank_sum` is judged only when the history states what is conserved.
    """
    if properties is None:
        wanted = [name for name in PROPERTIES if name != "bank_sum" or history.conserved]
    else:
        wanted = list(properties)
    for name in wanted:
        if name not in PROPERTIES:
            raise UnknownProperty(name)
    case = Case(history, oracle)
    return [PROPERTIES[name].check(case) for name in PROPERTIES if name in wanted]


def marks(history: History, oracle: OracleLog) -> dict[str, int]:
    """Count what a run went through, and what snapshot isolation permits and it showed."""
    return count_marks(Case(history, oracle))
