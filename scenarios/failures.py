"""What is left of a failing run: its scenario as a file, and for our own bugs a capsule."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from scenarios.capsule import write_capsule
from scenarios.folder import Draft, utc_now, write_whole
from scenarios.record import BUG, Record


def write_failure(folder: Path, record: Record, scenario: str) -> Path:
    """Write the resolved scenario of a failing run under a name that says which it is."""
    stem = re.sub(r"[^a-z0-9]+", "-", Path(record.scenario).stem.lower()).strip("-") or "scenario"
    parts = [stem, record.mutant or "", str(record.seed), (record.digest or BUG)[:8]]
    path = folder / ("-".join(part for part in parts if part) + ".toml")
    failed = ", ".join(record.unmet) or "Bulkhead itself"
    head = f"# Failed: {failed}. Written by a run of {' '.join(record.scenario.split())}.\n"
    write_whole(path, (head + scenario).encode())
    return path


def keep_bug(record: Record, *, scenario: str, bug: str, out: Path | None) -> Path:
    """Write the capsule of a run that failed on us, and return its folder.

    Where nothing was to be written it goes to the temporary folder of the machine: a bug
    without a capsule is lost.
    """
    parent = out if out is not None else Path(tempfile.mkdtemp(prefix="bulkhead-"))
    with Draft(parent) as draft:
        write_capsule(draft, record, scenario=scenario, bug=bug)
        name = f"{utc_now()}-{BUG}-{Path(record.scenario).stem}-{record.seed}"
        return draft.finish(name, latest=False)
