"""Mechanisms of managers that tell clients what they may see: Omid1 and Tephra."""

from __future__ import annotations

from typing import Final

from sim.omid.mechanism.register import Mechanism

_ICDE14: Final = "Gómez Ferro et al., ICDE'14"
_TEPHRA: Final = "Apache Phoenix-Tephra"

MECHANISMS: Final[tuple[Mechanism, ...]] = (
    Mechanism(
        name="metadata_delta",
        properties=("snapshot_reads",),
        source=_ICDE14,
        summary="a begin brings every commit since the client's last begin",
    ),
    Mechanism(
        name="commit_confirmation",
        properties=("no_aborted_reads", "snapshot_reads", "stable_resolution"),
        source=f"{_ICDE14}, which leaves it open",
        summary="a reader asks whether a commit that was on its way to the log became durable",
    ),
    Mechanism(
        name="uncommitted_abort",
        properties=("no_aborted_reads", "snapshot_reads"),
        source=_ICDE14,
        summary="who has not committed when the mark passes its start is aborted, and all know",
    ),
    Mechanism(
        name="in_progress_exclusion",
        properties=("no_aborted_reads", "snapshot_reads"),
        source=f"{_TEPHRA}, TransactionManager, createTransaction",
        summary="a begin brings the list of who is in progress, whom the transaction may not see",
    ),
    Mechanism(
        name="invalid_exclusion",
        properties=("no_aborted_reads", "snapshot_reads"),
        source=f"{_TEPHRA}, TransactionManager, doInvalidate",
        summary="who was given up and may have left versions is never seen",
    ),
    Mechanism(
        name="begin_logging",
        properties=("no_aborted_reads", "snapshot_reads"),
        source=f"{_TEPHRA}, TransactionManager, startTx",
        summary="a begin is in the log before it is answered, so the next manager excludes it",
    ),
    Mechanism(
        name="abort_after_removal",
        properties=("no_aborted_reads", "snapshot_reads"),
        source=f"{_TEPHRA}, TransactionContext, abort",
        summary="a transaction leaves the lists only when its versions are removed",
    ),
    Mechanism(
        name="change_set_retention",
        properties=("first_committer_wins", "conflict_detection_sound"),
        source=f"{_TEPHRA}, TransactionManager, doCommit",
        summary="a change set stays while somebody is in progress who began before it committed",
    ),
    Mechanism(
        name="commit_recheck",
        properties=("first_committer_wins", "conflict_detection_sound"),
        source=f"{_TEPHRA}, TransactionManager, commit",
        summary="conflicts are looked for again in the second step of a commit",
    ),
    Mechanism(
        name="last_outcome",
        properties=("acknowledged_commits_durable", "snapshot_reads"),
        source=f"{_TEPHRA}, which does without",
        summary="a commit that is asked for again is answered as it was the first time",
    ),
)
