"""Mechanisms of lost answers: commit requests that are sent again, outcomes that stay open."""

from __future__ import annotations

from typing import Final

from sim.omid.mechanism.register import APACHE, FAST17, Mechanism

MECHANISMS: Final[tuple[Mechanism, ...]] = (
    Mechanism(
        name="retry_invalidation",
        properties=("acknowledged_commits_durable", "no_aborted_reads"),
        source="ours: a retried commit is settled in the commit table before it is answered",
        summary="a retried commit that is not in the commit table is invalidated, then refused",
    ),
    Mechanism(
        name="retry_order",
        properties=("acknowledged_commits_durable", "no_aborted_reads", "snapshot_reads"),
        source=f"{APACHE}, PersistenceProcessorHandler and RetryProcessor",
        summary="a retried commit is settled when everything that came before it is durable",
    ),
    Mechanism(
        name="retry_idempotence",
        properties=("one_commit_timestamp", "stable_resolution", "acknowledged_commits_durable"),
        source=f"{APACHE}, RequestProcessorImpl.handleCommit",
        summary="a retried commit meets its first try in the conflict table and is settled",
    ),
    Mechanism(
        name="outcome_resolution",
        properties=("acknowledged_commits_durable", "no_aborted_reads"),
        source=f"{FAST17}, section 6; {APACHE}, AbstractTransactionManager.commit",
        summary="a client without an answer settles its outcome in the commit table",
    ),
    Mechanism(
        name="uncertain_row_retention",
        properties=("snapshot_reads", "stable_resolution", "completion_before_removal"),
        source=f"{APACHE}, AbstractTransactionManager.commitRegularTransaction",
        summary="the row of a commit that its client learnt from the commit table stays there",
    ),
    Mechanism(
        name="reply_matching",
        properties=("real_time_order",),
        source="ours: every answer belongs to one request",
        summary="a late answer to a request that was given up satisfies no other request",
    ),
)
