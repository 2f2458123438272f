"""Mechanisms of Omid LL: a commit-table row that is written once, by whoever is first."""

from __future__ import annotations

from typing import Final

from sim.omid.mechanism.register import APACHE, VLDB18, Mechanism

_ALGORITHM: Final = f"{VLDB18}, algorithm 2"

MECHANISMS: Final[tuple[Mechanism, ...]] = (
    Mechanism(
        name="conditional_commit_put",
        properties=(
            "invalid_never_acknowledged",
            "acknowledged_commits_durable",
            "snapshot_reads",
            "stable_resolution",
        ),
        source=_ALGORITHM,
        summary="a client puts its commit by check-and-mutate, where no invalid mark stands",
    ),
    Mechanism(
        name="forced_abort",
        properties=("snapshot_reads", "stable_resolution"),
        source=_ALGORITHM,
        summary="a reader that meets an undecided version forces its decision",
    ),
    Mechanism(
        name="invalid_mark_permanence",
        properties=("acknowledged_commits_durable", "snapshot_reads", "stable_resolution"),
        source=f"{VLDB18}, section 3; {APACHE}, which never removes a mark",
        summary="an invalid mark outlives the cells of its transaction: the commit may yet come",
    ),
    Mechanism(
        name="commit_put_confirmation",
        properties=("acknowledged_commits_durable", "invalid_never_acknowledged"),
        source=f"{_ALGORITHM}; {APACHE}, which swallows the error",
        summary="a client reports a commit only when the commit table has confirmed its put",
    ),
    Mechanism(
        name="own_put_recognition",
        properties=("acknowledged_commits_durable",),
        source=f"{_ALGORITHM}: check-and-mutate returns the value before",
        summary="a put that is sent again knows the row of its own first try",
    ),
)
