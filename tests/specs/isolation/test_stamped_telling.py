"""Breaches of timestamps are told by name, in a few lines that say where."""

import pytest

from specs.history.isolation.stamped_telling import TITLES, anomalies_of_timestamps
from specs.history.isolation.telling import LINES_MAX
from specs.history.isolation.timestamps import check_timestamps
from tests.specs.isolation.stamped import history_of
from tests.specs.isolation.test_timestamp_rules import BROKEN, SENTENCES, STRONG


@pytest.mark.parametrize("kind", BROKEN)
def test_each_breach_is_told_by_its_name(kind):
    verdict = check_timestamps(history_of(BROKEN[kind]), STRONG)
    (anomaly,) = anomalies_of_timestamps(verdict)
    assert anomaly.name == (kind, TITLES[kind])
    assert anomaly.lines[0] == SENTENCES[kind]
    assert anomaly.lines[1].endswith("session s0." if kind in ("int", "session") else ".")
    assert len(anomaly.lines) <= LINES_MAX
