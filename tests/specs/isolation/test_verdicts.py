"""Collected histories get the verdict that is known, at every level: the small ones, for time.

`benchmarks/check_verdicts.py` takes them all.
"""

import os
from pathlib import Path

import pytest

from benchmarks.check_verdicts import Row, judge, known

FOLDER = Path(os.environ.get("BULKHEAD_DATA", "data")) / "histories"
SMALL_BYTES = 9_000
EVERY = {"veristrong-galera": 12, "veristrong-cockroach": 10, "veristrong-cockroach-general": 10}
"""Of these families every so manyth file, for time."""


def rows() -> list[dict[str, str]]:
    """Return the rows of small files, by files in the order of the table."""
    taken: dict[str, bool] = {}
    counts: dict[str, int] = {}
    for row in known(FOLDER, ""):
        if row["path"] in taken:
            continue
        family = row["path"].partition("/")[0]
        path = FOLDER / row["path"]
        counts[family] = counts.get(family, 0) + 1
        small = path.is_file() and path.stat().st_size < SMALL_BYTES
        taken[row["path"]] = small and counts[family] % EVERY.get(family, 1) == 0
    return [row for row in known(FOLDER, "") if taken[row["path"]]]


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the collected histories are not here")
def test_small_collected_histories_get_their_verdicts():
    judged = list(judge(FOLDER, rows()))
    assert len(judged) > 400
    assert {row.verdict for row in judged} == {"valid", "violation"}
    assert [row for row in judged if not row.right] == []


def test_wrong_verdict_or_an_acceptance_that_was_not_replayed_is_wrong():
    right = Row(
        path="a",
        format="dbcop",
        level="si",
        verdict="valid",
        found="valid",
        anomaly="",
        replayed=True,
        transactions=1,
        cpu_s=0.0,
    )
    from dataclasses import replace

    assert right.right
    assert not replace(right, found="violation").right
    assert not replace(right, replayed=False).right
    assert replace(right, replayed=False, level="causal").right
    assert not replace(right, found="error: cut").right
