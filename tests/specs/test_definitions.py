"""Every vectorised check agrees with its slow definition on small random runs."""

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from sim.history import OracleKind
from specs.history.properties import PROPERTIES, check, marks
from tests.specs import direct, direct_fast_path
from tests.specs.plain import Run
from tests.specs.runs import runs

K = OracleKind
WRITES = (K.COMMIT_TABLE_PUT, K.CELL_PUT)
KINDS = {
    "timestamps_unique": (K.START_ISSUED, K.COMMIT_ISSUED, K.EPOCH_STARTED),
    "one_commit_timestamp": (
        K.COMMIT_TABLE_PUT,
        K.COMMIT_FIELD_PUT,
        K.COMMIT_REPLIED,
        K.OUTCOME_RESOLVED,
        K.RESOLVED,
    ),
    "acknowledged_commits_durable": (
        *WRITES,
        K.COMMIT_TABLE_INVALIDATED,
        K.COMMIT_REPLIED,
        K.OUTCOME_RESOLVED,
        K.CELL_REMOVED,
        K.CELL_COLLECTED,
    ),
    "snapshot_reads": (
        *WRITES,
        K.COMMIT_TABLE_INVALIDATED,
        K.CELL_COLLECTED,
        K.LOW_WATER_MARK_PERSISTED,
    ),
    "stable_resolution": (K.RESOLVED,),
    "decided_at_begin": (
        K.START_ISSUED,
        K.COMMIT_ISSUED,
        K.BEGIN_REPLIED,
        K.COMMIT_TABLE_PUT,
        K.EPOCH_STARTED,
    ),
    "commit_fields_agree": (K.COMMIT_TABLE_PUT, K.COMMIT_TABLE_INVALIDATED, K.COMMIT_FIELD_PUT),
    "completion_before_removal": (
        *WRITES,
        K.COMMIT_TABLE_INVALIDATED,
        K.COMMIT_FIELD_PUT,
        K.CELL_REMOVED,
        K.COMMIT_TABLE_REMOVED,
    ),
    "invalid_never_acknowledged": (
        K.COMMIT_TABLE_PUT,
        K.COMMIT_TABLE_INVALIDATED,
        K.COMMIT_REPLIED,
        K.OUTCOME_RESOLVED,
    ),
    "generalized_snapshot_reads": (*WRITES, K.CELL_COLLECTED, K.CELL_REMOVED),
    "needed_versions_kept": (*WRITES, K.START_ISSUED, K.CELL_COLLECTED),
    "low_water_mark_safe": (
        K.COMMIT_TABLE_PUT,
        K.EPOCH_STARTED,
        K.LOW_WATER_MARK_PERSISTED,
        K.CELL_COLLECTED,
    ),
    "one_lease_holder": (K.LEASE_HELD, K.LEASE_RELEASED),
    "conflict_detection_sound": (*WRITES, K.COMMIT_ISSUED),
    "frozen_snapshot": (*WRITES, K.BEGIN_REPLIED, K.EPOCH_STARTED),
}
"""The rows that each property looks at; the others look at committed versions."""

SEARCH = settings(
    max_examples=20_000,
    phases=[Phase.generate],
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def telling_runs(name):
    return runs(KINDS.get(name, WRITES))


def judged(name, run):
    (verdict,) = check(*run, [name])
    return verdict


@pytest.mark.parametrize("name", PROPERTIES)
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_check_agrees_with_its_slow_definition(name, data):
    run = data.draw(st.one_of(telling_runs(name), runs()))
    verdict = judged(name, run)
    definition = getattr(direct, name, None) or getattr(direct_fast_path, name)
    assert verdict.holds == definition(Run(*run))
    assert (verdict.evidence is None) == verdict.holds


@pytest.mark.parametrize("name", PROPERTIES)
def test_random_runs_break_every_property_and_keep_it_with_its_premise(name):
    def kept(run):
        verdict = judged(name, run)
        return verdict.holds and verdict.premise > 0

    find(telling_runs(name), lambda run: not judged(name, run).holds, settings=SEARCH)
    find(telling_runs(name), kept, settings=SEARCH)


@settings(max_examples=200)
@given(runs(WRITES))
def test_write_skew_agrees_with_its_slow_definition(run):
    plain = Run(*run)
    if direct.first_committer_wins(plain):
        assert marks(*run)["write_skew"] == direct.write_skew(plain)
