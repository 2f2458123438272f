"""Tell breaches of timestamps in the form of other anomalies: a name, who, and a few lines."""

from __future__ import annotations

from typing import Final

from specs.history.isolation.naming import Name
from specs.history.isolation.stamped_words import labels_of
from specs.history.isolation.telling import Anomaly
from specs.history.isolation.timestamps import Kind, TimestampVerdict

TITLES: Final[dict[Kind, str]] = {
    "int": "a transaction contradicts itself (INT)",
    "ext": "a read does not return what was committed last (EXT)",
    "noconflict": "two writers of one key overlap (NOCONFLICT)",
    "session": "a session runs backwards (SESSION)",
}


def anomalies_of_timestamps(verdict: TimestampVerdict) -> tuple[Anomaly, ...]:
    """Return what breaks the rules, rule by rule; nothing if all hold."""
    labels = labels_of(verdict.history)
    return tuple(
        Anomaly(
            name=Name(violation.kind, TITLES[violation.kind]),
            transactions=violation.transactions,
            loops=(),
            operations=violation.operations,
            lines=(
                violation.sentence,
                *(f"{labels.row(row)}: {labels.place(row)}." for row in violation.transactions),
            ),
        )
        for violation in verdict.violations
    )
