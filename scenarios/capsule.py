"""Capsules: a resolved scenario and what its run came to, so that anybody can repeat it.

A capsule is a folder with `scenario.toml` and `expected.json`. A replay runs the scenario and
compares digests; when they differ, it says which event is the first that is not the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from scenarios.errors import UsageError
from scenarios.folder import Draft
from scenarios.inputs import EXPECTED_FILE, SCENARIO_FILE
from scenarios.record import Expectation, Record
from scenarios.version import code_version, version

SCHEMA: Final = "bulkhead.capsule/1"
TRACEBACK_FILE: Final = "traceback.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a capsule says that its run comes to; a run that failed on us has no digest."""

    digest: str | None
    seed: int
    version: str
    code: str


def write_capsule(draft: Draft, record: Record, *, scenario: str, bug: str = "") -> None:
    """Write the two files of a capsule, and the traceback of a run that failed on us."""
    expected = {
        "schema": SCHEMA,
        "version": version(),
        "code": code_version(),
        "digest": record.digest,
        "trace_digest": record.trace_digest,
        "seed": record.seed,
        "outcome": record.outcome,
        "verdicts": [
            {"property": row["property"], "holds": row["holds"]} for row in record.verdicts
        ],
    }
    draft.text(SCENARIO_FILE, scenario)
    draft.text(EXPECTED_FILE, json.dumps(expected, indent=2) + "\n")
    if bug:
        draft.text(TRACEBACK_FILE, bug)


def read_expected(folder: Path) -> Expected:
    """Read what a capsule expects."""
    path = folder / EXPECTED_FILE
    try:
        stated: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Expected(
            digest=stated["digest"],
            seed=stated["seed"],
            version=str(stated["version"]),
            code=str(stated["code"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"this is no capsule: {error}", where=str(path)) from error


def compare(record: Record, expected: Expected) -> Record:
    """Return the record with the expectation that its digest is the capsule's."""
    if expected.digest is None or record.digest is None or record.seed != expected.seed:
        return record
    same = Expectation(
        name="digest",
        expected=expected.digest[:16],
        actual=record.digest[:16],
        met=record.digest == expected.digest,
    )
    return replace(record, expectations=(*record.expectations, same))
